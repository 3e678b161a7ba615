"""``Run.get_context`` inside of a run: the run itself, whose end the script's exit code decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server_process import ServerProcess
from zaffre.core import contract, entities, wire
from zaffre.core.errors import Unsupported
from zaffre.sdk import run_context
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run
from zaffre.sdk.submitted_run import _SubmittedRun
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def context(server: ServerProcess, experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> Iterator[_SubmittedRun]:
    """The context of a process whose environment a runner made."""
    run = experiment.start_logging(snapshot_directory=None)
    token = run._scope.client.post(run._route("token"), wire.TokenCreated).token
    values = (run.id, "sub", "group", experiment.workspace.name, experiment.name, server.url, token)
    for name, value in zip(contract.ONLINE_VARIABLES, values, strict=True):
        monkeypatch.setenv(name, value)
    yield Run.get_context()
    run_context._submitted.cache_clear()


def test_it_is_the_run_and_the_same_handle_each_time(context: _SubmittedRun) -> None:
    assert isinstance(context, _SubmittedRun)
    assert Run.get_context(allow_offline=False) is context
    assert context.experiment.name == "trial"
    assert context.experiment.workspace.subscription_id == "sub"
    context.log("loss", 0.5)
    context.tag("seen")
    assert context.get_metrics() == {"loss": 0.5}
    assert context.get_tags() == {"seen": ""}


def test_the_exit_code_decides_its_end(context: _SubmittedRun, caplog: pytest.LogCaptureFixture) -> None:
    context.complete()
    assert context.status == "Running"
    context.fail("reason")
    assert context.status == "Running"
    context.cancel()
    assert context.status == "Running"
    assert "not canceled from inside" in caplog.text
    with context:
        pass
    assert context.status == "Running"


def test_the_workspace_of_the_run_needs_no_configuration_file(
    context: _SubmittedRun, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("bare"))
    workspace = Workspace.from_config(_file_name="no-such-configuration.json")
    assert workspace.name == context.experiment.workspace.name
    assert run_context.run_workspace() is workspace
    assert "token:" in workspace.get_mlflow_tracking_uri()


def test_data_says_what_to_do(context: _SubmittedRun) -> None:
    for name in ("input_datasets", "output_datasets"):
        with pytest.raises(Unsupported, match=name):
            getattr(context, name)


def test_children_belong_to_it(context: _SubmittedRun) -> None:
    child = context.child_run("child")
    child.complete()
    held = context._scope.client.get(context._scope.path("runs", child.id), entities.Run)
    assert (held.parent_id, held.status.value) == (context.id, "Completed")
