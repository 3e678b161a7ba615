"""One call of a scoring address against a real serving process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serving.scoring_process import ScoringProcess
from zaffre.core.errors import WebserviceException
from zaffre.sdk import scoring

CRASHING = """
    import os
    def init():
        pass
    def run(data):
        with open("calls", "a") as file:
            file.write(data)
        os._exit(7)
"""


def test_a_request_that_ends_its_worker_is_sent_once(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, CRASHING) as service:
        with pytest.raises(WebserviceException, match="ended with exit code 7") as raised:
            scoring.score("svc", f"{service.http.base_url}/score", "1")
        assert raised.value.status_code == 502
    assert (tmp_path / "calls").read_text() == "1"
