"""The one place that prints: results on stdout as a table or JSON, errors and progress on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from zaffre.cli.formats import style
from zaffre.cli.results import Details, Done, Field, Listing, Result, Text, Value
from zaffre.core.codec import to_plain
from zaffre.core.errors import AzureMLException

Format = Literal["table", "json"]
_STATES = ("status", "state")
_PIPE_WIDTH = 100_000  # a pipe has no width: nothing is cut or wrapped there


def standard_output() -> Console:
    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def standard_error() -> Console:
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def show(result: Result | None, format_: Format) -> None:
    """Print a command's result."""
    if result is None:
        return
    if isinstance(result, Text):
        for piece in result.pieces:
            sys.stdout.write(json.dumps(piece) + "\n" if format_ == "json" else piece)
            sys.stdout.flush()
    elif format_ == "json":
        sys.stdout.write(json.dumps(to_plain(_data(result)), indent=2, ensure_ascii=False) + "\n")
    elif isinstance(result, Listing):
        _print_table(result)
    elif isinstance(result, Details):
        _print_details(result)
    elif isinstance(result, Done):
        standard_output().print(result.sentence, markup=False, soft_wrap=True)
    else:
        sys.stdout.write(result.text + "\n")


def show_error(error: BaseException) -> None:
    """The sentence of an error, on stderr, without a stack trace."""
    standard_error().print(f"zaffre: {_sentence(error)}", markup=False, style="red" if sys.stderr.isatty() else None)


def _sentence(error: BaseException) -> str:
    if isinstance(error, AzureMLException):
        return error.message
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"There is no file or folder {os.fsdecode(error.filename)}: check the path."
    return str(error) or type(error).__name__


def _data(result: Listing | Details | Done | Value) -> object:
    if isinstance(result, Listing):
        return list(result.items)
    if isinstance(result, Details):
        return result.item
    return dict(result.facts) if isinstance(result, Done) else result.data


def _print_table(listing: Listing) -> None:
    if not listing.items:
        standard_error().print(listing.empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, (heading, _) in enumerate(listing.columns):
        # What names an item is not cut where it fits at all: it is what one copies into the next command.
        table.add_column(_line(heading.upper()), no_wrap=number == 0 or heading in _STATES)
    for item in listing.items:
        table.add_row(*(_cell(field, item, listing.prose) for field in listing.columns))
    _print_trimmed(table)


def _print_details(details: Details) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for heading, get in details.fields:
        value = get(details.item)
        if value not in (None, ""):
            table.add_row(heading, _cell((heading, get), details.item, [heading]))
    _print_trimmed(table)


def _cell(field: Field, item: object, prose: Collection[str]) -> Styled:
    heading, get = field
    value = get(item)
    plain = "" if value is None else str(value)
    text = Styled(plain, overflow="fold") if heading in prose else _line(plain)
    text.style = style(plain) if heading in _STATES else ""
    return text


def _line(text: str) -> Styled:
    """Text of a table's row, which is one line: what a terminal has no room for is cut with an ellipsis."""
    return Styled(" ".join(text.split("\n")), no_wrap=True, overflow="ellipsis")


def _print_trimmed(table: Table) -> None:
    """A table without the blanks that pad its last column, so that what a pipe gets is clean."""
    console = standard_output()
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))
