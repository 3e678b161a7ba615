"""Collected data of models in production: where it stands, and the names that service, supervisor and readers share.

``modeldata/<subscription>/<group>/<workspace>/<service>/<model>/<version>/<designation>/<yyyy>/<mm>/<dd>/<file>`` is
Azure's layout. A file's name is ``<stem>-<time>-<chance>-<rows>.parquet``, so that who lists files knows their rows.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from typing import Final

# Azure's variables, which turn collection on and off in the serving process.
ENABLED: Final = "AML_MODEL_DC_STORAGE_ENABLED"
DEBUG: Final = "AML_MODEL_DC_DEBUG"  # rows are printed and not kept
BOUNDARY: Final = "AML_MODEL_DC_BOUNDARY"  # "hour": a folder for each hour
# Ours.
SAMPLE: Final = "ZAFFRE_COLLECT_SAMPLE"  # the part of all requests that is collected, 0 to 1
SECONDS: Final = "ZAFFRE_COLLECT_SECONDS"  # after which a file is closed
FILE_MB: Final = "ZAFFRE_COLLECT_FILE_MB"  # of data, after which a file is closed
MEMORY_MB: Final = "ZAFFRE_COLLECT_MEMORY_MB"  # of rows that wait to be written, in each worker
ACCOUNT: Final = "ZAFFRE_COLLECT_ACCOUNT"  # subscription/group/workspace, from the supervisor
PLACE: Final = "ZAFFRE_COLLECT_FOLDER"  # where the layout begins, from the supervisor; default: the working directory

FOLDER: Final = "modeldata"
SUFFIX: Final = ".parquet"
DESIGNATIONS: Final = ("inputs", "predictions", "labels", "signals", "general")

CORRELATION: Final = "$aml_dc_correlation_id"
TIMESTAMP: Final = "$aml_dc_scoring_timestamp"
COLUMNS: Final = (
    CORRELATION,
    TIMESTAMP,
    "$aml_dc_boundary",
    "$aml_workspace",
    "$aml_service_name",
    "$aml_model_name",
    "$aml_model_version",
    "$aml_request_id",
)

_SAFE: Final = re.compile(r"\w[\w\-.]{0,99}", re.ASCII)
_FILE: Final = re.compile(r"[\w\-.]+-(\d\d)(\d\d)(\d\d)-[0-9a-f]{8}-(\d{1,12})\.parquet", re.ASCII)
_PARTS: Final = 10  # of a path, without the hour's folder


def segment(name: str) -> str:
    """A folder's name for any text, itself where that is possible."""
    return name if _SAFE.fullmatch(name) else f"sha256-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def service_folder(account: str, service: str) -> str:
    """Where the data of a service stands; ``account`` is subscription/group/workspace."""
    return "/".join((FOLDER, *(segment(part) for part in account.split("/")), segment(service)))


def file_path(
    folder: str,
    model: str,
    version: str,
    designation: str,
    *,
    stem: str,
    at: datetime.datetime,
    hourly: bool,
    chance: str,
    rows: int,
) -> str:
    """The path of one file below ``service_folder``; ``at`` is in UTC, ``chance`` eight hexadecimal digits."""
    when = at.strftime("%Y/%m/%d/%H" if hourly else "%Y/%m/%d")
    name = f"{segment(stem)}-{at:%H%M%S}-{chance}-{rows}{SUFFIX}"
    return "/".join((folder, segment(model), segment(version), designation, when, name))


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a file says of it."""

    model: str
    version: str
    designation: str
    began_at: datetime.datetime  # of the first row, UTC, to the second
    rows: int


def place_of(path: str) -> Place | None:
    """None for a file that is none of collected data."""
    parts = path.split("/")
    file = _FILE.fullmatch(parts[-1])
    if file is None or parts[0] != FOLDER or len(parts) not in (_PARTS + 2, _PARTS + 3):
        return None
    model, version, designation, year, month, day = parts[5:11]
    try:
        on = datetime.date(int(year), int(month), int(day))
        clock = datetime.time(int(file.group(1)), int(file.group(2)), int(file.group(3)), tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    return Place(model, version, designation, datetime.datetime.combine(on, clock), int(file.group(4)))


def account_of(subscription: str, group: str, workspace: str) -> str:
    """The part of the layout that names a workspace."""
    return f"{subscription}/{group}/{workspace}"
