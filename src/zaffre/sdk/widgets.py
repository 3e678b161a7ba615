"""``RunDetails(run).show()``: a run to watch, in a notebook or a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from zaffre.core.errors import AzureMLException
from zaffre.core.states import RUN_TERMINAL
from zaffre.sdk.run import Run, html_table, link

SECONDS: Final = 2.0
_TERMINAL: Final = {status.value for status in RUN_TERMINAL}


class RunDetails:
    """In a notebook a table that follows the run until it ends; elsewhere the output of ``wait_for_completion``."""

    def __init__(self, run_instance: Run) -> None:
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show the run. A notebook goes on at once; a terminal shows a submitted run's output until its end.

        ``render_lib`` and ``widget_settings`` are settings of Azure's own widget and change nothing.
        """
        display = notebook_display()
        if display is not None:
            threading.Thread(target=self._follow, args=(display,), name="zaffre-widget", daemon=True).start()
        elif self._run.type is None:
            print(self._run, f"Web View: {self._run.get_portal_url()}", sep="\n")
        else:
            self._run.wait_for_completion(show_output=True, raise_on_error=False)

    def get_widget_data(self, widget_settings: Any = None) -> dict[str, Any]:
        """What the table shows, and the run's metrics."""
        return {**self._facts(), "run_metrics": self._run.get_metrics()}

    def html(self) -> str:
        """The table as HTML."""
        page = link("Link to Zaffre Studio", self._run.get_portal_url())
        return html_table({**{name: str(value) for name, value in self._facts().items()}, "Details Page": page})

    def _facts(self) -> dict[str, Any]:
        details = self._run.get_detailed_status()
        return {
            "Experiment": self._run.experiment.name,
            "Id": self._run.id,
            "Type": self._run.type or "",
            "Status": details["status"],
            "Details": details["details"],
        }

    def _follow(self, display: Callable[[str, str], None]) -> None:
        while True:
            try:
                display(self.html(), f"zaffre-{self._run.id}")
                if self._run.get_status() in _TERMINAL:
                    return
            except AzureMLException as error:
                display(html_table({"Id": self._run.id, "Error": error.message}), f"zaffre-{self._run.id}")
            time.sleep(SECONDS)


def notebook_display() -> Callable[[str, str], None] | None:
    """What shows HTML under an id, anew each time, in the notebook that runs this code; None outside of one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if ipython is None or shell is None or not hasattr(shell, "kernel"):
        return None
    shown: set[str] = set()

    def display(text: str, display_id: str) -> None:
        ipython.display.display(ipython.display.HTML(text), display_id=display_id, update=display_id in shown)
        shown.add(display_id)

    return display
