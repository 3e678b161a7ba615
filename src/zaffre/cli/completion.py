"""``zaffre completion``: the shell completes commands and options after a tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from cyclopts import App

from zaffre.cli.results import Done, Value
from zaffre.cli.session import QUIET, Printing

Shell = Literal["bash", "zsh", "fish"]


def completion_commands(program: Callable[[], App]) -> App:
    """The commands that write the completion of a program, which is given when it is asked for."""
    group = App(name="completion", help="Complete commands and options in the shell.")

    def install(*, shell: Shell | None = None, printing: Printing = QUIET) -> Done:  # noqa: ARG001
        """Install completion for a shell.

        Parameters
        ----------
        shell
            Which one; by default the one this runs in.
        """
        path = program().install_completion(shell=shell)
        return Done(f"Wrote {path}. Open a new terminal, and tab completes `zaffre`.", {"path": str(path)})

    def show(*, shell: Shell | None = None, printing: Printing = QUIET) -> Value:  # noqa: ARG001
        """Print the completion script of a shell.

        Parameters
        ----------
        shell
            Which one; by default the one this runs in.
        """
        script = program().generate_completion(shell=shell)
        return Value(script, {"script": script})

    for name, command in (("install", install), ("show", show)):
        # An app of its own has the name; a bare function is called after the program that happens to run.
        named = App(name=name)
        named.default(command)
        group.command(named)
    return group
