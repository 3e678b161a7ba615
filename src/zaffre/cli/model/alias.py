"""``zaffre model alias`` and ``unalias``."""

from __future__ import annotations

from zaffre.cli.exits import UsageError
from zaffre.cli.model.show import get_model, get_registered
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import RegisteredModel
from zaffre.core.errors import NotFound
from zaffre.core.names import check_alias
from zaffre.core.registry_wire import AliasPut


def set_alias(model: str, alias: str, /, *, session: Session = SESSION) -> Done:
    """Point an alias at a model version; it moves there from the version that has it.

    Parameters
    ----------
    model
        name:version, or name@alias for the version that has another alias.
    alias
        Such as champion: letters, digits, underscores and hyphens.
    """
    if "@" not in model and name_and_version(model)[1] is None:
        raise UsageError(f"Name the version that {alias} shall point at, such as {model}:1.")
    scope = session.scope()
    found = get_model(scope, model)
    path = scope.path("registered-models", found.name, "aliases", check_alias(alias))
    scope.client.put(path, RegisteredModel, AliasPut(version=found.version))
    facts = {"model": f"{found.name}:{found.version}", "alias": alias}
    return Done(f"{found.name}@{alias} is version {found.version}.", facts)


def remove_alias(model: str, alias: str, /, *, session: Session = SESSION) -> Done:
    """Remove an alias of a model; the version stays.

    Parameters
    ----------
    model
        The name of the model.
    alias
        The alias to remove.
    """
    scope = session.scope()
    if alias not in get_registered(scope, model).aliases:
        raise NotFound(f"The model {model} has no alias {alias}.")
    scope.client.delete(scope.path("registered-models", model, "aliases", alias))
    return Done(f"{model} has no alias {alias} any more.", {"model": model, "removed": alias})
