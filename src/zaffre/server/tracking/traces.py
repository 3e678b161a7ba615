"""The acts on traces. What spans say of their trace as a whole stands in ``trace_summary``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.entities import Experiment
from zaffre.core.errors import AlreadyExists, InvalidName, InvalidValue, NotFound, StateConflict
from zaffre.core.ids import new_hex
from zaffre.core.imports import TraceImport, TraceImported
from zaffre.core.traces import (
    IN_PROGRESS,
    LOCATION_TAG,
    NAME_TAG,
    SESSION,
    SPANS_HERE,
    SPANS_TAG,
    STATES,
    TOKEN_USAGE,
    UNSPECIFIED,
    Assessment,
    Span,
    Trace,
)
from zaffre.server.store import assessments, experiments, pairs, runs, spans, trace_search, traces, workspaces
from zaffre.server.store.paging import Found
from zaffre.server.store.schema import trace_metadata, trace_tags
from zaffre.server.store.trace_search import TraceQuery
from zaffre.server.store.traces import TraceKey
from zaffre.server.tracking import trace_summary
from zaffre.server.tracking.acts import Acts, check_key, check_length
from zaffre.server.tracking.assessments import check_assessment

LINKS_PER_REQUEST: Final = 100
_ID = re.compile(r"[A-Za-z0-9][\w\-]{0,249}", re.ASCII)
_KEPT_BY_SERVER: Final = frozenset({SPANS_TAG, "mlflow.trace.archiveLocation", "mlflow.trace.archivalFailure"})
_NAME_LENGTH: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTrace:
    """A trace as a client sends it when it has ended, or begins. Times are milliseconds."""

    id: str
    experiment_id: int
    start_time: int
    status: str = UNSPECIFIED
    duration_ms: int | None = None
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    assessments: Sequence[Assessment] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSpans:
    """Spans of any number of traces, with the tags that these get from the program that sends them."""

    spans: Sequence[Span]
    tags: Mapping[str, str] = field(default_factory=dict)


class TraceActs(Acts):
    """Record traces and spans, find and change and delete them. ``ws`` is the name of a workspace.

    Clients send a trace and its spans apart, in any order, and again when they get no answer: whichever comes first
    makes the trace, and what comes twice changes nothing.
    """

    def start_trace(self, ws: str, given: GivenTrace) -> Trace:
        """Record a trace. One that is there takes the new values; tags, metadata and assessments are added to it."""
        _check(given)

        def start(connection: Connection) -> None:
            experiment = _active(connection, ws, given.experiment_id)
            known = traces.find_key(connection, ws, given.id)
            pk = _begin(connection, ws, experiment, given.id, given.start_time) if known is None else known.pk
            traces.change(connection, pk, _columns(given, given.experiment_id, known))
            _put_tags(connection, pk, given.tags)
            traces.describe(connection, pk, given.metadata)
            assessments.put(connection, pk, given.assessments)

        self._store.write(start)
        return self.get_trace(ws, given.id)

    def begin_trace(self, ws: str, given: GivenTrace) -> Trace:
        """Record a trace that goes on (``given.id`` is not looked at: it gets a new one), as MLflow 2 clients do."""
        trace_id = new_hex()
        _check(given)

        def begin(connection: Connection) -> None:
            experiment = _active(connection, ws, given.experiment_id)
            pk = _begin(connection, ws, experiment, trace_id, given.start_time)
            traces.change(connection, pk, {"status": IN_PROGRESS, **_promoted(given.metadata)})
            _put_tags(connection, pk, given.tags)
            traces.describe(connection, pk, given.metadata)

        self._store.write(begin)
        return self.get_trace(ws, trace_id)

    def import_trace(self, ws: str, trace_id: str, given: TraceImport) -> TraceImported:
        """Take over a trace with its id and spans, also into an experiment that was deleted. One that is there takes
        what is given. Raises ``AlreadyExists`` where another trace has the id: one of another experiment or time.
        """
        _check_id(trace_id)
        _check_status(given.status)
        _check_pairs(given.tags, given.metadata)
        for assessment in given.assessments:
            check_assessment(assessment)
        if {*(one.trace_id for one in given.assessments), *(one.trace_id for one in given.spans)} - {trace_id}:
            raise InvalidValue(f"A span or an assessment is of another trace than {trace_id}. Send it with its own.")

        def take(connection: Connection) -> bool:
            experiment = experiments.get_named(connection, ws, given.experiment)
            known = traces.find_key(connection, ws, trace_id)
            if known is not None and (known.experiment_id, known.start_time) != (experiment.id, given.start_time):
                raise AlreadyExists(
                    f"Workspace {ws!r} has another trace with the id {trace_id}. Import into another workspace.",
                    trace_id=trace_id,
                )
            pk = _begin(connection, ws, experiment, trace_id, given.start_time) if known is None else known.pk
            traces.change(connection, pk, _columns(given, experiment.id, known))
            _put_tags(connection, pk, {key: value for key, value in given.tags.items() if key != LOCATION_TAG})
            traces.describe(connection, pk, given.metadata)
            assessments.put(connection, pk, given.assessments)
            if given.spans:
                _log_spans(connection, traces.key_of(connection, ws, trace_id), given.spans, {})
            return known is None

        created = self._store.write(take)
        return TraceImported(trace=self.get_trace(ws, trace_id), created=created)

    def end_trace(
        self,
        ws: str,
        trace_id: str,
        *,
        end_time: int,
        status: str,
        tags: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> Trace:
        """Say how a trace ended and when, and add to its tags and metadata."""
        _check_status(status)
        _check_pairs(tags, metadata)

        def end(connection: Connection) -> None:
            key = traces.key_of(connection, ws, trace_id)
            ended = {"status": status, "duration_ms": end_time - key.start_time, "complete": 1}
            traces.change(connection, key.pk, {**ended, **_promoted(metadata)})
            _put_tags(connection, key.pk, tags)
            traces.describe(connection, key.pk, metadata)

        self._store.write(end)
        return self.get_trace(ws, trace_id)

    async def alog_spans(self, ws: str, experiment_id: int, given: Sequence[GivenSpans], *, run_id: str = "") -> None:
        """Record spans, all or none of them. Their traces are made in the experiment if they are not there yet, and
        those whose root is among the spans are linked to the run, if one is named.
        """
        await self._store.awrite(_logging(ws, experiment_id, given, run_id))

    def log_spans(self, ws: str, experiment_id: int, given: Sequence[GivenSpans], *, run_id: str = "") -> None:
        """As ``alog_spans``."""
        self._store.write(_logging(ws, experiment_id, given, run_id))

    def get_trace(self, ws: str, trace_id: str) -> Trace:
        """The trace with this id. Raises ``NotFound``."""
        return self._store.read(lambda connection: traces.get(connection, ws, trace_id))

    def get_traces(self, ws: str, trace_ids: Sequence[str]) -> list[Trace]:
        """Those of the traces that there are, in the order of ``trace_ids``."""
        found = self._store.read(lambda connection: traces.of_ids(connection, ws, trace_ids))
        return [trace for _, trace in found]

    def get_traces_with_spans(self, ws: str, trace_ids: Sequence[str]) -> list[tuple[Trace, list[Span]]]:
        """As ``get_traces``, each with its spans, roots first and then in the order of their beginnings."""

        def load(connection: Connection) -> list[tuple[Trace, list[Span]]]:
            found = traces.of_ids(connection, ws, trace_ids)
            listed = spans.of_traces(connection, {pk: trace.id for pk, trace in found})
            return [(trace, listed[pk]) for pk, trace in found]

        return self._store.read(load)

    def search_traces(self, ws: str, query: TraceQuery, *, limit: int = 100, after: str | None = None) -> Found[Trace]:
        """One page of the traces that the query finds."""
        return self._store.read(lambda connection: trace_search.search(connection, ws, query, limit=limit, after=after))

    def set_trace_tag(self, ws: str, trace_id: str, key: str, value: str) -> None:
        """Add a tag to a trace, or change it; the tag ``mlflow.traceName`` is its name."""
        self.change_trace_tags(ws, trace_id, {key: value})

    def delete_trace_tag(self, ws: str, trace_id: str, key: str) -> None:
        """Remove a tag of a trace. Raises ``NotFound`` if it does not have it."""
        self.change_trace_tags(ws, trace_id, {}, [key])

    def change_trace_tags(self, ws: str, trace_id: str, tags: Mapping[str, str], gone: Iterable[str] = ()) -> None:
        """Add and change tags, and remove others, all or nothing."""
        for key in tags:
            check_key("tag", key)
            _check_not_kept(key, "set")
        for key in gone:
            _check_not_kept(key, "deleted")
        _check_pairs(tags, {})

        def change(connection: Connection) -> None:
            found = traces.key_of(connection, ws, trace_id)
            _put_tags(connection, found.pk, tags)
            for key in gone:
                _remove_tag(connection, found, key)

        self._store.write(change)

    def link_traces(self, ws: str, trace_ids: Sequence[str], run_id: str) -> None:
        """Make traces those of a run, too; traces that are not there are passed over. At most 100 at once."""
        if len(trace_ids) > LINKS_PER_REQUEST:
            raise InvalidValue(
                f"Cannot link more than {LINKS_PER_REQUEST} traces to a run in a single request; this one names "
                f"{len(trace_ids)}. Send several requests."
            )

        def link(connection: Connection) -> None:
            runs.key_of(connection, ws, run_id)
            found = (traces.find_key(connection, ws, trace_id) for trace_id in trace_ids)
            traces.link_run(connection, [key.pk for key in found if key is not None], run_id)

        self._store.write(link)

    def link_prompts(self, ws: str, trace_id: str, prompts: Sequence[tuple[str, str]]) -> None:
        """Record that a trace used these versions (name, version) of prompts."""

        def link(connection: Connection) -> None:
            key = traces.key_of(connection, ws, trace_id)
            traces.link_prompts(connection, key.pk, [f"{name}/{version}" for name, version in prompts])

        self._store.write(link)

    def delete_traces(
        self,
        ws: str,
        experiment_id: int,
        *,
        until: int | None = None,
        ids: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[str]:
        """Delete traces of an experiment for good, by their ids or else those that began at ``until`` or before, the
        oldest first and at most ``limit``. Answers the ids of those that were there; their files are the caller's.
        """
        if (until is None) == (not ids):
            raise InvalidValue("Name the traces to delete by one of `max_timestamp_millis` and `trace_ids`, not both.")
        if ids and limit is not None:
            raise InvalidValue("`max_traces` can't be specified if `trace_ids` is specified. Leave it out.")
        if limit is not None and limit <= 0:
            raise InvalidValue(f"`max_traces` must be a positive integer, received {limit}.")

        def delete(connection: Connection) -> list[str]:
            gone = traces.to_delete(connection, ws, experiment_id, until=until, ids=ids or None, limit=limit)
            traces.remove(connection, [pk for pk, _ in gone])
            return [trace_id for _, trace_id in gone]

        return self._store.write(delete)


def _active(connection: Connection, ws: str, experiment_id: int) -> Experiment:
    experiment = experiments.get(connection, ws, experiment_id)
    if experiment.archived_at is not None:
        raise StateConflict(
            f"Experiment {experiment.name!r} must be in the 'active' state. Current state is deleted: restore it "
            "before you log traces in it.",
            experiment=experiment.name,
        )
    return experiment


def _begin(connection: Connection, ws: str, experiment: Experiment, trace_id: str, start_time: int) -> int:
    """A new trace with the tag that says where its files go; its row number."""
    values = {
        "workspace_pk": workspaces.key_of(connection, ws),
        "experiment_id": experiment.id,
        "id": trace_id,
        "status": IN_PROGRESS,
        "start_time": start_time,
    }
    pk = traces.add(connection, values)
    location = f"{experiment.artifact_location}/traces/{trace_id}/artifacts"
    pairs.put(connection, trace_tags, pk, {LOCATION_TAG: location})
    return pk


def _columns(given: GivenTrace | TraceImport, experiment_id: int, known: TraceKey | None) -> dict[str, Any]:
    values = {
        "experiment_id": experiment_id,
        "status": given.status,
        "start_time": given.start_time,
        "duration_ms": given.duration_ms,
        "client_request_id": given.client_request_id,
        "request_preview": given.request_preview,
        "response_preview": given.response_preview,
        "complete": 1,
        **_promoted(given.metadata),
    }
    kept = ("request_preview", "response_preview") if known is not None else ()
    return {name: value for name, value in values.items() if value is not None or name not in kept}


def _promoted(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What of the metadata has a column, for metrics."""
    values = dict(trace_summary.token_columns(metadata[TOKEN_USAGE])) if TOKEN_USAGE in metadata else {}
    return {**values, "session_id": metadata[SESSION]} if SESSION in metadata else values


def _put_tags(connection: Connection, pk: int, tags: Mapping[str, str]) -> None:
    if NAME_TAG in tags:
        traces.change(connection, pk, {"name": tags[NAME_TAG]})
    pairs.put(
        connection, trace_tags, pk, {key: value for key, value in tags.items() if key not in (NAME_TAG, SPANS_TAG)}
    )


def _remove_tag(connection: Connection, found: TraceKey, key: str) -> None:
    if key == NAME_TAG and found.name is not None:
        traces.change(connection, found.pk, {"name": None})
    elif not pairs.remove(connection, trace_tags, found.pk, [key]):
        raise NotFound(f"No trace tag with key '{key}' for trace with ID '{found.id}'.", key=key)


def _logging(ws: str, experiment_id: int, given: Sequence[GivenSpans], run_id: str) -> Callable[[Connection], None]:
    """The write of ``log_spans``."""
    told: dict[str, tuple[list[Span], dict[str, str]]] = {}
    for part in given:
        for span in part.spans:
            listed, tags = told.setdefault(span.trace_id, ([], {}))
            listed.append(span)
            tags.update(part.tags)
    for trace_id, (_, tags) in told.items():
        _check_id(trace_id)
        _check_pairs(tags, {})

    def log(connection: Connection) -> None:
        if run_id:
            runs.key_of(connection, ws, run_id)
        experiment: Experiment | None = None
        for trace_id, (listed, tags) in told.items():
            key = traces.find_key(connection, ws, trace_id)
            if key is None:
                experiment = experiment or _active(connection, ws, experiment_id)
                _begin(connection, ws, experiment, trace_id, min(span.start_ns for span in listed) // 1_000_000)
                key = traces.key_of(connection, ws, trace_id)
            _log_spans(connection, key, listed, tags)
            if run_id and any(span.parent_id is None for span in listed):
                traces.link_run(connection, [key.pk], run_id)

    return log


def _log_spans(connection: Connection, key: TraceKey, listed: Sequence[Span], tags: Mapping[str, str]) -> None:
    spans.put(connection, key.pk, listed)
    pairs.put(connection, trace_tags, key.pk, {**tags, SPANS_TAG: SPANS_HERE})
    values = {} if key.complete else trace_summary.times(*spans.time_range(connection, key.pk))
    root = next((span for span in listed if span.parent_id is None), None)
    if root is None:
        traces.change(connection, key.pk, values)
    else:
        has = pairs.of(connection, trace_metadata, key.pk)
        said = trace_summary.metadata_of_root(root)
        new = {name: value for name, value in said.items() if name not in has}
        traces.change(connection, key.pk, {**values, **trace_summary.of_root(root, key), **_promoted(new)})
        traces.describe(connection, key.pk, new)
        _put_tags(connection, key.pk, trace_summary.tags_of_root(root))
    if key.total_tokens is not None or spans.has_numbers(listed):
        _add_up(connection, key)


def _add_up(connection: Connection, key: TraceKey) -> None:
    """Tokens and dollars of the whole trace, unless the client has said them itself."""
    said = pairs.of(connection, trace_metadata, key.pk) if key.complete else {}
    usage, cost = spans.usage_and_cost(connection, key.pk)
    summed = trace_summary.sums(usage, cost)
    new = {name: value for name, value in summed.items() if name not in said}
    pairs.put(connection, trace_metadata, key.pk, new)
    traces.change(connection, key.pk, _promoted(new))


def _check(given: GivenTrace) -> None:
    _check_id(given.id)
    _check_status(given.status)
    _check_pairs(given.tags, given.metadata)


def _check_id(trace_id: str) -> None:
    if not _ID.fullmatch(trace_id):
        raise InvalidValue(
            f"Invalid trace ID {trace_id[:80]!r}: it has 1 to 250 letters, digits, underscores and dashes.",
            trace_id=trace_id[:80],
        )


def _check_status(status: str) -> None:
    if status not in STATES:
        raise InvalidValue(f"{status!r} is not the state of a trace: use one of {', '.join(STATES)}.")


def _check_pairs(tags: Mapping[str, str], metadata: Mapping[str, str]) -> None:
    for kind, given in (("tag", tags), ("metadata", metadata)):
        for key in given:
            check_length(kind, key, limits.TAG_KEY)
    for key, value in tags.items():
        if key == NAME_TAG and len(value) > _NAME_LENGTH:
            raise InvalidName(f"A trace's name has at most {_NAME_LENGTH} characters; this one has {len(value)}.")


def _check_not_kept(key: str, done: str) -> None:
    if key in _KEPT_BY_SERVER:
        raise InvalidValue(f"Tag '{key}' is immutable and cannot be {done} on a trace.", key=key)
