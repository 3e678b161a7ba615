"""The program ``zaffre``: parse, run, print, and answer the shell with an exit code."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from cyclopts import App, CycloptsError

from zaffre.cli.exits import Exit, UsageError, exit_code
from zaffre.cli.output import show, show_error
from zaffre.cli.results import Details, Listing
from zaffre.cli.session import Printing
from zaffre.cli.tree import build, load
from zaffre.core.errors import AzureMLException


def main(arguments: Sequence[str] | None = None) -> None:
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code; every error becomes a sentence on stderr."""
    program = build()
    try:
        command, bound, _ = program.parse_args(list(arguments), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        show_error(UsageError(f"{error} See `{_help_of(program, arguments)}`."))
        return Exit.USAGE
    bound.apply_defaults()
    try:
        return _carry_out(program, command, bound)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone; nothing more can be said on stdout, not even by Python's exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except (AzureMLException, UsageError, OSError) as error:
        show_error(error)
        return exit_code(error)


def _help_of(program: App, arguments: Sequence[str]) -> str:
    """How to see the help of the command that was meant, as far as the words name one."""
    words, _, _ = program.parse_commands(list(arguments))
    return " ".join(("zaffre", *words, "--help"))


def _carry_out(program: App, command: Callable[..., Any], bound: inspect.BoundArguments) -> int:
    chosen = [value.output for value in bound.arguments.values() if isinstance(value, Printing)]
    if not chosen:
        load(program)
        command(*bound.args, **bound.kwargs)  # help and version, which the parser prints by itself
        return Exit.DONE
    # stdout is for the result alone; what the SDK says on the way is for people.
    with contextlib.redirect_stdout(sys.stderr):
        result = command(*bound.args, **bound.kwargs)
    show(result, chosen[0])
    return result.exit if isinstance(result, Listing | Details) else Exit.DONE


if __name__ == "__main__":
    main()
