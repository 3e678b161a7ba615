"""``zaffre service deploy --target aci``, ``keys`` and ``regen-key``, against a real engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.docker_engine import BASE
from tests.server_process import ServerProcess
from zaffre.docker.engine import Engine

SCORE = "import json\ndef init(): pass\ndef run(data): return json.loads(data)\n"


@pytest.fixture
def cli(docker: Engine, own_server: ServerProcess, bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Against a server of this test alone, which finds the engine."""
    assert docker.address
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    (tmp_path / "source").mkdir()  # which is deployed whole, and the server's home is beside it
    monkeypatch.chdir(tmp_path / "source")
    Path("score.py").write_text(SCORE)
    Path("model.txt").write_text("m")
    assert bare("model", "register", "one", "model.txt").code == 0
    made = bare("environment", "create", "plain", "--image", BASE)
    assert made.code == 0, made.err
    return bare


def test_keys_of_a_service_are_shown_and_replaced(cli: Cli) -> None:
    asked = ("--model", "one", "--environment", "plain", "--target", "aci", "--auth", "--cpus", "1", "--memory", "0.5")
    deployed = cli("service", "deploy", "keyed", *asked)
    assert deployed.code == 0, deployed.err
    assert "type            ACI" in deployed.out
    assert "authentication  key" in deployed.out
    try:
        keys = json.loads(cli("service", "keys", "keyed", "--output", "json").out)
        assert cli("service", "score", "keyed", "[1]").out == "[1]\n"
        assert f"primary key    {keys['primary_key']}" in cli("service", "keys", "keyed").out
        nobody = cli("service", "regen-key", "keyed")
        assert (nobody.code, "add --yes" in nobody.err) == (2, True)
        after = json.loads(cli("service", "regen-key", "keyed", "--yes", "--output", "json").out)
        assert after["primary_key"] != keys["primary_key"]
        assert after["secondary_key"] == keys["secondary_key"]
        given = cli("service", "regen-key", "keyed", "secondary", "--stdin", answer="my-own-key\n")
        assert "secondary key  my-own-key" in given.out
        assert cli("service", "score", "keyed", "[2]").out == "[2]\n"
    finally:
        assert cli("service", "delete", "keyed", "--yes").code == 0


def test_what_a_target_has_not_is_a_wrong_command_line(cli: Cli) -> None:
    asked = ("service", "deploy", "plain-one", "--model", "one", "--environment", "plain")
    for more, words in (
        (("--auth",), "add --target aci"),
        (("--cpus", "1"), "add --target aci"),
        (("--target", "aci", "--port", "5000"), "leave --port out"),
    ):
        answer = cli(*asked, *more)
        assert (answer.code, words in answer.err) == (2, True), answer.err
    assert cli("service", "keys", "none").code == 3
