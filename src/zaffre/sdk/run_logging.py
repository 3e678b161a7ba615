"""``run.log`` and its sisters: what a run measures."""

from __future__ import annotations

import io
import json
import operator
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from zaffre.core import limits
from zaffre.core.entities import MetricRecord
from zaffre.core.errors import AlreadyExists, UserErrorException
from zaffre.core.ids import now_ms
from zaffre.core.wire import number_to_wire
from zaffre.sdk.metric_values import EXACT, plain_number
from zaffre.sdk.run_base import RunBase

_IMAGES: Final = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"RIFF", ".webp"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
)


class RunLogging(RunBase):
    """Metric names are text of 1 to 250 characters. Values are sent in the background; ``flush`` waits for them."""

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one value under ``name``: a number, text, bool or None, also numpy's and torch's scalars.

        Returns in microseconds whatever the server does. Repeated values of a name make a series; without ``step``
        they are numbered from 0. Lists and other containers raise ``UserErrorException``.
        """
        kind = type(value)
        if (
            (kind is float or (kind is int and -EXACT <= value <= EXACT))
            and not description
            and (step is None or type(step) is int)
            and type(name) is str
            and 0 < len(name) <= limits.METRIC_NAME
        ):
            self._logger.number(name, value, step)
            return
        check_metric_name(name)
        place = check_step(step)
        number = plain_number(value)
        if number is None:
            self._record(name, "scalar", _scalar(name, value), description, place)
            return
        self._logger.number(name, number, place)
        if description:
            self._record(name, "description", None, description)

    def log_list(self, name: str, value: Any, description: str = "") -> None:
        """Log the values of a list as one metric; an empty list logs nothing."""
        check_metric_name(name)
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise UserErrorException(f"log_list({name!r}) takes a list of values, not {_kind(value)}.")
        values = [_cell(name, one) for one in value]
        if values:
            self._record(name, "list", values, description)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log one row of the table ``name``: a column for each keyword. Repeated calls add rows."""
        check_metric_name(name)
        if not kwargs:
            raise UserErrorException(f"log_row({name!r}) needs at least one column, as a keyword argument.")
        self._record(name, "table", {column: _cell(name, one) for column, one in kwargs.items()}, description or "")

    def log_table(self, name: str, value: dict[str, Any], description: str = "") -> None:
        """Log a table: column names to lists of one length, or to single values for one row."""
        check_metric_name(name)
        if not isinstance(value, Mapping) or not value:
            raise UserErrorException(f"log_table({name!r}) takes a dictionary of columns, not {_kind(value)}.")
        columns = {str(column): _column(name, held) for column, held in value.items()}
        lengths = {len(held) for held in columns.values()}
        if len(lengths) > 1:
            raise UserErrorException(f"The columns of log_table({name!r}) differ in length: {sorted(lengths)}.")
        for row in range(lengths.pop()):
            self._record(name, "table", {column: held[row] for column, held in columns.items()}, description)

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        """Log an image file, or a plot (matplotlib's figure or pyplot module), as an artifact of the run."""
        check_metric_name(name)
        if (path is None) == (plot is None):
            raise UserErrorException(f"log_image({name!r}) takes either path or plot: exactly one of them.")
        if path is not None:
            content, suffix = _read_image(path)
        else:
            content, suffix = _draw(plot), ".png"
        self._record(name, "image", self._upload_metric(f"{name}_{int(time.time())}", suffix, content), description)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Log a dictionary or JSON text of schema type ``confusion_matrix`` (data: class_labels, matrix)."""
        self._log_document(name, "confusion_matrix", value, description)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Log a dictionary or JSON text of schema type ``accuracy_table``."""
        self._log_document(name, "accuracy_table", value, description)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Log a dictionary or JSON text of schema type ``residuals`` (data: bin_edges, bin_counts)."""
        self._log_document(name, "residuals", value, description)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Log a dictionary or JSON text of schema type ``predictions``."""
        self._log_document(name, "predictions", value, description)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Wait until everything logged is durable on the server; when that is away, until it is safe on disk."""
        self._logger.flush(timeout_seconds)

    def _record(self, name: str, kind: str, value: object, description: str, step: int | None = None) -> None:
        record = MetricRecord(
            name=name, kind=kind, value=value, step=step, timestamp=now_ms(), description=description or ""
        )
        self._logger.record(record)

    def _log_document(self, name: str, kind: str, value: Any, description: str) -> None:
        check_metric_name(name)
        text = document_text(name, kind, value)
        self._record(name, kind, self._upload_metric(name, "", text.encode()), description)

    def _upload_metric(self, stem: str, suffix: str, content: bytes) -> str:
        """Keep the content of a metric as an artifact; returns its path, numbered if the name is taken."""
        for attempt in range(1, 1000):
            path = f"{stem}{suffix}" if attempt == 1 else f"{stem}_{attempt}{suffix}"
            try:
                self._scope.client.upload(self._route("artifacts", file=path), content)
            except AlreadyExists:
                continue
            return path
        raise AlreadyExists(f"The run {self._id} already has a thousand artifacts named like {stem}{suffix}.")


def check_metric_name(name: object) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= limits.METRIC_NAME:
        raise UserErrorException(f"{name!r} is not a metric name: use text of 1 to {limits.METRIC_NAME} characters.")


def check_step(step: object) -> int | None:
    """A step as a Python integer, or None."""
    if step is None:
        return None
    try:
        return operator.index(step)  # type: ignore[arg-type]  # what is no integer raises below
    except TypeError:
        raise UserErrorException(f"{step!r} is not a step: use an integer.") from None


def document_text(name: str, kind: str, value: Any) -> str:
    """The JSON text of an artifact metric; raises ``UserErrorException`` for text that is not JSON."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError as error:
            raise UserErrorException(f"The text given to log_{kind}({name!r}) is not JSON: {error}.") from error
        return value
    if not isinstance(value, Mapping):
        raise UserErrorException(f"log_{kind}({name!r}) takes a dictionary or JSON text, not {_kind(value)}.")
    return json.dumps(value, default=_listed)


def _scalar(name: str, value: object) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    item = getattr(value, "item", None)  # numpy's bool and str scalars
    if callable(item) and getattr(value, "ndim", 1) == 0:
        held = item()
        if held is None or isinstance(held, (bool, str)):
            return held
    raise UserErrorException(
        f"log({name!r}) takes a number, text, bool or None, not {_kind(value)}: use log_list for a list, log_row or "
        "log_table for a table."
    )


def _cell(name: str, value: object) -> object:
    number = plain_number(value)
    return _scalar(name, value) if number is None else _wired(number)


def _wired(number: int | float) -> object:
    """Integers stay integers; NaN and infinities become the text that JSON can carry."""
    return number if isinstance(number, int) else number_to_wire(number)


def _column(name: str, held: object) -> list[object]:
    if isinstance(held, Iterable) and not isinstance(held, (str, bytes, Mapping)) and getattr(held, "ndim", 1) != 0:
        return [_cell(name, one) for one in held]
    return [_cell(name, held)]


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _listed(value: Any) -> Any:
    """What json cannot write itself: numpy's arrays and scalars."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise UserErrorException(f"A {type(value).__name__} cannot be written as JSON.")


def _read_image(path: str | os.PathLike[str]) -> tuple[bytes, str]:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserErrorException(f"The image {path} cannot be read: {error.strerror}.") from error
    for magic, suffix in _IMAGES:
        if content.startswith(magic):
            return content, Path(path).suffix or suffix
    if b"<svg" in content[:1000]:
        return content, ".svg"
    raise UserErrorException(f"{path} is not an image: use a PNG, JPEG, GIF, BMP, WebP, TIFF or SVG file.")


def _draw(plot: Any) -> bytes:
    save = getattr(plot, "savefig", None)
    if not callable(save):
        raise UserErrorException(f"plot must be a matplotlib figure or pyplot itself, not {_kind(plot)}.")
    picture = io.BytesIO()
    save(picture, format="png")
    return picture.getvalue()
