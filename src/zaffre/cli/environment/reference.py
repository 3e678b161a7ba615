"""How an environment is named on the command line: ``name``, ``name:version``, ``name@label``."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.references import name_and_version
from zaffre.cli.session import Session
from zaffre.core.entities import EnvironmentVersion
from zaffre.sdk.environment import Environment
from zaffre.sdk.scope import Scope


@dataclass(frozen=True, slots=True)
class Reference:
    """With neither version nor label: the newest version."""

    name: str
    version: str | None = None
    label: str | None = None


def parse(text: str) -> Reference:
    name, at, label = text.partition("@")
    if not at:
        return Reference(*name_and_version(text))
    if not name or not label or ":" in text:
        raise UsageError(f"{text!r} is not a name, name:version or name@label.")
    return Reference(name, label=label)


def version_of(scope: Scope, text: str) -> EnvironmentVersion:
    """The registered or curated version that ``text`` names."""
    named = parse(text)
    path = scope.path("environments", named.name)
    return scope.client.get(path, EnvironmentVersion, version=named.version, label=named.label)


def environment_of(session: Session, text: str) -> Environment:
    named = parse(text)
    return Environment.get(workspace_of(session), named.name, named.version, named.label)
