"""``python -m zaffre.runner run``: read what to supervise from the environment, supervise it, leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from zaffre.core import contract
from zaffre.core.entities import Run, RunError
from zaffre.core.errors import AzureMLException, InvalidValue
from zaffre.core.names import check_run_id
from zaffre.core.states import RunStatus
from zaffre.core.wire import RunPatch
from zaffre.runner.supervisor import Settings, Supervisor
from zaffre.sdk.client import Client, segment

PATIENCE: Final = contract.ZAFFRE_RUNNER_PATIENCE  # seconds that a finished run waits for a server that is away
_PATIENCE_SECONDS: Final = 24 * 3600.0
_KEPT_DAYS: Final = 7  # how long the folder of a failed run is kept


def main() -> int:
    """0 when the server has acknowledged how the run ended, 1 when it could not be told, 2 for a wrong start."""
    try:
        settings = _settings(os.environ)
    except AzureMLException as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    supervisor = Supervisor(settings, _note)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.canceled.set())
    try:
        complete = supervisor.run()
    except Exception as error:
        text = error.message if isinstance(error, AzureMLException) else traceback.format_exc()
        _note(text)
        _report_fault(settings, text)
        return 1
    _sweep(settings.home)
    return 0 if complete else 1


def _settings(environment: Mapping[str, str]) -> Settings:
    needed = (contract.ZAFFRE_URL, contract.ZAFFRE_TOKEN, contract.ZAFFRE_WORKSPACE, contract.RUN_ID)
    missing = [name for name in (*needed, contract.ZAFFRE_HOME) if not environment.get(name)]
    if missing:
        raise InvalidValue(f"The runner does not know what to supervise: {', '.join(missing)} must be set.")
    patience = environment.get(PATIENCE) or str(_PATIENCE_SECONDS)
    try:
        seconds = float(patience)
    except ValueError as error:
        raise InvalidValue(f"{PATIENCE}={patience!r} is not a number of seconds.") from error
    url, token, workspace, run_id = (environment[name] for name in needed)
    return Settings(
        url=url.rstrip("/"),
        token=token,
        workspace=workspace,
        run_id=check_run_id(run_id),
        home=Path(environment[contract.ZAFFRE_HOME]).expanduser().absolute(),
        environment=dict(environment),
        patience_seconds=seconds,
    )


def _note(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
    sys.stderr.flush()


def _report_fault(settings: Settings, text: str) -> None:
    """A fault of the runner itself must not leave the run waiting for ever."""
    message = f"The runner of this run failed: {text.strip().splitlines()[-1] if text.strip() else 'unknown'}"
    error = RunError(code="ServiceError", message=message, details={"trace": text[-4000:]})
    try:
        client = Client(settings.url, settings.token)
        path = f"{client.ws(settings.workspace)}/runs/{segment(settings.run_id)}"
        client.patch(path, Run, RunPatch(status=RunStatus.FAILED, error=error))
    except AzureMLException as problem:
        _note(problem.message)


def _sweep(home: Path) -> None:
    """Remove what runs left here that failed long ago."""
    oldest = time.time() - _KEPT_DAYS * 24 * 3600
    for left in (home / "runs").iterdir():
        try:
            if left.stat().st_mtime > oldest or (home / "spool" / left.name).exists():
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()  # what a runner said
        except OSError:
            continue  # another runner was faster
