"""MLflow's stages of model versions: which version is the newest in each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from zaffre.core.entities import ModelVersion
from zaffre.server.store import model_versions as versions
from zaffre.server.store.metrics import parts
from zaffre.server.store.schema import model_versions, registered_models, workspaces


def latest(connection: Connection, ws: str, names: Sequence[str]) -> dict[str, list[ModelVersion]]:
    """The newest version in each stage that a model has versions in, by the model's name; oldest number first."""
    found: dict[str, list[ModelVersion]] = {name: [] for name in names}
    other = model_versions.alias("other")
    newest = select(func.max(other.c.version)).where(
        other.c.model_pk == model_versions.c.model_pk, other.c.stage == model_versions.c.stage
    )
    for some in parts(names):
        statement = versions.rows().where(
            workspaces.c.name == ws,
            registered_models.c.name.in_(some),
            model_versions.c.version == newest.scalar_subquery(),
        )
        for version in versions.load(connection, connection.execute(statement).all()):
            found[version.name].append(version)
    return {name: sorted(each, key=lambda version: version.version) for name, each in found.items()}
