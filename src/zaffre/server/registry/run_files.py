"""What a run made, by its path: among its artifacts or, as MLflow 3 clients log models, in a model of that name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from zaffre.core.entities import LoggedModel
from zaffre.core.errors import NotFound
from zaffre.core.filters import Condition, Entity, Op
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.store import logged_models, runs
from zaffre.server.store.engine import Store
from zaffre.server.store.logged_models import ModelQuery

MODEL_FOLDER: Final = "model"  # where a logged model's files lie below its root: it names a registered version's folder


@dataclass(frozen=True, slots=True)
class RunFiles:
    root: str  # of the artifact store
    path: str
    logged_model_id: str | None = None


def find(store: Store, artifacts: ArtifactStore, ws: str, run_id: str, path: str) -> RunFiles:
    """The file or folder; where there is neither, its place among the run's artifacts all the same."""
    held = RunFiles(roots.run(ws, run_id), path)
    if _exists(artifacts, held):
        return held
    name, _, inner = path.partition("/")
    model = store.read(lambda connection: _named(connection, ws, run_id, name))
    if model is None:
        return held
    logged = RunFiles(roots.logged_model(ws, model.id), f"{MODEL_FOLDER}/{inner}".rstrip("/"), model.id)
    return logged if _exists(artifacts, logged) else held


def _exists(artifacts: ArtifactStore, files: RunFiles) -> bool:
    try:
        artifacts.info(files.root, files.path)
    except NotFound:
        return False
    return True


def _named(connection: Connection, ws: str, run_id: str, name: str) -> LoggedModel | None:
    """The newest of the models of that name that the run logged."""
    run = runs.key_of(connection, ws, run_id)
    query = ModelQuery(
        experiment_ids=[run.experiment_id],
        filter=(
            Condition(Entity.ATTRIBUTE, "source_run_id", Op.EQ, run_id),
            Condition(Entity.ATTRIBUTE, "name", Op.EQ, name),
        ),
    )
    found = logged_models.search(connection, ws, query, limit=1).items
    return found[0] if found else None
