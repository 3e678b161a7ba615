"""A client and the workspace it speaks for: what every noun holds instead of a server address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zaffre.sdk.client import Client, artifact, segment

if TYPE_CHECKING:
    from zaffre.sdk.metric_logger import MetricLogger


class Scope:
    """``client`` and the name of the ``workspace``; knows the routes below it.

    ``loggers`` holds the one metric logger per run id, so that two handles of a run count the same steps.
    """

    def __init__(self, client: Client, workspace: str) -> None:
        self.client = client
        self.workspace = workspace
        self.loggers: dict[str, MetricLogger] = {}

    def __repr__(self) -> str:
        return f"Scope({self.client!r}, {self.workspace!r})"

    def path(self, *segments: str, file: str | None = None) -> str:
        """The route ``/api/v1/workspaces/<workspace>/...``, each segment escaped; ``file`` keeps its slashes."""
        parts = [self.client.ws(self.workspace), *(segment(part) for part in segments)]
        return "/".join([*parts, artifact(file)] if file is not None else parts)

    def portal(self, *segments: str) -> str:
        """The Studio's page, for instance ``portal("runs", run_id)``."""
        return "/".join([self.client.url, "ws", segment(self.workspace), *(segment(part) for part in segments)])
