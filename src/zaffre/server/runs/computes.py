"""The acts on compute targets. Each is this machine; its ``max_nodes`` says how many runs go at once."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection

from zaffre.core.entities import ComputeTarget
from zaffre.core.errors import ComputeTargetInvalid, StateConflict, Unsupported
from zaffre.core.names import check_compute
from zaffre.core.wire import ComputeCreate, ComputePatch
from zaffre.server.store import computes
from zaffre.server.store.engine import Store

LOCAL = "local"  # the submitter's own machine: always there, and never a row
AML_COMPUTE = "AmlCompute"


class Computes:
    """Make, change and delete compute targets. ``ws`` is the name of a workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, ws: str, name: str, wanted: ComputeCreate) -> ComputeTarget:
        """The target as wanted, made or changed. Raises ``ComputeTargetInvalid`` and ``Unsupported``."""
        check_compute(name)
        if name == LOCAL:
            raise ComputeTargetInvalid("'local' is always the submitter's own machine: choose another name.")
        if wanted.type != AML_COMPUTE:
            raise Unsupported(
                f"Compute targets of the type {wanted.type!r} are not supported. Use AmlCompute: its nodes are "
                "processes of the server's machine.",
                type=wanted.type,
            )
        values = asdict(wanted) | {"max_nodes": 1 if wanted.max_nodes is None else wanted.max_nodes}
        _check_nodes(values["min_nodes"], values["max_nodes"], values["idle_seconds_before_scaledown"])
        return self._store.write(lambda connection: computes.put(connection, ws, name, values))

    def change(self, ws: str, name: str, patch: ComputePatch) -> ComputeTarget:
        values = {key: value for key, value in asdict(patch).items() if value is not None}

        def apply(connection: Connection) -> ComputeTarget:
            known = computes.get(connection, ws, name)
            changed = asdict(known) | values
            _check_nodes(changed["min_nodes"], changed["max_nodes"], changed["idle_seconds_before_scaledown"])
            return computes.put(connection, ws, name, values)

        return self._store.write(apply)

    def delete(self, ws: str, name: str) -> None:
        """Refused (``StateConflict``) while a run occupies it."""

        def apply(connection: Connection) -> None:
            running = computes.get(connection, ws, name).running_nodes
            if running:
                raise StateConflict(
                    f"Compute target {name} cannot be deleted: {running} of its nodes run. Wait for the runs, or "
                    "cancel them.",
                    compute=name,
                )
            computes.remove(connection, ws, name)

        self._store.write(apply)

    def get(self, ws: str, name: str) -> ComputeTarget:
        return self._store.read(lambda connection: computes.get(connection, ws, name))

    def list_all(self, ws: str) -> list[ComputeTarget]:
        return self._store.read(lambda connection: computes.list_all(connection, ws))


def make_on_first_use(connection: Connection, ws: str, name: str) -> ComputeTarget:
    """A target of one node, for a submit that names one which is not there."""
    check_compute(name)
    return computes.put(connection, ws, name, asdict(ComputeCreate()) | {"max_nodes": 1})


def _check_nodes(least: int, most: int, idle_seconds: int) -> None:
    if not 0 <= least <= most or most < 1:
        raise ComputeTargetInvalid(
            f"min_nodes is {least} and max_nodes {most}: min_nodes is 0 or more and at most max_nodes, which is 1 or "
            "more."
        )
    if idle_seconds < 0:
        raise ComputeTargetInvalid(f"idle_seconds_before_scaledown is {idle_seconds}: it must be 0 or more.")
