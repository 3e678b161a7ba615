"""The run that this process executes, as the script inside it sees it."""

from __future__ import annotations

import logging
from typing import Any

from zaffre.core import contract, wire
from zaffre.sdk.run import Run
from zaffre.sdk.unbuilt import not_built

_log = logging.getLogger("zaffre")


class _SubmittedRun(Run):
    """Its end is decided by the script's exit code, so ``complete`` and ``fail`` set no status and ``cancel`` warns."""

    @property
    def input_datasets(self) -> Any:
        raise not_built("Run.input_datasets", "read files from a datastore, or pass paths as arguments")

    @property
    def output_datasets(self) -> Any:
        raise not_built("Run.output_datasets", "write to ./outputs, which is kept with the run")

    def cancel(self) -> None:
        _log.warning("A submitted run is not canceled from inside: leave the script, or cancel it from outside.")

    def _may_replace(self, name: str) -> bool:
        # The runner collects these folders while the script runs: what is there is an earlier state of the same file.
        return name.split("/", 1)[0] in (contract.OUTPUTS, contract.LOGS)

    def _end(self, patch: wire.RunPatch, set_status: bool) -> None:
        super()._end(patch, set_status=False)
