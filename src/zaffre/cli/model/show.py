"""``zaffre model show``."""

from __future__ import annotations

from zaffre.cli.formats import moment, pairs, size
from zaffre.cli.references import name_and_alias, name_and_version
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ModelVersion, RegisteredModel
from zaffre.core.errors import NotFound
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
    """The model version that ``name:version`` or ``name@alias`` names, or the newest of ``name``."""
    if aliased := name_and_alias(reference):
        name, alias = aliased
        found = get_registered(scope, name).aliases.get(alias)
        if found is None:
            raise NotFound(f"The model {name} has no alias {alias}: `zaffre model show {name}` lists its aliases.")
        return scope.client.get(scope.path("models", name, "versions", str(found)), ModelVersion)
    name, version = name_and_version(reference)
    where = ("models", name, "versions", version) if version else ("models", name)
    return scope.client.get(scope.path(*where), ModelVersion)


def get_registered(scope: Scope, name: str) -> RegisteredModel:
    """The model as a whole."""
    return scope.client.get(scope.path("registered-models", name), RegisteredModel)


def show_model(model: str, /, *, session: Session = SESSION) -> Details:
    """Show one model version.

    Parameters
    ----------
    model
        name:version, name@alias, or the name for the newest version.
    """
    scope = session.scope()
    found = get_model(scope, model)
    aliases = get_registered(scope, found.name).aliases
    told = ", ".join(f"{alias} (version {version})" for alias, version in sorted(aliases.items()))
    return Details(found, (*FIELDS[:2], ("aliases", lambda _: told), *FIELDS[2:]))
