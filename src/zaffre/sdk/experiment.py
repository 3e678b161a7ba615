"""``Experiment``: a named series of runs."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from zaffre.core import contract, entities, names, wire
from zaffre.core.errors import NotFound, UserErrorException
from zaffre.core.states import RunStatus
from zaffre.sdk.authentication import AbstractAuthentication
from zaffre.sdk.late import late
from zaffre.sdk.run import Run, html_table, link, text_of
from zaffre.sdk.run_filters import Filter, wanted_pairs
from zaffre.sdk.times import moment
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.workspace import Workspace

OUTPUTS: Final = "outputs"


class ViewType:
    """Which experiments ``Experiment.list`` shows."""

    ActiveOnly = "ActiveOnly"
    All = "All"
    ArchivedOnly = "ArchivedOnly"


_VIEWS: Final = {ViewType.ActiveOnly: "active", ViewType.All: "all", ViewType.ArchivedOnly: "archived"}


class Experiment:
    """An experiment of a workspace; made on the server when there is none of that name.

    ``workspace`` may also be the name of a workspace.
    """

    def __init__(
        self,
        workspace: Workspace | str,
        name: str,
        _skip_name_validation: bool = False,
        _id: str | None = None,
        _archived_time: str | None = None,
        _create_in_cloud: bool = True,
        _experiment_dto: entities.Experiment | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"Experiment() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
        # A text names the workspace as a config.json would: the embedded server makes it on first use.
        place = (contract.DEFAULT_SUBSCRIPTION, contract.DEFAULT_RESOURCE_GROUP)
        self._workspace = Workspace(*place, workspace) if isinstance(workspace, str) else workspace
        self._scope = self._workspace._scope
        self._name = name if _skip_name_validation else names.check_experiment(name)
        self._entity = _experiment_dto
        if _create_in_cloud and _experiment_dto is None:
            self._entity = self._scope.client.put(self._route(), entities.Experiment)

    @classmethod
    def _of_name(cls, workspace: Workspace, name: str) -> Experiment:
        """A handle of an experiment that exists, of which nothing is read yet."""
        return cls(workspace, name, _skip_name_validation=True, _create_in_cloud=False)

    def _route(self, *segments: str) -> str:
        return self._scope.path("experiments", self._name, *segments)

    def _fetch(self) -> entities.Experiment:
        self._entity = self._scope.client.get(self._route(), entities.Experiment)
        return self._entity

    def _patch(self, patch: wire.ExperimentPatch) -> None:
        self._entity = self._scope.client.patch(self._route(), entities.Experiment, patch)

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"

    def _repr_html_(self) -> str:
        page = link("Link to Zaffre Studio", self.get_portal_url())
        return html_table({"Name": self._name, "Workspace": self._workspace.name, "Report Page": page})

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    @property
    def workspace_object(self) -> Workspace:
        return self._workspace

    @property
    def name(self) -> str:
        return self._name

    @property
    def id(self) -> str:
        return str((self._entity or self._fetch()).id)

    @property
    def archived_time(self) -> datetime.datetime | None:
        archived_at = self._fetch().archived_at
        return None if archived_at is None else moment(archived_at)

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._fetch().tags)

    @property
    def identity(self) -> str:
        return f"Experiment#{self._name}"

    def get_portal_url(self) -> str:
        """The experiment's page in the Studio."""
        return self._scope.portal("experiments", self._name)

    @property
    def portal_url(self) -> str:
        return self.get_portal_url()

    @classmethod
    def get_docs_url(cls) -> str:
        raise not_built("Experiment.get_docs_url", "read the documentation that comes with Zaffre")

    # --- runs ---------------------------------------------------------------------------------------------------------

    def submit(self, config: Any, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:
        """Run what ``config`` (a ``ScriptRunConfig``) describes; returns at once with its handle.

        For the target "local" a runner is started on this machine, for others the server starts it.
        """
        run: Run = late("submission", "submit")(self, config, tags, **kwargs)
        return run

    def start_logging(self, *args: Any, **kwargs: Any) -> Run:
        """Start an interactive run, which is running at once.

        Keywords: ``outputs`` (True or None: ``./outputs``, False: none, or a folder) is uploaded when the run
        completes; ``snapshot_directory`` (default ".") is kept with the run, None keeps nothing; ``display_name``,
        ``name`` (the same), ``run_id``.
        """
        outputs = kwargs.pop("outputs", None)
        folder = kwargs.pop("snapshot_directory", ".")
        display_name = kwargs.pop("display_name", None) or kwargs.pop("name", None)
        run_id = kwargs.pop("run_id", None)
        kwargs.pop("name", None)
        if args or kwargs:
            raise TypeError(f"start_logging() got unexpected arguments: {[*args, *sorted(kwargs)]}")
        snapshot_id = None
        properties = {}
        if folder is not None:
            snapshot = late("snapshotting", "send_snapshot")(self._scope, folder)
            snapshot_id = snapshot.id
            properties = {"ContentSnapshotId": snapshot.id, **late("git", "git_properties")(Path(folder))}
        body = wire.RunCreate(
            id=run_id if run_id is None else names.check_run_id(run_id),
            display_name=display_name,
            status=RunStatus.RUNNING,
            snapshot_id=snapshot_id,
            properties=properties,
        )
        entity = self._scope.client.post(self._route("runs"), entities.Run, body)
        kept = OUTPUTS if outputs in (None, True) else (outputs or None)
        return Run(self, entity.id, outputs=kept, _entity=entity, _fresh=True)

    def get_runs(
        self, type: str | None = None, tags: Filter = None, properties: Filter = None, include_children: bool = False
    ) -> Iterator[Run]:
        """The runs, newest first; ``tags`` and ``properties`` are dictionaries, or a key that must exist."""
        return Run.list(self, type, tags, properties, include_children=include_children)

    # --- tags and archive ---------------------------------------------------------------------------------------------

    def tag(self, key: str, value: str | None = None) -> None:
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add or change tags; values are kept as text."""
        self._patch(wire.ExperimentPatch(tags={str(key): text_of(value) for key, value in tags.items()}))

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        self._patch(wire.ExperimentPatch(remove_tags=[tags] if isinstance(tags, str) else [str(tag) for tag in tags]))

    def refresh(self) -> None:
        """Read the experiment anew; raises ``NotFound`` when it is gone."""
        self._fetch()

    def archive(self) -> None:
        """Hide the experiment and its runs from lists."""
        self._patch(wire.ExperimentPatch(archived=True))

    def reactivate(self, new_name: str | None = None) -> None:
        """Show an archived experiment again; it keeps its name."""
        if new_name is not None:
            raise UserErrorException("An experiment keeps its name when it is reactivated: leave new_name out.")
        self._patch(wire.ExperimentPatch(archived=False))

    # --- finding and deleting -----------------------------------------------------------------------------------------

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = ViewType.ActiveOnly,
        tags: Filter = None,
    ) -> builtins.list[Experiment]:
        """The experiments of a workspace, of one name or of all, filtered by tags."""
        if view_type not in _VIEWS:
            raise UserErrorException(f"{view_type!r} is not a view of experiments: use {', '.join(_VIEWS)}.")
        route = workspace._scope.path("experiments")
        pairs = wanted_pairs(tags)
        return [
            Experiment(workspace, entity.name, _skip_name_validation=True, _experiment_dto=entity)
            for entity in workspace._scope.client.items(route, entities.Experiment, view=_VIEWS[view_type])
            if experiment_name in (None, entity.name)
            and all(key in entity.tags and value in (None, entity.tags[key]) for key, value in pairs)
        ]

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Delete an experiment with its runs; raises ``NotFound``."""
        for experiment in Experiment.list(workspace, view_type=ViewType.All):
            if experiment.id == str(experiment_id):
                workspace._scope.client.delete(experiment._route())
                return
        raise NotFound(f"The workspace {workspace.name} has no experiment with the id {experiment_id}.")

    @staticmethod
    def from_directory(path: str, auth: AbstractAuthentication | None = None) -> Experiment:
        """The experiment named like a project folder, in the workspace that the configuration there names."""
        return Experiment(Workspace.from_config(path, auth), Path(path).resolve().name)
