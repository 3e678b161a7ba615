"""Waiting for a deployment: its steps as they end, and a failure that says which step, why and where."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from zaffre.core.entities import DeploymentStep, Service
from zaffre.core.errors import DeploymentFailed, WebserviceException, WebserviceNotFound
from zaffre.core.ids import now_ms
from zaffre.core.rollout import BAKE
from zaffre.core.states import ServiceState

if TYPE_CHECKING:
    from zaffre.sdk.webservice import Webservice
    from zaffre.sdk.webservice_local import LocalWebservice

_POLL_SECONDS: Final = 0.1
_APPEAR_SECONDS: Final = 20.0  # how long a supervisor may take to begin its work
_TAIL_LINES: Final = 20
_LONG_MS: Final = 3000  # a step that goes on for longer is told before it ends


class Waiting:
    """One call of ``wait_for_deployment``. ``check_life`` raises when nobody works on the deployment."""

    def __init__(
        self,
        service: Webservice,
        show_output: bool,
        timeout_sec: float | None,
        check_life: Callable[[], None] = lambda: None,
    ) -> None:
        self._service = service
        self._check_life = check_life
        self._shown = show_output
        self._timeout = timeout_sec
        self._begun = time.monotonic()
        self._told: set[tuple[str, int, bool]] = set()  # steps, and whether they were going on

    def wait(self) -> None:
        """Return when the service runs; raise ``DeploymentFailed``, ``WebserviceNotFound`` or, after the time given,
        ``WebserviceException``."""
        while True:
            self._service.update_deployment_state()
            entity = self._service._service
            self._show(entity)
            if entity.state is ServiceState.DELETED:
                raise WebserviceNotFound(f"The service {self._service.name} was deleted while it was waited for.")
            if entity.error is not None and entity.state in (ServiceState.FAILED, ServiceState.RUNNING):
                raise self._failure()
            if self._service._is_serving:
                self._show_watch(entity.steps)
                self._say(f'{self._service.compute_type} service creation operation finished, operation "Succeeded"')
                return
            self._check_life()
            if self._timeout is not None and time.monotonic() - self._begun > self._timeout:
                raise WebserviceException(
                    f"The service {self._service.name} is still {self._service.state} after {self._timeout:g} s (step "
                    f"{_current(entity.steps)}). Its deployment goes on: call wait_for_deployment() again, or "
                    "get_logs()."
                )
            time.sleep(_POLL_SECONDS)

    def _failure(self) -> DeploymentFailed:
        service = self._service
        error = service.error or {}
        details: dict[str, Any] = error.get("details") or {}
        parts = [f"The deployment of the service {service.name} failed; it is {service.state}. {error.get('message')}"]
        trace = details.get("traceback")
        log = details.get("log")
        if trace:
            parts.append(str(trace).rstrip())
        elif log:
            parts.append(f"The last lines of its log:\n{log}")
        parts.append("The whole log: get_logs().")
        self._say(f'{service.compute_type} service creation operation finished, operation "Failed"')
        return DeploymentFailed("\n".join(parts), step=details.get("step"), traceback=trace, log=log)

    def _show(self, entity: Service) -> None:
        """Tell of each step when it has ended, and of one that takes its time when that is clear."""
        failed = (entity.error.details or {}).get("step") if entity.error is not None else None
        for number, step in enumerate(entity.steps):
            key = (step.name, step.started_at, step.ended_at is None)
            if key in self._told:
                continue
            if step.ended_at is not None:
                self._told.add(key)
                is_failed = step.name == failed and number == len(entity.steps) - 1
                detail = f" ({step.detail})" if step.detail else ""
                seconds = (step.ended_at - step.started_at) / 1000
                self._say(f"  {step.name:<12} {seconds:6.2f} s{' failed' if is_failed else ''}{detail}")
            elif step.name != BAKE and now_ms() - step.started_at > _LONG_MS:
                self._told.add(key)
                self._say(f"  {step.name:<12}    ... is going on")

    def _show_watch(self, steps: list[DeploymentStep]) -> None:
        if steps and steps[-1].name == BAKE and steps[-1].ended_at is None:
            self._say(f"  {BAKE:<12} begins ({steps[-1].detail})")

    def _say(self, line: str) -> None:
        if self._shown:
            print(line, flush=True)


class Supervision:
    """Whether somebody on this machine works on the deployment of a local service."""

    def __init__(self, service: LocalWebservice) -> None:
        self._service = service
        self._supervised_at = time.monotonic()

    def check(self) -> None:
        """Raise when nobody does."""
        folder = self._service._folder
        now = time.monotonic()
        # Where the log of a supervisor is not on this machine, the service is another machine's.
        if folder.is_supervised() or not folder.supervisor_log.exists():
            self._supervised_at = now
            return
        # One that was just started needs a moment; one whose service ran already is gone.
        was_running = self._service._service.state is ServiceState.RUNNING
        if was_running or now - self._supervised_at > _APPEAR_SECONDS:
            lines = folder.supervisor_log.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:]
            raise DeploymentFailed(
                f"The process that supervises the service {self._service.name} is not there any more: call reload() "
                f"or update() to start it again. The end of {folder.supervisor_log}:\n" + "\n".join(lines)
            )


def _current(steps: list[DeploymentStep]) -> str:
    return steps[-1].name if steps else "not begun"
