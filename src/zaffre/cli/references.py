"""How things are named on the command line: ``name``, ``name:version``, ``name@alias``, ``key=value``."""

from __future__ import annotations

from collections.abc import Iterable

from zaffre.cli.exits import UsageError


def name_and_version(text: str) -> tuple[str, str | None]:
    """``iris:3`` as ("iris", "3"); ``iris`` as ("iris", None), which means the newest."""
    name, colon, version = text.partition(":")
    if not name or (colon and not version):
        raise UsageError(f"{text!r} is not a name or name:version.")
    return name, version or None


def name_and_alias(text: str) -> tuple[str, str] | None:
    """``iris@champion`` as ("iris", "champion"); None for what names no alias. Names of models may have an @, too."""
    name, _, alias = text.rpartition("@")
    return (name, alias) if name and alias and ":" not in alias else None


def tags(given: Iterable[str] | None) -> dict[str, str]:
    """``["a=1", "b"]`` as {"a": "1", "b": ""}."""
    held = dict(text.partition("=")[::2] for text in given or ())
    if "" in held:
        raise UsageError("A tag is key=value or key; this one has no key.")
    return held
