"""A member of a JSON object in a text column, as text: what each database has its own functions for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, case, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from zaffre.core.errors import InvalidValue


class member(FunctionElement[str]):
    """``column -> outer ->> key``: a text as it is, a number or an object as JSON, NULL where there is none."""

    type = Text()
    inherit_cache = True
    name = "json_member"


def member_of(column: ColumnElement[Any], outer: str, key: str) -> ColumnElement[str]:
    """``key`` of the object ``outer`` of the object in ``column``. Raises ``InvalidValue`` for a key with a quote."""
    if '"' in key:
        raise InvalidValue(f"The attribute {key!r} cannot be searched for: its name has a quotation mark.", key=key)
    return member(column, literal(outer), literal(key))


@compiles(member, "sqlite")
def _sqlite(element: member, compiler: SQLCompiler, **kw: Any) -> str:
    column, outer, key = element.clauses
    path = literal('$."') + outer + literal('"."') + key + literal('"')
    kind = func.json_type(column, path)
    taken = func.json_extract(column, path).op("||")("")
    # JSON's true is 1 once SQLite has taken it out.
    return compiler.process(case((kind.in_(["true", "false"]), kind), else_=taken), **kw)


@compiles(member, "postgresql")
def _postgresql(element: member, compiler: SQLCompiler, **kw: Any) -> str:
    column, outer, key = element.clauses
    text, first, second = (compiler.process(part, **kw) for part in (column, outer, key))
    return f"(CAST({text} AS JSON) -> {first} ->> {second})"
