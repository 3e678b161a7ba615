"""``zaffre demo``: the whole loop, as a script of one's own would go through it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from zaffre.cli.demo.steps import Steps
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Done
from zaffre.cli.run.show import get_run
from zaffre.cli.session import SESSION, Session
from zaffre.cli.up import Port
from zaffre.core import contract
from zaffre.core.entities import Run as RunEntity
from zaffre.core.errors import ActivityFailedException, NotFound
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.core.wire import RunEvent, TicketCreate, TicketCreated
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.discovery import connect, find_server, home
from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.run import Run
from zaffre.sdk.scope import Scope
from zaffre.sdk.script_run_config import ScriptRunConfig
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

EXPERIMENT: Final = "digits"
MODEL: Final = "sklearn_mnist"
SERVICE: Final = "sklearn-mnist-local"
PACKAGES: Final = ["scikit-learn", "azureml-core"]
POLL_SECONDS: Final = 0.1
LOG_SECONDS: Final = 10.0
REUSED: Final = "Reusing environment"  # as the environments' own log says it
BUILT: Final = "Built environment"


def demo(*, port: Port = 6789, session: Session = SESSION) -> Done:
    """Train a classifier of handwritten digits, register it, deploy it as a web service, and score an image.

    The scripts are left in ZAFFRE_HOME/demo to read and change. A second time, the environment is reused.

    Parameters
    ----------
    port
        The port of the web service.
    """
    steps = Steps()
    _find_server(steps)
    workspace = workspace_of(session)
    loop = _Loop(steps, workspace, session.scope(), _write_project(home() / "demo"))
    run = loop.train()
    model = loop.register(run)
    service = loop.deploy(model, port)
    prediction = loop.score(service)
    pages = {
        "run": run.get_portal_url(),
        "model": loop.scope.portal("models", model.name, str(model.version)),
        "endpoint": loop.scope.portal("endpoints", service.name),
    }
    ticket = TicketCreate(path=pages["run"].removeprefix(loop.scope.client.url))
    link = loop.scope.client.post("/api/v1/tickets", TicketCreated, ticket).url
    sentence = (
        f"prediction: {prediction}\n\n"
        f"Run       {pages['run']}\nModel     {pages['model']}\nEndpoint  {pages['endpoint']}\n\n"
        f"Sign a browser in and open the run (valid once, for a minute):\n{link}"
    )
    facts = {"prediction": prediction, "scoring_uri": service.scoring_uri, "pages": pages, "seconds": steps.seconds}
    return Done(sentence, {**facts, "environment_reused": loop.environment_reused, "sign_in": link})


def _find_server(steps: Steps) -> None:
    with steps.step("server", "looking for it") as step:
        found = find_server()
        client = connect()
        step.result = f"{client.url}, {'started' if found is None else 'runs already'}"


def _write_project(folder: Path) -> Path:
    """Copy the scripts to where they can be read and changed; the copies are made anew each time."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (resources.files("zaffre.cli.demo") / "project").iterdir():
        if file.name.endswith(".py"):
            with resources.as_file(file) as path:
                shutil.copyfile(path, folder / file.name)
    return folder


@dataclass
class _Loop:
    steps: Steps
    workspace: Workspace
    scope: Scope
    project: Path
    environment_reused: bool = False

    def environment(self) -> Environment:
        """One environment for the script and the service, so that it is built once."""
        environment = Environment("zaffre-demo")
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        environment.python.conda_dependencies = CondaDependencies.create(
            python_version=python, pip_packages=PACKAGES, pin_sdk_version=False
        )
        return environment

    def train(self) -> Run:
        with self.steps.step("submit", "sending the scripts") as step:
            config = ScriptRunConfig(
                source_directory=str(self.project), script="train.py", environment=self.environment()
            )
            run = Experiment(self.workspace, EXPERIMENT).submit(config)
            step.result = f"run {run.id}"
        with self.steps.step("environment", f"{', '.join(PACKAGES)}: found or built") as step:
            self._until(run.id, RunStatus.RUNNING, RunStatus.FINALIZING)
            log = self._build_log(run.id)
            self.environment_reused = REUSED in log
            step.result = "reused" if self.environment_reused else "built"
            step.seconds = self._preparing_seconds(run.id)
        with self.steps.step("train", "the script runs") as step:
            ended = self._until(run.id, tell=lambda now: step.tell(_metrics(now)))
            step.result = _metrics(ended)
        return run

    def register(self, run: Run) -> Model:
        with self.steps.step("register", "from the run's files") as step:
            model = run.register_model(MODEL, model_path="outputs/sklearn_mnist_model.pkl", tags={"made_by": "demo"})
            step.result = f"{model.name}, version {model.version}"
        return model

    def deploy(self, model: Model, port: int) -> Webservice:
        with self.steps.step("deploy", "starting the web service") as step:
            config = InferenceConfig("score.py", source_directory=str(self.project), environment=self.environment())
            target = LocalWebservice.deploy_configuration(port=port)
            service = Model.deploy(self.workspace, SERVICE, [model], config, target, overwrite=True)
            service.wait_for_deployment()
            step.result = str(service.scoring_uri)
        return service

    def score(self, service: Webservice) -> str:
        digit = (resources.files("zaffre.cli.demo") / "digit.json").read_text("utf-8")
        with self.steps.step("score", "sending an image") as step:
            prediction = json.dumps(service.run(digit))
            step.result = f"28x28 pixels in, {prediction} out"
        return prediction

    def _until(self, run_id: str, *states: RunStatus, tell: Callable[[RunEntity], None] = lambda _: None) -> RunEntity:
        """The run once it is in one of ``states`` or has ended; raises when it failed or was canceled."""
        while True:
            run = get_run(self.scope, run_id)
            if run.status in RUN_TERMINAL and run.status is not RunStatus.COMPLETED:
                reason = run.error.message if run.error else f"it is {run.status.value}"
                raise ActivityFailedException(f"The run {run_id} did not complete: {reason}")
            if run.status in (*states, RunStatus.COMPLETED):
                return run
            tell(run)
            time.sleep(POLL_SECONDS)

    def _build_log(self, run_id: str) -> str:
        """The log of the environment, which may arrive shortly after the script has begun; empty if it does not."""
        path = self.scope.path("runs", run_id, "artifacts", file=contract.BUILD_LOG)
        deadline = time.monotonic() + LOG_SECONDS
        log = ""
        while not any(word in log for word in (REUSED, BUILT)) and time.monotonic() < deadline:
            with contextlib.suppress(NotFound):
                log = self.scope.client.read(path).decode()
            time.sleep(POLL_SECONDS)
        return log

    def _preparing_seconds(self, run_id: str) -> float | None:
        """How long the run prepared, by the server's clock; None when it does not say."""
        events = self.scope.client.get(self.scope.path("runs", run_id, "events"), list[RunEvent])
        times = {event.status: event.at for event in events}
        begun, ended = times.get(RunStatus.PREPARING), times.get(RunStatus.RUNNING)
        return (ended - begun) / 1000 if begun is not None and ended is not None else None


def _metrics(run: RunEntity) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in sorted(run.metrics.items(), reverse=True))
