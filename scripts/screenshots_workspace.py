"""The workspace that the screenshots show: scripts really ran, a model is registered, a service answers."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.run import Run
from zaffre.sdk.script_run_config import ScriptRunConfig
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

PROJECT = Path(__file__).resolve().parent / "screenshots_project"
ALPHAS = (1e-1, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Shown:
    """What the pictures are taken of."""

    best: Run
    failed: Run
    live: Run
    others: list[Run]
    service: Webservice
    body: str


def furnish() -> Shown:
    """Fill the default workspace of the server that this process finds. A minute of work."""
    workspace = Workspace.get("default")
    environment = own_python()
    environment.register(workspace)
    runs = [submit(workspace, environment, "--alpha", alpha) for alpha in ALPHAS]
    failed = submit(workspace, environment, "--poison", experiment="nightly-retraining")
    for run in runs:
        run.wait_for_completion(raise_on_error=True)
    failed.wait_for_completion(raise_on_error=False)
    best = max(runs, key=lambda run: float(run.get_metrics("final accuracy")["final accuracy"]))
    best.tag("stage", "candidate")
    model = best.register_model(
        "digits",
        "outputs/digits.pkl",
        tags={"stage": "candidate"},
        model_framework=Model.Framework.SCIKITLEARN,
        description="A linear classifier of handwritten digits.",
    )
    service, body = deploy(workspace, environment, model)
    live = submit(workspace, environment, "--epochs", 2000, "--pause", 0.2)
    wait_until_logging(live)
    return Shown(best, failed, live, runs, service, body)


def own_python() -> Environment:
    """The interpreter of this process: nothing has to be built."""
    environment = Environment("digits")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    return environment


def submit(workspace: Workspace, environment: Environment, *arguments: object, experiment: str = "digits") -> Run:
    config = ScriptRunConfig(str(PROJECT), "train.py", arguments=list(arguments), environment=environment)
    run = Experiment(workspace, experiment).submit(config)
    words = [str(argument).lstrip("-") for argument in arguments[:2]]
    run.display_name = "-".join(words) if experiment == "digits" else experiment
    return run


def deploy(workspace: Workspace, environment: Environment, model: Model) -> tuple[Webservice, str]:
    config = InferenceConfig("score.py", environment=environment, source_directory=str(PROJECT / "service"))
    settings = LocalWebservice.deploy_configuration()
    service = Model.deploy(workspace, "digits-service", [model], config, settings, overwrite=True)
    service.wait_for_deployment(show_output=False)
    images = (load_digits().data[:2] / 16).round(2)
    body = json.dumps({"data": images.tolist()})
    print(f"the service answers {service.run(body)}")
    return service, body


def wait_until_logging(run: Run) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if len(run.get_metrics("loss").get("loss", [])) > 25:
            return
        time.sleep(0.5)
    raise SystemExit(f"the run {run.id} logged nothing within {PATIENCE_SECONDS} s; its status is {run.get_status()}")


def use(home: Path) -> None:
    """Make the server of ``home`` the one that this process finds."""
    for name in [name for name in os.environ if name.startswith(("ZAFFRE_", "AZUREML_", "MLFLOW_"))]:
        del os.environ[name]
    os.environ["ZAFFRE_HOME"] = str(home)
