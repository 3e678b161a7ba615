"""Messages about collected data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFile:
    """One Parquet file."""

    datastore: str
    path: str  # in the datastore
    model: str
    version: str
    designation: str  # "inputs", "predictions", ...
    began_at: int  # of its first row, to the second
    written_at: int  # when it came to the datastore
    rows: int
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedData:
    """What a service has collected; the sums are over all files that were asked for, also those that are not listed."""

    service: str
    enabled: bool | None  # whether it collects now; None: there is no service of this name any more
    datastore: str  # where new files come
    path: str  # the folder of the service in a datastore; of an endpoint, what those of its versions begin with
    file_count: int
    rows: int
    size: int  # bytes
    last_written_at: int | None
    files: list[CollectedFile]  # the newest first
