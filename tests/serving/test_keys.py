"""A service with keys: who is let in, who is told why not, and a change of keys while it serves."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.serving.scoring_process import ECHO, ScoringProcess
from zaffre.core.service_keys import digest, write_digests
from zaffre.serving.keys import Keys

KEY = "a-long-and-random-key"


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def check_refused(answer: httpx.Response, words: str) -> None:
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert words in answer.json()["message"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_only_who_sends_a_key_is_answered_and_a_new_key_counts_at_once(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    write_digests(file, [digest(KEY), digest("second")])
    with ScoringProcess(tmp_path, ECHO, "--keys-file", str(file)) as service:
        assert service.score(1, headers=bearer(KEY)).json() == 1
        assert service.score(1, headers=bearer("second")).json() == 1
        check_refused(service.score(1), "has authentication enabled")
        check_refused(service.score(1, headers={"authorization": f"Basic {KEY}"}), "has authentication enabled")
        check_refused(service.score(1, headers={"authorization": "Bearer"}), "has authentication enabled")
        check_refused(service.score(1, headers=bearer("wrong")), "is not one of this service's")
        check_refused(service.http.get("/swagger.json"), "has authentication enabled")
        assert service.http.get("/").status_code == service.http.get("/ready").status_code == 200
        assert service.http.get("/swagger.json", headers=bearer(KEY)).json()["swagger"] == "2.0"
        write_digests(file, [digest("new"), digest("second")])
        check_refused(service.score(1, headers=bearer(KEY)), "is not one of this service's")
        assert service.score(1, headers=bearer("new")).json() == 1
        write_digests(file, None)
        assert service.score(1).json() == 1
    assert KEY not in service.log()


def test_a_token_is_answered_until_it_expires_and_then_told_so(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    now = int(time.time() * 1000)
    write_digests(file, [f"{digest('lasting')}@{now + 600_000}", f"{digest('over')}@{now - 1}"])
    with ScoringProcess(tmp_path, ECHO, "--keys-file", str(file)) as service:
        assert service.score(1, headers=bearer("lasting")).json() == 1
        check_refused(service.score(1, headers=bearer("over")), "has expired")
        check_refused(service.score(1, headers=bearer("wrong")), "get_access_token() makes one")
        check_refused(service.score(1), "has token authentication enabled")
        check_refused(service.score(1, headers=bearer(digest("lasting"))), "get_access_token() makes one")
    assert "lasting" not in service.log()


@pytest.mark.parametrize("content", [None, "", "{}", '{"digests": 3}', "[]"])
def test_a_keys_file_that_cannot_be_read_opens_to_nobody(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
    keys = Keys(file)
    assert keys.refusal([(b"authorization", b"Bearer " + KEY.encode())]) is not None
    write_digests(file, [digest(KEY)])
    assert keys.refusal([(b"authorization", b"Bearer " + KEY.encode())]) is None
