"""``ModelProfile``: how a model answers and what it uses, measured: a run of the experiment ``model-profiles``."""

from __future__ import annotations

import builtins
import json
import math
import sys
import threading
import time
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import entities, names
from zaffre.core.errors import WebserviceException, WebserviceNotFound
from zaffre.core.states import RunStatus
from zaffre.sdk import no_code, service_spec
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.profiling import footprint, requests
from zaffre.sdk.profiling.profiler import DETAILS, MODELS, NAME, Order, Profiler, scratch_name
from zaffre.sdk.times import iso

if TYPE_CHECKING:
    from zaffre.sdk.inference import InferenceConfig
    from zaffre.sdk.model import Model
    from zaffre.sdk.run import Run
    from zaffre.sdk.workspace import Workspace

EXPERIMENT: Final = "model-profiles"
_POLL_SECONDS: Final = 0.2
_STATES: Final = {
    RunStatus.COMPLETED: "Succeeded",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELED: "Canceled",
    RunStatus.CANCEL_REQUESTED: "Canceled",
}
_CPU, _MEMORY = "zaffre.profile.cpu", "zaffre.profile.memory_gb"  # properties: what was asked for


class ModelProfile:
    """The newest profile of a name. ``state`` is Running, Succeeded, Failed or Canceled.

    Raises ``WebserviceNotFound``.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name
        route = workspace._scope.path("runs")
        found = workspace._scope.client.items(route, entities.Run, tag=f"{NAME}={name}", limit=1, at_most=1)
        entity = next(iter(found), None)
        if entity is None:
            raise WebserviceNotFound(
                f"ModelProfileNotFound: ModelProfile with name {name} not found in provided workspace {workspace.name}."
            )
        self._entity = entity
        self._work: _Work | None = None

    @classmethod
    def _of(cls, workspace: Workspace, entity: entities.Run, work: _Work | None = None) -> ModelProfile:
        profile = object.__new__(cls)
        profile.workspace = workspace
        profile.name = entity.tags[NAME]
        profile._entity = entity
        profile._work = work
        return profile

    def __repr__(self) -> str:
        return f"ModelProfile(workspace={self.workspace!r}, name={self.name}, state={self.state})"

    @staticmethod
    def list(workspace: Workspace, model: str | None = None) -> builtins.list[ModelProfile]:
        """The profiles, the newest first; ``model``: those of ``name:version``, or of all versions of ``name``."""
        route = workspace._scope.path("runs")
        runs = workspace._scope.client.items(route, entities.Run, tag=NAME)
        found = [ModelProfile._of(workspace, run) for run in runs]
        if model is None:
            return found
        return [one for one in found if any(model in (held, held.rpartition(":")[0]) for held in one.models)]

    # --- what it is ---

    @property
    def state(self) -> str:
        return _STATES.get(self._entity.status, "Running")

    @property
    def models(self) -> builtins.list[str]:
        """As ``name:version``."""
        return [one for one in self._entity.tags.get(MODELS, "").split(",") if one]

    @property
    def description(self) -> str:
        return self._entity.description

    @property
    def created_time(self) -> str:
        return iso(self._entity.created_at)

    @property
    def error(self) -> dict[str, Any] | None:
        error = self._entity.error
        return None if error is None else {"code": error.code, "message": error.message}

    @property
    def recommended_cpu(self) -> float | None:
        """Cores; None unless it succeeded."""
        found: float | None = self._found().get("recommendedCpu")
        return found

    @property
    def recommended_memory_in_gb(self) -> float | None:
        found: float | None = self._found().get("recommendedMemoryInGB")
        return found

    @property
    def run(self) -> Run:
        """With the metrics while they are measured."""
        return self.workspace.get_run(self._entity.id)

    def get_details(self) -> dict[str, Any]:
        """As Azure's keys: what was asked for, ``state``, and once it succeeded latencies in ms, memory in GB, cores,
        counts of requests and rates, with ``recommendedCpu`` and ``recommendedMemoryInGB``; else ``error``."""
        self._refresh()
        asked = self._entity.properties
        return {
            "name": self.name,
            "description": self.description,
            "createdTime": self.created_time,
            "state": self.state,
            "error": self.error,
            "requestedCpu": _number(asked.get(_CPU)),
            "requestedMemoryInGB": _number(asked.get(_MEMORY)),
            "requestedQueriesPerSecond": 0,
            **self._found(),
        }

    def serialize(self) -> dict[str, Any]:
        """``get_details`` with the workspace, the models and the run."""
        return {
            **self.get_details(),
            "workspaceName": self.workspace.name,
            "modelIds": self.models,
            "runId": self._entity.id,
        }

    def wait_for_completion(self, show_output: bool = False) -> None:
        """Wait until it is made; ``show_output`` prints what is done. Raises ``WebserviceException`` if it failed.

        An interruption (Ctrl-C) in the program that makes it ends it.
        """
        shown = 0
        try:
            while True:
                ended = self._has_ended()
                lines = self._work.lines if self._work is not None else []
                for line in lines[shown:] if show_output else ():
                    sys.stdout.write(f"{line}\n")
                shown = len(lines)
                if ended:
                    break
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            if self._work is not None:
                self._work.cancel.set()
                self._work.thread.join()
            raise
        self._refresh()
        if self.state != "Succeeded":
            reason = self._entity.error.message if self._entity.error else f"it is {self.state.lower()}"
            raise WebserviceException(f"The profile {self.name} has no result: {reason}")

    def _has_ended(self) -> bool:
        if self._work is not None:
            return not self._work.thread.is_alive()
        self._refresh()
        return self.state != "Running"

    def _refresh(self) -> None:
        route = self.workspace._scope.path("runs", self._entity.id)
        self._entity = self.workspace._scope.client.get(route, entities.Run)

    def _found(self) -> dict[str, Any]:
        text = self._entity.properties.get(DETAILS)
        found: dict[str, Any] = json.loads(text) if text else {}
        return found


class _Work:
    """The thread that makes a profile; the program does not end before it is done."""

    def __init__(self, workspace: Workspace, order: Order, run: Run) -> None:
        self.lines: list[str] = []
        self.cancel = Event()
        profiler = Profiler(workspace, order, run, self._say, self.cancel)
        self.thread = threading.Thread(target=profiler.work, name="model-profile")
        self.thread.start()

    def _say(self, line: str) -> None:
        self.lines.append(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}")


def begin(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str],
    inference_config: InferenceConfig | None,
    input_dataset: object,
    cpu: float | None,
    memory_in_gb: float | None,
    description: str | None,
) -> ModelProfile:
    """Begin a profile. What cannot be profiled is refused before anything is made."""
    names.check_profile(name)
    _check_limit("cpu", cpu)
    _check_limit("memory_in_gb", memory_in_gb)
    footprint.check()
    served = service_spec.served_models(models)
    bodies = requests.bodies(input_dataset)
    inference = inference_config or no_code.inference_config(workspace, scratch_name(name), models)
    order = Order(name=name, models=models, inference=inference, bodies=bodies, cpu=cpu, memory_gb=memory_in_gb)
    order.is_contained  # noqa: B018 - raises where an engine is needed and none is there
    held = [*served.registered, *(f"{local}:0" for local in served.local)]
    run = Experiment(workspace, EXPERIMENT).start_logging(display_name=name, snapshot_directory=None, outputs=False)
    run.set_tags({NAME: name, MODELS: f",{','.join(held)},"})
    asked = {_CPU: cpu, _MEMORY: memory_in_gb}
    run.add_properties({key: f"{value:g}" for key, value in asked.items() if value is not None})
    run.description = description or ""
    entity = workspace._scope.client.get(workspace._scope.path("runs", run.id), entities.Run)
    print(f"Profiling {', '.join(held) or 'an entry script'} as {name}: {run.get_portal_url()}")
    return ModelProfile._of(workspace, entity, _Work(workspace, order, run))


def _check_limit(name: str, value: float | None) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0.1
    if value is not None and not good:
        raise WebserviceException(f"{name} of a profile must be a number of 0.1 or more, not {value!r}.")


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
