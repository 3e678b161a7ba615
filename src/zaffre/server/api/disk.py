"""What environments take on the server's disk, and giving it back."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.environment_wire import DiskItem, EnvironmentPrune
from zaffre.core.errors import PermissionDenied
from zaffre.core.wire import Page
from zaffre.environments import storage
from zaffre.environments.disk import Item
from zaffre.server.api.answers import Asker, answer, api_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.store.tokens import Principal

router = api_router("/disk", "environments")


@router.get("/environments", response_model=Page[DiskItem])
def list_environments_on_disk(parts: PartsOf, asker: Asker) -> Response:
    """Folders, images, and the cache of conda packages, the largest first: of every workspace, so for admins."""
    _check_admin(asker)
    return answer(Page(items=[_told(item) for item in storage.items(parts.settings.home)]))


@router.post("/environments/prune", response_model=Page[DiskItem])
def prune_environments(body: EnvironmentPrune, parts: PartsOf, asker: Asker) -> Response:
    """Remove what the keys name; answers what was removed. What a running program uses stays, and what was removed can
    be built again. For admins."""
    _check_admin(asker)
    return answer(Page(items=[_told(item) for item in storage.remove(parts.settings.home, set(body.keys))]))


def _check_admin(asker: Principal) -> None:
    if asker.role != "admin":
        raise PermissionDenied(f"{asker.name} cannot look after the disk of this server: that is for its admins.")


def _told(item: Item) -> DiskItem:
    return DiskItem(
        key=item.key,
        kind=item.kind,
        what=item.what,
        size=item.size,
        freed=item.freed,
        used_at=None if item.used_at is None else round(item.used_at * 1000),
        in_use=item.in_use,
        layers=item.layers,
        shared_layers=item.shared_layers,
    )
