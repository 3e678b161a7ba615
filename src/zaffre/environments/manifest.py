"""What a prefix held when it was built, file by file: damage is found by size, time and checksum before it is used.

The checksums are the packages' own: those of ``RECORD`` in a wheel and of ``conda-meta``. A use asks only for sizes and
times; a file whose size or time has changed is read and compared.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

MANIFEST: Final = "zaffre-manifest.json"

Entry = tuple[str, int, int, str, str]  # path below the prefix, size, mtime in ns, sha256 in hex, package


def write(prefix: Path) -> list[str]:
    """Keep what the finished prefix holds; returns the packages whose files are not what their own lists say."""
    entries: list[Entry] = []
    broken: dict[str, None] = {}
    for path, digest, size, package in [*_wheel_files(prefix), *_conda_files(prefix)]:
        try:
            found = os.stat(prefix / path)
        except OSError:
            broken[package] = None
            continue
        if size is not None and found.st_size != size:
            broken[package] = None
        entries.append((path, found.st_size, found.st_mtime_ns, digest, package))
    (prefix / MANIFEST).write_bytes(msgspec.json.encode(entries))
    return list(broken)


def damage(prefix: Path) -> dict[str, str]:
    """file -> package of everything that is not what was built; empty for a sound prefix.

    Costs two microseconds a file where nothing was touched.
    """
    try:
        entries = msgspec.json.decode((prefix / MANIFEST).read_bytes(), type=list[Entry])
    except (OSError, msgspec.MsgspecError):
        return {MANIFEST: ""}
    damaged: dict[str, str] = {}
    root = str(prefix)
    for path, size, mtime, digest, package in entries:
        full = f"{root}/{path}"
        try:
            found = os.stat(full)
            if found.st_size != size or (found.st_mtime_ns != mtime and _digest(full) != digest):
                damaged[path] = package
        except OSError:
            damaged[path] = package
    return damaged


def _wheel_files(prefix: Path) -> Iterator[tuple[str, str, int | None, str]]:
    for record in sorted(
        [
            *prefix.glob("lib/python*/site-packages/*.dist-info/RECORD"),
            *prefix.glob("Lib/site-packages/*.dist-info/RECORD"),
        ]
    ):
        package = record.parent.name.partition("-")[0]
        site = record.parent.parent
        relative = site.relative_to(prefix)
        is_condas = _is_condas(record.parent)
        with record.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if is_condas or len(row) != 3 or not row[1].startswith("sha256=") or row[0].endswith(".pyc"):
                    continue
                path = os.path.normpath(relative / row[0]).replace(os.sep, "/")
                if not path.startswith(".."):
                    digest = base64.urlsafe_b64decode(row[1].removeprefix("sha256=") + "==").hex()
                    yield path, digest, int(row[2]) if row[2] else None, package


def _is_condas(info: Path) -> bool:
    installer = info / "INSTALLER"
    return installer.is_file() and installer.read_text("utf-8").strip() == "conda"


def _conda_files(prefix: Path) -> Iterator[tuple[str, str, int | None, str]]:
    for meta in sorted((prefix / "conda-meta").glob("*.json")):
        document = msgspec.json.decode(meta.read_bytes())
        for entry in (document.get("paths_data") or {}).get("paths") or ():
            path = str(entry["_path"])
            full = prefix / path
            # Bytecode is written anew by whoever imports; what a wheel replaced is in the wheel's own list.
            if path.endswith(".pyc") or full.is_symlink() or not full.is_file():
                continue
            patched = entry.get("prefix_placeholder") or not entry.get("sha256")
            digest = entry.get("sha256_in_prefix") or (_digest(str(full)) if patched else entry["sha256"])
            yield path, str(digest), None, str(document["name"])


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
