"""What a request to the API does, and with which experiment or registered model, as its address tells.

What a body or a query names besides, the routes look at.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.concurrency import run_in_threadpool

from zaffre.core.wire import API
from zaffre.server.accounts.permissions import Deed, Permissions
from zaffre.server.api import access
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.tokens import Principal

_INNER: Final = re.compile(rf"{API}/workspaces/([^/]+)(/.*)", re.DOTALL)
_NAMED: Final = (
    (re.compile(r"/experiments/([^/]+)(?:/.*)?", re.DOTALL), Kind.EXPERIMENT_NAME),
    (re.compile(r"/(?:imports/)?runs/([^/]+)(?:/.*)?", re.DOTALL), Kind.RUN),
    (re.compile(r"/(?:registered-)?models/([^/]+)(?:/.*)?", re.DOTALL), Kind.MODEL),
    (re.compile(r"/(?:imports/)?logged-models/([^/]+)(?:/.*)?", re.DOTALL), Kind.LOGGED_MODEL),
    (re.compile(r"/(?:imports/)?traces/([^/]+)(?:/.*)?", re.DOTALL), Kind.TRACE),
)
_RESTORE: Final = re.compile(r"/runs/[^/]+/restore\n?")  # the router overlooks a newline at the end


def named(path: str) -> tuple[str, str, Thing] | None:
    """The workspace of a path, what is below it, and the thing that it names; None where it names none."""
    found = _INNER.fullmatch(path)
    if found is None:
        return None
    for pattern, kind in _NAMED:
        if match := pattern.fullmatch(found[2]):
            return found[1], found[2], Thing(kind, match[1])
    return None


def deed_of(method: str, inner: str) -> Deed:
    """What is done by sending ``method`` to a path below a workspace."""
    if method in ("GET", "HEAD"):
        return Deed.READ
    return Deed.DELETE if method == "DELETE" or _RESTORE.fullmatch(inner) else Deed.EDIT


async def check(permissions: Permissions, asker: Principal, method: str, path: str) -> None:
    """Raise ``PermissionDenied`` unless the asker may do this with what the path names.

    A reader must have a permission to change something in the workspace, whatever door the path is of.
    """
    workspace = access.workspace_of(path)
    if workspace is not None and access.is_write_of_reader(asker, method, path):
        await run_in_threadpool(permissions.check_staging, asker, workspace)
    about = named(path)
    if about is not None:
        ws, inner, thing = about
        await permissions.acheck(asker, ws, deed_of(method, inner), [thing])
