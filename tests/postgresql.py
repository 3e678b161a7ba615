"""A real PostgreSQL server, from Debian's packages, in a folder of its own, for one session of tests."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from zaffre.server.store.engine import Store

START_SECONDS = 60.0
# Faster than making another database: every table is emptied, and numbers count from one again.
_EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE found text; BEGIN
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', found); END LOOP;
    FOR found IN SELECT format('%I', sequencename) FROM pg_sequences WHERE schemaname = 'public'
    LOOP PERFORM setval(found::regclass, 1, false); END LOOP;
END $$
"""
_FAST = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}
# The cluster's owner comes in without a password, everyone else with one.
_ACCESS = "local all owner trust\nlocal all all scram-sha-256\n"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest one there is."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    named = shutil.which("initdb")
    if not found and named:
        found = [Path(named).resolve().parent]
    return max(found, key=lambda path: int("".join(filter(str.isdigit, str(path))) or 0), default=None)


class Cluster:
    """A PostgreSQL server that listens on a socket in its own folder and dies with this process."""

    def __init__(self, **settings: str) -> None:
        found = programs()
        if found is None or shutil.which("setpriv") is None:
            reason = "PostgreSQL is not installed: run scripts/install-system-packages.sh postgresql"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        self._programs = found
        self._settings = {**_FAST, **settings}
        # Not pytest's folder: that is the tester's alone, and the path of a socket may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="zaffre-pg-"))
        # PostgreSQL refuses to run as root; Debian's package made this user.
        self._user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", "data", "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-A", "trust")
        (self.folder / "data/pg_hba.conf").write_text(_ACCESS)
        self._process: subprocess.Popen[bytes] | None = None
        self._free: list[str] = []
        self.start()

    def start(self) -> None:
        options = [option for name, value in self._settings.items() for option in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", "data", "-k", str(self.folder), "-h", "", *options),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.address("postgres")).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "log").read_text()) from error
                time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it with every session in it, SIGQUIT as a crash does."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(START_SECONDS)

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def address(self, name: str, user: str = "owner", password: str | None = None) -> str:
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://{user}{secret}@{quote(str(self.folder), safe='')}/{name}"

    def create(self, **options: str) -> str:
        """A new database, with nothing in it; answers its address."""
        name = f"test_{uuid4().hex[:12]}"
        given = " ".join(f"{option.upper()} {value}" for option, value in options.items())
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0 {given}")
        return self.address(name)

    def lend(self) -> str:
        """The address of a database with the tables of a new store and no row in them. Give it back when done."""
        if not self._free:
            address = self.create()
            Store.open(address).close()
            return address
        address = self._free.pop()
        self.execute(_EMPTY, address.rpartition("/")[2])
        return address

    def give_back(self, address: str) -> None:
        """Every store on it is closed, and its tables are as they were."""
        self._free.append(address)

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.address(name), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _command(self, program: str, *arguments: str) -> list[str]:
        ours = ["--reuid", self._user, "--regid", self._user, "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *ours, "--pdeathsig", "QUIT", str(self._programs / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            self._command(program, *arguments), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
