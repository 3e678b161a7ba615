"""Which model version a set of arguments names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zaffre.core.entities import ModelVersion
from zaffre.core.errors import ModelNotFound, WebserviceException
from zaffre.sdk.scope import Scope

Tags = Sequence["str | Sequence[str]"] | Mapping[str, str]
Pair = tuple[str, "str | None"]  # a key, and the value it must have (None: any)


class Filter:
    """What a lookup asks for beside the name: the server narrows by the first pair of each kind, the rest is done
    here."""

    def __init__(self, tags: Tags | None, properties: Tags | None, run_id: str | None, framework: str | None) -> None:
        self._tags = pairs("tags", tags)
        self._properties = pairs("properties", properties)
        self._run_id = run_id
        self._framework = framework

    @property
    def is_empty(self) -> bool:
        return not (self._tags or self._properties or self._run_id or self._framework)

    def read(
        self, scope: Scope, name: str | None, *, latest: bool = False, page: int | None = None
    ) -> list[ModelVersion]:
        """The models that match, the newest first; ``latest``: one of each name."""
        found = scope.client.items(
            scope.path("models"),
            ModelVersion,
            name=name,
            run_id=self._run_id,
            framework=self._framework,
            tag=_query(self._tags),
            property=_query(self._properties),
            limit=page,
        )
        kept = sorted((one for one in found if self._matches(one)), key=lambda one: one.version, reverse=True)
        kept.sort(key=lambda one: one.created_at, reverse=True)
        if not latest:
            return kept
        newest: dict[str, ModelVersion] = {}
        for one in kept:
            if one.name not in newest or one.version > newest[one.name].version:
                newest[one.name] = one
        return list(newest.values())

    def _matches(self, model: ModelVersion) -> bool:
        return matches(model.tags, self._tags) and matches(model.properties, self._properties)


def find(scope: Scope, name: str | None, id: str | None, version: int | str | None, wanted: Filter) -> ModelVersion:
    """The newest model that is meant; raises ``ModelNotFound``."""
    if id is not None:
        name, _, version = id.rpartition(":")
    number = version_number(version)
    if name is None and (number is not None or wanted.is_empty):
        raise WebserviceException("A model is looked up by its name or id, or by tags, properties or run_id: pass one.")
    if name is not None and wanted.is_empty:
        return _named(scope, name, number)
    found = [one for one in wanted.read(scope, name) if number in (None, one.version)]
    if not found:
        raise _not_found(scope, name, number)
    return found[0] if name is None else max(found, key=lambda one: one.version)


def _named(scope: Scope, name: str, number: int | None) -> ModelVersion:
    version = () if number is None else ("versions", str(number))
    return scope.client.get(scope.path("models", name, *version), ModelVersion)


def _not_found(scope: Scope, name: str | None, number: int | None) -> ModelNotFound:
    which = f"name {name}" if name else "these tags, properties or run"
    if number is not None:
        which += f" and version {number}"
    # The first word is what scripts written for Azure look for.
    return ModelNotFound(f"ModelNotFound: Model with {which} not found in provided workspace {scope.workspace}.")


def version_number(version: int | str | None) -> int | None:
    """A version as a number; raises ``WebserviceException`` for what is none."""
    if version is None:
        return None
    try:
        return int(version)
    except (TypeError, ValueError):
        raise WebserviceException(f"A model's version is a whole number, not {version!r}.") from None


def pairs(what: str, given: Tags | None) -> list[Pair]:
    """``"key"``, ``["key"]`` and ``["key", "value"]`` as pairs; a dictionary is taken too."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [(key, value) for key, value in given.items()]
    if isinstance(given, str):
        raise WebserviceException(f"{what} is a list of keys or [key, value] pairs, not the text {given!r}.")
    found: list[Pair] = []
    for item in given:
        parts = [item] if isinstance(item, str) else list(item)
        if not 1 <= len(parts) <= 2:
            raise WebserviceException(f"{what} is a list of keys or [key, value] pairs; {item!r} is neither.")
        found.append((parts[0], parts[1] if len(parts) == 2 else None))
    return found


def matches(held: Mapping[str, str], wanted: Sequence[Pair]) -> bool:
    """Whether tags or properties have every pair."""
    return all(key in held and value in (None, held[key]) for key, value in wanted)


def texts(what: str, given: Mapping[str, str] | None) -> dict[str, str]:
    """Tags or properties to be set; raises ``WebserviceException`` unless they are text to text."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise WebserviceException(f"{what} must be a dictionary of text to text, not {type(given).__name__}.")
    for key, value in given.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise WebserviceException(f"{what} must be a dictionary of text to text: {key!r}: {value!r} is not.")
    return dict(given)


def _query(wanted: Sequence[Pair]) -> str | None:
    if not wanted:
        return None
    key, value = wanted[0]
    return key if value is None else f"{key}={value}"
