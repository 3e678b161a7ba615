"""``zaffre run``: a script submitted, followed, read, fetched, canceled and deleted."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a script that logs, prints, writes a file and ends as its argument says."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("azureml-core\n")
    (folder / "work.py").write_text(
        "import os, sys, time\n"
        "from azureml.core import Run\n"
        "Run.get_context().log('loss', 0.5)\n"
        "print('working with', sys.argv[1:], flush=True)\n"
        "os.makedirs('outputs', exist_ok=True)\n"
        "open('outputs/result.txt', 'w').write('the result')\n"
        "if 'wait' in sys.argv:\n"
        "    time.sleep(600)\n"
        "if 'fail' in sys.argv:\n"
        "    raise SystemExit('this went wrong')\n"
    )
    monkeypatch.chdir(folder)
    return folder


SUBMIT = ("run", "submit", "work.py", "--experiment", "trials", "--pip", "requirements.txt")


def until(cli: Cli, run_id: str, *states: str) -> dict[str, object]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        run: dict[str, object] = json.loads(cli("run", "show", run_id, "--output", "json").out)
        if run["status"] in states:
            return run
        time.sleep(0.2)
    raise AssertionError(f"the run is {run['status']}")


@pytest.mark.usefixtures("project")
def test_a_run_is_followed_read_and_fetched(cli: Cli, tmp_path: Path) -> None:
    followed = cli(*SUBMIT, "--tag", "kind=trial", "--follow", "--", "--epochs", "3")

    assert followed.code == 0, followed.err
    first, page, *_, last = followed.out.splitlines()
    run_id = first.removeprefix("Run ")
    assert page.endswith(f"/runs/{run_id}")
    assert last == "working with ['--epochs', '3']"
    shown = cli("run", "show", run_id)
    assert "status      Completed\n" in shown.out
    assert "metrics     loss=0.5\n" in shown.out
    assert cli("run", "logs", run_id).out == "working with ['--epochs', '3']\n"
    listed = json.loads(cli("run", "list", "--tag", "kind=trial", "--output", "json").out)
    assert [run["id"] for run in listed] == [run_id]
    assert cli("run", "list", "--filter", "metrics.loss > 0.7", "--output", "json").out == "[]\n"
    fetched = cli("run", "download", run_id, "--prefix", "outputs/", "--target", str(tmp_path / "down"))
    assert fetched.out == f"Downloaded 1 file to {tmp_path}/down.\n"
    assert (tmp_path / "down" / "outputs" / "result.txt").read_text() == "the result"
    missing = cli("run", "logs", run_id, "--name", "absent.txt")
    assert (missing.code, missing.out) == (3, "")
    assert "azureml-logs/70_driver_log.txt" in missing.err
    assert cli("run", "delete", run_id, "--yes").out == f"Deleted the run {run_id}.\n"


@pytest.mark.usefixtures("project")
def test_a_run_that_fails_answers_with_its_own_code(cli: Cli) -> None:
    answer = cli(*SUBMIT, "--follow", "fail")

    assert answer.code == 7
    assert "this went wrong" in answer.out
    assert "exit code 1" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.usefixtures("project")
def test_a_run_is_canceled(cli: Cli) -> None:
    submitted = json.loads(cli(*SUBMIT, "wait", "--output", "json").out)
    until(cli, submitted["id"], "Running")

    answer = cli("run", "cancel", submitted["id"])

    assert answer.code == 0
    assert until(cli, submitted["id"], "Canceled", "Completed", "Failed")["status"] == "Canceled"


@pytest.mark.usefixtures("project")
def test_a_run_on_a_compute_target(cli: Cli) -> None:
    made = cli("compute", "create", "cpu-cluster", "--max-nodes", "2")
    followed = cli(*SUBMIT, "--target", "cpu-cluster", "--follow")
    listed = cli("compute", "list")
    deleted = cli("compute", "delete", "cpu-cluster", "--yes")

    assert made.out.splitlines()[:2] == ["name     cpu-cluster", "type     AmlCompute"]
    assert (followed.code, followed.out.splitlines()[-1]) == (0, "working with []")
    assert listed.out.splitlines()[1].split() == ["cpu-cluster", "AmlCompute", "Succeeded", "0", "0", "to", "2"]
    assert deleted.out == "Deleted the compute target cpu-cluster.\n"


def test_a_missing_script_is_named(cli: Cli, project: Path) -> None:
    answer = cli("run", "submit", "absent.py", "--pip", "requirements.txt")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"zaffre: The script absent.py does not exist in the source directory {project}")


@pytest.mark.usefixtures("project")
def test_two_kinds_of_software_exclude_each_other(cli: Cli) -> None:
    answer = cli("run", "submit", "work.py", "--pip", "requirements.txt", "--environment", "other")

    assert (answer.code, answer.err) == (
        2,
        "zaffre: --environment, --conda and --pip exclude each other: give one of them.\n",
    )
