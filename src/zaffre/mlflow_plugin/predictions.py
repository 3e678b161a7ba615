"""What ``predict`` sends: data as Python holds it, in the shapes of MLflow's scoring protocol."""

from __future__ import annotations

from typing import Any, Final

from zaffre.core.errors import InvalidValue

_SHAPES: Final = ("dataframe_split", "dataframe_records", "inputs", "instances", "input_data")


def request_body(data: Any) -> dict[str, Any]:
    """The JSON object for a data frame, a series, an array, a dictionary of them or a list; one of the shapes passes.

    NumPy's numbers become Python's; what JSON has no form for raises ``InvalidValue``.
    """
    if data is None:
        raise InvalidValue("predict() needs something to score: pass inputs.")
    if hasattr(data, "to_frame"):
        data = data.to_frame()
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        split = data.to_dict(orient="split")
        return {"dataframe_split": {"columns": list(split["columns"]), "data": _plain(split["data"])}}
    if isinstance(data, dict) and any(shape in data for shape in _SHAPES):
        return {str(key): _plain(value) for key, value in data.items()}
    return {"inputs": _plain(data)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InvalidValue(f"{type(value).__name__} cannot be sent to a service: pass numbers, texts and lists of them.")
