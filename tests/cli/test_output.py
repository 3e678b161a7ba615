"""What a table looks like in a terminal, and in a pipe."""

from __future__ import annotations

import io
import sys

import pytest

from zaffre.cli.output import show
from zaffre.cli.results import Listing

ID = "d23c77edb6124bf1b03a78229fbb4b85"
COLUMNS = tuple(
    (name, lambda item, name=name: item[name]) for name in ("id", "name", "experiment", "status", "created")
)
ROWS = [
    {"id": ID, "name": "n" * 200, "experiment": "exp", "status": "Completed", "created": "2026-11-22 03:07:32"},
    {"id": "short", "name": "two\nlines", "experiment": "e" * 40, "status": "Failed", "created": "2026-11-22 03:07:32"},
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


RUNS = Listing(ROWS, COLUMNS, "none")


def printed(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, listing: Listing = RUNS) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", stream)
    show(listing, "table")
    return stream.getvalue().splitlines()


def test_a_terminal_has_a_line_for_each_item_and_its_whole_id(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(Terminal(), monkeypatch)
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith(f"{ID}  nnn")
    assert "\u2026" in lines[1]
    assert all(word in lines[row] for row, word in ((1, "Completed"), (2, "Failed"), (2, "2026-")))


def test_sentences_are_wrapped_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    remedy = "Start it with the command that stands here, and then look whether it runs. " * 3
    rows = [{"check": "docker", "remedy": remedy}]
    columns = tuple((name, lambda item, name=name: item[name]) for name in ("check", "remedy"))
    lines = printed(Terminal(), monkeypatch, Listing(rows, columns, "none", prose=("remedy",)))
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines[1:]).split()) == f"docker {remedy.strip()}"


def test_a_pipe_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(io.StringIO(), monkeypatch)
    assert len(lines) == 3
    assert lines[1].split() == [ID, "n" * 200, "exp", "Completed", "2026-11-22", "03:07:32"]
