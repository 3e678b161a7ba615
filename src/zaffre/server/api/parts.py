"""What the routes work with: the rooms of the server, handed to each request by the application that was composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from zaffre.server.accounts.credentials import Credentials
from zaffre.server.accounts.permissions import Permissions
from zaffre.server.accounts.users import Users
from zaffre.server.api.events import Streams
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.deployments.endpoints import Endpoints
from zaffre.server.deployments.services import Services
from zaffre.server.deployments.telemetry import Telemetry
from zaffre.server.notifier import Notifier
from zaffre.server.registry.environments import Environments
from zaffre.server.registry.imports import RegistryImports
from zaffre.server.registry.models import Models
from zaffre.server.registry.snapshots import Snapshots
from zaffre.server.registry.versions import Versions
from zaffre.server.registry.workspaces import Workspaces
from zaffre.server.runs.builds import Builds
from zaffre.server.runs.computes import Computes
from zaffre.server.runs.submissions import Submissions
from zaffre.server.settings import Settings
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking
from zaffre.server.webhooks.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    settings: Settings
    started_at: int
    store: Store
    artifacts: ArtifactStore
    credentials: Credentials
    users: Users
    permissions: Permissions
    workspaces: Workspaces
    snapshots: Snapshots
    models: Models
    versions: Versions
    imports: RegistryImports
    environments: Environments
    builds: Builds
    tracking: Tracking
    notifier: Notifier
    computes: Computes
    submissions: Submissions
    services: Services
    endpoints: Endpoints
    telemetry: Telemetry
    streams: Streams
    webhooks: Webhooks


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
