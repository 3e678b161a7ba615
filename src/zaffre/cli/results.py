"""What commands return: plain data with the way to show it. Only ``output`` turns it into text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zaffre.cli.exits import Exit

Field = tuple[str, Callable[[Any], object]]  # a heading, and the value to show of an item


@dataclass(frozen=True, slots=True)
class Listing:
    """Items of one kind; as JSON, the list of the whole items."""

    items: Sequence[object]
    columns: tuple[Field, ...]
    empty: str  # the sentence to show when there is none
    exit: Exit = Exit.DONE
    prose: tuple[str, ...] = ()  # headings of columns with sentences, which a terminal wraps instead of cutting them


@dataclass(frozen=True, slots=True)
class Details:
    """One item; as JSON, the whole item."""

    item: object
    fields: tuple[Field, ...]
    exit: Exit = Exit.DONE


@dataclass(frozen=True, slots=True)
class Done:
    """A sentence that says what was done; as JSON, its ``facts``."""

    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """One bare value for scripts, such as a token or a prediction; as JSON, ``data``."""

    text: str
    data: object


@dataclass(frozen=True, slots=True)
class Text:
    """Text that arrives piece by piece, such as a log that grows; as JSON, one string per line."""

    pieces: Iterator[str]


Result = Listing | Details | Done | Value | Text
