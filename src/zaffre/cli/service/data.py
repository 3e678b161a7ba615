"""``zaffre service data``."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from zaffre.cli.exits import UsageError
from zaffre.cli.formats import moment, size
from zaffre.cli.results import Done, Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.collection_wire import CollectedData
from zaffre.sdk import collected_data

COLUMNS = (
    ("written", lambda file: moment(file.written_at)),
    ("model", lambda file: f"{file.model}:{file.version}"),
    ("designation", lambda file: file.designation),
    ("rows", lambda file: file.rows),
    ("size", lambda file: size(file.size)),
    ("path", lambda file: file.path),
)
_SHOWN: Final = 50
_AGO: Final = re.compile(r"(\d{1,6})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def service_data(
    name: str,
    /,
    *,
    to: Annotated[Path | None, Parameter(name=("--to",))] = None,
    since: str | None = None,
    until: str | None = None,
    designation: str | None = None,
    model: str | None = None,
    session: Session = SESSION,
) -> Listing | Done:
    """List what a web service has collected of its inputs and predictions, or write it to one file.

    Parameters
    ----------
    name
        Its name; the data of a deleted service is there too.
    to
        Write the rows to this file, which ends with .csv or .parquet.
    since
        A time in UTC such as 2026-11-21 or 2026-11-21T08:30, or how long ago: 30m, 12h, 7d.
    until
        The same, for the end.
    designation
        Only inputs, predictions, labels, signals or general.
    model
        Only of this model.
    """
    scope, begin, end = session.scope(), _time(since), _time(until)
    if to is None:
        found = collected_data.find(scope, name, designation, model, begin, end, _SHOWN)
        return Listing(found.files, COLUMNS, _nothing(found))
    if to.suffix not in (".csv", ".parquet"):
        raise UsageError(f"--to {to}: the file must end with .csv or .parquet, which says what is written.")
    held = collected_data.fetch(scope, name, designation, model, begin, end)
    collected_data.write(held, to)
    return Done(f"Wrote {held.rows} rows to {to}.", {"rows": held.rows, "path": str(to)})


def _time(text: str | None) -> str | datetime.datetime | None:
    ago = _AGO.fullmatch(text or "")
    if ago is None:
        return text
    passed = datetime.timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
    return datetime.datetime.now(datetime.timezone.utc) - passed


def _nothing(found: CollectedData) -> str:
    if found.enabled is False:
        return f"The service {found.service} collects no data: deploy it with collect_model_data=True (--collect-data)."
    return f"There is no such data of the service {found.service}."
