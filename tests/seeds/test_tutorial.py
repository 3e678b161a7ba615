"""The tutorial that trains a network on a cluster: its control script, its folder, and the script's own two lines."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seeds.conftest import Reader
from tests.seeds.documents import FOLDER, MISSING, about, block
from tests.seeds.errata import corrected
from tests.server_process import ServerProcess

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)
(DOCUMENT,) = about("04-run-pytorch.py") or ["none"]


@pytest.fixture
def offline_server(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    """A server whose environments are built without a network or a cache: the tutorial's are several gigabytes."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    running = ServerProcess(home).start()
    yield running
    running.stop()


def get(server: ServerProcess, path: str) -> Any:
    request = urllib.request.Request(f"{server.url}{path}", headers={"Authorization": f"Bearer {server.token}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def test_the_control_script_submits_and_the_environment_is_prepared(
    new_reader: Callable[[ServerProcess], Reader], offline_server: ServerProcess
) -> None:
    reader = new_reader(offline_server)
    (reader.folder / "src").mkdir()
    (reader.folder / "src" / "model.py").write_text(block(DOCUMENT, "class Net(nn.Module)").code)
    (reader.folder / "src" / "train.py").write_text(block(DOCUMENT, "# tutorial/src/train.py").code)
    (reader.folder / ".azureml" / "pytorch-env.yml").write_text(block(DOCUMENT, "- torchvision", "yml").code)
    (reader.folder / "04-run-pytorch.py").write_text(block(DOCUMENT, "# tutorial/04-run-pytorch.py").code)

    address = reader.python("04-run-pytorch.py").splitlines()[-1]

    run_id = address.rsplit("/", 1)[1].partition("?")[0]
    assert address.startswith(f"{offline_server.url}/ws/{reader.workspace}/runs/day1-experiment-train_")
    workspace = f"/api/v1/workspaces/{reader.workspace}"
    run = get(offline_server, f"{workspace}/runs/{run_id}")
    assert (run["target"], run["experiment_name"]) == ("cpu-cluster", "day1-experiment-train")
    spec = get(offline_server, f"{workspace}/runs/{run_id}/spec")
    assert spec["environment_name"] == "pytorch-env"
    deadline = time.monotonic() + 120
    while run["status"] not in ("Completed", "Failed", "Canceled") and time.monotonic() < deadline:
        time.sleep(0.2)
        run = get(offline_server, f"{workspace}/runs/{run_id}")
    # Without a network the packages cannot be fetched: the run says so with their names, not with its script's trace.
    assert run["status"] == "Failed"
    assert run["error"]["message"].startswith("The environment's packages cannot be found")
    assert "torch" in run["error"]["message"]


def test_the_two_lines_that_log_run_outside_of_a_run_too(reader: Reader) -> None:
    (result,) = reader.run(corrected(block(DOCUMENT, "# in train.py")))

    assert (result.error, result.output) == (None, "Attempted to log scalar metric loss:\n0.25\n")
