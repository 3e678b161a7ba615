"""The acts on runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from zaffre.core import codec, limits
from zaffre.core.entities import Run, RunError, ScriptSpec
from zaffre.core.errors import AlreadyExists, InvalidValue, NotFound, StateConflict
from zaffre.core.ids import new_run_id, new_uuid, now_ms
from zaffre.core.names import check_run_id
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.core.wire import ChildrenCreate, HeartbeatAnswer, RunCreate, RunEvent, RunPatch
from zaffre.server.store import experiments, pairs, run_outlines, run_search, run_sets, runs
from zaffre.server.store.experiments import RunPlace
from zaffre.server.store.paging import Found
from zaffre.server.store.run_outlines import Outline
from zaffre.server.store.run_search import RunQuery
from zaffre.server.store.run_sets import Change
from zaffre.server.store.runs import RunKey
from zaffre.server.store.schema import run_properties, run_tags
from zaffre.server.tracking.acts import NAME_TAG, PARENT_TAG, Acts, active_run, check_tags
from zaffre.server.tracking.display_names import new_display_name
from zaffre.server.tracking.status import change_status

CHILD_TAG = "azureml.batch_child_number"


class RunActs(Acts):
    """Create, find, change, cancel and delete runs. ``ws`` is the name of a workspace."""

    def create_run(self, ws: str, experiment_id: int, given: RunCreate, *, created_by: str = "") -> Run:
        """A new run. Raises ``AlreadyExists`` for an id that is taken, ``StateConflict`` in an archived experiment.

        A run has one name: ``display_name`` and MLflow's tag ``mlflow.runName`` are the same; given none, it gets one.
        The tag ``mlflow.parentRunId`` makes it a child as ``parent_id`` does, if there is such a run.
        """
        _check_new(given)

        def create(connection: Connection) -> Run:
            place = _open_place(connection, ws, experiment_id)
            made = add_run(connection, ws, place, given, created_by)
            return runs.get_new(connection, made.pk, made.tags, given.properties)

        return self._published(ws, self._store.write(create))

    async def acreate_run(
        self, ws: str, experiment_id: int, given: RunCreate, *, created_by: str
    ) -> tuple[Outline, str]:
        """``create_run`` for coroutines; with the run comes where its experiment keeps files."""
        _check_new(given)

        def create(connection: Connection) -> tuple[Outline, str]:
            place = _open_place(connection, ws, experiment_id)
            return add_run(connection, ws, place, given, created_by).outline, place.artifact_location

        run, location = await self._store.awrite(create)
        self._notifier.publish(f"run:{run.id}", f"runs:{ws}")
        return run, location

    def create_children(self, ws: str, run_id: str, given: ChildrenCreate, *, created_by: str = "") -> list[Run]:
        """Children of a run, NotStarted, in the order asked for; 1 to 100 of them, else ``InvalidValue``."""
        tags = _child_tags(given)

        def create(connection: Connection) -> list[Run]:
            parent = active_run(connection, ws, run_id)
            children = []
            for tag in tags:
                place = experiments.next_run(connection, ws, parent.experiment_id)
                child = RunCreate(parent_id=run_id, status=RunStatus.NOT_STARTED, tags=tag)
                pk = add_run(connection, ws, place, child, created_by).pk
                children.append(runs.get_new(connection, pk, tag, {}))
            return children

        made = self._store.write(create)
        self._notifier.publish(f"run:{run_id}", f"runs:{ws}")
        return made

    def get_run(self, ws: str, run_id: str) -> Run:
        """The run with this id, deleted or not. Raises ``NotFound``."""
        return self._store.read(lambda connection: runs.get(connection, runs.key_of(connection, ws, run_id).pk))

    def search_runs(self, ws: str, query: RunQuery, *, limit: int = 1000, after: str | None = None) -> Found[Run]:
        """One page of the runs that the query finds."""
        return self._store.read(lambda connection: run_search.search(connection, ws, query, limit=limit, after=after))

    def update_run(self, ws: str, run_id: str, patch: RunPatch, *, reason: str = "") -> Run:
        """Change what is given, all or nothing; ``reason`` goes into the history with a new status.

        Raises ``StateConflict`` for a status that cannot follow, a property that has another value, a deleted run.
        """
        _check_patch(patch)

        def change(connection: Connection) -> Run:
            run = active_run(connection, ws, run_id)
            _apply(connection, ws, run, patch, reason)
            return runs.get(connection, run.pk)

        return self._published(ws, self._store.write(change))

    async def areport_run(self, ws: str, run_id: str, patch: RunPatch, *, reason: str) -> tuple[Outline, str]:
        """Change what a client that logs reports of its run. Answers the run's columns, and where its files are kept.

        A submitted run's status and end belong to its runner: a script that reports them does not end the job. A run
        that ended one way may be reported to have ended another way: it runs again in between.
        """
        _check_patch(patch)

        def change(connection: Connection) -> tuple[Outline, str]:
            run = active_run(connection, ws, run_id)
            given = replace(patch, status=None, end_time=None) if run.submitted else patch
            ends = {run.status, given.status} <= RUN_TERMINAL and run.status is not given.status
            if ends and change_status(connection, run, RunStatus.RUNNING, now=now_ms(), reason=reason):
                run = replace(run, status=RunStatus.RUNNING)
            _apply(connection, ws, run, given, reason)
            return run_outlines.columns_of(connection, run.pk)

        changed, location = await self._store.awrite(change)
        self._notifier.publish(f"run:{changed.id}", f"runs:{ws}")
        return changed, location

    def set_tags(self, ws: str, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags, and change those that are there. The tag ``mlflow.runName`` renames the run."""
        check_tags(tags)
        self._store.write(lambda connection: put_tags(connection, ws, active_run(connection, ws, run_id), tags))
        self._notifier.publish(f"run:{run_id}", f"runs:{ws}")

    def delete_tag(self, ws: str, run_id: str, key: str) -> None:
        """Remove a tag. Raises ``NotFound`` if the run does not have it."""

        def delete(connection: Connection) -> None:
            run = active_run(connection, ws, run_id)
            if not run_sets.remove(connection, run_tags, run.experiment_id, run.pk, [key]):
                raise NotFound(f"No tag with name: {key} in run with id {run_id}", key=key, run_id=run_id)

        self._store.write(delete)
        self._notifier.publish(f"run:{run_id}", f"runs:{ws}")

    def delete_run(self, ws: str, run_id: str) -> Run:
        """Mark a run as deleted: it stays readable and can be restored. Idempotent."""
        return self._archive(ws, run_id, deleted=True)

    def restore_run(self, ws: str, run_id: str) -> Run:
        """Take ``delete_run`` back. Idempotent."""
        return self._archive(ws, run_id, deleted=False)

    def cancel_run(self, ws: str, run_id: str, *, reason: str = "") -> Run:
        """Ask a run to end. Canceled at once where no process has taken it up, else CancelRequested.

        Raises ``StateConflict`` for a run that has ended.
        """

        def cancel(connection: Connection) -> Run:
            run = active_run(connection, ws, run_id)
            if run.status in RUN_TERMINAL:
                raise StateConflict(
                    f"Run {run_id} is {run.status.value} already and cannot be canceled.", run_id=run_id
                )
            change_status(connection, run, _after_cancel(connection, run), now=now_ms(), reason=reason)
            return runs.get(connection, run.pk)

        return self._published(ws, self._store.write(cancel))

    def heartbeat(self, ws: str, run_id: str) -> HeartbeatAnswer:
        """Note that the runner lives; a run that was thought lost runs again. Answers whether it should stop."""

        def beat(connection: Connection) -> tuple[RunStatus, bool]:
            run = runs.key_of(connection, ws, run_id)
            runs.beat(connection, run.pk, now_ms())
            if run.status is not RunStatus.NOT_RESPONDING:
                return run.status, False
            change_status(connection, run, RunStatus.RUNNING, now=now_ms(), reason="its heartbeat came back")
            return RunStatus.RUNNING, True

        status, changed = self._store.write(beat)
        if changed:
            self._notifier.publish(f"run:{run_id}", f"runs:{ws}")
        return HeartbeatAnswer(cancel=status in (RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED), status=status)

    def run_events(self, ws: str, run_id: str) -> list[RunEvent]:
        """The history of a run's states, oldest first."""
        return self._store.read(lambda connection: runs.events(connection, runs.key_of(connection, ws, run_id).pk))

    def run_spec(self, ws: str, run_id: str) -> ScriptSpec:
        """What a submitted run executes. Raises ``NotFound`` for a run that was not submitted."""
        found = self._store.read(lambda connection: runs.spec(connection, runs.key_of(connection, ws, run_id).pk))
        if found is None:
            raise NotFound(f"Run {run_id} has no script: it was not submitted but logged interactively.", run_id=run_id)
        return found

    def _archive(self, ws: str, run_id: str, *, deleted: bool) -> Run:
        def archive(connection: Connection) -> Run:
            run = runs.key_of(connection, ws, run_id)
            if run.archived != deleted:
                at = now_ms() if deleted else None
                runs.change(connection, [run.pk], archived_at=at, archived_with_experiment=0)
            return runs.get(connection, run.pk)

        return self._published(ws, self._store.write(archive))

    def _published(self, ws: str, run: Run) -> Run:
        self._notifier.publish(f"run:{run.id}", f"runs:{ws}")
        return run


def put_tags(connection: Connection, ws: str, run: RunKey, tags: Mapping[str, str]) -> None:
    """Set tags of a run; the run's name is one of them to MLflow, and its parent another."""
    run_sets.put_all(connection, run.experiment_id, run.pk, new_tags(connection, ws, run, tags))


def new_tags(connection: Connection, ws: str, run: RunKey, tags: Mapping[str, str]) -> list[Change]:
    """``put_tags`` but for the tags that are only tags: these are answered, to be put by the caller."""
    plain = {key: value for key, value in tags.items() if key != NAME_TAG}
    if NAME_TAG in tags:
        _check_texts(tags[NAME_TAG], "")
        runs.change(connection, [run.pk], display_name=tags[NAME_TAG])
    if PARENT_TAG in tags:
        parent = runs.find_key(connection, ws, tags[PARENT_TAG])
        if parent is not None and parent.pk != run.pk and run.pk not in runs.ancestors(connection, parent.pk):
            runs.adopt(connection, run.pk, parent.pk)
    return [(run_tags, plain, pairs.of(connection, run_tags, run.pk))] if plain else []


def _check_new(given: RunCreate) -> None:
    """Before the write queues: the writer's time is everyone's."""
    _check_texts(given.display_name, given.description)
    check_tags(given.tags)
    check_tags(given.properties, "property")


def _open_place(connection: Connection, ws: str, experiment_id: int) -> RunPlace:
    place = experiments.next_run(connection, ws, experiment_id)
    if place.archived:
        raise StateConflict(
            f"Experiment {place.name!r} must be in the 'active' state. Current state is deleted: restore it before you "
            "start runs in it.",
            experiment=place.name,
        )
    return place


def _check_patch(patch: RunPatch) -> None:
    _check_texts(patch.display_name, patch.description or "")
    check_tags(patch.tags or {})
    check_tags(patch.properties or {}, "property")


def _apply(connection: Connection, ws: str, run: RunKey, patch: RunPatch, reason: str) -> None:
    values = _columns(patch)
    if patch.status is not None:
        change_status(connection, run, patch.status, now=now_ms(), reason=reason, also=values)
    elif values:
        runs.change(connection, [run.pk], **values)
    put_tags(connection, ws, run, patch.tags or {})
    run_sets.remove(connection, run_tags, run.experiment_id, run.pk, patch.remove_tags or ())
    _add_properties(connection, run, patch.properties or {})


@dataclass(frozen=True, slots=True)
class Added:
    """A run that was just inserted: its key in the store, its tags, and what a list shows of it."""

    pk: int
    tags: Mapping[str, str]
    outline: Outline


def add_run(connection: Connection, ws: str, place: RunPlace, given: RunCreate, created_by: str) -> Added:
    """Insert a run in its place. Raises ``AlreadyExists`` for an id that is taken."""
    now = now_ms()
    run_id = given.id or (new_run_id(place.name) if given.spec else new_uuid())
    check_run_id(run_id)
    if runs.find_key(connection, ws, run_id) is not None:
        raise AlreadyExists(f"Run {run_id} exists already in workspace {ws!r}.", run_id=run_id)
    status = given.status or (RunStatus.QUEUED if given.spec else RunStatus.RUNNING)
    start = now if given.start_time is None and status is RunStatus.RUNNING else given.start_time
    end = now if status in RUN_TERMINAL else None
    tags = {key: value for key, value in given.tags.items() if key != NAME_TAG}
    name = _display_name(given)
    pk = runs.add(
        connection,
        place,
        {
            "id": run_id,
            "display_name": name,
            "status": status.value,
            "type": given.type,
            "description": given.description,
            "created_by": created_by,
            "target": given.target,
            "created_at": now,
            "start_time": start,
            "end_time": end,
            "snapshot_id": given.snapshot_id,
        },
        given.spec,
    )
    parent = _parent(connection, ws, given)
    if parent is not None:
        runs.adopt(connection, pk, parent.pk)
    run_sets.put(connection, run_tags, place.experiment_id, pk, tags, {})
    pairs.put(connection, run_properties, pk, given.properties)
    runs.add_event(connection, pk, now, status, "created")
    outline = Outline(
        id=run_id,
        experiment_id=place.experiment_id,
        display_name=name,
        status=status,
        created_at=now,
        created_by=created_by,
        parent_id=None if parent is None else parent.id,
        start_time=start,
        end_time=end,
        archived_at=None,
        tags=sorted(tags.items()),
        params=(),
        latest=(),
    )
    return Added(pk, tags, outline)


def _display_name(given: RunCreate) -> str:
    tagged = given.tags.get(NAME_TAG)
    if given.display_name and tagged and given.display_name != tagged:
        raise InvalidValue(
            f"The run's name is given twice and differently: {given.display_name!r}, and {tagged!r} in its tag "
            f"{NAME_TAG}. Give one of them."
        )
    return given.display_name or tagged or new_display_name()


def _parent(connection: Connection, ws: str, given: RunCreate) -> RunKey | None:
    if given.parent_id is not None:
        return runs.key_of(connection, ws, given.parent_id)
    tagged = given.tags.get(PARENT_TAG)
    return None if tagged is None else runs.find_key(connection, ws, tagged)


def _child_tags(given: ChildrenCreate) -> list[dict[str, str]]:
    if (given.count is None) == (given.tag_values is None) or (given.tag_values is None) != (given.tag_key is None):
        raise InvalidValue("Children are made from a count, or from tag_key with tag_values: give one of the two.")
    values: Sequence[str] = given.tag_values or [str(i) for i in range(given.count or 0)]
    if not 1 <= len(values) <= limits.CHILDREN_PER_CALL:
        raise InvalidValue(f"One call makes 1 to {limits.CHILDREN_PER_CALL} children; this one asks for {len(values)}.")
    key = given.tag_key or CHILD_TAG
    tags = [{key: value} for value in values]
    for tag in tags:
        check_tags(tag)
    return tags


def _after_cancel(connection: Connection, run: RunKey) -> RunStatus:
    # The runner of a "local" run was started by whoever submitted it: it must be told, however early it is.
    unborn = run.status in (RunStatus.NOT_STARTED, RunStatus.QUEUED)
    taken = not run.submitted or (unborn and run.target != "local" and not runs.is_taken(connection, run.pk, now_ms()))
    return RunStatus.CANCELED if taken else RunStatus.CANCEL_REQUESTED


def _check_texts(display_name: str | None, description: str) -> None:
    if display_name is not None and not 0 < len(display_name.strip()) <= len(display_name) <= limits.DISPLAY_NAME:
        raise InvalidValue(
            f"A run's name has 1 to {limits.DISPLAY_NAME} characters; this one has {len(display_name.strip())}."
        )
    if len(description) > limits.DESCRIPTION:
        raise InvalidValue(
            f"A description has at most {limits.DESCRIPTION} characters; this one has {len(description)}."
        )


def _columns(patch: RunPatch) -> dict[str, Any]:
    """The columns that a patch sets directly."""
    plain = {
        "display_name": patch.display_name,
        "description": patch.description,
        "start_time": patch.start_time,
        "end_time": patch.end_time,
        "error": _plain_error(patch.error),
    }
    values = {name: value for name, value in plain.items() if value is not None}
    if patch.waiting_for is not None:
        values["waiting_for"] = patch.waiting_for or None
    return values


def _plain_error(error: RunError | None) -> Any:
    return None if error is None else codec.to_plain(error)


def _add_properties(connection: Connection, run: RunKey, properties: Mapping[str, str]) -> None:
    known = pairs.of(connection, run_properties, run.pk) if properties else {}
    changed = _different(known, properties)
    if changed:
        raise StateConflict(
            f"Properties never change once they are set: run {run.id} has {changed[0]}={known[changed[0]]!r} and keeps "
            "it. Use a tag for what changes.",
            run_id=run.id,
            properties=changed,
        )
    pairs.put(connection, run_properties, run.pk, properties)


def _different(known: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    return [key for key, value in given.items() if known.get(key, value) != value]
