"""The making of a profile: serve the models, ask them, measure, and take the service away again."""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from zaffre.core.errors import ActivityCanceledException, AzureMLException, WebserviceException
from zaffre.sdk import deployment, service_mode, service_spec
from zaffre.sdk.discovery import home
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.profiling.footprint import Footprint
from zaffre.sdk.profiling.load import Load
from zaffre.sdk.profiling.measurement import GIB, Measurement
from zaffre.sdk.service_folder import ServiceFolder
from zaffre.sdk.webservice_local import LocalWebservice

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.run import Run
    from zaffre.sdk.workspace import Workspace

DETAILS: Final = "zaffre.profile.details"  # property of the run: what get_details() says, as JSON
NAME: Final = "zaffre.profile"  # tags: of the run, and of the service while it is there
MODELS: Final = "zaffre.profiled"  # ",name:version,name:version,"
_LEAST: Final = 200  # requests that are sent one after the other
_QUIET_SECONDS: Final = 60.0
_BUSY_SECONDS: Final = 5.0
_CALLERS: Final = 4
_WARMING: Final = 3
_DEPLOY_SECONDS: Final = 3600.0
_TAIL_LINES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be profiled. ``cpu`` and ``memory_gb``: limits of a container; a process is only measured."""

    name: str
    models: Sequence[Model | str]
    inference: InferenceConfig
    bodies: list[bytes]
    cpu: float | None
    memory_gb: float | None

    @property
    def is_contained(self) -> bool:
        return service_mode.choose(self.inference._environment()._definition()).container


def scratch_name(profile: str) -> str:
    """Where the entry script of a model without one stands meanwhile: no service can have this name."""
    return f".profile-{profile}"


class Profiler:
    """Works on one order, for the thread that calls ``work``. ``say`` gets lines for people."""

    def __init__(self, workspace: Workspace, order: Order, run: Run, say: Callable[[str], None], cancel: Event) -> None:
        self._workspace = workspace
        self._order = order
        self._run = run
        self._say = say
        self._cancel = cancel
        self._service = f"profile-{uuid.uuid4().hex[:8]}"

    def work(self) -> None:
        """Complete the run, or fail it with what stood in the way. Raises nothing but faults of the program itself."""
        try:
            measured = self._measured()
        except AzureMLException as error:
            self._say(error.message)
            if self._cancel.is_set():
                self._run.cancel()
            else:
                self._run.fail(error.message, error_code=error.code)
            return
        for name, value in measured.metrics.items():
            self._run.log(name, value)
        self._run.flush()
        self._run.add_properties({DETAILS: json.dumps(self._details(measured))})
        self._run.complete()
        self._say(
            f"Recommended are {measured.recommended_cpu:g} cores and {measured.recommended_gb:g} GB of memory, a fifth "
            f"more than it used at most ({measured.cores:.2f} cores, {measured.peak_gb:.2f} GB)."
        )

    def _details(self, measured: Measurement) -> dict[str, Any]:
        contained = self._order.is_contained
        return {**measured.details, "ranAs": "container" if contained else "process", "limitsEnforced": contained}

    def _measured(self) -> Measurement:
        try:
            service = self._served()
            measured = self._asked(service)
        finally:
            self._say(f"Taking away the service {self._service}.")
            with contextlib.suppress(WebserviceException):
                LocalWebservice(self._workspace, self._service, must_exist=False).delete()
            scratch = ServiceFolder(home(), self._workspace.name, scratch_name(self._order.name))
            shutil.rmtree(scratch.path, ignore_errors=True)
        if measured.quiet.fault or measured.busy.fault:
            self._say(
                f"{measured.total - measured.succeeded} of {measured.total} requests failed, the first because "
                f"{measured.quiet.fault or measured.busy.fault}"
            )
        return measured

    def _served(self) -> LocalWebservice:
        order = self._order
        self._say(f"Deploying the models as the service {self._service} for the time of the profile.")
        source = service_spec.source_of(order.inference)
        served = service_spec.served_models(order.models)
        spec = service_spec.build(self._workspace, order.inference, source, served.local)
        if spec.container:
            spec = replace(spec, cpus=order.cpu, memory_gb=order.memory_gb)
        elif order.cpu or order.memory_gb:
            self._say("It runs as a process of this machine: cpu and memory_in_gb are compared, not enforced.")
        config = LocalWebservice.deploy_configuration()
        config.tags = {NAME: order.name}
        about = f"The models of the profile {order.name}, while it is made."
        service = deployment.create_locally(
            self._workspace, self._service, spec, served.registered, config, False, about, source
        )
        service.wait_for_deployment(timeout_sec=_DEPLOY_SECONDS)
        self._check()
        return service

    def _asked(self, service: LocalWebservice) -> Measurement:
        load = Load(str(service.scoring_uri), self._order.bodies, self._cancel.is_set)
        footprint = self._footprint(service)
        load.warm(_WARMING)
        count = max(_LEAST, len(self._order.bodies))
        self._say(f"Sending {count} requests one after the other, for at most {_QUIET_SECONDS:g} s.")
        quiet = load.one_by_one(_LEAST, _QUIET_SECONDS, lambda done: self._tell(done, count, footprint))
        self._check()
        if not quiet.latencies:
            raise WebserviceException(
                f"No request of the data set was answered with 200: {quiet.fault.rstrip('.')}. The end of "
                f"the service's log:\n{service.get_logs(_TAIL_LINES)}"
            )
        if quiet.total < len(self._order.bodies):
            self._say(
                f"{quiet.total} of the {len(self._order.bodies)} requests of the data set were sent in that time."
            )
        self._say(f"Sending as many requests as {_CALLERS} callers can, for {_BUSY_SECONDS:g} s.")
        before = footprint.read()
        busy = load.at_once(_CALLERS, _BUSY_SECONDS)
        after = footprint.read()
        self._check()
        used = max(0.0, after.cpu_seconds - before.cpu_seconds)
        measured = Measurement(
            quiet=quiet,
            busy=busy,
            cores=used / busy.seconds if busy.seconds else 0.0,
            cpu_seconds=used,
            peak_bytes=after.peak_bytes,
        )
        self._compare(measured)
        return measured

    def _tell(self, done: int, count: int, footprint: Footprint) -> None:
        """Each tenth: a line, and points of the run's charts."""
        if done % max(1, count // 10) == 0:
            usage = footprint.read()
            self._run.log("progress_percent", round(100 * done / count))
            self._run.log("memory_gb", usage.peak_bytes / GIB)
            self._say(f"{done} of {count} requests, {usage.peak_bytes / GIB:.2f} GB")

    def _compare(self, measured: Measurement) -> None:
        order = self._order
        if order.memory_gb and measured.peak_gb > order.memory_gb:
            self._say(
                f"It used {measured.peak_gb:.2f} GB of memory: a container of {order.memory_gb:g} GB would end it."
            )
        if order.cpu and measured.cores >= 0.95 * order.cpu:
            self._say(f"It used all of the {order.cpu:g} cores that it is meant to have: more make it faster.")

    def _footprint(self, service: LocalWebservice) -> Footprint:
        entity = service._service
        if service_spec.current(entity).container:
            return Footprint.of_container(self._workspace.name, self._service)
        if entity.pid is None:
            raise WebserviceException(f"The service {self._service} does not say which process supervises it.")
        return Footprint.of_process(entity.pid)

    def _check(self) -> None:
        if self._cancel.is_set():
            raise ActivityCanceledException("The profile was interrupted.")
