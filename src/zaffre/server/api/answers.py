"""What the routes have in common: JSON answers, pages of a list, and who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from zaffre.core import codec
from zaffre.core.errors import InvalidValue
from zaffre.core.wire import API, ErrorAnswer, Page
from zaffre.server.store.paging import Found
from zaffre.server.store.tokens import Principal

T = TypeVar("T")

ERRORS: dict[int | str, dict[str, object]] = {"default": {"model": ErrorAnswer, "description": "Why it was refused"}}
MAX_PAGE = 1000

Limit = Annotated[int | None, Query(ge=1, le=MAX_PAGE, description="Items at most")]
VersionNumber = Annotated[int, Path(ge=0, lt=2**63)]  # a number in an address that the database can hold
After = Annotated[str | None, Query(description="The `next` of the page before")]


def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Asker = Annotated[Principal, Depends(_principal)]


def api_router(prefix: str, tag: str) -> APIRouter:
    """The routes of one noun. They are not nested in other routers, which would be searched level by level."""
    return APIRouter(
        prefix=API + prefix, tags=[tag], responses=ERRORS, generate_unique_id_function=lambda route: route.name
    )


def workspace_router(prefix: str, tag: str) -> APIRouter:
    """The routes of a noun of workspaces: each takes ``ws``, the workspace's name."""
    return api_router("/workspaces/{ws}" + prefix, tag)


def answer(value: object, status: int = 200) -> Response:
    """``value`` as JSON. Entities go out as they are: they were checked when they came in."""
    return Response(codec.encode(value), status, media_type="application/json")


def empty() -> Response:
    return Response(status_code=204)


def page(items: Sequence[T], limit: int | None, after: str | None) -> Page[T]:
    """One page of a list that is at hand whole; ``after`` is the number of items that were seen."""
    start = 0
    if after is not None:
        if not after.isdigit():
            raise InvalidValue(f"after={after!r} is not the `next` of a page of this list.")
        start = int(after)
    end = len(items) if limit is None else start + limit
    return Page(items=list(items[start:end]), next=str(end) if end < len(items) else None)


def found(result: Found[T]) -> Page[T]:
    """One page of a search."""
    return Page(items=result.items, next=result.next)


def pair_filters(filters: Iterable[str] | None) -> dict[str, str | None]:
    """``key`` and ``key=value`` in a query as a mapping; ``None`` where any value will do."""
    wanted: dict[str, str | None] = {}
    for text in filters or ():
        key, given, value = text.partition("=")
        wanted[key] = value if given else None
    return wanted


def has_pairs(pairs: Mapping[str, str], wanted: Mapping[str, str | None]) -> bool:
    """Whether ``pairs`` has every key of ``wanted``, with its value where one is wanted."""
    return all(key in pairs and value in (None, pairs[key]) for key, value in wanted.items())
