"""What only PostgreSQL does: it is restarted, refuses, is another server's, runs full; and what is said then."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.postgresql import Cluster
from zaffre.core.errors import AzureMLException, InternalError, InvalidValue, ServerUnavailable, StorageFull
from zaffre.server.store import pairs, postgresql, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.schema import experiment_tags

SECRET = "s3cret/%:@ word"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this module alone: for tests that restart it or change its settings."""
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture
def address(cluster: Cluster) -> Iterator[str]:
    lent = cluster.lend()
    with Store.open(lent) as store:
        store.write(lambda connection: workspaces.create(connection, "default"))
    yield lent
    cluster.give_back(lent)


def tag(connection: Connection, key: str, value: str = "x") -> None:
    pairs.put(connection, experiment_tags, 0, {key: value})


def tags(store: Store) -> set[str]:
    return set(store.read(lambda connection: pairs.of(connection, experiment_tags, 0)))


def refusal(address: str) -> AzureMLException:
    with pytest.raises(AzureMLException) as refused:
        Store.open(address)
    assert SECRET not in str(refused.value)
    assert refused.value.message.endswith(".")
    return refused.value


def test_it_is_imported_only_when_it_is_used() -> None:
    program = (
        "import sys, zaffre.server.app\n"
        "print([name for name in sys.modules if name.startswith(('psycopg', 'sqlalchemy.dialects.postgresql'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_its_package_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from zaffre.server.store.engine import Store\n"
        "try: Store.open('postgresql://host/name')\n"
        "except Exception as error: print(error.message)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "zaffre[postgresql]"' in done.stdout


def test_acknowledged_is_durable_and_one_read_sees_one_state(cluster: Cluster, address: str) -> None:
    name = address.rpartition("/")[2]
    cluster.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with Store.open(address) as store:
        writing = store.write(lambda connection: connection.execute(text("SHOW synchronous_commit")).scalar())
        reading = store.read(lambda connection: connection.execute(text("SHOW transaction_isolation")).scalar())
    cluster.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    assert (writing, reading) == ("on", "repeatable read")


def test_after_a_restart_reads_and_writes_go_on(cluster: Cluster, address: str) -> None:
    with Store.open(address) as store:
        store.write(lambda connection: tag(connection, "before"))
        assert tags(store) == {"before"}
        cluster.stop()
        with pytest.raises(ServerUnavailable, match=r"does not answer .*goes on by itself"):
            store.write(lambda connection: tag(connection, "lost"))
        with pytest.raises(ServerUnavailable, match="does not answer"):
            tags(store)
        cluster.start()
        assert tags(store) == {"before"}
        store.write(lambda connection: tag(connection, "after"))
        cluster.stop()
        cluster.start()
        store.write(lambda connection: tag(connection, "again"))  # without an error: the write is simply tried again
        assert tags(store) == {"before", "after", "again"}


def test_a_crash_under_eight_writers_loses_nothing_that_was_acknowledged(cluster: Cluster, address: str) -> None:
    acknowledged: list[str] = []
    unexpected: list[BaseException] = []
    enough, stopped = threading.Semaphore(0), threading.Event()

    with Store.open(address) as store:

        def work(name: int) -> None:
            for i in range(1_000_000):
                if stopped.is_set():
                    return
                key = f"{name}-{i}"
                try:
                    store.write(lambda connection, key=key: tag(connection, key))  # type: ignore[misc]
                    acknowledged.append(key)
                    enough.release()
                except ServerUnavailable:
                    stopped.wait(0.05)
                except BaseException as error:
                    unexpected.append(error)
                    enough.release(1000)
                    return

        threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            for _ in range(100):
                assert enough.acquire(timeout=60)
            cluster.stop(signal.SIGQUIT)  # no session ends in peace
            cluster.start()
        for _ in range(100):
            assert enough.acquire(timeout=60)
        stopped.set()
        for thread in threads:
            thread.join()
        assert unexpected == []
        assert set(acknowledged) <= tags(store)


def test_a_commit_whose_connection_broke_is_looked_up_and_not_done_again(address: str) -> None:
    """The write runs once, although nobody heard that it was committed."""
    calls: list[str] = []

    def write(connection: Connection) -> int:
        calls.append("write")
        tag(connection, "once")
        return len(calls)

    database = postgresql.PostgresDatabase(address)
    with database.writer.connect() as connection:
        cursor = connection.connection.cursor()
        committed = database.begin(cursor)
        write(connection)
        cursor.execute("COMMIT")
        undone = database.begin(cursor)
        tag(connection, "undone")
        cursor.execute("ROLLBACK")
        connection.invalidate()
    assert (database.committed(committed), database.committed(undone)) == (True, False)
    database.close()
    with Store.open(address) as store:
        assert tags(store) == {"once"}


def test_a_session_that_is_ended_in_the_middle_of_a_write_does_no_harm(cluster: Cluster, address: str) -> None:
    calls: list[int] = []

    def write(connection: Connection) -> int:
        tag(connection, f"call {len(calls)}")
        calls.append(1)
        if len(calls) == 1:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            cluster.execute(f"SELECT pg_terminate_backend({pid}, 10000)")
            tag(connection, "never")
        return len(calls)

    with Store.open(address) as store:
        assert store.write(write) == 2
        assert tags(store) == {"call 1"}


def test_a_second_server_is_refused_and_welcome_once_the_first_is_gone(address: str) -> None:
    program = (
        "import sys; from zaffre.server.store.engine import Store\n"
        "Store.open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        assert "Another Zaffre server uses postgresql://" in refusal(address).message
        first.kill()
        first.wait(30)
        Store.open(address).close()


@pytest.mark.parametrize(
    ("user", "password", "name", "sentence"),
    [
        ("alice", "wrong", "{db}", "does not accept the password"),
        ("alice", None, "{db}", "asks for a password"),
        ("owner", None, "nowhere", r'database "nowhere" does not exist. Make it first'),
        ("alice", SECRET, "{db}", "Check its rights"),
    ],
    ids=["wrong password", "no password", "no database", "no rights"],
)
def test_what_the_database_refuses_is_a_sentence(
    cluster: Cluster, user: str, password: str | None, name: str, sentence: str
) -> None:
    bare = cluster.create()
    cluster.execute(f"CREATE ROLE alice LOGIN PASSWORD '{SECRET}'")
    try:
        error = refusal(cluster.address(name.format(db=bare.rpartition("/")[2]), user, password))
    finally:
        cluster.execute("DROP ROLE alice")
    assert sentence in error.message


def test_the_password_is_used_and_never_shown(
    cluster: Cluster, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    bare = cluster.create()
    name = bare.rpartition("/")[2]
    cluster.execute(f"CREATE ROLE bob LOGIN PASSWORD '{SECRET}'")
    cluster.execute(f"ALTER DATABASE {name} OWNER TO bob")
    with Store.open(cluster.address(name, "bob", SECRET)) as store:
        assert store.place.endswith(f"/{name}")
        said = f"{store.place} {store!r} {caplog.text} {capfd.readouterr()}"
    assert SECRET not in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "address", [f"postgresql://u:{SECRET}@h/d", "postgresql://u:s3cret@h:port/d?nothing=1", "postgres://u:s3cret@[h/d"]
)
def test_an_address_that_cannot_be_read_is_not_quoted(address: str) -> None:
    error = refusal(address)
    assert isinstance(error, InvalidValue)
    assert "s3cret" not in repr(error) + str(error.__cause__) + str(error.__context__ and error.__suppress_context__)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refusal(f"postgresql://u:s3cret@{str(tmp_path).replace('/', '%2F')}/d")
    assert isinstance(error, ServerUnavailable)
    assert f"postgresql://u@{tmp_path}/d does not answer" in error.message
    assert "s3cret" not in error.message


def test_a_database_in_another_encoding_is_refused(cluster: Cluster) -> None:
    error = refusal(cluster.create(encoding="'SQL_ASCII'", lc_collate="'C'", lc_ctype="'C'"))
    assert "keeps its texts in SQL_ASCII" in error.message


def test_an_old_version_is_refused() -> None:
    assert "is PostgreSQL 12. Zaffre needs 13 or newer" in postgresql.too_old(120022, "postgresql://h/d").message


def test_a_nul_is_refused_with_a_sentence(address: str) -> None:
    with Store.open(address) as store:
        with pytest.raises(InvalidValue, match="NUL"):
            store.write(lambda connection: tag(connection, "a\0b"))
        with pytest.raises(InvalidValue, match="NUL"):
            store.read(lambda connection: workspaces.find(connection, "a\0b"))


def test_a_name_beyond_what_an_index_takes_is_refused_with_a_sentence(address: str) -> None:
    with Store.open(address) as store, pytest.raises(InvalidValue, match="too long"):
        store.write(lambda connection: tag(connection, os.urandom(8000).hex()))


def test_a_read_cannot_write(address: str) -> None:
    with Store.open(address) as store, pytest.raises(InternalError, match="cannot be read or written"):
        store.read(lambda connection: tag(connection, "a"))


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own with 24 MiB, which only root can make."""
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="zaffre-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("This machine lets nobody mount a small disk")
    shutil.chown(folder, "postgres")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_is_a_sentence_and_the_store_goes_on_when_there_is_room(cluster: Cluster, small_disk: Path) -> None:
    cluster.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    try:
        made = cluster.create(tablespace="small")
        with Store.open(made) as store:
            store.write(lambda connection: workspaces.create(connection, "default"))
            store.write(lambda connection: tag(connection, "kept"))
            filler = small_disk / "filler"
            with pytest.raises(OSError, match="space"):
                filler.write_bytes(bytes(2**25))
            with pytest.raises(StorageFull, match=r"The disk of postgresql://.* is full"):
                store.write(lambda connection: tag(connection, "big", os.urandom(1_000_000).hex()))
            assert tags(store) == {"kept"}
            filler.unlink()
            store.write(lambda connection: tag(connection, "big", os.urandom(1_000_000).hex()))
            assert tags(store) == {"kept", "big"}
        cluster.execute(f"DROP DATABASE {made.rpartition('/')[2]}")
    finally:
        cluster.execute("DROP TABLESPACE small")
