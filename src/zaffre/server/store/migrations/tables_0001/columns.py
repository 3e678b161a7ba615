"""The kinds of column the tables are made of, and the one MetaData they stand on."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, LargeBinary, MetaData, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up only in a column whose type reads INTEGER; everywhere else these are 64 bits wide.
BigKey = BigInteger().with_variant(Integer, "sqlite")


# In the order of code points, as SQLite has it, whatever language the database was made for.
Words = Text().with_variant(Text(collation="C"), "postgresql")


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text; ``None`` is SQL NULL, never the JSON word."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else msgspec.json.decode(value)


def key_column() -> Column[int]:
    """The table's own number: never on the wire, never used again after a delete."""
    return Column("pk", BigKey, primary_key=True, autoincrement=True)


def owner(name: str, target: str, *, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    """A reference to the row that owns this one: it goes when its owner goes."""
    return Column(name, ForeignKey(target, ondelete="CASCADE"), primary_key=primary_key, nullable=nullable)


def text(name: str, *, default: str | None = "", nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """A text that is empty unless given; with ``nullable`` it is NULL unless given."""
    start = None if nullable or primary_key else default
    return Column(name, Words, primary_key=primary_key, nullable=nullable, server_default=start)


def number(name: str, *, default: int | None = None, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """A 64-bit integer: a count, a flag (0 or 1), or a time in milliseconds since the epoch."""
    start = None if default is None else str(default)
    return Column(
        name, BigInteger, primary_key=primary_key, nullable=nullable, server_default=start, autoincrement=False
    )


def real(name: str) -> Column[Any]:
    """A double. NULL stands for NaN, which SQLite cannot keep."""
    return Column(name, Double, nullable=True)


def json(name: str) -> Column[Any]:
    return Column(name, JsonText, nullable=True)


def blob(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)
