"""Which files of a folder make its snapshot, and what they are: paths, sizes, content hashes.

A ``.amlignore`` file at the root says what stays out, in the syntax of ``.gitignore``; where there is none, the root's
``.gitignore`` does. What every project has and no run needs stays out in any case (``ALWAYS_IGNORED``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pathspec

from zaffre.core import limits
from zaffre.core.entities import SnapshotFile
from zaffre.core.errors import SnapshotException, SnapshotTooLarge

IGNORE_FILES: Final = (".amlignore", ".gitignore")
ALWAYS_IGNORED: Final = (
    ".git/",
    ".hg/",
    ".svn/",
    ".azureml/",
    ".venv/",
    "__pycache__/",
    "*.pyc",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    "node_modules/",
    ".DS_Store",
    "/azureml-logs/",
    "/azureml-setup/",
    "/outputs/",
)
# What stays out even where the whole folder is asked for: it serves nobody, and another Python cannot use it.
NEVER_SENT: Final = (".git/", ".hg/", ".svn/", "__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".DS_Store")
LARGEST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the folder that belongs to the snapshot; ``path`` is relative, with slashes."""

    path: str
    size: int
    modified_ns: int
    executable: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a snapshot of ``root`` would hold: the answer of a dry run."""

    root: Path
    files: list[Found]
    ignored_by: str  # the ignore file that was used, or empty
    ignored: list[str] = field(default_factory=list)  # files and folders left out, folders with a slash at the end

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def largest(self, count: int = LARGEST_SHOWN) -> list[Found]:
        return sorted(self.files, key=lambda file: -file.size)[:count]


def plan_snapshot(source: str | os.PathLike[str], *, whole: bool = False) -> Plan:
    """The files of a folder, or one file, that a snapshot would hold; links to files are followed, loops are not.

    ``whole``: no ignore file is applied, and only ``NEVER_SENT`` and Python environments stay out. Raises
    ``SnapshotException`` when there is nothing at ``source``.
    """
    root = Path(source).expanduser().absolute()
    if root.is_file():
        return Plan(root.parent, [_found(root, root.name)], "")
    if not root.is_dir():
        raise SnapshotException(f"There is no folder {root} to take a snapshot of.")
    names_of_rules = () if whole else IGNORE_FILES
    ignore_file = next((name for name in names_of_rules if (root / name).is_file()), "")
    lines = (root / ignore_file).read_text("utf-8", "replace").splitlines() if ignore_file else []
    spec = pathspec.GitIgnoreSpec.from_lines([*(NEVER_SENT if whole else ALWAYS_IGNORED), *lines])
    files: list[Found] = []
    ignored: list[str] = []
    for parent, folders, names in os.walk(root):
        below = Path(parent).relative_to(root)
        kept = []
        for folder in sorted(folders):
            path = (below / folder).as_posix() + "/"
            if spec.match_file(path) or is_environment(Path(parent) / folder):
                ignored.append(path)
            elif not (Path(parent) / folder).is_symlink():
                kept.append(folder)
        folders[:] = kept
        for name in sorted(names):
            path = (below / name).as_posix()
            if spec.match_file(path):
                ignored.append(path)
            elif (Path(parent) / name).is_file():
                files.append(_found(Path(parent) / name, path))
    files.sort(key=lambda file: file.path)
    return Plan(root, files, ignore_file, ignored)


def is_environment(folder: Path) -> bool:
    """Whether a folder is a Python environment (virtualenv or conda), whatever its name."""
    return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()


def check_limits(plan: Plan, limit_bytes: int = limits.SNAPSHOT_BYTES, limit_files: int | None = None) -> None:
    """Raise ``SnapshotTooLarge`` with the largest files and the remedy when the plan is over a limit.

    ``limit_files`` of None means that their number does not matter.
    """
    if plan.size > limit_bytes:
        shown = "\n".join(f"  {in_units(file.size):>9}  {file.path}" for file in plan.largest())
        raise SnapshotTooLarge(
            f"Your total snapshot size exceeds the limit of {in_units(limit_bytes)}: the files of {plan.root} have "
            f"{in_units(plan.size)}. The largest are:\n{shown}\nMove data out of the source folder, or name it in a "
            ".amlignore file there (the syntax is that of .gitignore).",
            size=plan.size,
            limit=limit_bytes,
        )
    if limit_files is not None and len(plan.files) > limit_files:
        counts: dict[str, int] = {}
        for file in plan.files:
            top = file.path.split("/", 1)[0] + ("/" if "/" in file.path else "")
            counts[top] = counts.get(top, 0) + 1
        most = sorted(counts.items(), key=lambda one: -one[1])[:LARGEST_SHOWN]
        shown = "\n".join(f"  {count:>7} files  {top}" for top, count in most)
        raise SnapshotTooLarge(
            f"Your snapshot has {len(plan.files)} files, over the limit of {limit_files}. Most are in:\n{shown}\n"
            "Name what the run does not need in a .amlignore file, or set AML_SNAPSHOT_NO_FILE_LIMIT=1.",
            files=len(plan.files),
            limit=limit_files,
        )


def in_units(size: int) -> str:
    """A number of bytes for people: ``12.3 MB``."""
    return f"{size / limits.MIB:.1f} MB" if size >= limits.MIB / 10 else f"{size / 1024:.1f} KB"


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def snapshot_files(plan: Plan, hashes: dict[str, str]) -> list[SnapshotFile]:
    """The plan as the server wants it, with the content hash of every path."""
    return [
        SnapshotFile(path=file.path, sha256=hashes[file.path], size=file.size, executable=file.executable)
        for file in plan.files
    ]


def unique_blobs(files: Iterable[SnapshotFile]) -> dict[str, SnapshotFile]:
    """One file for each content, by its hash."""
    return {file.sha256: file for file in files}


def _found(path: Path, relative: str) -> Found:
    info = path.stat()
    return Found(relative, info.st_size, info.st_mtime_ns, bool(info.st_mode & stat.S_IXUSR))
