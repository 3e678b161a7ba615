"""``zaffre service``: a model deployed, scored, read and deleted; a failed deployment named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.server_process import free_port
from tests.waiting import until

SCORE = """
import json, os

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "factor.txt")) as file:
        factor = float(file.read())
    print("the factor is", factor)

def run(data):
    return [factor * value for value in json.loads(data)["data"]]
"""


@pytest.fixture
def project(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an entry script, its software, and a registered model."""
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "score.py").write_text(SCORE)
    (folder / "broken.py").write_text(SCORE.replace("factor.txt", "absent.txt"))
    (folder / "requirements.txt").write_text("azureml-defaults\n")
    (folder / "factor.txt").write_text("1.5")
    monkeypatch.chdir(folder)
    assert cli("model", "register", "factor", "factor.txt").code == 0
    return folder


@pytest.mark.usefixtures("project")
def test_a_model_is_deployed_scored_and_deleted(cli: Cli, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "body.json").write_text('{"data": [4]}')

    deployed = cli("service", "deploy", "times", "--model", "factor", "--pip", "requirements.txt", "--port", str(port))
    scored = cli("service", "score", "times", '{"data": [1, 2]}')
    from_file = cli("service", "score", "times", "--file", str(tmp_path / "body.json"), "--output", "json")
    from_stdin = cli("service", "score", "times", answer='{"data": [2]}')
    listed = cli("service", "list")
    logs = cli("service", "logs", "times")
    deleted = cli("service", "delete", "times", "--yes")

    assert deployed.code == 0, deployed.err
    assert f"scoring uri  http://localhost:{port}/score\n" in deployed.out
    assert (scored.out, json.loads(from_file.out), from_stdin.out) == ("[1.5, 3.0]\n", [6.0], "[3.0]\n")
    assert listed.out.splitlines()[1].split()[:3] == ["times", "running", "factor:1"]
    assert "the factor is 1.5" in logs.out
    assert deleted.out == "Deleted the service times.\n"
    assert cli("service", "list", "--output", "json").out == "[]\n"


@pytest.mark.usefixtures("project")
def test_a_failed_deployment_shows_why(cli: Cli) -> None:
    answer = cli(
        "service", "deploy", "broken", "--model", "factor:1", "--entry", "broken.py", "--pip", "requirements.txt"
    )  # fmt: skip

    assert (answer.code, answer.out) == (7, "")
    assert "init" in answer.err
    assert "absent.txt" in answer.err
    assert cli("service", "delete", "broken", "--yes").code == 0


@pytest.mark.usefixtures("project")
def test_an_entry_script_needs_its_software(cli: Cli) -> None:
    answer = cli("service", "deploy", "bare", "--model", "factor", "--entry", "score.py")

    assert (answer.code, answer.err) == (
        2,
        "zaffre: An entry script needs its software: give one of --environment, --conda and --pip.\n",
    )


@pytest.mark.usefixtures("project")
def test_without_script_and_software_the_models_framework_decides(cli: Cli) -> None:
    answer = cli("service", "deploy", "bare", "--model", "factor")

    assert answer.code != 0
    assert "The model factor:1 is no MLflow model and is registered without a framework" in answer.err


def test_a_revision_that_fails_is_rolled_back_and_show_says_why(cli: Cli, project: Path) -> None:
    given = ("--model", "factor:1", "--pip", "requirements.txt")
    assert cli("service", "deploy", "watched", *given).code == 0
    (project / "score.py").write_text(SCORE.replace("return [", "return json['x'] if '1' in data else ["))
    again = (*given, "--overwrite", "--min-requests", "3", "--max-error-rate", "0.4", "--bake-seconds", "600")
    deployed = cli("service", "deploy", "watched", *again)
    assert deployed.code == 0, deployed.err
    assert (
        "watched      is watched for 600 s: it goes back to revision 1 when more than 40% of its answers"
        in deployed.out
    )
    for _ in range(3):
        assert cli("service", "score", "watched", '{"data": [1]}').code != 0
    shown = until(lambda: "rolled back" in (out := cli("service", "show", "watched").out) and out, "the roll-back", 60)
    assert "Revision 2 was rolled back after" in shown
    assert "3 of 3 answers were errors (100%; the limit is 40%). Revision 1 serves again." in shown
    assert cli("service", "score", "watched", '{"data": [1]}').out == "[1.5]\n"
    assert cli("service", "delete", "watched", "--yes").code == 0


@pytest.mark.usefixtures("project")
def test_a_rollout_that_cannot_be_is_refused(cli: Cli) -> None:
    given = ("--model", "factor:1", "--pip", "requirements.txt")
    refused = cli("service", "deploy", "odd", *given, "--max-error-rate", "2")
    assert refused.code != 0
    assert "max_error_rate of a rollout must be a share" in refused.err
