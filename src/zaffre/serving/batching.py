"""``@batched``: one call of ``run()`` for the rows of many requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from zaffre.serving.inputs import Arguments, Refused
from zaffre.serving.request import Request

F = TypeVar("F", bound=Callable[..., Any])
_MARK: Final = "__zaffre_batched__"


@dataclass(frozen=True, slots=True)
class Batching:
    """``max_size`` rows at most in one call, unless one request alone has more; the first of them waits no longer than
    ``max_wait_ms`` for the others."""

    max_size: int
    max_wait_ms: float


def batched(*, max_size: int = 64, max_wait_ms: float = 5.0) -> Callable[[F], F]:
    """Let ``run(rows)`` get the rows of several requests in a list, and return one result for each, in their order.

    A request is ``{"data": [row, ...]}`` or ``[row, ...]`` and gets the list of its results; any other JSON value is
    one row, and gets its result alone. Where ``run`` raises, the batch is run again in parts, so that only the request
    at fault is answered with 500: ``run`` must be repeatable. Raises ``ValueError`` for a size or wait below zero.
    """
    if max_size < 1 or max_wait_ms < 0:
        raise ValueError("batched() needs a max_size of at least 1 and a max_wait_ms of at least 0")

    def mark(run: F) -> F:
        setattr(run, _MARK, Batching(max_size, max_wait_ms))
        return run

    return mark


def batching_of(run: Callable[..., Any]) -> Batching | None:
    found = getattr(run, _MARK, None)
    return found if isinstance(found, Batching) else None


@dataclass(slots=True)
class Rows:
    """Of one request. ``is_single``: it is one row, and its result no list."""

    values: list[Any]
    is_single: bool


class WrongLength(Exception):
    """``run`` did not return one result for each row."""


def reader() -> Callable[[Request], Arguments]:
    """Makes ``{"rows": Rows}`` of a request; it raises ``Refused``."""
    decode = _decoder()

    def read(request: Request) -> Arguments:
        if request.method == "GET":
            raise Refused(405, "run() of this service takes batches: use POST with JSON.")
        return {"rows": _rows(decode(request.body))}

    return read


def split(results: Any, sizes: Sequence[int]) -> list[list[Any]]:
    """The results of each request. Raises ``WrongLength``."""
    to_list = getattr(results, "tolist", None)
    if callable(to_list):
        results = to_list()
    count = sum(sizes)
    if isinstance(results, (str, bytes, dict)) or not hasattr(results, "__len__") or len(results) != count:
        got = f"{len(results)} results" if hasattr(results, "__len__") else type(results).__name__
        raise WrongLength(f"run() got {count} rows and returned {got}: it must return a list with one for each row")
    found, at = [], 0
    for size in sizes:
        found.append(list(results[at : at + size]))
        at += size
    return found


def _rows(value: Any) -> Rows:
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    return Rows(value, is_single=False) if isinstance(value, list) else Rows([value], is_single=True)


def _decoder() -> Callable[[bytes], Any]:
    import msgspec

    fast = msgspec.json.decode

    def decode(body: bytes) -> Any:
        try:
            return fast(body)
        except msgspec.DecodeError:
            pass  # NaN and Infinity are JSON to Python's own parser alone
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"POST body could not be decoded as JSON: {error}") from None

    return decode
