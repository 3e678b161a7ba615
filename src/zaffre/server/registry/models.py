"""The acts on registered models as wholes: name, description, tags, aliases. Versions have their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from zaffre.core.entities import RegisteredModel
from zaffre.core.errors import ModelExists, NotFound
from zaffre.core.filters import Filter, Ordering
from zaffre.core.ids import now_ms
from zaffre.core.names import check_registered_model
from zaffre.core.wholes import GREATEST
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.registry import events
from zaffre.server.registry.versions import refuse_if_used
from zaffre.server.store import model_versions, models, permissions
from zaffre.server.store.engine import Store
from zaffre.server.store.model_versions import VersionQuery
from zaffre.server.store.paging import Found

_ALL = 1_000_000


class Models:
    """Create, find, change and delete registered models. ``ws`` is the name of a workspace."""

    def __init__(self, store: Store, artifacts: ArtifactStore) -> None:
        self._store = store
        self._artifacts = artifacts

    def create(
        self,
        ws: str,
        name: str,
        *,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        maker: int | None = None,
    ) -> RegisteredModel:
        """A registered model without versions, which ``maker``, a user's number, may manage.

        Raises ``ModelExists`` and ``ModelInvalid``.
        """
        check_registered_model(name)

        def apply(connection: Connection) -> RegisteredModel:
            _refuse_if_taken(connection, ws, name)
            pk = models.add(connection, ws, name, now_ms(), description=description)
            models.set_tags(connection, pk, dict(tags or {}))
            permissions.put_maker(connection, maker, model_pk=pk)
            made = models.get(connection, ws, name)
            events.model_created(connection, made)
            return made

        return self._store.write(apply)

    def get(self, ws: str, name: str) -> RegisteredModel:
        """Raises ``ModelNotFound``."""
        return self._store.read(lambda connection: models.get(connection, ws, name))

    def search(
        self,
        ws: str,
        filter_: Filter,
        order: Ordering = (),
        *,
        limit: int,
        after: str | None = None,
        hidden: Sequence[str] = (),
    ) -> Found[RegisteredModel]:
        """One page of the models that the filter finds, without those named in ``hidden``."""
        return self._store.read(
            lambda connection: models.search(connection, ws, filter_, order, limit=limit, after=after, hidden=hidden)
        )

    def change(
        self,
        ws: str,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        remove_tags: Sequence[str] = (),
    ) -> RegisteredModel:
        def apply(connection: Connection) -> RegisteredModel:
            pk = models.key_of(connection, ws, name)
            models.set_tags(connection, pk, dict(tags or {}))
            gone = [key for key in remove_tags if models.remove_tags(connection, pk, [key])]
            values = {} if description is None else {"description": description}
            models.change(connection, pk, updated_at=now_ms(), **values)
            changed = models.get(connection, ws, name)
            events.model_tags(connection, changed, tags or {}, gone)
            return changed

        return self._store.write(apply)

    def rename(self, ws: str, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name; refused (``ModelInUse``) while a live service knows it by the old one."""
        check_registered_model(new_name)

        def apply(connection: Connection) -> list[int]:
            pk = models.key_of(connection, ws, name)
            if new_name == name:
                return []
            _refuse_if_taken(connection, ws, new_name)
            refuse_if_used(connection, ws, name)
            models.change(connection, pk, name=new_name, updated_at=now_ms())
            return _numbers(connection, ws, new_name)

        for version in self._store.write(apply):
            self._artifacts.move_root(roots.model(ws, name, version), roots.model(ws, new_name, version))
        return self.get(ws, new_name)

    def delete(self, ws: str, name: str) -> None:
        """Delete a model with its versions and their files. ``ModelInUse`` while a live service uses one."""

        def apply(connection: Connection) -> list[int]:
            pk = models.key_of(connection, ws, name)
            refuse_if_used(connection, ws, name)
            numbers = _numbers(connection, ws, name)
            models.remove(connection, pk)
            return numbers

        for version in self._store.write(apply):
            self._artifacts.delete_root(roots.model(ws, name, version))

    def set_alias(self, ws: str, name: str, alias: str, version: int) -> None:
        """Point an alias at a version; raises ``ModelNotFound``."""
        if not 0 < version <= GREATEST:  # which no database could look up
            raise models.missing(ws, name, version)

        def apply(connection: Connection) -> None:
            model_versions.key_of(connection, ws, name, version)
            models.set_alias(connection, models.key_of(connection, ws, name), alias, version)
            events.alias_created(connection, models.get(connection, ws, name), alias, version)

        self._store.write(apply)

    def remove_alias(self, ws: str, name: str, alias: str) -> None:
        """Forget an alias; one that is not there is no error."""

        def apply(connection: Connection) -> None:
            if models.remove_alias(connection, models.key_of(connection, ws, name), alias):
                events.alias_deleted(connection, models.get(connection, ws, name), alias)

        self._store.write(apply)

    def version_of_alias(self, ws: str, name: str, alias: str) -> int:
        """The version an alias points at; ``NotFound`` when there is no such alias."""
        found = self.get(ws, name).aliases.get(alias)
        if found is None:
            raise NotFound(f"Registered model alias {alias} not found for model {name!r}.", alias=alias, model=name)
        return found


def _refuse_if_taken(connection: Connection, ws: str, name: str) -> None:
    if models.find_key(connection, ws, name) is not None:
        raise ModelExists(f"Registered model {name!r} already exists in workspace {ws}.", model=name)


def _numbers(connection: Connection, ws: str, name: str) -> list[int]:
    found = model_versions.search(connection, ws, VersionQuery(name=name), limit=_ALL)
    return [version.version for version in found.items]
