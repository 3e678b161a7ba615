"""The documents whose code Zaffre runs: their Python blocks, in order, as they stand there.

They are read from ``shared/seeds`` beside the repository and are no part of it; without them these tests are skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "seeds"
MISSING = f"the documents are not there: {FOLDER}"

_FENCE = re.compile(r"^[ \t]*```(\w+)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block; ``line`` is where it begins in its document."""

    document: str
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(text: str, document: str) -> list[Block]:
    return [
        Block(document, text.count("\n", 0, found.start()) + 1, found[1].lower(), found[2])
        for found in _FENCE.finditer(text)
    ]


@cache
def documents() -> dict[str, list[Block]]:
    """Every document's blocks by its file name; empty where there are none."""
    files = sorted(FOLDER.glob("*.txt")) if FOLDER.is_dir() else []
    return {file.stem: blocks(file.read_text("utf-8"), file.stem) for file in files}


def about(phrase: str) -> list[str]:
    """The names of the documents in which a block holds ``phrase``."""
    return [name for name, held in documents().items() if any(phrase in block.code for block in held)]


def block(document: str, phrase: str, language: str = "python") -> Block:
    """The first block of the document that holds ``phrase``."""
    return next(one for one in documents()[document] if one.language == language and phrase in one.code)
