"""Building an environment ahead of its use: a run of its own that prepares it, starts nothing, and keeps the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zaffre.core.codec import to_plain
from zaffre.core.entities import EnvironmentVersion, Run, ScriptSpec
from zaffre.core.environment_wire import EnvironmentBuild
from zaffre.core.errors import NotFound
from zaffre.core.wire import RunCreate
from zaffre.environments import image_spec, spec
from zaffre.server.registry.environments import Environments
from zaffre.server.runs.submissions import Submissions
from zaffre.server.store import computes
from zaffre.server.store.engine import Store
from zaffre.server.store.paging import Found
from zaffre.server.store.run_search import RunQuery
from zaffre.server.tracking.tracking import Tracking

EXPERIMENT: Final = "prepare_image"  # as Azure calls where such runs are
TARGET: Final = "environment-builds"  # the compute target that is made for them: one build at a time
NAME: Final = "environment"  # a property of each such run
VERSION: Final = "environment_version"
_NOTHING: Final = "exit 0"  # once it is there, the shell of this machine or of the image does this in it


class Builds:
    """Starts and lists builds. ``on_first_use``: the target for builds is made where it is missing."""

    def __init__(
        self,
        store: Store,
        tracking: Tracking,
        environments: Environments,
        submissions: Submissions,
        *,
        on_first_use: bool,
    ) -> None:
        self._store = store
        self._tracking = tracking
        self._environments = environments
        self._submissions = submissions
        self._on_first_use = on_first_use

    def start(self, ws: str, name: str, wanted: EnvironmentBuild, *, created_by: str = "") -> Run:
        """A run that builds the environment. Raises ``NotFound``, ``ComputeTargetNotFound`` where a team's server has
        no compute target, and what ``spec.parse`` and ``image_spec.read`` raise for what cannot be built."""
        found = self._environments.get(ws, name, wanted.version)
        definition = _definition(found)
        if image_spec.needs_image(definition):
            image_spec.read(definition)
        else:
            spec.check(definition)
        target = wanted.target or self._target(ws)
        experiment = self._tracking.create_experiment(ws, EXPERIMENT, exist_ok=True)
        given = RunCreate(
            display_name=f"{found.name}:{found.version}",
            target=target,
            properties={NAME: found.name, VERSION: found.version},
            spec=ScriptSpec(
                command=_NOTHING,
                environment=to_plain(definition),
                environment_name=found.name,
                environment_version=found.version,
                output_collection=False,
                resolve_anew=wanted.anew,
            ),
        )
        return self._submissions.create(ws, experiment.id, given, created_by=created_by)

    def of(self, ws: str, name: str, *, limit: int, after: str | None = None) -> Found[Run]:
        """The builds of an environment, the newest first."""
        try:
            experiment = self._tracking.get_experiment_by_name(ws, EXPERIMENT)
        except NotFound:
            return Found([], None)
        query = RunQuery(experiment_ids=[experiment.id], properties={NAME: name}, newest=True)
        return self._tracking.search_runs(ws, query, limit=limit, after=after)

    def _target(self, ws: str) -> str:
        known = [one.name for one in self._store.read(lambda connection: computes.list_all(connection, ws))]
        return TARGET if self._on_first_use or TARGET in known or not known else known[0]


def _definition(found: EnvironmentVersion) -> Mapping[str, Any]:
    plain = to_plain(found.definition)
    return {**(plain if isinstance(plain, Mapping) else {}), "name": found.name}
