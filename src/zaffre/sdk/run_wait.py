"""Waiting for a run, watching its logs, and its details."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TextIO, TypeVar

from zaffre.core import entities
from zaffre.core.errors import ActivityFailedException, ExperimentExecutionException, NotFound, ServerUnavailable
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.sdk.run_files import RunFiles
from zaffre.sdk.times import iso

T = TypeVar("T")
POLL_MIN: Final = "AZUREML_RUN_POLLING_INTERVAL_MIN"
POLL_MAX: Final = "AZUREML_RUN_POLLING_INTERVAL_MAX"
_STREAMED: Final = re.compile(r"(user_logs/std_log[\D]*[0]*(?:_ps)?\.txt)|(azureml-logs/[\d]{2}.+\.txt)")
_LAST_LOOK_SECONDS: Final = 0.3
_log = logging.getLogger("zaffre")
_AWAY_SECONDS: Final = 300.0  # how long a wait goes on without its server: the run does so too
_AWAY_PAUSE: Final = 1.0


class RunWaiting(RunFiles):
    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Wait until the run has ended; returns ``get_details()``.

        ``show_output`` prints the logs while they grow. A failed run raises ``ActivityFailedException`` unless
        ``raise_on_error`` is False. Interrupting the output (Ctrl+C) raises ``ExperimentExecutionException`` and leaves
        the run alone. A run ends here when its post-processing has ended, so ``wait_post_processing`` changes nothing.
        """
        if show_output:
            try:
                self._stream(sys.stdout)
            except KeyboardInterrupt:
                raise ExperimentExecutionException(
                    f"The output of run {self._id} was interrupted; the run goes on. Watch it at "
                    f"{self._scope.portal('runs', self._id)}, or end it with run.cancel()."
                ) from None
        else:
            for run in self._states():
                if run.status in RUN_TERMINAL:
                    break
        details = self._while_away(self.get_details)
        if raise_on_error and details["status"] == RunStatus.FAILED.value:
            raise ActivityFailedException(_failure(self._id, details), details=details.get("error"))
        return details

    def get_status(self) -> str:
        """The status now, for instance "Running"."""
        return self._fetch().status.value

    def get_detailed_status(self) -> dict[str, str]:
        """``{"status", "details"}``; the details of a run that waits are a sentence that says for what."""
        run = self._fetch()
        details = run.waiting_for or (run.error.message if run.error is not None else "")
        return {"status": run.status.value, "details": details}

    def get_details(self) -> dict[str, Any]:
        """The run in Azure's keys; what it does not have is absent."""
        run = self._fetch()
        details: dict[str, Any] = {
            "runId": run.id,
            "target": run.target,
            "status": run.status.value,
            "startTimeUtc": iso(run.start_time) if run.start_time is not None else None,
            "endTimeUtc": iso(run.end_time) if run.end_time is not None else None,
            "services": {},
            "error": error_details(run.error) if run.error is not None else None,
            "warnings": [{"message": run.waiting_for}] if run.waiting_for else None,
            "properties": dict(run.properties),
            "inputDatasets": [],
            "outputDatasets": [],
            "runDefinition": self._definition(),
            "logFiles": {
                name: self._scope.client.url + self._route("artifacts", file=name) for name in self._log_names()
            },
            "submittedBy": run.created_by or None,
        }
        return {key: value for key, value in details.items() if value is not None}

    def get_details_with_logs(self) -> dict[str, Any]:
        """``get_details()`` with the text of each log in place of its URL."""
        details = self.get_details()
        details["logFiles"] = {
            name: self._scope.client.read(self._route("artifacts", file=name)).decode("utf-8", "replace")
            for name in details["logFiles"]
        }
        return details

    def _spec(self) -> entities.ScriptSpec | None:
        """What a submitted run executes; None for other runs."""
        try:
            return self._scope.client.get(self._route("spec"), entities.ScriptSpec)
        except NotFound:
            return None

    def _definition(self) -> Any:
        spec = self._spec()
        return spec.configuration if spec is not None else None

    def _states(self, first: float = 0.1) -> Iterator[entities.Run]:
        """The run again and again, with pauses that grow from ``first`` to AZUREML_RUN_POLLING_INTERVAL_MIN seconds."""
        longest = min(_seconds(POLL_MIN, 2.0), _seconds(POLL_MAX, 60.0))
        pause = first
        while True:
            yield self._while_away(self._fetch)
            time.sleep(pause)
            pause = min(pause * 1.3, longest)

    def _while_away(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns, asked again while the server is away: a run goes on without it, and so does a wait."""
        deadline = time.monotonic() + _AWAY_SECONDS
        is_told = False
        while True:
            try:
                return ask()
            except ServerUnavailable as error:
                if time.monotonic() > deadline:
                    raise
                if not is_told:
                    is_told = True
                    _log.warning("%s The run %s goes on; waiting for the server.", error.message, self._id)
            time.sleep(_AWAY_PAUSE)

    def _stream(self, out: TextIO) -> None:
        """Print the header, every streamed log while it grows, and the summary."""
        address = self._scope.portal("runs", self._id)
        print(f"RunId: {self._id}", f"Web View: {address}", sep="\n", file=out, flush=True)
        shown: dict[str, int] = {}
        waiting = ""
        ended_at: float | None = None
        while True:
            run = self._while_away(self._fetch)
            if run.waiting_for and run.waiting_for != waiting:
                waiting = run.waiting_for
                print(f"[{run.status.value}] {waiting}", file=out, flush=True)
            news = self._while_away(lambda: self._print_news(shown, out))
            if run.status in RUN_TERMINAL:
                ended_at = ended_at or time.monotonic()
                if not news and time.monotonic() - ended_at >= _LAST_LOOK_SECONDS:
                    break
            time.sleep(0.15 if news or ended_at else 0.4)
        print("\nExecution Summary", "=" * 17, f"RunId: {self._id}", f"Web View: {address}", sep="\n", file=out)
        if run.error is not None:
            print("\nError:", json.dumps(error_details(run.error), indent=4), sep="\n", file=out)
        print(file=out, flush=True)

    def _print_news(self, shown: dict[str, int], out: TextIO) -> bool:
        """Print what the streamed logs have beyond ``shown`` (bytes per log); True when there was anything."""
        news = False
        for info in sorted(self._artifacts("azureml-logs") + self._artifacts("user_logs"), key=lambda one: one.path):
            if not _STREAMED.fullmatch(info.path) or (info.size or 0) <= shown.get(info.path, 0):
                continue
            if info.path not in shown:
                title = f"Streaming {info.path}"
                print(f"\n{title}", "=" * len(title), "", sep="\n", file=out)
            offset = shown.get(info.path, 0)
            text, used = _whole(self._scope.client.read(self._route("artifacts", file=info.path), offset=offset))
            shown[info.path] = offset + used
            out.write(text)
            out.flush()
            news = news or used > 0
        return news


def error_details(error: entities.RunError) -> dict[str, Any]:
    """A run's error as ``get_details()["error"]`` has it."""
    parameters: dict[str, str] = {}
    inner = {"code": error.code, "message": error.message, "messageParameters": parameters, "details": error.details}
    return {"error": inner, "correlation": None, "environment": None, "location": None, "time": None}


def _failure(run_id: str, details: dict[str, Any]) -> str:
    error = details.get("error")
    reason = error["error"]["message"] if error is not None else "the run gave no reason"
    return f"The run {run_id} failed: {reason}\n{json.dumps(error, indent=4)}"


def _whole(data: bytes) -> tuple[str, int]:
    """The text of the bytes without a last character that is still incomplete, and how many bytes that is."""
    for cut in range(min(4, len(data) + 1)):
        end = len(data) - cut
        try:
            return data[:end].decode("utf-8"), end
        except UnicodeDecodeError as error:
            if error.end < end:
                break
    return data.decode("utf-8", "replace"), len(data)


def _seconds(variable: str, default: float) -> float:
    try:
        return float(os.environ.get(variable, default))
    except ValueError:
        return default
