"""``Experiment.submit``: the whole way of a script on this machine, and what is refused before anything is sent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker_engine import BASE
from zaffre.core.errors import (
    ActivityFailedException,
    ExperimentExecutionException,
    ScriptInvalid,
    Unsupported,
    UserErrorException,
)
from zaffre.docker.engine import Engine
from zaffre.sdk.compute import AmlCompute, ComputeTarget
from zaffre.sdk.datastore import DataReference
from zaffre.sdk.environment import DockerBuildContext, Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run
from zaffre.sdk.runconfig import RunConfiguration
from zaffre.sdk.runconfig_sections import (
    DockerConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from zaffre.sdk.script_run import ScriptRun
from zaffre.sdk.script_run_config import ScriptRunConfig, get_run_config_from_script_run
from zaffre.sdk.submission import refuse_unbuilt

SCRIPT = """
import os, sys
from zaffre.sdk.run import Run

run = Run.get_context()
print("arguments", sys.argv[1:])
for step in range(3):
    run.log("loss", 1 / (step + 1))
run.log("where", os.environ["MY_VARIABLE"])
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.txt", "w") as file:
    file.write("model of " + run.id)
if "fail" in sys.argv:
    raise ValueError("asked to fail")
"""


@pytest.fixture
def script(source: Path) -> Path:
    (source / "train.py").write_text(SCRIPT, "utf-8")
    return source


def config(source: Path, environment: Environment, *arguments: object, **settings: object) -> ScriptRunConfig:
    made = ScriptRunConfig(str(source), "train.py", arguments=list(arguments), environment=environment, **settings)  # type: ignore[arg-type]
    made.run_config.environment_variables = {"MY_VARIABLE": "here"}
    return made


def test_a_script_runs_here_from_submit_to_completed(
    experiment: Experiment, script: Path, user_managed: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = experiment.submit(config(script, user_managed, "--lr", 0.5, Path("data")), tags={"k": 1})
    details = run.wait_for_completion(show_output=True)
    shown = capsys.readouterr().out

    assert isinstance(run, ScriptRun)
    assert run.id.startswith("trial_")
    assert (details["status"], details["target"], run.type) == ("Completed", "local", "azureml.scriptrun")
    assert run.get_metrics() == {"loss": [1, 1 / 2, 1 / 3], "where": "here"}
    assert run.get_tags() == {"k": "1", "mlflow.source.type": "JOB", "mlflow.source.name": "train.py"}
    assert run.get_snapshot_id() == run.get_properties()["ContentSnapshotId"] is not None
    assert {"azureml-logs/70_driver_log.txt", "outputs/model.txt"} <= set(run.get_file_names())
    web = f"RunId: {run.id}\nWeb View: {run.get_portal_url()}\n"
    title = "Streaming azureml-logs/70_driver_log.txt"
    assert shown.startswith(web)
    assert f"\n{title}\n{'=' * len(title)}\n\narguments ['--lr', '0.5', 'data']\n" in shown
    assert f"\nExecution Summary\n=================\n{web}" in shown
    assert details["runDefinition"]["script"] == "train.py"
    assert details["runDefinition"]["arguments"] == ["--lr", "0.5", "data"]
    environment = run.get_environment()
    assert (environment.name, environment.version) == ("user-managed", "1")
    assert environment.python.user_managed_dependencies is True
    assert environment.lock is None  # nothing is built for an interpreter used as it is
    assert isinstance(Run.get(experiment.workspace, run.id), ScriptRun)


def test_a_script_that_fails_says_why(
    experiment: Experiment, script: Path, user_managed: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = experiment.submit(config(script, user_managed, "fail"))
    with pytest.raises(ActivityFailedException, match="asked to fail"):
        run.wait_for_completion(show_output=True)
    assert "asked to fail" in capsys.readouterr().out
    assert run.status == "Failed"
    details = run.wait_for_completion(raise_on_error=False)
    assert details["error"]["error"]["code"] == "UserError"
    with pytest.raises(ActivityFailedException):
        run.wait_for_completion()


def test_a_command_runs_too(experiment: Experiment, source: Path, user_managed: Environment) -> None:
    command = [sys.executable, "-c", "\"print('from a command')\""]
    run = experiment.submit(ScriptRunConfig(source, command=command, environment=user_managed))
    run.wait_for_completion()
    logs = run.get_details_with_logs()["logFiles"]
    assert "from a command" in logs["azureml-logs/70_driver_log.txt"]


def test_a_script_runs_in_docker(experiment: Experiment, source: Path, docker: Engine) -> None:
    code = "import os, pathlib\npathlib.Path('outputs/where.txt').write_text(f'{os.getcwd()} {os.getuid()}')\n"
    (source / "train.py").write_text(code + "print(os.statvfs('/dev/shm').f_blocks * 4096)\n", "utf-8")
    environment = Environment.from_docker_image("boxed", BASE)
    limits = DockerConfiguration(use_docker=True, shm_size="16m")
    run = experiment.submit(config(source, environment, docker_runtime_config=limits))
    run.wait_for_completion()
    assert docker.address
    assert str(16 * 1024**2) in run.get_details_with_logs()["logFiles"]["azureml-logs/70_driver_log.txt"]
    assert (
        f"Using the image {BASE} as it is"
        in run.get_details_with_logs()["logFiles"]["azureml-logs/20_image_build_log.txt"]
    )
    run.download_file("outputs/where.txt", str(source / "where.txt"))
    folder, account = (source / "where.txt").read_text().split()
    assert folder == "/azureml-run"
    assert account != "0"


def test_cancel_ends_the_script(experiment: Experiment, source: Path, user_managed: Environment) -> None:
    (source / "train.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(600)\n", "utf-8")
    run = experiment.submit(config(source, user_managed))
    until(lambda: run.status == "Running")
    run.cancel()
    until(lambda: run.status == "Canceled")
    assert run.wait_for_completion()["status"] == "Canceled"


def test_a_child_is_submitted_below_its_parent(experiment: Experiment, script: Path, user_managed: Environment) -> None:
    parent = experiment.start_logging(snapshot_directory=None, outputs=False)
    child = parent.submit_child(config(script, user_managed), tags={"child": "yes"})
    child.wait_for_completion()
    assert [one.id for one in parent.get_children()] == [child.id]
    parent.complete()


def test_an_amlcompute_target_runs_it_on_the_server(
    experiment: Experiment, script: Path, user_managed: Environment
) -> None:
    workspace = experiment.workspace
    target = ComputeTarget.create(workspace, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=1))
    run = experiment.submit(config(script, user_managed, compute_target=target))
    assert run.wait_for_completion()["target"] == "cpu-cluster"
    assert isinstance(target, AmlCompute)
    assert [one.id for one in Run.list_by_compute(target, status="Completed")] == [run.id]
    assert list(target.get_active_runs()) == []


def test_the_script_must_be_inside_its_folder(experiment: Experiment, script: Path, user_managed: Environment) -> None:
    (script.parent / "outside.py").write_text("1", "utf-8")
    for wrong, text in (
        (ScriptRunConfig(script, "gone.py", environment=user_managed), r"gone\.py does not exist in"),
        (ScriptRunConfig(script, "../outside.py", environment=user_managed), "is outside of"),
        (ScriptRunConfig(script / "gone", "train.py", environment=user_managed), "source directory .* does not exist"),
        (ScriptRunConfig(script, environment=user_managed), "nothing to run"),
    ):
        with pytest.raises(ScriptInvalid, match=text) as caught:
            experiment.submit(wrong)
        assert isinstance(caught.value, ExperimentExecutionException)
    assert list(experiment.get_runs()) == []


def test_what_cannot_be_honoured_is_refused_with_the_reason(user_managed: Environment) -> None:
    def mutated(change: Callable[[RunConfiguration], object]) -> RunConfiguration:
        made = RunConfiguration()
        made.environment = user_managed
        change(made)
        return made

    refuse_unbuilt(mutated(lambda _: None))
    for change, text in (
        (lambda made: setattr(made, "communicator", "IntelMpi"), "Distributed training"),
        (lambda made: setattr(made, "node_count", 2), "Distributed training"),
        (lambda made: setattr(made, "framework", "PySpark"), "PySpark"),
        (lambda made: setattr(made, "docker", DockerConfiguration(True, arguments=["--privileged"])), "--privileged"),
        (lambda made: setattr(made, "docker", DockerConfiguration(True, shared_volumes=False)), "shared_volumes"),
        (lambda made: made.data_references.update(a=1), "data_references"),
        (lambda made: made.data.update(a=1), "data"),
        (lambda made: setattr(made, "priority", 1), "priority"),
        (lambda made: setattr(made, "credential_passthrough", True), "credential_passthrough"),
        (lambda made: setattr(made.amlcompute, "vm_size", "LARGE"), r"amlcompute\.vm_size"),
        (lambda made: setattr(made.history, "snapshot_project", False), "snapshot_project"),
        (lambda made: setattr(made, "target", "amlcompute"), "cluster for one run"),
        (lambda made: setattr(made.environment.docker, "build_context", DockerBuildContext()), "build context"),
    ):
        with pytest.raises(Unsupported, match=text):
            refuse_unbuilt(mutated(change))


def test_distributed_configurations_are_taken_over_and_refused(script: Path, user_managed: Environment) -> None:
    for wanted in (MpiConfiguration(2), PyTorchConfiguration(process_count=2), TensorflowConfiguration(worker_count=2)):
        made = ScriptRunConfig(script, "train.py", environment=user_managed, distributed_job_config=wanted)
        with pytest.raises(Unsupported, match="Distributed training"):
            refuse_unbuilt(get_run_config_from_script_run(made))
    with pytest.raises(Unsupported, match="ParallelTaskConfiguration"):
        ScriptRunConfig(script, "train.py", distributed_job_config=ParallelTaskConfiguration())
    with pytest.raises(Unsupported, match="resume_from"):
        ScriptRunConfig(script, "train.py", resume_from=object())


def test_arguments_are_text_and_numbers(experiment: Experiment, script: Path, user_managed: Environment) -> None:
    reference = DataReference(experiment.workspace.get_default_datastore())
    with pytest.raises(Unsupported, match="DataReference as argument 1"):
        experiment.submit(config(script, user_managed, "--data", reference))
    with pytest.raises(UserErrorException, match=r"Argument 0 .* is None"):
        experiment.submit(config(script, user_managed, None))


def test_a_run_config_makes_other_settings_moot(script: Path) -> None:
    given = RunConfiguration(script="train.py", arguments=["--a"])
    given.target = "cluster"
    with pytest.warns(UserWarning, match="compute_target, docker_runtime_config"):
        made = ScriptRunConfig(
            script, run_config=given, compute_target="other", docker_runtime_config=DockerConfiguration()
        )
    assert (made.script, made.arguments, made.run_config.target) == ("train.py", ["--a"], "cluster")
    assert repr(made) == f"ScriptRunConfig(source_directory={str(script)!r}, script='train.py', target='cluster')"
    plain = ScriptRunConfig(script, "other.py")
    assert (plain.run_config.target, plain.run_config.environment.name) == ("local", "default-environment")
    assert plain.run_config.max_run_duration_seconds == 2592000
    with pytest.raises(UserErrorException, match="either a script or a command"):
        ScriptRunConfig(script, "train.py", command="ls")


def test_interrupting_the_output_leaves_the_run(
    experiment: Experiment, source: Path, user_managed: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient:
        """A terminal at which Ctrl+C is pressed as soon as something appears."""

        def write(self, text: str) -> int:  # noqa: ARG002 - the shape of a stream
            raise KeyboardInterrupt

        def flush(self) -> None:
            return None

    (source / "train.py").write_text("import time\ntime.sleep(600)\n", "utf-8")
    run = experiment.submit(config(source, user_managed))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Impatient())
        with pytest.raises(ExperimentExecutionException, match="the run goes on"):
            run.wait_for_completion(show_output=True)
    until(lambda: run.status == "Running")
    run.cancel()
    until(lambda: run.status == "Canceled")


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.1)
