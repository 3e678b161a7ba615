"""``ScriptRun``: a run that was submitted as a script."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from zaffre.launch.process import ProcessBackend
from zaffre.sdk.run import Run

if TYPE_CHECKING:
    from zaffre.sdk.experiment import Experiment
    from zaffre.sdk.runconfig import RunConfiguration


class ScriptRun(Run):
    """What ``Experiment.submit`` returns for a ``ScriptRunConfig``. ``cancel`` stops its script."""

    def __init__(
        self,
        experiment: Experiment,
        run_id: str,
        directory: str | None = None,
        _run_config: RunConfiguration | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(experiment, run_id, **kwargs)
        self._directory = directory
        self._run_config = _run_config
        self._backend = ProcessBackend()  # starts the runner of a local run, and takes its exit code when it ends

    def cancel(self) -> None:
        super().cancel()

    def clean(self) -> builtins.list[str]:
        return super().clean()
