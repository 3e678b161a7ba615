"""What the door's acts work with: the rooms below, and on whose behalf."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool

from zaffre.core import contract
from zaffre.server.accounts.permissions import Deed, Permissions
from zaffre.server.accounts.users import Users
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.mlflow import values
from zaffre.server.notifier import Notifier
from zaffre.server.registry.models import Models
from zaffre.server.registry.versions import Versions
from zaffre.server.store import experiments, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.tokens import Principal
from zaffre.server.tracking.tracking import Tracking
from zaffre.server.webhooks.webhooks import Webhooks

DEFAULT_EXPERIMENT: Final = "Default"  # the name of MLflow's experiment 0
_NOBODY: Final = Principal(kind="run", name="", role="reader")  # may least of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    store: Store  # for reading; what changes anything goes through the rooms with the rules
    artifacts: ArtifactStore
    tracking: Tracking
    models: Models
    versions: Versions
    notifier: Notifier
    webhooks: Webhooks
    users: Users
    permissions: Permissions
    workspace: str = ""  # of this request
    asker: Principal = _NOBODY
    address: str = ""  # where the request comes from

    def of(self, workspace: str, asker: Principal, address: str) -> Rooms:
        """The same rooms for one request. (``dataclasses.replace`` takes several times as long.)"""
        return Rooms(
            store=self.store,
            artifacts=self.artifacts,
            tracking=self.tracking,
            models=self.models,
            versions=self.versions,
            notifier=self.notifier,
            webhooks=self.webhooks,
            users=self.users,
            permissions=self.permissions,
            workspace=workspace,
            asker=asker,
            address=address,
        )

    @property
    def user(self) -> str:
        """The name of who asks."""
        return self.asker.name

    def experiment_id(self, text: str) -> int:
        """The experiment that a request names. "0" is where MLflow's clients log when they were told no experiment: it
        means the workspace's own "Default", made on first use. Raises ``InvalidValue`` for what is no number.
        """
        wanted = values.experiment_id(text)
        if wanted != 0 or self.workspace == contract.DEFAULT_WORKSPACE:
            return wanted
        return self.tracking.create_experiment(self.workspace, DEFAULT_EXPERIMENT, exist_ok=True).id

    async def aexperiment_id(self, text: str) -> int:
        """``experiment_id`` for coroutines."""
        wanted = values.experiment_id(text)
        return wanted if wanted != 0 else await run_in_threadpool(self.experiment_id, text)

    def experiment_ids(self, texts: Iterable[str]) -> list[int]:
        """The experiments that a search names, but for those that are hidden from who asks; it makes none, so "0" may
        name nothing yet."""
        wanted = {values.experiment_id(text) for text in texts}
        if 0 in wanted and self.workspace != contract.DEFAULT_WORKSPACE:
            found = self.store.read(
                lambda connection: experiments.find(connection, self.workspace, name=DEFAULT_EXPERIMENT)
            )
            wanted = wanted - {0} | ({found.id} if found else set())
        return sorted(wanted.difference(self.permissions.hidden_experiments(self.asker, self.workspace)))

    async def aexperiment_ids(self, texts: Collection[str]) -> list[int]:
        """``experiment_ids`` for coroutines."""
        wanted = {values.experiment_id(text) for text in texts}
        if self.permissions.is_free(self.asker, Deed.READ) and (
            0 not in wanted or self.workspace == contract.DEFAULT_WORKSPACE
        ):
            return sorted(wanted)
        return await run_in_threadpool(self.experiment_ids, texts)

    def check_workspace(self) -> None:
        """Raise ``WorkspaceNotFound`` for a workspace that is not there; a search would find nothing instead."""
        self.store.read(lambda connection: workspaces.key_of(connection, self.workspace))
