"""Submitting: a run row whose target can take it, or a refusal with the reason."""

from __future__ import annotations

from dataclasses import replace

from zaffre.core.entities import Run
from zaffre.core.errors import ComputeTargetNotFound, InvalidValue, Unsupported
from zaffre.core.wire import RunCreate, RunPatch
from zaffre.server.runs.computes import LOCAL, make_on_first_use
from zaffre.server.store import computes, snapshots
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking


class Submissions:
    """Makes runs. ``on_first_use``: a submit to a compute target that is not there makes it."""

    def __init__(self, store: Store, tracking: Tracking, *, on_first_use: bool) -> None:
        self._store = store
        self._tracking = tracking
        self._on_first_use = on_first_use

    def create(self, ws: str, experiment_id: int, given: RunCreate, *, created_by: str = "") -> Run:
        """A new run; one with a spec is submitted to its target, by default "local".

        Raises ``ComputeTargetNotFound``, ``NotFound`` for a missing snapshot, and ``Unsupported`` for what the target
        cannot honour.
        """
        if given.spec is None:
            return self._tracking.create_run(ws, experiment_id, given, created_by=created_by)
        target = given.target or LOCAL
        if (given.spec.script is None) == (given.spec.command is None):
            raise InvalidValue("A submitted run has either a script or a command: give one of them.")
        if given.spec.node_count != 1:
            raise Unsupported(
                f"The run asks for {given.spec.node_count} nodes, but {target} is one machine. Set node_count to 1."
            )
        if given.snapshot_id is not None:
            wanted = given.snapshot_id
            self._store.read(lambda connection: snapshots.get(connection, ws, wanted))
        made = target != LOCAL and self._ensure(ws, target)
        run = self._tracking.create_run(ws, experiment_id, replace(given, target=target), created_by=created_by)
        if made:
            note = f"Compute target {target} was made on this machine for this run; one run at a time goes there."
            run = self._tracking.update_run(ws, run.id, RunPatch(waiting_for=note))
        return run

    def _ensure(self, ws: str, target: str) -> bool:
        """Whether the target had to be made."""
        if self._store.read(lambda connection: computes.find(connection, ws, target)) is not None:
            return False
        if not self._on_first_use:
            raise ComputeTargetNotFound(
                f"There is no compute target {target!r} in workspace {ws}, and a team's server makes none on first "
                "use. Create it, or submit to 'local'.",
                compute=target,
            )
        self._store.write(lambda connection: make_on_first_use(connection, ws, target))
        return True
