"""The writer that groups, the readers that do not wait, and what both say when something fails."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text

from zaffre.core.errors import InternalError, ServerUnavailable, StorageFull, Unsupported
from zaffre.server.store import pairs, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.schema import experiment_tags

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def tag(connection: Connection, key: str, value: str = "x") -> None:
    pairs.put(connection, experiment_tags, 0, {key: value})


def nothing(_: Connection) -> None:
    return None


def tags(store: Store) -> set[str]:
    return set(store.read(lambda connection: pairs.of(connection, experiment_tags, 0)))


def test_a_write_answers_what_the_function_returned_and_is_readable_at_once(store: Store) -> None:
    def write(connection: Connection) -> int:
        tag(connection, "a")
        return 7

    assert store.write(write) == 7
    assert tags(store) == {"a"}


def test_the_file_alone_is_complete_after_close_and_holds_everything_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    with Store.open(path) as store:
        store.write(lambda connection: workspaces.create(connection, "default"))
        store.write(lambda connection: tag(connection, "kept"))
    assert [file.name for file in tmp_path.iterdir()] == ["w.db"]
    with Store.open(path) as store:
        assert tags(store) == {"kept"}


@sqlite_only
def test_durability_settings_are_those_that_survive_a_power_cut(store: Store) -> None:
    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in names}

    assert store.write(settings) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_error_undoes_its_own_writes_and_those_of_no_one_else(store: Store) -> None:
    release, held = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        tag(connection, "first")
        held.set()
        release.wait(30)  # the others queue behind this one, and then share its transaction

    def fail(connection: Connection) -> None:
        tag(connection, "undone")
        raise ValueError("my own fault")

    with ThreadPoolExecutor() as pool:
        first = pool.submit(store.write, hold)
        assert held.wait(30)
        second = pool.submit(store.write, fail)
        third = pool.submit(store.write, lambda connection: tag(connection, "third"))
        release.set()
        first.result(30)
        third.result(30)
        with pytest.raises(ValueError, match="my own fault"):
            second.result(30)
    assert tags(store) == {"first", "third"}


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_what_it_does(store: Store) -> None:
    release, held = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        tag(connection, "not yet")
        held.set()
        release.wait(30)

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(store.write, hold)
        assert held.wait(30)
        assert tags(store) == set()
        release.set()
        writing.result(30)
    assert tags(store) == {"not yet"}


def test_one_read_sees_one_state_of_the_database(store: Store) -> None:
    def twice(connection: Connection) -> tuple[int, int]:
        count = select(func.count()).select_from(experiment_tags)
        before = connection.execute(count).scalar_one()
        with ThreadPoolExecutor() as pool:
            pool.submit(store.write, lambda other: tag(other, "meanwhile")).result(30)
        return before, connection.execute(count).scalar_one()

    assert store.read(twice) == (0, 0)
    assert tags(store) == {"meanwhile"}


def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(InternalError, match="cannot be read or written"):
        store.read(lambda connection: tag(connection, "a"))


def test_coroutines_write_together_and_hear_of_their_own_error(store: Store) -> None:
    async def run() -> list[object]:
        jobs = [store.awrite(lambda connection, i=i: tag(connection, f"k{i}")) for i in range(50)]  # type: ignore[misc]
        jobs.append(store.awrite(lambda connection: pairs.put(connection, experiment_tags, 999, {"no": "owner"})))
        return await asyncio.gather(*jobs, return_exceptions=True)

    *done, failed = asyncio.run(run())
    assert done == [None] * 50
    assert "foreign key" in str(failed).lower()
    assert tags(store) == {f"k{i}" for i in range(50)}


def test_a_coroutine_reads_while_others_write(store: Store) -> None:
    async def run() -> dict[str, str]:
        await store.awrite(lambda connection: tag(connection, "a", "1"))
        return await store.aread(lambda connection: pairs.of(connection, experiment_tags, 0))

    assert asyncio.run(run()) == {"a": "1"}


def test_a_cancelled_caller_does_not_stop_the_writer(store: Store) -> None:
    async def run() -> None:
        job = asyncio.ensure_future(store.awrite(lambda connection: tag(connection, "written")))
        await asyncio.sleep(0)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        await store.awrite(lambda connection: tag(connection, "after"))

    asyncio.run(run())
    assert tags(store) == {"written", "after"}


def fill(store: Store) -> int:
    """Let the database grow no further, as a full disk would; answers the limit to restore."""

    def limit(connection: Connection) -> int:
        before = int(connection.execute(text("PRAGMA max_page_count")).scalar_one())
        pages = int(connection.execute(text("PRAGMA page_count")).scalar_one())
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
        return before

    return store.write(limit)


@sqlite_only
def test_a_full_disk_is_a_sentence_and_the_store_goes_on_when_there_is_room(store: Store) -> None:
    before = fill(store)
    with pytest.raises(StorageFull, match=r"The disk that holds .*workspace\.db is full"):
        store.write(lambda connection: tag(connection, "big", "x" * 1_000_000))
    assert tags(store) == set()
    store.write(lambda connection: connection.execute(text(f"PRAGMA max_page_count={before}")).scalar())
    store.write(lambda connection: tag(connection, "big", "x" * 1_000_000))
    assert tags(store) == {"big"}


@sqlite_only
def test_a_write_that_does_not_fit_takes_none_of_its_neighbours_down(store: Store) -> None:
    fill(store)
    release, held = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        tag(connection, "small")
        held.set()
        release.wait(30)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(store.write, hold)
        assert held.wait(30)
        large = pool.submit(store.write, lambda connection: tag(connection, "large", "x" * 1_000_000))
        release.set()
        first.result(30)
        with pytest.raises(StorageFull):
            large.result(30)
    assert tags(store) == {"small"}


@sqlite_only
def test_another_process_that_keeps_the_file_locked_is_named(store: Store) -> None:
    store.write(lambda connection: connection.execute(text("PRAGMA busy_timeout=50")).scalar())
    other = sqlite3.connect(store.place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServerUnavailable, match="Another process"):
        store.write(lambda connection: tag(connection, "a"))
    other.execute("ROLLBACK")
    other.close()
    store.write(lambda connection: tag(connection, "b"))
    assert tags(store) == {"b"}


def test_a_closed_store_refuses_with_a_sentence(database: str) -> None:
    store = Store.open(database)
    store.close()
    store.close()
    with pytest.raises(ServerUnavailable, match="shutting down"):
        store.write(nothing)
    with pytest.raises(ServerUnavailable, match="shutting down"):
        store.read(nothing)
    with pytest.raises(ServerUnavailable, match="shutting down"):
        asyncio.run(store.aread(nothing))


def test_closing_finishes_what_was_queued(database: str) -> None:
    store = Store.open(database)
    store.write(lambda connection: workspaces.create(connection, "default"))
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(store.write, lambda connection, i=i: tag(connection, f"k{i}")) for i in range(100)]
        jobs[0].result(30)
        store.close()
        acknowledged = {f"k{i}" for i, job in enumerate(jobs) if job.exception(30) is None}
    with Store.open(database) as again:
        assert tags(again) == acknowledged


def test_a_write_function_may_not_write_again(store: Store) -> None:
    with pytest.raises(InternalError, match="must use that"):
        store.write(lambda _: store.write(nothing))


def test_databases_that_are_not_built_are_refused() -> None:
    with pytest.raises(Unsupported, match="mysql database is not supported"):
        Store.open("mysql://host/db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "w.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(InternalError, match=r"w\.db cannot be read or written"):
        Store.open(tmp_path / "w.db")
