"""Searching runs: which runs, in which order, one page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Table,
    bindparam,
    exists,
    func,
    select,
)
from sqlalchemy.engine import Dialect

from zaffre.core.entities import Run
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import Condition, Entity, Filter, Op, Ordering, OrderKey
from zaffre.core.states import RunStatus
from zaffre.server.store import dialect, last_values, ranked_runs, rankings, run_sets
from zaffre.server.store import runs as rows
from zaffre.server.store.compare import (
    Clause,
    among,
    clauses,
    compare,
    compare_number,
    compare_pair,
    number_sorts,
)
from zaffre.server.store.paging import Found, Sort, cut, decode, page
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import (
    datasets,
    experiments,
    params,
    run_datasets,
    run_properties,
    run_tags,
    runs,
    series,
    workspaces,
)

NAME_TAG = "mlflow.runName"  # MLflow's mirror of the display name; kept only as the display name
PARENT_TAG = "mlflow.parentRunId"  # MLflow's way to name the parent

_LOCATION = select(experiments.c.artifact_location).where(experiments.c.id == runs.c.experiment_id).scalar_subquery()
_PARENT_ID = select(rows.parents.c.id).where(rows.parents.c.pk == runs.c.parent_pk).scalar_subquery()
_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "run_id": runs.c.id,
    "run_name": runs.c.display_name,
    "user_id": runs.c.created_by,
    "status": runs.c.status,
    "artifact_uri": _LOCATION + "/" + runs.c.id + "/artifacts",
    "start_time": runs.c.start_time,
    "end_time": runs.c.end_time,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs of a workspace, and in which order. Absent means any; all that is given must hold.

    ``tags`` and ``properties`` map a key to its value, or to None where any value will do. ``view`` is active, archived
    or all. ``newest`` orders by creation, newest first; else ``order``, and behind it start time, newest first.
    """

    experiment_ids: Sequence[int] | None = None
    ids: Sequence[str] | None = None
    filter: Filter = ()
    order: Ordering = ()
    newest: bool = False
    view: str = "active"
    statuses: Sequence[RunStatus] | None = None
    types: Sequence[str] | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    parent_id: str | None = None
    top_level: bool = False  # only runs without a parent
    target: str | None = None
    hidden: Sequence[int] = ()  # none of these experiments


def search(connection: Connection, ws: str, query: RunQuery, *, limit: int, after: str | None = None) -> Found[Run]:
    """One page of runs. Raises ``InvalidValue`` for a token of another search."""
    found = find(connection, ws, query, limit=limit, after=after)
    return Found(rows.load(connection, found.items), found.next)


def find(connection: Connection, ws: str, query: RunQuery, *, limit: int, after: str | None = None) -> Found[int]:
    """``search``, answering the runs' row numbers."""
    early = _early(connection, ws, query, limit, after)
    if early is not None:
        return early
    query, among = _begin(connection, ws, query, limit)
    if among == []:
        return Found([])
    if not query.newest and query.order and query.order[0].entity is Entity.METRIC:
        for rows in (limit + 1, _FURTHER * (limit + 1)):
            first = _first(connection, query, among, rows, after)
            if first is None:
                break
            found = _page(connection, ws, query, first, limit, after)
            if found.next is not None:  # else too many of these were kept out by what the query asks besides
                return found
    return _page(connection, ws, query, among, limit, after)


def _early(connection: Connection, ws: str, query: RunQuery, limit: int, after: str | None) -> Found[int] | None:
    """A page of a search by time whose runs are found among the first there are: no metric of all runs is read."""
    experiments = None if _equal(query) or query.tags or not _is_by_time(query) else _few(query)
    if experiments is None or ranked_runs.is_known(connection, experiments, query.filter):
        return None
    first = _page(connection, ws, replace(query, filter=()), None, _FURTHER * (limit + 1), after)
    found = _page(connection, ws, query, first.items, limit, after)
    return found if found.next is not None or first.next is None else None


def _first(
    connection: Connection, query: RunQuery, among: list[int] | None, rows: int, after: str | None
) -> list[int] | None:
    """The runs that can be among the first ``rows`` by the metric that orders them; None where nothing can be said."""
    order = query.order[0]
    if among is not None:
        return None if after is not None else last_values.leading(connection, among, query.filter, order, rows)
    experiments = _few(query)
    if experiments is None:
        return None
    start: float | None = None
    if after is not None:
        _, start, *_ = decode(after, len(_sorts(query.order, newest=False)[0]))
        if not isinstance(start, int | float):
            return None
    return ranked_runs.first(connection, experiments, query.filter, order, rows, start)


def _page(
    connection: Connection, ws: str, query: RunQuery, among: list[int] | None, limit: int, after: str | None
) -> Found[int]:
    sorts, _ = _sorts(query.order, query.newest)
    listed = None if among is None else dialect.many(among)
    if after is None and _is_plain(query):
        shape, values = _shape(query, is_listed=listed is not None)
        found: Sequence[Any] = _prepared(shape).all(
            connection, (ws, limit + 1, *values, *(() if listed is None else (listed,)))
        )
    else:
        selected = _select(ws, query, None if listed is None else _listed(connection.dialect))
        found = connection.execute(page(selected, sorts, after, limit), {"listed": listed} if listed else {}).all()
    shown, token = cut(found, sorts, limit)
    return Found([row[0] for row in shown], token)


def count(connection: Connection, ws: str, query: RunQuery) -> int:
    """How many runs the query finds, on all pages together."""
    query, among = _begin(connection, ws, query, None)
    selected = _select(ws, query, None if among is None else _listed(connection.dialect))
    counted = select(func.count()).select_from(selected.subquery())
    return int(connection.execute(counted, {} if among is None else {"listed": dialect.many(among)}).scalar_one())


# --- where to begin --------------------------------------------------------------------------------------------------

_PAIRS = {Entity.TAG: run_tags, Entity.PARAM: params}
_FURTHER = 8  # times as many runs are looked at where those of a page were not enough

_of_ids = Prepared(
    lambda used: select(runs.c.pk).where(
        runs.c.workspace_pk == select(workspaces.c.pk).where(workspaces.c.name == bindparam("ws")).scalar_subquery(),
        dialect.among(used, runs.c.id, "ids"),
    ),
    ("ws", "ids"),
)
_of_parents = Prepared(
    lambda used: select(runs.c.pk).where(dialect.among(used, runs.c.parent_pk, "parents")), ("parents",)
)


def _begin(connection: Connection, ws: str, query: RunQuery, limit: int | None) -> tuple[RunQuery, list[int] | None]:
    """The row numbers of the runs among which to search, and what the query asks of them besides.

    None where it asks for nothing that few runs have, or where to walk the index by start time until ``limit`` runs
    are found is shorter, for many have it.
    """
    named = _named(connection, ws, query)
    if named is not None:
        return query, named
    wanted = [run_sets.pair_of(_PAIRS[found.entity].name, found.key, str(found.value)) for found in _equal(query)]
    wanted += [run_sets.pair_of(run_tags.name, key, value) for key, value in query.tags.items() if value is not None]
    if not wanted:
        return query, _within(connection, query, limit)
    met = run_sets.common(connection, ws, query.experiment_ids, wanted)
    if met and limit is not None and _is_by_time(query):
        span = (max(met) - min(met) + 1) * run_sets.BLOCK  # among so many runs they lie, more or less evenly
        if run_sets.size(met) ** 2 > 2 * limit * span:
            return query, None
    equal = {id(found) for found in _equal(query)}
    rest = replace(
        query,
        filter=tuple(found for found in query.filter if id(found) not in equal),
        tags={key: value for key, value in query.tags.items() if value is None},
    )
    return rest, run_sets.listed(met)


def _named(connection: Connection, ws: str, query: RunQuery) -> list[int] | None:
    """The runs that the query names, or the children of the run that it names; None where it names none."""
    ids, parents = query.ids, query.parent_id
    for found in query.filter:
        if found.entity is Entity.ATTRIBUTE and found.key == "run_id" and found.op in (Op.EQ, Op.IN):
            ids = found.value if isinstance(found.value, tuple) else [str(found.value)]
        if found.entity is Entity.TAG and found.key == PARENT_TAG and found.op is Op.EQ:
            parents = str(found.value)
    if ids is not None:
        return [pk for (pk,) in _of_ids.all(connection, (ws, dialect.many(list(ids))))]
    if parents is None:
        return None
    parent = [pk for (pk,) in _of_ids.all(connection, (ws, dialect.many([parents])))]
    children = {pk for (pk,) in _of_parents.all(connection, (dialect.many(parent),))}
    tagged = run_sets.common(connection, ws, None, [run_sets.pair_of(run_tags.name, PARENT_TAG, parents)])
    return sorted(children.union(run_sets.listed(tagged)))


def _within(connection: Connection, query: RunQuery, limit: int | None) -> list[int] | None:
    """The runs that meet a condition on a metric, where these are few."""
    experiments = _few(query)
    spans = None if experiments is None else ranked_runs.within(connection, experiments, query.filter)
    if spans is None:
        return None
    if limit is not None and _is_by_time(query):
        is_few = spans.size**2 <= 2 * limit * spans.of
    elif limit is not None and query.order[0].entity is Entity.METRIC:
        is_few = spans.size <= ranked_runs.LONGEST
    else:
        is_few = spans.size * 4 <= spans.of
    return spans.listed() if is_few else None


def _few(query: RunQuery) -> list[int] | None:
    """The experiments that the query asks about, where it says so and they are few."""
    asked = None if query.experiment_ids is None else list(dict.fromkeys(query.experiment_ids))
    return asked if asked is not None and len(asked) <= rankings.EXPERIMENTS else None


def _is_by_time(query: RunQuery) -> bool:
    """Whether the runs of a page are those that an index comes to first."""
    first = None if query.newest or not query.order else query.order[0]
    return first is None or (first.entity is Entity.ATTRIBUTE and first.key == "start_time")


def _equal(query: RunQuery) -> list[Condition]:
    return [
        found
        for found in query.filter
        if found.entity in _PAIRS and found.op is Op.EQ and found.key not in (NAME_TAG, PARENT_TAG)
    ]


Listed = Callable[[ColumnElement[Any]], ColumnElement[bool]]  # a column of row numbers: it holds one of those given


def _listed(used: Dialect) -> Listed:
    return lambda column: dialect.among(used, column, "listed")


# --- searches that differ in values only share a statement, which is made once --------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """A query without the values that it compares with; equal shapes are the same statement."""

    experiments: int | None
    conditions: tuple[tuple[Entity, str, Op, int | None], ...]  # with the number of values, where that is not one
    order: Ordering
    newest: bool
    view: str
    is_listed: bool  # only runs that are given by number


def _is_plain(query: RunQuery) -> bool:
    """Whether the query says nothing but what a ``_Shape`` holds."""
    others = (query.ids, query.statuses, query.types, query.parent_id, query.target)
    return all(given is None for given in others) and not (
        query.tags or query.properties or query.top_level or query.hidden
    )


def _shape(query: RunQuery, *, is_listed: bool) -> tuple[_Shape, tuple[Any, ...]]:
    """The shape, and its values in the order in which ``_prepared`` names them."""
    ids = None if query.experiment_ids is None else tuple(query.experiment_ids)
    conditions = tuple(
        (found.entity, found.key, found.op, len(found.value) if isinstance(found.value, tuple) else None)
        for found in query.filter
    )
    shape = _Shape(
        None if ids is None else len(ids), conditions, tuple(query.order), query.newest, query.view, is_listed
    )
    compared = [
        value
        for found in query.filter
        if found.value is not None
        for value in (found.value if isinstance(found.value, tuple) else (found.value,))
    ]
    return shape, (*(ids or ()), *compared)


@lru_cache(maxsize=256)
def _prepared(shape: _Shape) -> Prepared:
    names: list[str] = []

    def bound(name: str) -> Any:
        names.append(name)
        return bindparam(name)

    def slot(i: int, op: Op, several: int | None) -> Any:
        if op in (Op.IS_NULL, Op.IS_NOT_NULL):
            return None
        return bound(f"value_{i}") if several is None else tuple(bound(f"value_{i}_{j}") for j in range(several))

    query = RunQuery(
        experiment_ids=None if shape.experiments is None else [bound(f"in_{i}") for i in range(shape.experiments)],
        filter=tuple(
            Condition(entity, key, op, slot(i, op, several))
            for i, (entity, key, op, several) in enumerate(shape.conditions)
        ),
        order=shape.order,
        newest=shape.newest,
        view=shape.view,
    )
    sorts, _ = _sorts(query.order, query.newest)

    def build(used: Dialect) -> Select[Any]:
        selected = _select(bindparam("ws"), query, _listed(used) if shape.is_listed else None)
        return page(selected, sorts, None, 0).limit(bindparam("rows", type_=Integer))

    return Prepared(build, ("ws", "rows", *names, *(("listed",) if shape.is_listed else ())))


# --- the query as SQL ------------------------------------------------------------------------------------------------


def _select(ws: Any, query: RunQuery, listed: Listed | None) -> Select[Any]:
    """The row numbers of the runs; ``listed`` says among which."""
    _, joined = _sorts(query.order, query.newest)
    source: FromClause = runs
    for table, on in joined:
        source = source.outerjoin(table, on)
    in_workspace = select(workspaces.c.pk).where(workspaces.c.name == ws).scalar_subquery()
    # The plus keeps SQLite from walking all of a workspace or experiment where there is a shorter way.
    is_narrow = query.experiment_ids is not None or listed is not None
    selected = select(runs.c.pk).select_from(source)
    selected = selected.where((runs.c.workspace_pk.op("+")(0) if is_narrow else runs.c.workspace_pk) == in_workspace)
    if query.view != "all":
        archived = runs.c.archived_at.is_not(None) if query.view == "archived" else runs.c.archived_at.is_(None)
        selected = selected.where(archived)
    if query.experiment_ids is not None:
        placed = runs.c.experiment_id if listed is None else runs.c.experiment_id.op("+")(0)
        ids = list(query.experiment_ids)
        selected = selected.where(placed == ids[0] if len(ids) == 1 else among(placed, ids))
    conditions = query.filter
    if listed is not None:
        narrowed, conditions = _narrowed(listed, conditions)
        selected = selected.where(narrowed)
    selected = selected.where(*_fields(query))
    for table, wanted in ((run_tags, query.tags), (run_properties, query.properties)):
        for key, value in wanted.items():
            selected = selected.where(compare_pair(table, runs.c.pk, _pair(key, value)))
    return selected.where(*clauses(conditions, _BY_ENTITY))


def _narrowed(listed: Listed, conditions: Filter) -> tuple[ColumnElement[bool], Filter]:
    """Those listed runs that meet the first condition on a metric, and the other conditions: a run that does not meet
    it is not even looked up.
    """
    metric = next((found for found in conditions if found.entity is Entity.METRIC), None)
    if metric is None:
        return listed(runs.c.pk), conditions
    met = select(series.c.run_pk).where(listed(series.c.run_pk), *_of_metric(metric))
    return runs.c.pk.in_(met), tuple(found for found in conditions if found is not metric)


def _fields(query: RunQuery) -> list[ColumnElement[bool]]:
    """What a query asks of columns of a run."""
    asked: list[ColumnElement[bool]] = []
    if query.ids is not None:
        asked.append(runs.c.id.in_(list(query.ids)))
    if query.statuses is not None:
        asked.append(runs.c.status.in_([status.value for status in query.statuses]))
    if query.types is not None:
        asked.append(runs.c.type.in_(list(query.types)))
    if query.target is not None:
        asked.append(runs.c.target == query.target)
    if query.parent_id is not None:
        asked.append(compare(_PARENT_ID, Condition(Entity.ATTRIBUTE, "parent", Op.EQ, query.parent_id)))
    if query.top_level:
        asked.append(runs.c.parent_pk.is_(None))
    if query.hidden:
        asked.append(runs.c.experiment_id.not_in(list(query.hidden)))
    return asked


# --- the clauses -----------------------------------------------------------------------------------------------------


def _pair(key: str, value: str | None) -> Condition:
    return Condition(Entity.TAG, key, Op.IS_NOT_NULL if value is None else Op.EQ, value)


def _attribute(condition: Condition) -> ColumnElement[bool]:
    return compare(_ATTRIBUTES[condition.key], condition)


def _tag(condition: Condition) -> ColumnElement[bool]:
    if condition.key == NAME_TAG:
        return compare(runs.c.display_name, condition)
    if condition.key == PARENT_TAG:
        # A child made through the SDK has a parent and no tag; one whose tag names no run of ours, the other way round.
        tag = select(run_tags.c.value).where(run_tags.c.run_pk == runs.c.pk, run_tags.c.key == PARENT_TAG)
        return compare(func.coalesce(_PARENT_ID, tag.scalar_subquery()), condition)
    return compare_pair(run_tags, runs.c.pk, condition)


def _metric(condition: Condition) -> ColumnElement[bool]:
    return exists().where(series.c.run_pk == runs.c.pk, *_of_metric(condition))


def _of_metric(condition: Condition) -> tuple[ColumnElement[bool], ...]:
    return series.c.name == condition.key, compare_number(series.c.last_value, condition)


def _dataset(condition: Condition) -> ColumnElement[bool]:
    column = {"name": datasets.c.name, "digest": datasets.c.digest, "context": run_datasets.c.context}[condition.key]
    return exists().where(
        run_datasets.c.run_pk == runs.c.pk, datasets.c.pk == run_datasets.c.dataset_pk, compare(column, condition)
    )


_BY_ENTITY: dict[Entity, Clause] = {
    Entity.ATTRIBUTE: _attribute,
    Entity.METRIC: _metric,
    Entity.PARAM: partial(compare_pair, params, runs.c.pk),
    Entity.TAG: _tag,
    Entity.DATASET: _dataset,
}


# --- the order -------------------------------------------------------------------------------------------------------

Join = tuple[FromClause, ColumnElement[bool]]  # what an ordering looks values up in, and how


@lru_cache(256)
def _sorts(order: Ordering, newest: bool) -> tuple[Sequence[Sort], Sequence[Join]]:
    if newest:
        return [Sort(runs.c.pk, descending=True)], []
    sorts: list[Sort] = []
    joined: list[Join] = []
    for i, key in enumerate(order):
        sorts += _sort(key, f"by_{i}", joined)
    if not any(key.entity is Entity.ATTRIBUTE and key.key == "start_time" for key in order):
        sorts.append(Sort(runs.c.start_time, descending=True, nullable=True))
    return [*sorts, Sort(runs.c.id)], joined


def _sort(key: OrderKey, alias: str, joined: list[Join]) -> list[Sort]:
    if key.entity is Entity.ATTRIBUTE:
        return [Sort(_ATTRIBUTES[key.key], key.descending, nullable=key.key in ("start_time", "end_time"))]
    if key.entity is Entity.TAG and key.key == NAME_TAG:
        return [Sort(runs.c.display_name, key.descending)]
    if key.entity is Entity.TAG and key.key == PARENT_TAG:
        return [Sort(_PARENT_ID, key.descending, nullable=True)]
    if key.entity is Entity.METRIC:
        heads = _alias(series, alias)
        joined.append((heads, (heads.c.run_pk == runs.c.pk) & (heads.c.name == key.key)))
        return number_sorts(heads.c.run_pk, heads.c.last_value, descending=key.descending)
    if key.entity not in _PAIRS:
        raise InvalidValue(f"Runs cannot be ordered by {key.entity.value} {key.key!r}.")
    table = _alias(_PAIRS[key.entity], alias)
    joined.append((table, (table.c.run_pk == runs.c.pk) & (table.c.key == key.key)))
    return [Sort(table.c.value, key.descending, nullable=True)]


@cache
def _alias(table: Table, name: str) -> FromClause:
    """The same one each time, so that an ordering and what it is joined to mean the same table."""
    return table.alias(name)
