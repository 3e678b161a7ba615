"""``zaffre environment prune``."""

from __future__ import annotations

import sys

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.formats import moment, size
from zaffre.cli.progress import waiting
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment_local import Item, disk_use, disk_use_there, prunable, prune, prune_there

_DAY = 86_400.0


def _used(item: Item) -> str:
    if item.in_use:
        return "now"
    return moment(round(item.used_at * 1000)) if item.used_at is not None else ""


def _layers(item: Item) -> str:
    return f"{item.layers}, {item.shared_layers} shared" if item.layers else ""


COLUMNS = (
    ("key", lambda item: item.key),
    ("kind", lambda item: item.kind),
    ("what", lambda item: item.what),
    ("size", lambda item: size(item.size)),
    ("freed", lambda item: size(item.freed)),
    ("layers", _layers),
    ("used", _used),
)


def prune_environments(
    *,
    unused_days: float = 30.0,
    packages: bool = False,
    list_only: bool = False,
    server: bool = False,
    yes: Yes = False,
    session: Session = SESSION,
) -> Listing:
    """Remove environments of this machine that were not used for a while; each can be built again from its lock.

    For example:

    - `zaffre environment prune --list-only`
    - `zaffre environment prune --unused-days 7 --yes`
    - `zaffre environment prune --server`

    Parameters
    ----------
    unused_days
        Those that no run and no service has used for so many days; 0 for all that nothing uses now.
    packages
        Remove the cache of fetched conda packages too.
    list_only
        Show what is on disk, the largest first, and remove nothing.
    server
        On the machine of the server in place of this one: for its admins.
    yes
        Do not ask.
    """
    where = "the server's machine" if server else "this machine"
    with waiting("Looking at the disk"):
        present = disk_use_there(session.client()) if server else disk_use()
    if list_only:
        return Listing(present, COLUMNS, f"No environment is built on {where}.")
    found = prunable(present, unused_for=unused_days * _DAY, packages=packages)
    nothing = "There is nothing to remove: `zaffre environment prune --list-only` shows what is on disk."
    if not found:
        return Listing([], COLUMNS, nothing)
    if not yes:
        sys.stderr.writelines(f"{size(item.freed):>10}  {item.kind:<11}  {item.what or item.key}\n" for item in found)
    freed = size(sum(item.freed for item in found))
    what = "1 environment" if len(found) == 1 else f"{len(found)} environments"
    confirm_delete(f"{what} of {where} ({freed} come back)", yes)
    with waiting(f"Removing {what}"):
        if server:
            removed = prune_there(session.client(), found)
        else:
            removed = prune(unused_for=unused_days * _DAY, packages=packages)
    return Listing(removed, COLUMNS, nothing)
