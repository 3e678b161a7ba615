"""Whether and how a serving process collects, from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zaffre.core import collection, contract
from zaffre.core.limits import MIB

_DEFAULT_ACCOUNT = "default/default/default"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSettings:
    folder: Path  # absolute; the layout begins below it
    account: str = _DEFAULT_ACCOUNT  # subscription/group/workspace
    service: str = "default"
    sample: float = 1.0  # the part of all requests that is collected
    seconds: float = 60.0  # after which a file is closed
    file_bytes: int = 16 * MIB  # of rows, after which a file is closed
    memory_bytes: int = 8 * MIB  # of rows that wait for the writer
    hourly: bool = False


def read_collection(environ: Mapping[str, str], app_root: Path) -> CollectionSettings | None:
    """None where nothing is collected. Raises ``ValueError`` with a sentence for a value that cannot be."""
    if environ.get(collection.ENABLED, "").lower() != "true":
        return None
    sample = _number(environ, collection.SAMPLE, 1.0)
    if sample > 1:
        raise ValueError(f"{collection.SAMPLE} must be above 0 and at most 1, not {environ[collection.SAMPLE]!r}")
    return CollectionSettings(
        folder=Path(environ.get(collection.PLACE) or app_root),
        account=environ.get(collection.ACCOUNT) or _DEFAULT_ACCOUNT,
        service=environ.get(contract.SERVICE_NAME) or "default",
        sample=sample,
        seconds=_number(environ, collection.SECONDS, 60.0),
        file_bytes=int(_number(environ, collection.FILE_MB, 16.0) * MIB),
        memory_bytes=int(_number(environ, collection.MEMORY_MB, 8.0) * MIB),
        hourly=environ.get(collection.BOUNDARY, "").lower() == "hour",
    )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise ValueError(f"{name} must be a number above 0, not {text!r}")
    return value
