"""The requests of a profile: from what is passed as ``input_dataset`` to the bodies that are sent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from zaffre.core.errors import UserErrorException

_MOST: Final = 100_000
_FORMS: Final = (
    "a list of texts (each the JSON of one request), a data frame or data set of one column of such texts, or the path "
    "of a .jsonl file (one request in a line), a .json file (a list of requests) or a .csv file (one column)"
)


def bodies(given: object) -> list[bytes]:
    """At least one. Raises ``UserErrorException`` with the forms that are taken."""
    if isinstance(given, str | Path):
        found = _of_file(Path(given))
    elif hasattr(given, "to_pandas_dataframe"):
        found = _of_frame(given.to_pandas_dataframe())
    elif hasattr(given, "columns") and hasattr(given, "iloc"):
        found = _of_frame(given)
    elif isinstance(given, Sequence) and not isinstance(given, bytes | bytearray):
        found = list(given)
    else:
        raise UserErrorException(f"input_dataset is a {type(given).__name__}: pass {_FORMS}.")
    if not found:
        raise UserErrorException(f"input_dataset has no requests: pass {_FORMS}.")
    if len(found) > _MOST:
        raise UserErrorException(f"input_dataset has {len(found)} requests, and at most {_MOST} are taken.")
    return [_body(number, one) for number, one in enumerate(found)]


def _body(number: int, one: object) -> bytes:
    """Texts and bytes as they are; objects and lists as JSON."""
    if isinstance(one, bytes):
        return one
    if isinstance(one, str):
        return one.encode()
    if isinstance(one, dict | list):
        return json.dumps(one).encode()
    raise UserErrorException(f"Request {number} of input_dataset is a {type(one).__name__}: pass {_FORMS}.")


def _of_frame(frame: Any) -> list[object]:
    names = [str(name) for name in frame.columns]
    if len(names) != 1:
        raise UserErrorException(
            f"input_dataset has {len(names)} columns ({', '.join(names[:10])}), and one is taken, of texts that are "
            "each the body of a request: join the values of a row into the JSON that the entry script reads."
        )
    return list(frame[frame.columns[0]])


def _of_file(path: Path) -> list[object]:
    if not path.is_file():
        raise UserErrorException(f"There is no file {path} with requests: pass {_FORMS}.")
    text = path.read_text("utf-8")
    if path.suffix == ".jsonl":
        return [line for line in text.splitlines() if line.strip()]
    if path.suffix == ".json":
        return _of_json(path, text)
    if path.suffix == ".csv":
        return _of_rows(path, csv.reader(text.splitlines()))
    raise UserErrorException(f"{path} cannot be read as requests: pass {_FORMS}.")


def _of_json(path: Path, text: str) -> list[object]:
    try:
        held = json.loads(text)
    except ValueError as error:
        raise UserErrorException(f"{path} is not JSON: {error}.") from error
    return held if isinstance(held, list) else [held]


def _of_rows(path: Path, rows: Iterable[list[str]]) -> list[object]:
    """A column with a heading, unless the first row is JSON itself."""
    cells = [row for row in rows if row]
    wide = next((row for row in cells if len(row) != 1), None)
    if wide is not None:
        raise UserErrorException(
            f"{path} has rows of {len(wide)} columns, and one is taken, of the JSON of requests: quote it, or use "
            ".jsonl."
        )
    first = cells[0][0] if cells else ""
    try:
        json.loads(first)
    except ValueError:
        cells = cells[1:]
    return [row[0] for row in cells]
