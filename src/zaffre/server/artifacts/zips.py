"""Zip archives made while they are read, in constant memory."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PIECE = 1024 * 1024
# What is compressed already gains nothing but costs the time.
_STORED = (".gz", ".zip", ".png", ".jpg", ".jpeg", ".whl", ".parquet", ".npz", ".bz2", ".xz", ".zst", ".mp4")


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    file: Path
    executable: bool = False


class _Sink(io.RawIOBase):
    """What ``zipfile`` writes to; it can not seek, so ``zipfile`` writes sizes behind the data."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        piece = b"".join(self._pieces)
        self._pieces.clear()
        return piece


def stream(members: Iterable[Member]) -> Iterator[bytes]:
    """The bytes of an archive of ``members``; a file that went away since it was listed is left out."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1, allowZip64=True) as archive:
        for member in members:
            yield from _member(archive, sink, member)
    yield sink.take()


def _member(archive: zipfile.ZipFile, sink: _Sink, member: Member) -> Iterator[bytes]:
    try:
        source = member.file.open("rb")
    except FileNotFoundError:
        return
    with source:
        info = zipfile.ZipInfo.from_file(member.file, member.name, strict_timestamps=False)
        stored = member.name.lower().endswith(_STORED)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = (stat.S_IFREG | (0o755 if member.executable else 0o644)) << 16
        with archive.open(info, "w", force_zip64=True) as target:
            while piece := source.read(_PIECE):
                target.write(piece)
                if ready := sink.take():
                    yield ready
