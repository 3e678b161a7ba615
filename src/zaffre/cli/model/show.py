"""``zaffre model show``."""

from __future__ import annotations

from zaffre.cli.formats import moment, pairs, size
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ModelVersion
from zaffre.sdk.scope import Scope

FIELDS = (
    ("name", lambda model: model.name),
    ("version", lambda model: model.version),
    ("description", lambda model: model.description),
    ("framework", lambda model: " ".join(part for part in (model.framework, model.framework_version) if part)),
    ("entry", lambda model: model.entry),
    ("size", lambda model: size(model.size)),
    ("run", lambda model: model.run_id),
    ("experiment", lambda model: model.experiment_name),
    ("tags", lambda model: pairs(model.tags)),
    ("properties", lambda model: pairs(model.properties)),
    ("created", lambda model: moment(model.created_at)),
)


def get_model(scope: Scope, reference: str) -> ModelVersion:
    """The model version that ``name:version`` names, or the newest of ``name``."""
    name, version = name_and_version(reference)
    where = ("models", name, "versions", version) if version else ("models", name)
    return scope.client.get(scope.path(*where), ModelVersion)


def show_model(model: str, /, *, session: Session = SESSION) -> Details:
    """Show one model version.

    Parameters
    ----------
    model
        name:version, or the name for the newest version.
    """
    return Details(get_model(session.scope(), model), FIELDS)
