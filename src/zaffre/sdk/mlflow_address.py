"""``azureml://`` addresses: which server and workspace they mean, and tokens for it that never run out.

azureml://<region>.api.azureml.ms/mlflow/v2.0/subscriptions/S/resourceGroups/G/providers/.../workspaces/W
    what configurations written for Azure hold: the workspace W of the server that this machine uses
azureml://<host>:<port>[/workspaces/W], azureml:///workspaces/W
    the server at that address, or the one that this machine uses; without a name the workspace "default"
"""

from __future__ import annotations

import os
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from zaffre.core import contract, wire
from zaffre.core.errors import AuthenticationException, InvalidValue, PermissionDenied
from zaffre.sdk.client import segment
from zaffre.sdk.discovery import connect, in_run
from zaffre.sdk.late import late
from zaffre.sdk.scope import Scope

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace

SCHEME: Final = "azureml"
TOKEN_SECONDS: Final = 3600
_AZURE: Final = re.compile(r"(?:.+\.)?api\.azureml\.(?:ms|us|cn)|(?:.+\.)?azureml\.ms", re.I)
_PATH: Final = re.compile(
    r"(?:.*/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)(?:/.*)?)?/workspaces/(?P<name>[^/]+)/*",
    re.I,
)
_RUN_SECONDS: Final = 60.0  # how long a run's own token is taken as read


@dataclass(frozen=True, slots=True)
class Access:
    """Where MLflow's protocol of a workspace is spoken, such as ``http://127.0.0.1:5577/workspaces/w``, and a token."""

    host: str
    token: str

    @property
    def uri(self) -> str:
        """Both in one, as unmodified MLflow clients take it."""
        scheme, _, rest = self.host.partition("://")
        return f"{scheme}://token:{segment(self.token)}@{rest}"


def token_seconds() -> int:
    """How long a token for MLflow clients is valid: ZAFFRE_MLFLOW_TOKEN_SECONDS, else an hour."""
    text = os.environ.get(contract.ZAFFRE_MLFLOW_TOKEN_SECONDS)
    if not text:
        return TOKEN_SECONDS
    if not (text.isdecimal() and 0 < int(text) < 10**10):
        raise InvalidValue(
            f"{contract.ZAFFRE_MLFLOW_TOKEN_SECONDS} is {text!r}: set it to whole seconds from 1, or leave it out."
        )
    return int(text)


def mlflow_access(scope: Scope) -> tuple[Access, float]:
    """The way in for MLflow clients, and for how many seconds from now it is good at least.

    Inside a run it is the run's token; so is a token that may make no others handed on as it is.
    """
    below = "" if scope.workspace == contract.DEFAULT_WORKSPACE else f"/workspaces/{segment(scope.workspace)}"
    host = scope.client.url + below
    if in_run():
        return Access(host, scope.client.token), _RUN_SECONDS
    seconds = token_seconds()
    wanted = wire.TokenCreate(kind="mlflow", expires_in_seconds=seconds, workspace=scope.workspace)
    try:
        made = scope.client.post("/api/v1/tokens", wire.TokenCreated, wanted)
    except PermissionDenied:
        return Access(host, scope.client.token), _RUN_SECONDS
    left = seconds if made.expires_at is None else made.expires_at / 1000 - time.time()
    return Access(host, made.token), left


def locate(uri: str) -> Scope:
    """The scope of ``workspace_at(uri)``."""
    return workspace_at(uri)._scope


def workspace_at(uri: str) -> Workspace:
    """The workspace that an ``azureml://`` address means.

    The embedded server makes it on first use. Raises ``InvalidValue`` for an address of another shape,
    ``AuthenticationException`` for a server that this machine has no token for.
    """
    parts = urlsplit(uri)
    if parts.scheme != SCHEME or parts.username or parts.password:
        raise InvalidValue(
            f"{_shown(parts)!r} is not an address of a workspace: write azureml://<host>:<port>/workspaces/<name>, "
            "without a user or token in it."
        )
    path = _PATH.fullmatch(parts.path)
    if path is None and parts.path.strip("/"):
        raise InvalidValue(
            f"{uri!r} names no workspace: end it in /workspaces/<name>, as ws.get_mlflow_tracking_uri() does."
        )
    named = path.groupdict() if path else {}
    if parts.netloc and not _AZURE.fullmatch(parts.hostname or ""):
        _check_host(parts.netloc)
    workspace: Workspace = late("workspace", "Workspace")(
        named.get("subscription") or contract.DEFAULT_SUBSCRIPTION,
        named.get("group") or contract.DEFAULT_RESOURCE_GROUP,
        unquote(named.get("name") or contract.DEFAULT_WORKSPACE),
    )
    return workspace


class Tokens:
    """A token for the workspace of an ``azureml://`` address, made anew before it runs out. Threads may share it."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._lock = threading.Lock()
        self._access: Access | None = None
        self._renew_at = 0.0

    def current(self) -> Access:
        """Raises what finding the server raises; see ``locate``."""
        with self._lock:
            if self._access is None or time.monotonic() >= self._renew_at:
                self._access, left = mlflow_access(locate(self.uri))
                self._renew_at = time.monotonic() + left / 2
            return self._access

    def refused(self, access: Access) -> None:
        """Note that the server did not take ``access``: the next ``current`` finds the server and a token anew."""
        with self._lock:
            if self._access == access:
                self._access = None


def _check_host(netloc: str) -> None:
    """Raise unless the server that this machine uses, and so has a token for, is the one at ``netloc``."""
    known = urlsplit(connect(start=False).url).netloc.rsplit("@", 1)[-1]
    if known.lower() != netloc.lower():
        raise AuthenticationException(
            f"There is no token here for the server {netloc}: set {contract.ZAFFRE_URL} to its URL and "
            f"{contract.ZAFFRE_TOKEN} to a token of it (this machine uses {known})."
        )


def _shown(parts: SplitResult) -> str:
    """The address without what may be a secret."""
    return parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1], query="").geturl()
