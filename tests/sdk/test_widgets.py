"""``RunDetails``: in a notebook and outside of one."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.script_run_config import ScriptRunConfig
from zaffre.sdk.widgets import RunDetails


def test_an_interactive_run_is_shown_at_once(experiment: Experiment, capsys: pytest.CaptureFixture[str]) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    run.log("a", 1)
    RunDetails(run).show()
    shown = capsys.readouterr().out
    assert f"Id: {run.id}" in shown
    assert run.get_portal_url() in shown
    data = RunDetails(run).get_widget_data()
    assert (data["Status"], data["run_metrics"]) == ("Running", {"a": 1})
    run.complete()


def test_a_submitted_run_is_watched_to_its_end(
    experiment: Experiment, source: Path, user_managed: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "a.py").write_text("print('shown'); raise SystemExit(1)", "utf-8")
    run = experiment.submit(ScriptRunConfig(source, "a.py", environment=user_managed))
    RunDetails(run).show()
    assert "shown" in capsys.readouterr().out
    assert run.status == "Failed"


def test_a_notebook_gets_a_table_that_follows_the_run(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, str, bool]] = []

    def display(html: str, display_id: str, update: bool) -> None:
        shown.append((html, display_id, update))

    notebook = SimpleNamespace(
        get_ipython=lambda: SimpleNamespace(kernel=object()), display=SimpleNamespace(display=display, HTML=str)
    )
    modules: dict[str, Any] = sys.modules
    monkeypatch.setitem(modules, "IPython", notebook)
    run = experiment.start_logging(snapshot_directory=None, outputs=False, display_name="<b>")

    RunDetails(run).show()
    deadline = time.monotonic() + 60
    while not shown and time.monotonic() < deadline:
        time.sleep(0.05)
    run.complete()
    while "Completed" not in shown[-1][0] and time.monotonic() < deadline:
        time.sleep(0.05)

    assert "Running" in shown[0][0]
    assert "Completed" in shown[-1][0]
    assert [update for _, _, update in shown] == [False] + [True] * (len(shown) - 1)
    assert {display_id for _, display_id, _ in shown} == {f"zaffre-{run.id}"}


def test_the_table_escapes_what_it_shows(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    run.fail("<script>alert(1)</script>")
    html = RunDetails(run).html()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
