"""Secrets of webhooks in the database: encrypted, with a key in the home that can be replaced and put back."""

from __future__ import annotations

import logging
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import Door
from tests.server.rest import serve
from zaffre.core.errors import StateConflict
from zaffre.server.store import webhooks as rows
from zaffre.server.store.schema import webhooks
from zaffre.server.webhooks.seal import Seal

SECRET = "s3cret-that-signs-what-is-sent"
EVENTS = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]


def make(http: TestClient, **fields: Any) -> str:
    body = {"name": "hook", "url": "http://127.0.0.1:9/x", "events": EVENTS, "secret": SECRET, **fields}
    return str(Door(http).post("webhooks", body)["webhook"]["webhook_id"])


def kept(http: TestClient) -> list[str]:
    found: dict[int, str] = http.app.state.parts.store.read(rows.secrets)  # type: ignore[attr-defined]
    return list(found.values())


def seal_of(home: Path) -> Seal:
    return Seal(home / "webhooks.key")


def in_files(home: Path) -> bool:
    return any(SECRET.encode() in file.read_bytes() for file in home.glob("workspace.db*"))


def test_a_copy_of_the_database_tells_no_secret(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(home, private_webhooks=True) as http:
        assert not (home / "webhooks.key").exists()  # made with the first secret
        one = make(http)
        assert stat.S_IMODE((home / "webhooks.key").stat().st_mode) == 0o600
        (first,) = kept(http)
        Door(http).post(f"webhooks/{one}", {"secret": f"{SECRET}-2"}, method="PATCH")
        (second,) = kept(http)
        assert [seal_of(home).open(text) for text in (first, second)] == [SECRET, f"{SECRET}-2"]
        Door(http).post(f"webhooks/{one}", {"secret": ""}, method="PATCH")
        assert kept(http) == []
        make(http)
        assert not in_files(home)
    assert not in_files(home)


def test_what_an_older_version_kept_is_encrypted_at_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(home, private_webhooks=True) as http:
        make(http, secret=None)

        def as_before(connection: Any) -> None:
            connection.execute(update(webhooks).values(secret=SECRET))

        http.app.state.parts.store.write(as_before)  # type: ignore[attr-defined]
    assert in_files(home)
    with serve(home, private_webhooks=True) as http:
        (text,) = kept(http)
        assert seal_of(home).open(text) == SECRET
    assert not in_files(home)


def test_a_key_that_is_moved_away_is_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key, old = home / "webhooks.key", home / "webhooks.key.old"
    with serve(home, private_webhooks=True) as http:
        make(http)
        (before,) = kept(http)
    first = key.read_text()
    key.rename(old)
    with serve(home, private_webhooks=True) as http:
        (after,) = kept(http)
        assert after != before
        assert seal_of(home).open(after) == SECRET
    assert not old.exists()
    assert key.read_text() != first
    with pytest.raises(StateConflict, match="another key"):
        seal_of(home).open(before)


def test_without_its_key_a_secret_is_missed_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = tmp_path / "home"
    with serve(home, private_webhooks=True) as http:
        one = make(http)
    (home / "webhooks.key").rename(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING, "zaffre.server.webhooks"), serve(home, private_webhooks=True) as http:
        assert "webhooks.key" in caplog.text
        result = Door(http).post(f"webhooks/{one}/test", {})["result"]
        assert not result["success"]
        assert "Put back the file" in result["error_message"]
        (tmp_path / "elsewhere").rename(home / "webhooks.key")
        result = Door(http).post(f"webhooks/{one}/test", {})["result"]
        assert "did not answer" in result["error_message"]  # it was sent: nobody listens there
    assert SECRET not in caplog.text


def test_a_damaged_key_is_said(tmp_path: Path) -> None:
    seal = Seal(tmp_path / "webhooks.key")
    closed = seal.close(SECRET)
    seal.file.write_text("not a key\n")
    with pytest.raises(StateConflict, match="damaged"):
        seal.open(closed)
    seal.file.unlink()
    seal.file.mkdir()
    with pytest.raises(StateConflict, match="cannot be read"):
        seal.close(SECRET)
