"""The acts on experiments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.entities import Experiment
from zaffre.core.errors import AlreadyExists, InvalidName, NotFound, StateConflict
from zaffre.core.ids import now_ms
from zaffre.server.store import experiments, pairs, permissions, runs
from zaffre.server.store.experiments import ExperimentQuery
from zaffre.server.store.paging import Found
from zaffre.server.store.schema import experiment_tags
from zaffre.server.tracking.acts import Acts, check_tags


class ExperimentActs(Acts):
    """Create, find, change, archive and delete experiments. ``ws`` is the name of a workspace."""

    def create_experiment(
        self,
        ws: str,
        name: str,
        *,
        artifact_location: str | None = None,
        tags: Mapping[str, str] | None = None,
        exist_ok: bool = False,
        maker: int | None = None,
    ) -> Experiment:
        """A new experiment, or with ``exist_ok`` the one of that name. ``maker``, a user's number, may manage it.

        Names are unique also against archived experiments. Raises ``AlreadyExists`` and ``InvalidName``.
        """
        given = dict(tags or {})
        check_tags(given)

        def create(connection: Connection) -> Experiment:
            known = experiments.find(connection, ws, name=name)
            if known is not None:
                if exist_ok:
                    return known
                archived = " It is archived: restore it, or take another name." if known.archived_at else ""
                raise AlreadyExists(
                    f"Experiment {name!r} already exists in workspace {ws!r}.{archived}", experiment=name, id=known.id
                )
            check_experiment_name(name)
            experiment_id = experiments.add(connection, ws, name, artifact_location, now_ms())
            pairs.put(connection, experiment_tags, experiment_id, given)
            permissions.put_maker(connection, maker, experiment_id=experiment_id)
            return experiments.get(connection, ws, experiment_id)

        return self._store.write(create)

    def get_experiment(self, ws: str, experiment_id: int) -> Experiment:
        """The experiment with this id, archived or not. Raises ``NotFound``."""
        return self._store.read(lambda connection: experiments.get(connection, ws, experiment_id))

    def get_experiment_by_name(self, ws: str, name: str) -> Experiment:
        """The experiment with this name, archived or not. Raises ``NotFound``."""
        return self._store.read(lambda connection: experiments.get_named(connection, ws, name))

    def search_experiments(
        self, ws: str, query: ExperimentQuery, *, limit: int = 1000, after: str | None = None
    ) -> Found[Experiment]:
        """One page of the experiments that the query finds."""
        return self._store.read(lambda connection: experiments.search(connection, ws, query, limit=limit, after=after))

    def update_experiment(
        self,
        ws: str,
        experiment_id: int,
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        remove_tags: Iterable[str] = (),
        archived: bool | None = None,
    ) -> Experiment:
        """Change what is given, all or nothing. Archiving archives its active runs too, restoring restores those.

        Raises ``StateConflict`` for a new name of an archived experiment, ``AlreadyExists`` for one that is taken.
        """
        given = dict(tags or {})
        check_tags(given)

        def change(connection: Connection) -> Experiment:
            known = experiments.get(connection, ws, experiment_id)
            now = now_ms()
            if archived is not None and archived != (known.archived_at is not None):
                _archive(connection, experiment_id, now if archived else None)
            if name is not None and name != known.name:
                _rename(
                    connection, known, name, archived=known.archived_at is not None if archived is None else archived
                )
            pairs.put(connection, experiment_tags, experiment_id, given)
            pairs.remove(connection, experiment_tags, experiment_id, remove_tags)
            experiments.change(connection, experiment_id, updated_at=max(now, known.updated_at))
            return experiments.get(connection, ws, experiment_id)

        changed = self._store.write(change)
        if archived is not None:
            self._notifier.publish(f"runs:{ws}")
        return changed

    def set_experiment_tag(self, ws: str, experiment_id: int, key: str, value: str) -> None:
        """Set one tag of an experiment that is not archived (``StateConflict``)."""
        check_tags({key: value})

        def change(connection: Connection) -> None:
            _check_active(experiments.get(connection, ws, experiment_id))
            pairs.put(connection, experiment_tags, experiment_id, {key: value})
            experiments.change(connection, experiment_id, updated_at=now_ms())

        self._store.write(change)

    def delete_experiment_tag(self, ws: str, experiment_id: int, key: str) -> None:
        """Remove a tag of an experiment that is not archived. Raises ``NotFound`` if it does not have it."""

        def change(connection: Connection) -> None:
            _check_active(experiments.get(connection, ws, experiment_id))
            if not pairs.remove(connection, experiment_tags, experiment_id, [key]):
                raise NotFound(f"No tag with name: {key} in experiment with id {experiment_id}.", key=key)
            experiments.change(connection, experiment_id, updated_at=now_ms())

        self._store.write(change)

    def delete_experiment(self, ws: str, experiment_id: int) -> list[str]:
        """Delete an experiment for good, with its runs and all they logged; answers the ids of those runs.

        Their files are the caller's to delete.
        """

        def delete(connection: Connection) -> list[str]:
            experiments.get(connection, ws, experiment_id)
            gone = runs.ids_of_experiment(connection, experiment_id)
            experiments.remove(connection, experiment_id)
            return gone

        gone = self._store.write(delete)
        self._notifier.publish(f"runs:{ws}")
        return gone


def check_experiment_name(name: str) -> None:
    """MLflow's rule, the wider one; that of the SDK (``names.check_experiment``) is checked at its own door."""
    if not name.strip() or len(name) > limits.EXPERIMENT_NAME:
        raise InvalidName(
            f"An experiment's name has 1 to {limits.EXPERIMENT_NAME} characters; this one: {name[:80]!r}."
        )


def _check_active(known: Experiment) -> None:
    if known.archived_at is not None:
        raise StateConflict(
            f"The experiment {known.id} must be in the 'active' state. Current state is deleted. Restore it first.",
            experiment_id=known.id,
        )


def _rename(connection: Connection, known: Experiment, name: str, *, archived: bool) -> None:
    check_experiment_name(name)
    if archived:
        raise StateConflict(
            f"Experiment {known.name!r} is archived (in the 'deleted' state) and cannot be renamed. Restore it first.",
            experiment=known.name,
        )
    if experiments.find(connection, known.workspace, name=name) is not None:
        raise AlreadyExists(f"Experiment {name!r} already exists in workspace {known.workspace!r}.", experiment=name)
    experiments.change(connection, known.id, name=name)


def _archive(connection: Connection, experiment_id: int, at: int | None) -> None:
    experiments.change(connection, experiment_id, archived_at=at)
    runs.archive_with(connection, experiment_id, at)
