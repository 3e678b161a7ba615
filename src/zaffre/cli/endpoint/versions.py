"""The versions of an endpoint as the command line shows them, and what a new one is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypedDict

from cyclopts import Group, Parameter

from zaffre.cli.exits import UsageError
from zaffre.cli.model.show import get_model
from zaffre.cli.results import Listing
from zaffre.cli.session import Session
from zaffre.cli.software import Software
from zaffre.core.endpoint_wire import Endpoint
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.workspace import Workspace

COLUMNS = (
    ("version", lambda version: version.name),
    ("traffic", lambda version: f"{version.traffic_percentile} %"),
    ("default", lambda version: "yes" if version.is_default else ""),
    ("type", lambda version: version.version_type),
    ("state", lambda version: version.service.state.value),
    ("models", lambda version: ", ".join(version.service.models)),
    ("error", lambda version: version.service.error.message if version.service.error else ""),
)
RUNS = Group("What it runs", sort_key=4)


class Scaling(TypedDict):
    """Arguments of the SDK."""

    num_replicas: int | None
    autoscale_enabled: bool | None
    autoscale_min_replicas: int | None
    autoscale_max_replicas: int | None


@Parameter(name="*", group=RUNS)
@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    model: Annotated[list[str] | None, Parameter(name=("--model", "-m"))] = None
    """A registered model: name:version, name@alias, or the name for the newest version; may be repeated."""
    entry: str = "score.py"
    """The script with init() and run(), relative to --source."""
    source: Path = Path()
    """The folder to send."""
    replicas: int | None = None
    """How many processes answer requests, always; by default as many as the load asks for."""
    min_replicas: int | None = None
    """The fewest, where they follow the load: 1 by default."""
    max_replicas: int | None = None
    """The most, where they follow the load: by default one for each processor, at most 10."""

    def scaling(self) -> Scaling:
        follows = self.min_replicas is not None or self.max_replicas is not None
        return {
            "num_replicas": self.replicas,
            "autoscale_enabled": True if follows else None,
            "autoscale_min_replicas": self.min_replicas,
            "autoscale_max_replicas": self.max_replicas,
        }

    def models(self, workspace: Workspace) -> list[Model | str] | None:
        if self.model is None:
            return None
        found = [get_model(workspace._scope, reference) for reference in self.model]
        return [Model(workspace, each.name, version=each.version) for each in found]

    def inference(self, workspace: Workspace, software: Software, name: str) -> InferenceConfig | None:
        """What it runs, where its software is named."""
        environment: Environment | None = software.chosen(workspace, f"{name}-environment")
        if environment is None:
            if (self.entry, self.source) != (AS_BEFORE.entry, AS_BEFORE.source):
                raise UsageError("A script needs its software: give one of --environment, --conda and --pip with it.")
            return None
        return InferenceConfig(entry_script=self.entry, source_directory=str(self.source), environment=environment)


AS_BEFORE = Runs()


def listing(session: Session, name: str) -> Listing:
    scope = session.scope()
    found = scope.client.get(scope.path("endpoints", name), Endpoint)
    return Listing(found.versions, COLUMNS, f"The endpoint {name} has no versions.")


def percentages(given: tuple[str, ...]) -> dict[str, int]:
    """``("a=80", "b=20")`` as {"a": 80, "b": 20}."""
    held = {}
    for text in given:
        name, separator, share = text.partition("=")
        if not (name and separator and share.isdecimal()):
            raise UsageError(f"{text!r} is not VERSION=PERCENT, such as canary=10.")
        held[name] = int(share)
    return held
