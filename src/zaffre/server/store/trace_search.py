"""Searching traces: which, in which order, one page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from zaffre.core.errors import InvalidValue
from zaffre.core.filters import ORDERED, Condition, Entity, Filter, Op, Ordering, OrderKey
from zaffre.core.trace_filters import SPAN_ATTRIBUTE
from zaffre.core.traces import NAME_TAG, SOURCE_RUN, Trace
from zaffre.server.store import traces as rows
from zaffre.server.store.compare import Clause, clauses, compare, compare_pair, pair_sort
from zaffre.server.store.json_text import member_of
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.schema import (
    assessments,
    span_contents,
    spans,
    trace_metadata,
    trace_prompts,
    trace_runs,
    trace_tags,
    traces,
    workspaces,
)

_END = traces.c.start_time + func.coalesce(traces.c.duration_ms, 0)
_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "request_id": traces.c.id,
    "status": traces.c.status,
    "client_request_id": traces.c.client_request_id,
    "name": traces.c.name,
    "experiment_id": traces.c.experiment_id,
    "timestamp_ms": traces.c.start_time,
    "execution_time_ms": traces.c.duration_ms,
    "end_time_ms": _END,
}
_SPAN_COLUMNS = {"name": spans.c.name, "type": spans.c.type, "status": spans.c.status}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceQuery:
    """Which traces of a workspace, and in which order; without one, the newest first. None: of any experiment."""

    experiment_ids: Sequence[int] | None = None
    filter: Filter = ()
    order: Ordering = ()
    run_id: str | None = None
    hidden: Sequence[int] = ()  # of none of these experiments


def search(connection: Connection, ws: str, query: TraceQuery, *, limit: int, after: str | None = None) -> Found[Trace]:
    """One page of traces. Raises ``InvalidValue`` for a token of another search."""
    sorts = _sorts(query)
    found = connection.execute(page(rows.rows().where(*conditions(ws, query)), sorts, after, limit)).all()
    shown, token = cut(found, sorts, limit)
    return Found(rows.load(connection, shown), token)


def ids(ws: str, query: TraceQuery) -> Select[Any]:
    """The row numbers of all that the query finds."""
    return select(traces.c.pk).where(*conditions(ws, query))


def count(connection: Connection, ws: str, *queries: TraceQuery) -> int:
    """How many traces every one of the queries finds."""
    wanted = [clause for query in queries for clause in conditions(ws, query)]
    return int(connection.execute(select(func.count()).select_from(traces).where(*wanted)).scalar_one())


def conditions(ws: str, query: TraceQuery) -> list[ColumnElement[bool]]:
    """The query as clauses about ``traces``."""
    workspace = select(workspaces.c.pk).where(workspaces.c.name == ws).scalar_subquery()
    wanted: list[ColumnElement[bool]] = [traces.c.workspace_pk == workspace]
    if query.experiment_ids is not None:
        wanted.append(traces.c.experiment_id.in_(list(query.experiment_ids)))
    if query.hidden:
        wanted.append(traces.c.experiment_id.not_in(list(query.hidden)))
    if query.run_id is not None:
        wanted.append(_of_run(Condition(Entity.ATTRIBUTE, "run_id", Op.EQ, query.run_id)))
    about_span = tuple(map(_as_span, filter(_is_about_span, query.filter)))
    if about_span:
        wanted.append(_one_span(about_span))
    return wanted + clauses(tuple(item for item in query.filter if not _is_about_span(item)), _BY_ENTITY)


def _is_about_span(condition: Condition) -> bool:
    return condition.entity is Entity.SPAN or (condition.entity is Entity.ATTRIBUTE and condition.key == "text")


def _as_span(condition: Condition) -> Condition:
    """``text`` is the content of any span."""
    return Condition(Entity.SPAN, "content", condition.op, condition.value) if condition.key == "text" else condition


def _one_span(about: Filter) -> ColumnElement[bool]:
    """A trace has one span that all of these hold for."""
    wanted: list[ColumnElement[bool]] = [spans.c.trace_pk == traces.c.pk]
    columns = [item for item in about if item.key in _SPAN_COLUMNS]
    wanted += [compare(_SPAN_COLUMNS[item.key], item) for item in columns]
    if len(columns) < len(about):
        wanted += [span_contents.c.trace_pk == spans.c.trace_pk, span_contents.c.id == spans.c.id]
        wanted += [compare(_of_content(item.key), item) for item in about if item.key not in _SPAN_COLUMNS]
    return exists().where(*wanted)


def _of_content(key: str) -> ColumnElement[Any]:
    if key == "content":
        return span_contents.c.content
    return member_of(span_contents.c.content, "attributes", key[len(SPAN_ATTRIBUTE) :])


def _attribute(condition: Condition) -> ColumnElement[bool]:
    if condition.key == "run_id":
        return _of_run(condition)
    if condition.key == "prompt":
        return _of_prompt(str(condition.value))
    return compare(_ATTRIBUTES[condition.key], condition)


def _of_run(condition: Condition) -> ColumnElement[bool]:
    """Made in the run, or linked to it later. What is no equality asks for the run that it was made in."""
    if condition.op in (Op.EQ, Op.IN):
        return traces.c.pk.in_(select(trace_runs.c.trace_pk).where(compare(trace_runs.c.run_id, condition)))
    return compare_pair(
        trace_metadata, traces.c.pk, Condition(Entity.METADATA, SOURCE_RUN, condition.op, condition.value)
    )


def _of_prompt(prompt: str) -> ColumnElement[bool]:
    if prompt.count("/") != 1:
        raise InvalidValue(f"Invalid prompt {prompt!r} in a filter: write its name and version, as in 'greeting/2'.")
    return traces.c.pk.in_(select(trace_prompts.c.trace_pk).where(trace_prompts.c.prompt == prompt))


def _tag(condition: Condition) -> ColumnElement[bool]:
    if condition.key == NAME_TAG:
        return compare(traces.c.name, condition)
    return compare_pair(trace_tags, traces.c.pk, condition)


def _metadata(condition: Condition) -> ColumnElement[bool]:
    if condition.key == SOURCE_RUN and condition.op is Op.EQ:
        return _of_run(condition)
    return compare_pair(trace_metadata, traces.c.pk, condition)


def _assessment(kind: str, condition: Condition) -> ColumnElement[bool]:
    there = exists().where(
        assessments.c.trace_pk == traces.c.pk,
        assessments.c.kind == kind,
        assessments.c.name == condition.key,
        assessments.c.valid == 1,
    )
    if condition.op is Op.IS_NULL:
        return ~there
    if condition.op is Op.IS_NOT_NULL:
        return there
    if condition.op in ORDERED:
        return there.where(assessments.c.is_number == 1, compare(assessments.c.number, condition))
    if condition.op in (Op.EQ, Op.NE):  # 'yes' is the text, 'true' and '5' also what is no text
        either = (condition.value, json.dumps(condition.value, ensure_ascii=False))
        op = Op.IN if condition.op is Op.EQ else Op.NOT_IN
        return there.where(compare(assessments.c.value, Condition(condition.entity, condition.key, op, either)))  # type: ignore[arg-type]
    return there.where(compare(func.trim(assessments.c.value, '"'), condition))


def _issue(condition: Condition) -> ColumnElement[bool]:
    """An issue's id is the name of the assessment that refers to it."""
    return exists().where(
        assessments.c.trace_pk == traces.c.pk, assessments.c.kind == "issue", assessments.c.name == condition.value
    )


_BY_ENTITY: dict[Entity, Clause] = {
    Entity.ATTRIBUTE: _attribute,
    Entity.TAG: _tag,
    Entity.METADATA: _metadata,
    Entity.FEEDBACK: partial(_assessment, "feedback"),
    Entity.EXPECTATION: partial(_assessment, "expectation"),
    Entity.ISSUE: _issue,
}


def _sorts(query: TraceQuery) -> list[Sort]:
    sorts = [_sort(key) for key in query.order]
    if not any(key.key == "timestamp_ms" for key in query.order):
        sorts.append(Sort(traces.c.start_time, descending=True))
    return [*sorts, Sort(traces.c.id)]


def _sort(key: OrderKey) -> Sort:
    if key.entity is Entity.TAG and key.key != NAME_TAG:
        return pair_sort(trace_tags, traces.c.pk, key)
    if key.entity is Entity.METADATA or key.key == "run_id":
        return pair_sort(
            trace_metadata,
            traces.c.pk,
            key if key.key != "run_id" else OrderKey(Entity.METADATA, SOURCE_RUN, key.descending),
        )
    name = "name" if key.entity is Entity.TAG else key.key
    return Sort(_ATTRIBUTES[name], key.descending, nullable=name in ("name", "execution_time_ms"))
