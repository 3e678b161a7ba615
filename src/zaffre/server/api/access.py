"""Which routes are public, which workspace a path belongs to, and what each kind of token may do. In one place.

Deny by default: a path that no rule here knows needs an unbound token, and a bound token (one of a workspace) reaches
nothing outside its workspace.
"""

from __future__ import annotations

import re

from zaffre.core import contract
from zaffre.core.errors import PermissionDenied
from zaffre.core.wire import API
from zaffre.server.store.tokens import Principal

READING = frozenset({"GET", "HEAD"})
SIGN_IN = f"{API}/signin"
_PUBLIC = frozenset({"/health", "/version", "/signin"})
_API_WORKSPACE = re.compile(rf"{API}/workspaces/([^/]+)(/.*)?", re.DOTALL)
_MLFLOW_WORKSPACE = re.compile(r"/workspaces/([^/]+)(/.*)", re.DOTALL)
# The Studio's own files and the addresses of its pages: they hold no data, the page asks for that with a session.
_STUDIO = re.compile(
    r"/(?:[a-z-]+\.(?:ico|svg|png|txt|webmanifest)|"
    r"(?:assets|studio|ws|experiments|runs|models|endpoints|environments|compute|data|settings)(?:/.*)?|"
    r"workspaces/[^/]+/?)?"  # what MLflow's clients print is this and a part behind a "#", which the page reads
)
# Services of the server: their own keys decide who is answered (served.py).
_SERVED = re.compile(r"/services/[^/]+/[^/]+/(?:score|swagger\.json)?")
# What a training script, a service or an MLflow client does in its workspace; the rest of the workspace it may read.
_SCRIPT_WRITES = re.compile(
    r"/(experiments|runs|snapshots|uploads|models|registered-models|environments|datastores|services|endpoints)(/.*)?"
)
_SCRIPT_DELETES = re.compile(r"/(runs/[^/]+/artifacts|datastores/[^/]+/files)/.*")
_MLFLOW_DESTROYS = re.compile(
    r"/(?:api|ajax-api)/[23]\.0/mlflow/"
    r"(?:experiments/delete|registered-models/delete|model-versions/delete|users|permissions|roles|webhooks)(?:/|$)"
)
_SCRIPTS = ("run", "mlflow")
# A run may call the services of its workspace, and reads their keys for that; it changes none.
_KEYS = re.compile(r"/services/[^/]+/(keys/.*|tokens)")
_FOR_RUNS = ("keys/list", "tokens")
# What everyone may do about themselves, also with a token of one workspace. Whose tokens and users, the acts look at.
_OWN = re.compile(
    rf"{API}/(?:tokens(?:/[^/]+)?|tickets|signout|users/[^/]+)"
    r"|(?:/workspaces/[^/]+)?/(?:ajax-)?api/2\.0/mlflow/users/update-password"
)
_ACCOUNTS = re.compile(rf"{API}/(?:tokens|users)(?:/.*)?")
# What MLflow's clients read with POST.
_MLFLOW_SEARCHES = re.compile(
    r"(?:/workspaces/[^/]+)?/(?:ajax-)?api/[23]\.0/mlflow/(?:[a-z-]+/)+"
    r"(?:search|search-datasets|get-latest-versions|batchGet|batchGetInfos|metrics)"
)


# Where a permission on an experiment or model may allow a reader more than to read; the doors look there.
_MAY_BE_GRANTED = re.compile(
    rf"{API}/workspaces/[^/]+/(?:experiments|runs|models|registered-models|logged-models|traces|snapshots|uploads)(?:/.*)?"
    r"|(?:/workspaces/[^/]+)?/(?:(?:ajax-)?api/[23]\.0/mlflow|v1/traces).*",
    re.DOTALL,
)


def is_public(method: str, path: str) -> bool:
    """Whether anyone may ask: the health of the server, to be signed in, services, and the Studio's own files."""
    if path == SIGN_IN:
        return method == "POST"
    if is_served(path):
        return True
    return method in READING and (path in _PUBLIC or is_page(path))


def is_served(path: str) -> bool:
    """Whether an address is a service's, which the server passes on."""
    return _SERVED.fullmatch(path) is not None


def is_page(path: str) -> bool:
    """Whether an address is a page or a file of the Studio."""
    return _STUDIO.fullmatch(path) is not None


def workspace_of(path: str) -> str | None:
    """The workspace that a path acts in; ``None`` when it belongs to the server as a whole."""
    if found := _API_WORKSPACE.fullmatch(path) or _MLFLOW_WORKSPACE.fullmatch(path):
        return found.group(1)
    if path == API or path.startswith(f"{API}/"):
        return None
    return contract.DEFAULT_WORKSPACE  # MLflow's routes at the root


def check(principal: Principal, method: str, path: str) -> None:
    """Raise ``PermissionDenied`` unless ``principal`` may send ``method`` to ``path``."""
    workspace = workspace_of(path)
    if principal.workspace is not None:
        if workspace is None:
            if method not in READING and not _OWN.fullmatch(path):
                raise PermissionDenied(f"This token is for the workspace {principal.workspace} and nothing else.")
        elif workspace != principal.workspace:
            raise PermissionDenied(
                f"This token is for the workspace {principal.workspace}; it cannot act in {workspace}. "
                "Use a token of that workspace.",
                workspace=workspace,
            )
        elif method not in READING and path == f"{API}/workspaces/{workspace}":
            raise PermissionDenied("A token of one workspace cannot change or delete the workspace itself.")
    if principal.kind in _SCRIPTS and (method not in READING or _ACCOUNTS.fullmatch(path)):
        _check_script(principal, method, path)
    if is_write_of_reader(principal, method, path) and not (principal.user_pk and _MAY_BE_GRANTED.fullmatch(path)):
        raise PermissionDenied(
            f"{principal.name} is a reader on this server and cannot {method} {path}. Ask an admin for the role `user`."
        )


def is_write_of_reader(principal: Principal, method: str, path: str) -> bool:
    """Whether a reader asks for more than to read, which takes a permission."""
    if principal.role != "reader" or method in READING or _OWN.fullmatch(path):
        return False
    return not (method == "POST" and _MLFLOW_SEARCHES.fullmatch(path))


def _check_script(principal: Principal, method: str, path: str) -> None:
    refused = PermissionDenied(
        f"A {principal.kind} token cannot {method} {path}. Do this with your own token, outside the run."
    )
    if found := _API_WORKSPACE.fullmatch(path):
        inner = found.group(2) or ""
        allowed = _SCRIPT_DELETES if method == "DELETE" else _SCRIPT_WRITES
        keys = _KEYS.fullmatch(inner)
        if not allowed.fullmatch(inner) or (keys and not (principal.kind == "run" and keys.group(1) in _FOR_RUNS)):
            raise refused
        return
    if path.startswith(f"{API}/"):
        raise refused
    found = _MLFLOW_WORKSPACE.fullmatch(path)
    if _MLFLOW_DESTROYS.match(found.group(2) if found else path):
        raise refused
