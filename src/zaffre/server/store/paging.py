"""Pages by keyset: a token holds the sort values of the last row shown, and the next page begins behind them.

Rows that come or go meanwhile neither repeat nor hide others, and a deep page costs what the first one does.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, and_, false, or_, true

from zaffre.core.errors import InvalidValue

T = TypeVar("T")

_Value = str | int | float | None | dict[Literal["float"], Literal["inf", "-inf"]]


@dataclass(frozen=True, slots=True)
class Sort:
    """One expression to order by. Rows where it is NULL come last, in either direction."""

    value: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False

    def clause(self) -> ColumnElement[Any]:
        ordered = self.value.desc() if self.descending else self.value.asc()
        return ordered.nulls_last() if self.nullable else ordered

    def behind(self, last: Any) -> ColumnElement[bool]:
        """Rows that come strictly after those whose value is ``last``."""
        if last is None:
            return false()
        further = self.value < last if self.descending else self.value > last
        return or_(further, self.value.is_(None)) if self.nullable else further

    def beside(self, last: Any) -> ColumnElement[bool]:
        return self.value.is_(None) if last is None else self.value == last


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One page of a search; ``next`` is the ``after`` of the next one, None on the last."""

    items: list[T]
    next: str | None = None


def page(statement: Select[Any], sorts: Sequence[Sort], after: str | None, limit: int) -> Select[Any]:
    """``statement`` in the order of ``sorts``, behind ``after``, one row longer than ``limit``.

    The last of ``sorts`` must tell all rows apart. The sort values ride along as the last columns.
    """
    if after is not None:
        statement = statement.where(_behind(sorts, decode(after, len(sorts))))
    labelled = [sort.value.label(f"sort_{i}") for i, sort in enumerate(sorts)]
    return statement.add_columns(*labelled).order_by(*(sort.clause() for sort in sorts)).limit(limit + 1)


def cut(rows: Sequence[Any], sorts: Sequence[Sort], limit: int) -> tuple[Sequence[Any], str | None]:
    """The rows of this page, and the token of the next one if ``page`` found a row more."""
    if len(rows) <= limit or not rows[:limit]:
        return rows[:limit], None
    return rows[:limit], encode(list(rows[limit - 1][-len(sorts) :]))


def encode(values: Sequence[Any]) -> str:
    plain = [{"float": str(v)} if isinstance(v, float) and math.isinf(v) else v for v in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(plain)).decode()


def decode(token: str, length: int) -> list[Any]:
    """The sort values in a token; raises ``InvalidValue`` for one that no page of this search gave."""
    try:
        values = msgspec.json.decode(base64.b64decode(token.encode(), altchars=b"-_", validate=True), type=list[_Value])
    except (binascii.Error, UnicodeError, msgspec.DecodeError) as error:
        raise InvalidValue(f"Invalid page token {token!r}: use the one that the page before answered.") from error
    if len(values) != length:
        raise InvalidValue(f"Invalid page token {token!r}: it belongs to a search with another order.")
    return [math.copysign(math.inf, -1 if v["float"][0] == "-" else 1) if isinstance(v, dict) else v for v in values]


def _behind(sorts: Sequence[Sort], last: Sequence[Any]) -> ColumnElement[bool]:
    # (a, b, c) behind (x, y, z):  a > x  or  a = x and (b > y  or  b = y and c > z)
    condition: ColumnElement[bool] = false()
    for sort, value in reversed(list(zip(sorts, last, strict=True))):
        condition = or_(sort.behind(value), and_(sort.beside(value), condition))
    return and_(true(), condition)
