"""A server process over PostgreSQL: which database it takes, what it remembers of it, and what it never shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.postgresql import Cluster
from tests.server_process import ServerProcess, clean_environment
from zaffre.core import contract
from zaffre.core.errors import ServerUnavailable
from zaffre.sdk.client import Client
from zaffre.server.process import database_of, parse
from zaffre.server.store.postgresql import without_password

SECRET = "correcthorse"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.remove()


def workspaces(server: ServerProcess) -> list[str]:
    found = Client(server.url, server.token).get("/api/v1/workspaces", dict[str, Any])
    return sorted(item["name"] for item in found["items"])


def make_workspace(server: ServerProcess, name: str) -> None:
    Client(server.url, server.token).get(f"/api/v1/workspaces/{name}", dict[str, Any], create=True)


def test_a_server_goes_on_when_its_database_was_restarted_and_finds_it_again(cluster: Cluster, home: Path) -> None:
    server = ServerProcess(home, database=cluster.create()).start()
    try:
        make_workspace(server, "lab")
        cluster.stop()
        with pytest.raises(ServerUnavailable, match="does not answer"):
            workspaces(server)
        cluster.start()
        assert workspaces(server) == ["default", "lab"]
        make_workspace(server, "after")
        server.kill()
        server.database = ""  # as a script starts it, which knows of no database
        server.start()
        assert workspaces(server) == ["after", "default", "lab"]
        assert not (home / "workspace.db").exists()
        server.stop()
        server.database = "sqlite"
        server.start()
        assert workspaces(server) == ["default"]
        assert not (home / "database").exists()
    finally:
        server.stop()


def test_the_password_is_nowhere_but_in_the_servers_memory(cluster: Cluster, home: Path) -> None:
    address = cluster.create()
    cluster.execute(f"CREATE ROLE carol LOGIN PASSWORD '{SECRET}'")
    cluster.execute(f"ALTER DATABASE {address.rpartition('/')[2]} OWNER TO carol")
    mine = address.replace("owner@", f"carol:{SECRET}@")
    server = ServerProcess(home, database=mine).start()
    try:
        assert workspaces(server) == ["default"]
        assert server.process is not None
        assert SECRET not in " ".join(psutil.Process(server.process.pid).cmdline())
        told = Client(server.url, server.token).read("/api/v1/server").decode()
        kept = {file.name: file.read_text(errors="replace") for file in home.iterdir() if file.is_file()}
        assert kept["database"] == mine.replace(f":{SECRET}", "") + "\n"
        assert (home / "database").stat().st_mode & 0o777 == 0o600
        assert [name for name, text in {**kept, "told": told}.items() if SECRET in text] == []
    finally:
        server.stop()
    refused = subprocess.run(
        [sys.executable, "-m", "zaffre.server", "--home", str(home), "--port", "0"],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert refused.returncode == 1
    assert "asks for a password. Give one in ZAFFRE_DATABASE" in refused.stderr


def test_the_address_comes_from_the_option_then_the_variable_then_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = ["--home", str(tmp_path)]
    monkeypatch.delenv(contract.ZAFFRE_DATABASE, raising=False)
    assert parse(home).database == tmp_path / "workspace.db"
    (tmp_path / "database").write_text("postgresql://kept/d\n")
    assert parse(home).database == "postgresql://kept/d"
    monkeypatch.setenv(contract.ZAFFRE_DATABASE, "postgresql://u:secret@named/d")
    assert parse(home).database == "postgresql://u:secret@named/d"
    assert parse([*home, "--database", "postgresql://given/d"]).database == "postgresql://given/d"
    assert parse([*home, "--database", "sqlite"]).database == tmp_path / "workspace.db"
    assert "secret" not in repr(parse(home))
    assert database_of(tmp_path, "") == "postgresql://kept/d"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("postgresql://u:p%40w@h:5432/d?sslmode=require", "postgresql://u@h:5432/d?sslmode=require"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
        ("postgres://h/d?user=u&password=pw&sslmode=require", "postgres://h/d?user=u&sslmode=require"),
        ("postgresql:///d?password=pw", "postgresql:///d"),
    ],
)
def test_an_address_is_kept_without_its_password(address: str, kept: str) -> None:
    assert without_password(address) == kept
