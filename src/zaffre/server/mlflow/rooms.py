"""What the door's acts work with: the rooms below, and on whose behalf."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.notifier import Notifier
from zaffre.server.registry.models import Models
from zaffre.server.registry.versions import Versions
from zaffre.server.store import workspaces
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    store: Store  # for reading; what changes anything goes through the rooms with the rules
    artifacts: ArtifactStore
    tracking: Tracking
    models: Models
    versions: Versions
    notifier: Notifier
    workspace: str = ""  # of this request
    user: str = ""  # who asks

    def check_workspace(self) -> None:
        """Raise ``WorkspaceNotFound`` for a workspace that is not there; a search would find nothing instead."""
        self.store.read(lambda connection: workspaces.key_of(connection, self.workspace))
