"""What databases spell differently means the same in each."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from zaffre.server.store import dialect, pairs
from zaffre.server.store.engine import Store
from zaffre.server.store.schema import experiment_tags

VALUES = [
    "abc",
    "ABC",
    "a%c",
    "a_c",
    "a\\c",
    "a\\%",
    "Straße",
    "ÄÖ",
    "äö",
    "ДА",
    "да",
    "日本",
    "😀",
    "e\u0301",
    "\u00e9",
    "",
]
PATTERNS = ["abc", "ABC", "a%", "A%", "a_c", "a\\%", "%ß%", "äö", "ÄÖ", "Да", "日_", "_", "%", "😀", "é", ""]


def like(pattern: str, value: str) -> bool:
    """LIKE as it is meant: no escapes, no folding."""
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(like(pattern[1:], value[at:]) for at in range(len(value) + 1))
    return bool(value) and pattern[0] in ("_", value[0]) and like(pattern[1:], value[1:])


@pytest.fixture
def valued(store: Store) -> Store:
    """A store whose experiment 0 has one tag for each of ``VALUES``."""
    store.write(lambda connection: pairs.put(connection, experiment_tags, 0, {f"{i}": v for i, v in enumerate(VALUES)}))
    return store


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_the_same_values_in_every_database(valued: Store, pattern: str) -> None:
    value = experiment_tags.c.value

    def matching(connection: Connection) -> tuple[set[str], set[str]]:
        exact = select(value).where(dialect.like(value, pattern))
        folded = select(value).where(dialect.ilike(value, pattern))
        return set(connection.execute(exact).scalars()), set(connection.execute(folded).scalars())

    exact, folded = valued.read(matching)
    assert exact == {found for found in VALUES if like(pattern, found)}
    assert folded == {found for found in VALUES if like(pattern.lower(), found.lower())}


def test_texts_come_in_the_order_of_code_points(valued: Store) -> None:
    ordered = select(experiment_tags.c.value).order_by(experiment_tags.c.value)
    assert valued.read(lambda connection: list(connection.execute(ordered).scalars())) == sorted(VALUES)


def test_a_put_changes_what_is_there_and_adds_what_is_not(store: Store) -> None:
    def twice(connection: Connection) -> dict[str, str]:
        dialect.put(connection, experiment_tags, ("experiment_id", "key"), rows("a", "b"))
        dialect.put(connection, experiment_tags, ("experiment_id", "key"), rows("b", "c", value="new"))
        dialect.put(connection, experiment_tags, ("experiment_id", "key"), [])
        return pairs.of(connection, experiment_tags, 0)

    assert store.write(twice) == {"a": "old", "b": "new", "c": "new"}


def rows(*keys: str, value: str = "old") -> list[dict[str, object]]:
    return [{"experiment_id": 0, "key": key, "value": value} for key in keys]


def test_an_upsert_that_replaces_nothing_leaves_the_row_alone(store: Store) -> None:
    def write(connection: Connection) -> dict[str, str]:
        statement = dialect.upsert(connection.dialect, experiment_tags, ("experiment_id", "key"), ())
        connection.execute(statement, rows("a"))
        connection.execute(statement, rows("a", value="new"))
        return pairs.of(connection, experiment_tags, 0)

    assert store.write(write) == {"a": "old"}
