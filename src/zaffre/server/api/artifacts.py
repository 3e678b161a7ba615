"""The files of runs: outputs, and logs that grow."""

from __future__ import annotations

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from zaffre.core.entities import ArtifactInfo
from zaffre.core.wire import FileAnswer, Page
from zaffre.server.api import files
from zaffre.server.api.answers import After, Limit, answer, empty, page, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.transfers import receive
from zaffre.server.store import runs

router = workspace_router("/runs/{run_id}", "artifacts")


@router.get("/artifacts", response_model=Page[ArtifactInfo])
def list_artifacts(
    ws: str,
    run_id: str,
    parts: PartsOf,
    prefix: str = "",
    recursive: bool = True,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """Recursive: every file whose path starts with `prefix`; else what is directly in the folder `prefix`."""
    return answer(page(parts.artifacts.listing(_root(parts, ws, run_id), prefix, recursive=recursive), limit, after))


@router.get("/artifacts.zip", responses={200: files.FILE_ANSWER})
def zip_artifacts(ws: str, run_id: str, parts: PartsOf, prefix: str = "") -> Response:
    return files.send_zip(parts.artifacts.zip(_root(parts, ws, run_id), prefix), run_id)


@router.head("/artifacts/{path:path}", include_in_schema=False)
@router.get("/artifacts/{path:path}", responses={200: files.FILE_ANSWER})
def get_artifact(ws: str, run_id: str, path: str, parts: PartsOf, request: Request, inline: bool = False) -> Response:
    """The bytes, or a range of them. `inline` shows types that a browser cannot run; else it is an attachment."""
    return files.send(request, parts.artifacts, _root(parts, ws, run_id), path, inline=inline)


@router.put("/artifacts/{path:path}", response_model=FileAnswer, openapi_extra=files.FILE_BODY)
async def put_artifact(
    ws: str, run_id: str, path: str, parts: PartsOf, request: Request, overwrite: bool = False
) -> Response:
    """A new file; one that is there is refused unless `overwrite`."""
    info = await receive(request, lambda: parts.artifacts.create(_root(parts, ws, run_id), path, overwrite=overwrite))
    parts.notifier.publish(f"files:{run_id}", f"log:{run_id}")
    return answer(FileAnswer(path=info.path, size=info.size or 0))


@router.patch("/artifacts/{path:path}", response_model=FileAnswer, openapi_extra=files.FILE_BODY)
async def append_artifact(
    ws: str, run_id: str, path: str, parts: PartsOf, request: Request, offset: int = Query(ge=0)
) -> Response:
    """Append to a growing file. What it has already is skipped; a gap is refused and says the size."""
    root = await run_in_threadpool(_root, parts, ws, run_id)
    size = await files.append(request, parts.artifacts, root, path, offset)
    # Who follows the log is told of every piece, who lists the files of new ones.
    parts.notifier.publish(f"log:{run_id}", *([f"files:{run_id}"] if offset == 0 else []))
    return answer(FileAnswer(path=path, size=size))


@router.delete("/artifacts/{path:path}", status_code=204)
def delete_artifact(ws: str, run_id: str, path: str, parts: PartsOf) -> Response:
    parts.artifacts.delete(_root(parts, ws, run_id), path)
    parts.notifier.publish(f"files:{run_id}")
    return empty()


def _root(parts: Parts, ws: str, run_id: str) -> str:
    """Where a run's files are; ``NotFound`` for a run that is not there."""
    parts.store.read(lambda connection: runs.key_of(connection, ws, run_id))
    return roots.run(ws, run_id)
