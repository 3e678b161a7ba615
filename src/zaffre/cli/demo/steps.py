"""The steps of the demo as a person watches them, on stderr: what is done, what came of it, how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.status import Status

from zaffre.cli.output import standard_error


class Step:
    """One step under way. ``result`` is what stands in its line once it is done."""

    def __init__(self, name: str, status: Status | None) -> None:
        self.name = name
        self.result = ""
        self.seconds: float | None = None  # None: the time from the beginning to the end of the step
        self._status = status

    def tell(self, text: str) -> None:
        """Say what goes on now, beside the spinner."""
        if self._status is not None:
            self._status.update(f"[bold]{self.name:<12}[/] {escape(text)}")


class Steps:
    def __init__(self) -> None:
        self._console = standard_error()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[Step]:
        begun = time.monotonic()
        if self._console.is_terminal:
            with Status("", console=self._console) as status:
                step = Step(name, status)
                step.tell(doing)
                yield step
        else:
            step = Step(name, None)
            yield step
        seconds = step.seconds if step.seconds is not None else time.monotonic() - begun
        self.seconds[name] = round(seconds, 3)
        self._console.print(f"[green]✓[/] [bold]{name:<12}[/] {escape(step.result)} [dim]({seconds:.2f} s)[/]")
