"""Conditions of a search (``core.filters``) as SQL, for whatever noun they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, case, exists, false, not_, select

from zaffre.core.errors import InvalidValue
from zaffre.core.filters import Condition, Entity, Filter, Op, OrderKey
from zaffre.server.store import dialect
from zaffre.server.store.paging import Sort
from zaffre.server.store.pairs import owner_of

Clause = Callable[[Condition], ColumnElement[bool]]

_BY_OP: dict[Op, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    Op.EQ: lambda column, value: column == value,
    Op.NE: lambda column, value: column != value,
    Op.GT: lambda column, value: column > value,
    Op.GE: lambda column, value: column >= value,
    Op.LT: lambda column, value: column < value,
    Op.LE: lambda column, value: column <= value,
    Op.LIKE: lambda column, value: dialect.like(column, value),
    Op.ILIKE: lambda column, value: dialect.ilike(column, value),
    Op.RLIKE: lambda column, value: column.regexp_match(value),
    Op.IN: lambda column, value: among(column, value),
    Op.NOT_IN: lambda column, value: not_(among(column, value)),
    Op.IS_NULL: lambda column, _: column.is_(None),
    Op.IS_NOT_NULL: lambda column, _: column.is_not(None),
}


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """``column`` is one of these, perhaps none: a list of parameters that is written out when the statement is made."""
    return column.in_(list(values)) if values else false()


def compare(column: ColumnElement[Any], condition: Condition) -> ColumnElement[bool]:
    return _BY_OP[condition.op](column, condition.value)


def compare_pair(table: Table, owner: ColumnElement[Any], condition: Condition) -> ColumnElement[bool]:
    """A clause about a tag or parameter: rows that do not have the key match IS NULL and nothing else."""
    there = exists().where(owner_of(table) == owner, table.c.key == condition.key)
    if condition.op is Op.IS_NULL:
        return ~there
    if condition.op is Op.IS_NOT_NULL:
        return there
    return there.where(compare(table.c.value, condition))


def compare_number(value: ColumnElement[Any], condition: Condition) -> ColumnElement[bool]:
    """A clause about a metric's value, in which NULL is NaN: unequal to every number, and neither above nor below."""
    clause = compare(value, condition)
    return clause | value.is_(None) if condition.op is Op.NE else clause


def clauses(conditions: Filter, by_entity: Mapping[Entity, Clause]) -> list[ColumnElement[bool]]:
    """One clause for each condition; raises ``InvalidValue`` for an entity that the noun does not have."""
    made = []
    for condition in conditions:
        make = by_entity.get(condition.entity)
        if make is None:
            raise InvalidValue(f"{condition.entity.value} {condition.key!r} cannot be searched for here.")
        made.append(make(condition))
    return made


def pair_sort(table: Table, owner: ColumnElement[Any], key: OrderKey) -> Sort:
    """Order by the value of a tag or parameter; rows without it come last."""
    value = select(table.c.value).where(owner_of(table) == owner, table.c.key == key.key).scalar_subquery()
    return Sort(value, key.descending, nullable=True)


def number_sorts(row: ColumnElement[Any], value: ColumnElement[Any], *, descending: bool) -> list[Sort]:
    """Order by a metric: numbers, then NaN, then rows without it. ``row`` is NULL where the metric is missing."""
    return [Sort(case((row.is_(None), 1), else_=0)), Sort(value, descending, nullable=True)]
