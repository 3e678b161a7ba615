"""``zaffre run logs``."""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator
from typing import Annotated, Final

from cyclopts import Parameter

from zaffre.cli.results import Text
from zaffre.cli.run.show import get_run
from zaffre.cli.session import SESSION, Session
from zaffre.core import contract
from zaffre.core.entities import ArtifactInfo
from zaffre.core.errors import ActivityFailedException, NotFound
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.sdk.scope import Scope

POLL_SECONDS: Final = 0.5


def logs(
    run_id: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"))] = False,
    name: str | None = None,
    session: Session = SESSION,
) -> Text:
    """Print what a run has written.

    Parameters
    ----------
    run_id
        Its id.
    follow
        Go on until the run ends; a failed run then answers with exit code 7.
    name
        Another log than the script's own, such as azureml-logs/20_image_build_log.txt.
    """
    scope = session.scope()
    get_run(scope, run_id)
    return Text(
        followed(scope, run_id, name) if follow else iter([read_log(scope, run_id, name or contract.DRIVER_LOG)])
    )


def read_log(scope: Scope, run_id: str, name: str) -> str:
    found = [
        file.path
        for file in scope.client.items(scope.path("runs", run_id, "artifacts"), ArtifactInfo, recursive="true")
    ]
    if name not in found:
        held = ", ".join(path for path in found if path.endswith(".txt")) or "none"
        raise NotFound(f"Run {run_id} has no log {name}. Logs it has: {held}.")
    return scope.client.read(scope.path("runs", run_id, "artifacts", file=name)).decode(errors="replace")


def followed(scope: Scope, run_id: str, name: str | None = None) -> Iterator[str]:
    """The build log while there is no driver log, then the driver log (or ``name`` alone), until the run ends.

    Raises ``ActivityFailedException`` at the end of a failed run, with the run's own error as its sentence.
    """
    wanted = (name,) if name else (contract.BUILD_LOG, contract.DRIVER_LOG)
    offsets = dict.fromkeys(wanted, 0)
    decoders = {path: codecs.getincrementaldecoder("utf-8")(errors="replace") for path in wanted}
    while True:
        # The state is read first: what a run writes before it ends is there once it has ended.
        run = get_run(scope, run_id)
        for path in wanted:
            if new := _new_bytes(scope, run_id, path, offsets[path]):
                offsets[path] += len(new)
                yield decoders[path].decode(new)
        if run.status in RUN_TERMINAL:
            break
        time.sleep(POLL_SECONDS)
    if run.status is RunStatus.FAILED:
        raise ActivityFailedException(run.error.message if run.error else f"Run {run_id} failed.")


def _new_bytes(scope: Scope, run_id: str, path: str, offset: int) -> bytes:
    try:
        return scope.client.read(scope.path("runs", run_id, "artifacts", file=path), offset=offset)
    except NotFound:
        return b""
