"""The stream of a workspace: one for each tab, about everything it shows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from zaffre.server.accounts.permissions import Deed
from zaffre.server.api.answers import Asker, workspace_router
from zaffre.server.api.events import Wanted
from zaffre.server.api.guard import Guard
from zaffre.server.api.parts import PartsOf
from zaffre.server.store.permissions import Kind, Thing

router = workspace_router("/stream", "stream")

_EVENTS: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events"}
}


@router.get("", responses=_EVENTS, response_class=StreamingResponse)
def follow(
    ws: str,
    parts: PartsOf,
    asker: Asker,
    request: Request,
    run: str | None = None,
    log: Annotated[str | None, Query(description="A log of the run; without a run any text: the service's")] = None,
    service: str | None = None,
    runs: bool = False,
    new_points: Annotated[bool, Query(description="Only points that are logged from now on")] = False,
    log_offset: Annotated[int, Query(ge=0, description="Bytes of the log that the reader has")] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Events `run`, `metrics`, `log`, `files`, `service` and `runs`; resumed by `Last-Event-ID`."""
    things = [] if run is None else [Thing(Kind.RUN, run)]
    parts.permissions.check(asker, ws, Deed.READ, things)
    parts.workspaces.get(ws)
    wanted = Wanted(ws=ws, run=run, log=log, service=service, runs=runs, new_points=new_points, log_offset=log_offset)

    async def admit() -> None:
        guard: Guard = request.state.guard
        await guard.admit(request.scope)
        await parts.permissions.acheck(request.state.principal, ws, Deed.READ, things)

    events = parts.streams.follow(wanted, parts.streams.start(wanted, last_event_id), admit)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, headers=headers, media_type="text/event-stream")
