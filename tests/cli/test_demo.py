"""``zaffre demo``: the whole loop, and a second time with the environment that is there."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.cli.conftest import Cli
from tests.server_process import ServerProcess, free_port


@pytest.mark.timeout(600)
def test_the_whole_loop(bare: Cli, own_server: ServerProcess) -> None:
    port = str(free_port())

    first = bare("demo", "--port", port)
    second = bare("demo", "--port", port, "--output", "json")
    facts = json.loads(second.out)
    logged = json.loads(bare("run", "show", facts["pages"]["run"].rsplit("/", 1)[1], "--output", "json").out)
    bare("service", "delete", "sklearn-mnist-local", "--yes")

    assert first.code == 0, first.err
    lines = first.out.splitlines()
    assert lines[0] == "prediction: [2]"
    assert [line.split()[0] for line in lines[2:5]] == ["Run", "Model", "Endpoint"]
    assert "environment  built" in first.err
    assert (facts["prediction"], facts["environment_reused"]) == ("[2]", True)
    assert "environment  reused" in second.err
    assert facts["seconds"]["environment"] < 1
    assert facts["scoring_uri"] == f"http://localhost:{port}/score"
    assert logged["metrics"]["accuracy"] > 0.95
    token = {"Authorization": f"Bearer {own_server.token}"}
    history = f"{own_server.url}/api/v1/workspaces/default/runs/{logged['id']}/metrics?name=loss"
    with urllib.request.urlopen(urllib.request.Request(history, headers=token)) as answer:  # noqa: S310
        (series,) = json.load(answer)["series"]
    assert len(series["values"]) == 30
    for page in facts["pages"].values():
        with urllib.request.urlopen(urllib.request.Request(page)) as answer:  # noqa: S310
            assert answer.status == 200
