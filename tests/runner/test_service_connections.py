"""Connections that callers keep open: they outlive the revision that they were opened to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests import waiting
from tests.runner.callers import KeptCallers
from tests.runner.test_service import SECONDS, delete, deploy
from tests.runner.test_service_bake import state
from tests.server_process import ServerProcess
from zaffre.core.errors import DeploymentFailed
from zaffre.sdk.webservice_local import LocalWebservice

until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import time
def init(): pass
def run(data):
    time.sleep({seconds})
    return "{word}"
"""
BROKEN = "def init(): raise OSError('no weights')\ndef run(data): pass\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def service(server: ServerProcess, workspace_name: str, source: Path) -> Iterator[LocalWebservice]:
    assert server.url
    yield deploy(workspace_name, source, SCRIPT.format(seconds=0, word="first"))
    delete(workspace_name)


def change(service: LocalWebservice, source: Path, word: str, seconds: float = 0) -> None:
    (source / "score.py").write_text(SCRIPT.format(seconds=seconds, word=word))
    service.reload(wait=True)


def test_none_ends_through_updates_a_failure_and_a_roll_back(service: LocalWebservice, source: Path) -> None:
    assert service.scoring_uri is not None
    with KeptCallers(service.scoring_uri) as callers:
        until(lambda: callers.have("first"), "the first answers")
        for word in ("second", "third"):
            change(service, source, word)
            until(partial(callers.have, word), f"the answers of the {word} revision")
        (source / "score.py").write_text(BROKEN)
        with pytest.raises(DeploymentFailed, match="no weights"):
            service.reload(wait=True)
        change(service, source, "good")
        service.set_rollout(bake_seconds=0)
        change(service, source, "best")
        service.set_rollout(bake_seconds=300, max_latency_ms=40, max_error_rate=None, min_requests=10)
        change(service, source, "slow", seconds=0.1)
        until(lambda: state(service) or callers.faults, "the roll-back")
        until(lambda: callers.have("best"), "the answers of the revision before")
    assert callers.faults == []
    assert callers.calls > 100
