"""A service that is changed and changed back while it is called: no request fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk.services import ECHO, SECONDS, Deployer, config, write
from tests.steady_load import SteadyLoad
from tests.waiting import until
from zaffre.core.errors import DeploymentFailed
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

_NEW = ECHO.replace("VERSION = 1", "VERSION = 2")
_BROKEN = "def init(): raise ValueError('no weights')\ndef run(data): return data\n"


@pytest.fixture
def deploy(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.chdir(tmp_path)
    write(ECHO)
    deployer = Deployer(workspace)
    yield deployer
    deployer.clean()


def change(service: LocalWebservice, script: str) -> None:
    write(script)
    service.update(inference_config=config())
    service.wait_for_deployment(timeout_sec=SECONDS)


def test_an_update_its_way_back_and_one_that_breaks_fail_no_request(deploy: Deployer) -> None:
    service = deploy(name="rolled")
    assert service.scoring_uri is not None
    with SteadyLoad(service.scoring_uri, b"7", per_second=60) as load:
        until(lambda: load.latest == b"[7, 1]", "the first revision's answer", SECONDS)
        change(service, _NEW)
        until(lambda: load.latest == b"[7, 2]", "the update's answer", SECONDS)
        with pytest.raises(DeploymentFailed, match="no weights"):
            change(service, _BROKEN)
        assert load.latest == b"[7, 2]"
        change(service, ECHO)
        until(lambda: load.latest == b"[7, 1]", "the first script's answer again", SECONDS)
    assert load.failures == []
    assert set(load.answers) == {b"[7, 1]", b"[7, 2]"}
