"""``zaffre service deploy``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.model.show import get_model
from zaffre.cli.progress import waiting
from zaffre.cli.references import tags
from zaffre.cli.results import Details
from zaffre.cli.service.rollout import AS_USUAL, RolloutFlags
from zaffre.cli.service.show import FIELDS, get_service
from zaffre.cli.service.target import LOCALLY, Target
from zaffre.cli.session import SESSION, Session
from zaffre.cli.software import NONE_NAMED, Software
from zaffre.core.entities import Service
from zaffre.core.wire import ServicePatch
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model


def deploy_service(
    name: str,
    /,
    *,
    model: Annotated[list[str], Parameter(name=("--model", "-m"))],
    entry: str | None = None,
    source: Path = Path(),
    description: str = "",
    tag: list[str] | None = None,
    overwrite: bool = False,
    wait: Annotated[bool, Parameter(negative="--no-wait")] = True,
    software: Software = NONE_NAMED,
    target: Target = LOCALLY,
    rollout: RolloutFlags = AS_USUAL,
    session: Session = SESSION,
) -> Details:
    """Deploy models as a web service, on this machine or beside the server.

    Parameters
    ----------
    name
        3 to 32 lower-case letters, digits or hyphens.
    model
        A registered model: name:version, name@alias, or the name for the newest version; may be repeated.
    entry
        The script with init() and run(), relative to --source; score.py where software is named. With neither, one
        model of MLflow, scikit-learn, ONNX or TensorFlow is served without a script of yours.
    source
        The folder to send.
    description
        A sentence about it.
    tag
        A tag, as key=value; may be repeated.
    overwrite
        Replace a service of that name.
    wait
        Wait until it answers; a failed deployment then answers with exit code 7.
    """
    workspace, scope = workspace_of(session), session.scope()
    inference = _inference(entry, source, software.chosen(workspace, f"{name}-environment"))
    found = [get_model(scope, reference) for reference in model]
    configuration = target.configuration()
    configuration.rollout = rollout.chosen()
    service = Model.deploy(
        workspace,
        name,
        [Model(workspace, each.name, version=each.version) for each in found],
        inference,
        configuration,
        overwrite=overwrite,
    )
    if description or tag:
        patch = ServicePatch(description=description or None, tags=tags(tag))
        scope.client.patch(scope.path("services", name), Service, patch)
    if wait:
        with waiting(f"Deploying {name}"):
            service.wait_for_deployment()
    return Details(get_service(scope, name), FIELDS)


def _inference(entry: str | None, source: Path, environment: Environment | None) -> InferenceConfig | None:
    if environment is not None:
        return InferenceConfig(entry or "score.py", source_directory=str(source), environment=environment)
    if entry is not None:
        raise UsageError("An entry script needs its software: give one of --environment, --conda and --pip.")
    return None
