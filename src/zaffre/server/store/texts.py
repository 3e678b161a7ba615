"""Texts that a database keeps: PostgreSQL refuses the character NUL, and so SQLite's connections do too.

SQLite would keep it, and a workspace could then not be moved to the other database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from zaffre.core.errors import InvalidValue

NUL: Final = "A text holds the character NUL (\\u0000), which cannot be kept. Leave it out."


class TextConnection(sqlite3.Connection):
    """A connection whose statements raise ``InvalidValue`` for a parameter that holds NUL."""

    def cursor(self, factory: Any = None) -> Any:  # noqa: ARG002 - nobody asks for another
        return super().cursor(_Cursor)


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        _check(parameters)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> _Cursor:
        rows = list(parameters)
        for row in rows:
            _check(row)
        return super().executemany(sql, rows)


def _check(parameters: Any) -> None:
    for value in parameters.values() if isinstance(parameters, dict) else parameters:
        if isinstance(value, str) and "\0" in value:
            raise InvalidValue(NUL)
