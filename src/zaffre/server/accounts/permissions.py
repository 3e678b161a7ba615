"""Who may do what with which experiment and registered model: the one place that decides (decision 0021).

Who has no permission that says less than the role does is let through by a look into memory. The levels themselves
are in the store, and only it is asked for them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from sqlalchemy import Connection

from zaffre.core.errors import AlreadyExists, NotFound, PermissionDenied
from zaffre.core.permissions import Level, Permission, level_of
from zaffre.server.store import permissions, users
from zaffre.server.store.engine import Store
from zaffre.server.store.permissions import Holder, Kind, Thing
from zaffre.server.store.tokens import Principal

_SCRIPTS: Final = ("run", "mlflow")
_DEFAULTS: Final = {"reader": Level.READ, "user": Level.EDIT, "admin": Level.MANAGE}  # as MLflow's clients are told


class Deed(Enum):
    """What is done with a thing, and the level that it takes where a permission decides."""

    READ = Level.READ, "read"
    EDIT = Level.EDIT, "change"
    DELETE = Level.MANAGE, "delete"
    GRANT = Level.MANAGE, "say who may do what with"

    def __init__(self, needs: Level, verb: str) -> None:
        self.needs = needs
        self.verb = verb


class Permissions:
    """Checks every request that names a thing, filters searches, and holds the acts that grant and revoke."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changing = threading.Lock()
        # The least that a user was given anywhere, of those who were given less than MANAGE. It may be less than what
        # is still true, where what it was given on is deleted: then the store is asked in vain.
        self._least: dict[int, Level] = {}
        for user_pk, name in store.read(permissions.given):
            self._note(user_pk, [Level[name], self._least.get(user_pk, Level.MANAGE)])

    def is_free(self, asker: Principal, deed: Deed = Deed.DELETE) -> bool:
        """Whether no permission can stand in the way, so that nothing need be looked up. Never blocks."""
        if asker.role == "admin":
            return True
        if not _role_allows(asker.role, deed):
            return False
        return asker.user_pk is None or self._least.get(asker.user_pk, Level.MANAGE) >= deed.needs

    def check(self, asker: Principal, ws: str, deed: Deed, things: Iterable[Thing]) -> None:
        """Raise ``PermissionDenied`` unless the asker may do this with all of the things; what is not there, the role
        decides on."""
        if self.is_free(asker, deed):
            return
        wanted = list(things)
        refused = self._store.read(lambda connection: _first_refused(connection, asker, ws, deed, wanted))
        if refused is not None:
            raise _denied(asker, ws, deed, refused)
        if not wanted:
            self.check_role(asker, deed)

    async def acheck(self, asker: Principal, ws: str, deed: Deed, things: Iterable[Thing]) -> None:
        """``check`` for coroutines."""
        wanted = list(things)
        if wanted and not self.is_free(asker, deed):
            refused = await self._store.aread(lambda connection: _first_refused(connection, asker, ws, deed, wanted))
            if refused is not None:
                raise _denied(asker, ws, deed, refused)
        elif not wanted:
            self.check_role(asker, deed)

    def check_role(self, asker: Principal, deed: Deed) -> None:
        """For what is of no experiment or registered model."""
        if not _role_allows(asker.role, deed):
            raise PermissionDenied(
                f"{asker.name} is a reader on this server and cannot do this. Ask an admin for the role `user`."
            )

    def check_staging(self, asker: Principal, ws: str) -> None:
        """Files that are of no run or model yet may be sent by everyone who may change anything in the workspace."""
        if _role_allows(asker.role, Deed.EDIT):
            return
        levels = [level.name for level in Level if level >= Level.EDIT]
        user_pk = asker.user_pk
        if user_pk is None or not self._store.read(lambda known: permissions.has_in(known, ws, user_pk, levels)):
            self.check_role(asker, Deed.EDIT)

    def hidden_experiments(self, asker: Principal, ws: str) -> list[int]:
        """The experiments that searches pass over for the asker."""
        user_pk = asker.user_pk
        if user_pk is None or self.is_free(asker, Deed.READ):
            return []

        def find(connection: Connection) -> list[int]:
            own = _own(connection, asker, ws)
            found = permissions.experiments_at(connection, ws, user_pk, Level.NO_PERMISSIONS.name)
            return [pk for pk in found if own is None or pk != own.experiment_id]

        return self._store.read(find)

    def hidden_models(self, asker: Principal, ws: str) -> list[str]:
        """The names of the registered models that searches pass over for the asker."""
        user_pk = asker.user_pk
        if user_pk is None or self.is_free(asker, Deed.READ):
            return []
        return self._store.read(
            lambda connection: permissions.models_at(connection, ws, user_pk, Level.NO_PERMISSIONS.name)
        )

    def hidden_runs(self, asker: Principal, ws: str, run_ids: Sequence[str]) -> set[str]:
        """Those of the runs that are in hidden experiments."""
        hidden = set(self.hidden_experiments(asker, ws))
        if not hidden:
            return set()
        placed = self._store.read(lambda connection: permissions.run_experiments(connection, ws, run_ids))
        return {run_id for run_id, experiment_id in placed.items() if experiment_id in hidden}

    def grant(
        self, asker: Principal, ws: str, thing: Thing, user: str, level: str, *, is_new: bool | None = None
    ) -> Permission:
        """Give a user a level on an experiment or registered model.

        With ``is_new`` the user must have none there (``AlreadyExists``), with False must have one (``NotFound``).
        """
        wanted = level_of(level)
        self._check_may_grant(asker, ws, thing)

        def apply(connection: Connection) -> tuple[int, list[Level], Permission]:
            user_pk = users.get(connection, user).pk
            holder = _holder(connection, ws, thing)
            known = permissions.level_on(connection, user_pk, holder)
            if is_new is True and known is not None:
                raise AlreadyExists(
                    f"{user} has the permission {known} on {thing} already. Change it instead, or revoke it first.",
                    user=user,
                )
            if is_new is False and known is None:
                raise _nothing(user, thing)
            permissions.put(connection, user_pk, holder, wanted.name, asker.name)
            made = next(one for one in permissions.on(connection, holder) if one.user == user)
            return user_pk, _levels(connection, user_pk), made

        with self._changing:
            user_pk, levels, made = self._store.write(apply)
            self._note(user_pk, levels)
        return made

    def revoke(self, asker: Principal, ws: str, thing: Thing, user: str) -> None:
        """From now on the user's role decides there. Raises ``NotFound`` where nothing was given."""
        self._check_may_grant(asker, ws, thing)

        def apply(connection: Connection) -> tuple[int, list[Level]]:
            user_pk = users.get(connection, user).pk
            if not permissions.remove(connection, user_pk, _holder(connection, ws, thing)):
                raise _nothing(user, thing)
            return user_pk, _levels(connection, user_pk)

        with self._changing:
            user_pk, levels = self._store.write(apply)
            self._note(user_pk, levels)

    def get(self, asker: Principal, ws: str, thing: Thing, user: str) -> Permission:
        """What a user was given there. Raises ``NotFound`` where that is nothing."""
        for one in self.list_on(asker, ws, thing):
            if one.user == user:
                return one
        self._store.read(lambda connection: users.get(connection, user))
        raise _nothing(user, thing)

    def list_on(self, asker: Principal, ws: str, thing: Thing) -> list[Permission]:
        """Who was given what on a thing; for those who may grant."""
        self._check_may_grant(asker, ws, thing)
        return self._store.read(lambda connection: permissions.on(connection, _holder(connection, ws, thing)))

    def list_of(self, user: str) -> list[Permission]:
        """What a user was given anywhere; the caller has checked that the asker may know."""
        return self._store.read(lambda connection: permissions.of_user(connection, users.get(connection, user).pk))

    def effective(self, ws: str, user: str, thing: Thing) -> Level:
        """What a user may there, by a permission or else by the role."""

        def find(connection: Connection) -> Level:
            account = users.get(connection, user)
            holder = permissions.holder_of(connection, ws, thing)
            known = None if holder is None else permissions.level_on(connection, account.pk, holder)
            return _DEFAULTS[account.user.role] if known is None or account.user.role == "admin" else Level[known]

        return self._store.read(find)

    def may_grant(self, asker: Principal, ws: str, thing: Thing) -> bool:
        if asker.kind in _SCRIPTS:
            return False
        wanted = [thing]
        return self.is_free(asker, Deed.GRANT) or not self._store.read(
            lambda connection: _first_refused(connection, asker, ws, Deed.GRANT, wanted)
        )

    def _check_may_grant(self, asker: Principal, ws: str, thing: Thing) -> None:
        if asker.kind in _SCRIPTS:
            raise PermissionDenied(f"A {asker.kind} token cannot do this. Do it as a user, outside the run.")
        self.check(asker, ws, Deed.GRANT, [thing])

    def _note(self, user_pk: int, levels: Sequence[Level]) -> None:
        least = min(levels, default=Level.MANAGE)
        if least < Level.MANAGE:
            self._least[user_pk] = least
        else:
            self._least.pop(user_pk, None)


def _role_allows(role: str, deed: Deed) -> bool:
    """What a role may where no permission says anything."""
    return role == "admin" or deed is Deed.READ or (role == "user" and deed is not Deed.GRANT)


def _first_refused(
    connection: Connection, asker: Principal, ws: str, deed: Deed, things: Sequence[Thing]
) -> Thing | None:
    own = _own(connection, asker, ws)
    return next((thing for thing in things if not _allowed(connection, asker, ws, deed, thing, own)), None)


def _own(connection: Connection, asker: Principal, ws: str) -> Holder | None:
    """The experiment of the run that a run's token is for."""
    if asker.kind != "run" or asker.run_id is None:
        return None
    return permissions.holder_of(connection, ws, Thing(Kind.RUN, asker.run_id))


def _allowed(connection: Connection, asker: Principal, ws: str, deed: Deed, thing: Thing, own: Holder | None) -> bool:
    by_role = _role_allows(asker.role, deed)
    if asker.user_pk is None:
        return by_role
    holder = permissions.holder_of(connection, ws, thing)
    if holder is None or (by_role and holder == own):
        return by_role
    known = permissions.level_on(connection, asker.user_pk, holder)
    return by_role if known is None else Level[known] >= deed.needs


def _holder(connection: Connection, ws: str, thing: Thing) -> Holder:
    found = permissions.holder_of(connection, ws, thing)
    if found is None:
        raise NotFound(f"Workspace {ws!r} has no {thing}.", workspace=ws)
    return found


def _levels(connection: Connection, user_pk: int) -> list[Level]:
    return [Level[name] for _, name in permissions.given(connection, user_pk)]


def _nothing(user: str, thing: Thing) -> NotFound:
    return NotFound(f"{user} has no permission on {thing} that was granted: the role decides there.", user=user)


def _denied(asker: Principal, ws: str, deed: Deed, thing: Thing) -> PermissionDenied:
    if asker.role == "reader" and deed is not Deed.READ:
        return PermissionDenied(
            f"{asker.name} is a reader on this server and cannot {deed.verb} {thing}. Ask an admin for the role "
            "`user`, or whoever manages it for a permission."
        )
    return PermissionDenied(
        f"Permission denied: {asker.name} may not {deed.verb} {thing} of workspace {ws!r}. Ask whoever manages it, or "
        "an admin, for a permission that allows it.",
        workspace=ws,
    )
