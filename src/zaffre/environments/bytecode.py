"""Bytecode of installed wheels: compiled once for each wheel and Python, then linked into every environment.

Python asks of a compiled file only whether its source has the time and size it had. The installer links a wheel's files
from its cache, so they have one time in all environments, and the bytecode of one is that of all.
"""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Compile = Callable[[Sequence[str]], None]  # makes the bytecode of sources, beside them


@dataclass(frozen=True, slots=True)
class _Wheel:
    """An installed wheel. ``kept`` is where its bytecode is kept; None for one whose files nothing else shares."""

    sources: list[str]  # below the folder of packages
    kept: Path | None


def store(home: Path) -> Path:
    return home / "bytecode"


def prune(home: Path) -> None:
    """Remove what no environment shares any more."""
    for entry in store(home).glob("*/*"):
        files = [file for file in entry.rglob("*") if file.is_file()]
        if all(file.stat().st_nlink == 1 for file in files):
            shutil.rmtree(entry, ignore_errors=True)


def fill(site: Path, version: str, kept: Path, compile_sources: Compile) -> None:
    """Give every wheel in a folder of packages its bytecode for the Python of that exact version.

    ``kept``: where bytecode is kept, on the same disk; on another one it is compiled every time.
    """
    tag = "cpython-" + "".join(version.split(".")[:2])
    missing = [wheel for wheel in _wheels(site, kept / version) if not _link(wheel, site)]
    sources = [str(site / source) for wheel in missing for source in wheel.sources]
    if sources:
        compile_sources(sources)
    for wheel in missing:
        if wheel.kept is not None:
            _keep(wheel, wheel.kept, site, tag)


def _wheels(site: Path, store: Path) -> Iterator[_Wheel]:
    for record in sorted(site.glob("*.dist-info/RECORD")):
        metadata = record.with_name("METADATA")
        if not metadata.is_file():
            continue
        with record.open(encoding="utf-8", newline="") as file:
            rows = [row[0] for row in csv.reader(file) if row and row[0].endswith(".py")]
        sources = [row for row in rows if not row.startswith(("..", "/"))]
        found = metadata.stat()
        # Which files these are, and not others of the same name: the inode and time of one of them.
        text = "\0".join([record.parent.name, str(found.st_ino), str(found.st_mtime_ns), *sources])
        digest = hashlib.sha256(text.encode()).hexdigest()[:20]
        yield _Wheel(sources, store / f"{record.parent.name}-{digest}" if found.st_nlink > 1 else None)


def _link(wheel: _Wheel, site: Path) -> bool:
    """Whether the wheel's bytecode was kept, and is now beside its sources."""
    if wheel.kept is None or not wheel.kept.is_dir():
        return False
    try:
        for root, _, files in os.walk(wheel.kept):
            target = site / os.path.relpath(root, wheel.kept)
            if files:
                target.mkdir(parents=True, exist_ok=True)
            for name in files:
                if not (target / name).exists():
                    os.link(os.path.join(root, name), target / name)
    except OSError:
        return False  # compiled instead, as on a disk without links
    return True


def _keep(wheel: _Wheel, kept: Path, site: Path, tag: str) -> None:
    """Link the bytecode to where it is kept; it appears there whole, or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=kept.parent))
    try:
        for source in wheel.sources:
            folder, name = os.path.split(source)
            place = os.path.join(folder, "__pycache__", f"{name.removesuffix('.py')}.{tag}.pyc")
            if (site / place).exists():  # a template in no Python has none
                (partial / place).parent.mkdir(parents=True, exist_ok=True)
                os.link(site / place, partial / place)
        if not kept.exists():
            partial.rename(kept)
    except OSError:
        return  # another process was first, or the disk has no links
    finally:
        shutil.rmtree(partial, ignore_errors=True)
