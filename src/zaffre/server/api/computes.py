"""Compute targets."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import ComputeTarget
from zaffre.core.wire import ComputeCreate, ComputePatch, Page
from zaffre.server.api.answers import After, Limit, answer, empty, page, workspace_router
from zaffre.server.api.parts import PartsOf

router = workspace_router("/computes", "computes")


@router.get("", response_model=Page[ComputeTarget])
def list_computes(ws: str, parts: PartsOf, limit: Limit = None, after: After = None) -> Response:
    return answer(page(parts.computes.list_all(ws), limit, after))


@router.put("/{name}", response_model=ComputeTarget)
def put_compute(ws: str, name: str, body: ComputeCreate, parts: PartsOf) -> Response:
    return answer(parts.computes.put(ws, name, body))


@router.get("/{name}", response_model=ComputeTarget)
def get_compute(ws: str, name: str, parts: PartsOf) -> Response:
    return answer(parts.computes.get(ws, name))


@router.patch("/{name}", response_model=ComputeTarget)
def change_compute(ws: str, name: str, body: ComputePatch, parts: PartsOf) -> Response:
    return answer(parts.computes.change(ws, name, body))


@router.delete("/{name}", status_code=204)
def delete_compute(ws: str, name: str, parts: PartsOf) -> Response:
    parts.computes.delete(ws, name)
    return empty()
