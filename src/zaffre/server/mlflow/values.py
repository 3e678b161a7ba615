"""Values that travel in more than one message: ids as text, enums by name or number, tags as lists of pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from zaffre.core.errors import InvalidValue
from zaffre.core.states import RunStatus
from zaffre.server.mlflow.errors import invalid
from zaffre.server.mlflow.messages import Pair

_VIEWS: Final = {"ACTIVE_ONLY": "active", "DELETED_ONLY": "archived", "ALL": "all"}
_VIEW_NUMBERS: Final = dict(enumerate(_VIEWS, start=1))
_STATUSES: Final = {
    "RUNNING": RunStatus.RUNNING,
    "SCHEDULED": RunStatus.QUEUED,
    "FINISHED": RunStatus.COMPLETED,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.CANCELED,
}
_STATUS_NUMBERS: Final = dict(enumerate(_STATUSES, start=1))


def experiment_id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidValue(f"Invalid experiment ID: {text!r}. It is a whole number.", experiment_id=text[:80])
    return int(text)


def view(value: str | int, parameter: str) -> str:
    """The store's word for MLflow's ViewType."""
    name = _VIEW_NUMBERS.get(value) if isinstance(value, int) else value
    if name not in _VIEWS:
        raise invalid(parameter, value, f"it must be one of {', '.join(_VIEWS)}.")
    return _VIEWS[name]


def status(value: str | int) -> RunStatus:
    """The status of ours that stands for MLflow's."""
    name = _STATUS_NUMBERS.get(value) if isinstance(value, int) else value
    if name not in _STATUSES:
        raise invalid("status", value, f"it must be one of {', '.join(_STATUSES)}.")
    return _STATUSES[name]


def as_dict(given: Iterable[Pair]) -> dict[str, str]:
    """Pairs as a mapping; of two with the same key the later one wins."""
    return {pair.key: pair.value for pair in given}


def page_size(value: int, most: int, parameter: str = "max_results") -> int:
    if not 1 <= value <= most:
        raise invalid(parameter, value, f"it must be between 1 and {most}.")
    return value
