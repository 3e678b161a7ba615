"""The copy of an embedded store that is made before its schema changes."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.server.store.test_migrations import step
from zaffre.core.errors import InternalError
from zaffre.server.store import backup, migrate, runs, schema
from zaffre.server.store.engine import Store


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A store with data as the first version left it."""
    path = tmp_path / "home" / "workspace.db"
    path.parent.mkdir()
    step(str(path), up="0001", fill=True)
    return path


def copies(path: Path) -> list[Path]:
    return sorted((path.parent / "backups").iterdir())


def test_a_migration_keeps_the_store_as_it_was(older: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "zaffre")
    Store.open(older).close()
    [copy] = copies(older)
    assert copy.name.startswith("workspace-2")
    assert copy.name.endswith("Z-0001.db")
    assert str(copy) in caplog.text
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert connection.execute("SELECT value FROM run_tags").fetchall() == [("😀",)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    with Store.open(copy) as restored:  # a copy is a store like any other
        assert restored.read(lambda connection: runs.get(connection, 1)).id == "r1"


def test_a_store_without_news_and_a_new_one_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        Store.open(tmp_path / "workspace.db").close()
    assert [file.name for file in tmp_path.iterdir()] == ["workspace.db"]


def test_only_the_newest_copies_are_kept(older: Path) -> None:
    folder = older.parent / "backups"
    folder.mkdir()
    (folder / "mine.db").write_text("kept by hand")
    for second in range(5):
        (folder / f"workspace-20200101T00000{second}Z-0001.db").write_text("old")
    Store.open(older).close()
    names = [file.name for file in copies(older)]
    assert "mine.db" in names
    assert len(names) == 1 + backup.KEPT
    assert "workspace-20200101T000003Z-0001.db" in names
    assert "workspace-20200101T000002Z-0001.db" not in names


def test_a_copy_that_cannot_be_made_stops_the_migration(older: Path) -> None:
    (older.parent / "backups").write_text("no folder")
    with pytest.raises(InternalError, match=r"cannot be made in .*backups .*so nothing was changed"):
        Store.open(older)
    with sqlite3.connect(older) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    connection.close()


def test_a_full_disk_stops_the_migration(older: Path) -> None:
    """A disk of 128 KiB is mounted where the copy would go; only root can do that."""
    folder = older.parent / "backups"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("This machine lets nobody mount a small disk")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "zaffre.server", "--home", str(older.parent), "--port", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert done.returncode == 1
    assert "so nothing was changed. Free" in done.stderr
    assert "full" in done.stderr
    with Store.open(older) as store:
        assert store.read(migrate.revision) == schema.REVISION


def test_a_copy_is_whole_while_others_write(tmp_path: Path) -> None:
    path, target = tmp_path / "workspace.db", tmp_path / "copy.db"
    program = (
        "import sys; from zaffre.server.store.engine import Store; from zaffre.server.store import workspaces\n"
        "store = Store.open(sys.argv[1])\n"
        "for i in range(100000): store.write(lambda c: workspaces.create(c, f'w{i}')); print(i, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            assert writer.stdout.readline()
        begin = time.monotonic()
        backup.copy(path, target)
        assert time.monotonic() - begin < 60
        writer.kill()
    with sqlite3.connect(target) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM workspaces").fetchone()[0] >= 20
    connection.close()
    assert not target.with_name("copy.db.part").exists()
