"""``zaffre endpoint``: versions deployed, routed, compared and deleted."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.conftest import Cli

SCORE = "import json\ndef init():\n    pass\ndef run(data):\n    return [MARK, json.loads(data)]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(f"{SCORE}MARK = {name!r}\n")
    (tmp_path / "requirements.txt").write_text("azureml-defaults\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_versions_are_deployed_routed_and_deleted(cli: Cli) -> None:
    name = f"ep-{uuid4().hex[:8]}"
    software = ("--pip", "requirements.txt")
    try:
        made = cli("endpoint", "deploy", name, "--version", "one", "--entry", "one.py", *software, "--auth", "token")
        assert made.code == 0, made.err
        assert made.out.splitlines()[1].split()[:6] == ["one", "100", "%", "yes", "Control", "running"]
        assert "--pip" in cli("endpoint", "create-version", name, "two", "--entry", "two.py").err
        added = cli("endpoint", "create-version", name, "two", "--entry", "two.py", *software, "--traffic", "20")
        assert added.code == 0, added.err
        assert added.out.splitlines()[2].split()[:3] == ["two", "20", "%"]
        assert cli("endpoint", "traffic", name, "one=50", "two=60").code == 1
        moved = cli("endpoint", "traffic", name, "two=100", "--output", "json")
        assert [version["traffic_percentile"] for version in json.loads(moved.out)] == [0, 100]
        assert "'two' is not VERSION=PERCENT" in cli("endpoint", "traffic", name, "two").err
        assert len(cli("service", "token", name).out.strip()) >= 43
        assert "authentication  token" in cli("service", "show", name).out
        assert json.loads(cli("service", "score", name, "7").out) in (["one", 7], ["two", 7])
        assert cli("endpoint", "mirror", name, "one=100").out == f"one=100 of the requests to {name} are copied.\n"
        shadow = cli("endpoint", "shadow", name)
        assert "copies to" in shadow.out
        assert cli("endpoint", "mirror", name, "--off").out == f"No requests to {name} are copied any more.\n"
        changed = cli("endpoint", "update-version", name, "two", "--default")
        assert changed.out.splitlines()[2].split()[3] == "yes"
        scaled = cli("endpoint", "update-version", name, "two", "--max-replicas", "2", "--output", "json")
        assert json.loads(scaled.out)[1]["service"]["spec"]["scaling"]["max_workers"] == 2
        both = cli("endpoint", "update-version", name, "two", "--max-replicas", "2", "--replicas", "2")
        assert "num_replicas cannot be set with autoscaling" in both.err
        assert cli("endpoint", "delete-version", name, "one", "--yes").out.startswith("Deleted the version one")
        assert len(cli("endpoint", "show", name).out.splitlines()) == 2
        assert cli("endpoint", "list").out.splitlines()[1].split()[:2] == [name, "running"]
    finally:
        assert cli("endpoint", "delete", name, "--yes").out == f"Deleted the endpoint {name}.\n"
