"""``Run.get_context`` outside of a run: what it prints, and what it has not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zaffre.core import contract
from zaffre.core.errors import RunEnvironmentException
from zaffre.sdk.offline_run import _OfflineRun
from zaffre.sdk.run import Run

PUBLIC = [
    "add_properties",
    "cancel",
    "child_run",
    "complete",
    "fail",
    "flush",
    "id",
    "identity",
    "log",
    "log_accuracy_table",
    "log_confusion_matrix",
    "log_image",
    "log_list",
    "log_predictions",
    "log_residuals",
    "log_row",
    "log_table",
    "set_tags",
    "tag",
    "upload_file",
    "upload_files",
    "upload_folder",
]


@pytest.fixture
def run(home: Path) -> _OfflineRun:
    assert home
    offline: _OfflineRun = Run.get_context()
    return offline


def test_it_has_exactly_these_names(run: _OfflineRun) -> None:
    assert [name for name in dir(run) if not name.startswith("_")] == PUBLIC
    assert re.fullmatch(r"OfflineRun_[0-9a-f-]{36}", run.id)
    with pytest.raises(TypeError):
        run.log("a", 1, step=1)  # type: ignore[call-arg]


def test_logging_says_what_it_would_do(run: _OfflineRun, capsys: pytest.CaptureFixture[str]) -> None:
    run.log("a", 1)
    run.log_list("l", [1, 2])
    run.log_row("r", x=1)
    run.log_table("t", {"x": [1]})
    run.log_image("i", path="a.png")
    run.log_residuals("res", {})
    run.log_predictions("p", {})
    run.log_accuracy_table("at", {})
    run.log_confusion_matrix("cm", {})
    said = capsys.readouterr().out
    assert said.startswith("Attempted to log scalar metric a:\n1\nAttempted to log list metric l:\n[1, 2]\n")
    kinds = re.findall(r"Attempted to log (\w+) metric (\w+):", said)
    assert kinds == [
        ("scalar", "a"),
        ("list", "l"),
        ("row", "r"),
        ("table", "t"),
        ("image", "i"),
        ("residual", "res"),
        ("predictions", "p"),
        ("accuracy_table", "at"),
        ("confusion_matrix", "cm"),
    ]


def test_other_calls_print_or_are_silent(run: _OfflineRun, capsys: pytest.CaptureFixture[str]) -> None:
    run.complete()
    run.cancel()
    assert capsys.readouterr().out == ""
    run.flush()
    assert capsys.readouterr().out == f"Attempted to flush run with id {run.id}\n"
    calls: list[Callable[[], object]] = [
        lambda: run.tag("a"),
        lambda: run.set_tags({}),
        lambda: run.add_properties({}),
        lambda: run.upload_file("a", "b"),
        lambda: run.upload_files(["a"], ["b"]),
        lambda: run.upload_folder("a", "b"),
        lambda: run.fail("why", "Code"),
    ]
    for call in calls:
        call()
        said = capsys.readouterr().out
        assert said.startswith("Attempted to ")
        assert run.id in said
    assert run.child_run("child").id == f"{run.id}.child"
    assert run.child_run().id.startswith(f"{run.id}.")


def test_the_block_prints_its_ends_and_lets_errors_through(
    run: _OfflineRun, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError), run:
        raise KeyError("x")
    assert capsys.readouterr().out == f"[START] Run {run.id} context\n[STOP] Run {run.id} context\n"


def test_a_script_may_insist_on_a_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    monkeypatch.setenv(contract.RUN_ID, "some-run")
    with pytest.raises(RunEnvironmentException, match=contract.RUN_TOKEN) as caught:
        Run.get_context(allow_offline=False)
    assert contract.RUN_ID not in caught.value.message
    assert isinstance(Run.get_submitted_run(), _OfflineRun)


def test_unknown_arguments_are_refused() -> None:
    wrong: dict[str, Any] = {"offline": True}
    with pytest.raises(TypeError, match="offline"):
        Run.get_context(**wrong)
