"""Sets of runs: their bytes, and what is common to several."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select

from zaffre.server.store import experiments, pairs, run_sets, schema, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.run_sets import BLOCK, common, listed, pack, pair_of, size, unpack

MEMBERS = st.sets(st.integers(0, BLOCK - 1), max_size=200)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with Store.open(database) as opened:
        for name in ("default", "other"):
            opened.write(lambda connection, name=name: workspaces.create(connection, name))  # type: ignore[misc]
        yield opened


@given(MEMBERS)
def test_a_row_keeps_the_members_of_a_block(members: set[int]) -> None:
    bits = sum(1 << at for at in members)
    data = pack(bits)
    assert unpack(data) == bits
    assert len(data) == (2 * len(members) if len(members) < 64 else BLOCK // 8)
    assert listed({3: bits}) == sorted(3 * BLOCK + at for at in members)
    assert size({3: bits}) == len(members)


def test_no_two_pairs_have_the_same_name() -> None:
    told = [
        (table, key, value)
        for table in ("params", "run_tags")
        for key in ("a", "ab", "a\0")
        for value in ("", "b", "0b")
    ]
    assert len({pair_of(*pair) for pair in told}) == len(told)


def add_runs(connection: Connection, experiment: int, pks: list[int]) -> None:
    of = {"workspace_pk": 1, "experiment_id": experiment, "number": 1, "status": "Completed", "created_at": 1}
    connection.execute(insert(schema.runs), [{**of, "pk": pk, "id": f"r{pk}"} for pk in pks])


def test_what_is_common_to_sets_of_many_blocks_and_experiments(store: Store) -> None:
    tags, params = schema.run_tags, schema.params
    red, deep = pair_of("run_tags", "color", "red"), pair_of("params", "depth", "3")

    def fill(connection: Connection) -> tuple[int, int]:
        here = experiments.add(connection, "default", "here", None, 1)
        there = experiments.add(connection, "default", "there", None, 1)
        for experiment, pks in ((here, [1, 2, BLOCK - 1, BLOCK, 3 * BLOCK]), (there, [3, BLOCK + 1])):
            add_runs(connection, experiment, pks)
            for pk in pks:
                run_sets.put(connection, tags, experiment, pk, {"color": "red"}, {})
                if pk % 2:
                    run_sets.put(connection, params, experiment, pk, {"depth": "3"}, {})
        return here, there

    here, there = store.write(fill)

    def found(experiments: list[int] | None, *wanted: str, ws: str = "default") -> list[int]:
        return store.read(lambda connection: listed(common(connection, ws, experiments, wanted)))

    assert found([here], red) == [1, 2, BLOCK - 1, BLOCK, 3 * BLOCK]
    assert found([here], red, deep) == found([here], deep, red) == [1, BLOCK - 1]
    assert found([here, there], red, deep) == found(None, deep, red) == [1, 3, BLOCK - 1, BLOCK + 1]
    assert found([], red) == found(None, red, ws="other") == found([here], red, pair_of("params", "color", "red")) == []


@pytest.mark.parametrize("step", [1, 37, BLOCK - 1])  # ascending, in leaps, descending
def test_runs_join_a_set_in_any_order_few_and_many(store: Store, step: int) -> None:
    pks = [1 + i * step % BLOCK for i in range(80)]

    def fill(connection: Connection) -> int:
        here = experiments.add(connection, "default", "here", None, 1)
        add_runs(connection, here, sorted(pks))
        for pk in (*pks, *pks):
            run_sets.put(connection, schema.run_tags, here, pk, {"color": "red"}, {})
        return here

    here, red = store.write(fill), pair_of("run_tags", "color", "red")
    assert store.read(lambda connection: listed(common(connection, "default", [here], [red]))) == sorted(pks)


def test_a_value_that_changes_leaves_its_set_and_an_empty_set_leaves_no_row(store: Store) -> None:
    tags = schema.run_tags

    def rows(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(schema.run_sets)).scalar_one())

    def change(connection: Connection) -> None:
        here = experiments.add(connection, "default", "here", None, 1)
        add_runs(connection, here, [7])
        before = rows(connection)

        def of(value: str) -> list[int]:
            return listed(common(connection, "default", [here], [pair_of("run_tags", "k", value)]))

        run_sets.put(connection, tags, here, 7, {"k": "a", "l": "x"}, {})
        run_sets.put(connection, tags, here, 7, {"k": "b"}, pairs.of(connection, tags, 7))
        assert (of("a"), of("b"), rows(connection)) == ([], [7], before + 2)
        assert run_sets.remove(connection, tags, here, 7, ["k", "k", "unknown"]) == 1
        assert (of("b"), pairs.of(connection, tags, 7), rows(connection)) == ([], {"l": "x"}, before + 1)

    store.write(change)
