"""Room in SQLite's write-ahead log: made as it grows, harmless to what is in it, given back where the disk ends."""

from __future__ import annotations

import resource
import sqlite3
from pathlib import Path

from zaffre.server.store.wal_room import LEAST, MOST, WalRoom


def _database(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "file.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE kept (n INTEGER)")
    return connection


def test_what_is_committed_into_the_room_is_read_by_a_process_that_never_saw_it(tmp_path: Path) -> None:
    connection, log = _database(tmp_path), tmp_path / "file.db-wal"
    room = WalRoom(tmp_path / "file.db")
    before = log.stat().st_size
    room.ensure()
    with_room = log.stat().st_size
    assert with_room == before + LEAST
    for n in range(100):
        connection.execute("INSERT INTO kept VALUES (?)", (n,))
    assert log.stat().st_size == with_room  # they went into the room
    # As after a kill: the files as they are, and no memory of where the log ended.
    for name in ("file.db", "file.db-wal"):
        (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
    copy = sqlite3.connect(tmp_path / "copy-file.db")
    assert copy.execute("SELECT count(*), max(n) FROM kept").fetchone() == (100, 99)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    connection.close()


def test_room_is_made_again_only_once_the_log_outgrew_it(tmp_path: Path) -> None:
    connection, log = _database(tmp_path), tmp_path / "file.db-wal"
    room = WalRoom(tmp_path / "file.db")
    room.ensure()
    size = log.stat().st_size
    room.ensure()
    assert log.stat().st_size == size
    connection.execute("PRAGMA wal_autocheckpoint=0")
    while log.stat().st_size == size:
        connection.execute("INSERT INTO kept VALUES (zeroblob(50000))")
    grown = log.stat().st_size
    room.ensure()
    assert log.stat().st_size == grown + min(grown, MOST)
    connection.close()


def test_a_disk_without_room_keeps_the_log_as_it_was(tmp_path: Path) -> None:
    connection, log = _database(tmp_path), tmp_path / "file.db-wal"
    size = log.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + LEAST // 2, before[1]))
    try:
        WalRoom(tmp_path / "file.db").ensure()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert log.stat().st_size == size
    connection.execute("INSERT INTO kept VALUES (1)")
    connection.close()


def test_no_log_needs_no_room(tmp_path: Path) -> None:
    WalRoom(tmp_path / "file.db").ensure()
    assert list(tmp_path.iterdir()) == []
