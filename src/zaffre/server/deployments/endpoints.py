"""The acts on endpoints: versions behind one address, and which of them answers how much of the traffic.

An endpoint is a service whose supervisor is a router (``zaffre.runner.endpoint``), and each version is a service whose
supervisor is that of any other. What is wanted of the router is read by it; nobody calls it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from zaffre.core import codec
from zaffre.core.endpoint_wire import (
    CONTROL,
    TREATMENT,
    Endpoint,
    EndpointCreate,
    EndpointPatch,
    EndpointVersion,
    ShadowReport,
    TrafficChange,
    VersionCreate,
    VersionPatch,
)
from zaffre.core.entities import Service
from zaffre.core.errors import StateConflict, WebserviceExists, WebserviceInvalid, WebserviceNotFound
from zaffre.core.ids import now_ms
from zaffre.core.names import check_service, version_service
from zaffre.core.states import ServiceState
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.deployments import keys, targets, traffic
from zaffre.server.deployments.services import alive, announce, deploying, described, resolve, retire
from zaffre.server.notifier import Notifier
from zaffre.server.store import endpoints, service_telemetry, services, snapshots
from zaffre.server.store.endpoints import Version
from zaffre.server.store.engine import Store


class Endpoints:
    """Deploy, change, route and delete. ``ws`` is the name of a workspace.

    ``lost_seconds``: a supervisor that was silent for longer is taken for dead.
    """

    def __init__(self, store: Store, artifacts: ArtifactStore, notifier: Notifier, *, lost_seconds: float) -> None:
        self._store = store
        self._artifacts = artifacts
        self._notifier = notifier
        self._lost_ms = int(lost_seconds * 1000)

    def deploy(self, ws: str, name: str, wanted: EndpointCreate, *, created_by: str = "") -> Endpoint:
        """An endpoint with its first version, which is the default one and gets the traffic.

        Raises ``WebserviceExists`` unless ``overwrite``, ``StateConflict`` for a service of another type, and what
        ``add_version`` raises.
        """
        version_service(name, wanted.version_name)
        targets.check(targets.AKS, wanted.version.spec, auth_enabled=False)
        mode = keys.mode_of(wanted.auth_enabled, wanted.token_auth_enabled)

        def apply(connection: Connection) -> tuple[Endpoint, list[tuple[str, bool]]]:
            known = services.find(connection, ws, name)
            gone = known is None or known.state is ServiceState.DELETED
            _check_free(known, name, ws, overwrite=wanted.overwrite)
            now = now_ms()
            values: dict[str, Any] = {
                "compute_type": targets.ENDPOINT,
                "created_by": created_by,
                "description": wanted.description,
                "tags": wanted.tags,
                "properties": wanted.properties,
                "spec": codec.to_plain(wanted.version.spec),
            }
            if gone:
                values |= deploying(known, now) | {"created_at": now, "heartbeat_at": None, "pid": None, "port": None}
            services.put(connection, ws, name, values | {"updated_at": now})
            left = [
                self._drop(connection, each) for each in _held(connection, ws, name) if each.name != wanted.version_name
            ]
            endpoints.begin(connection, ws, name)
            first = wanted.version_name not in [each.name for each in _held(connection, ws, name)]
            _put_version(connection, ws, name, wanted.version_name, wanted.version, created_by, anew=first)
            for column in ("is_default", "is_control"):
                endpoints.mark(connection, ws, name, wanted.version_name, column)
            keys.settle(
                connection,
                ws,
                name,
                enabled=mode,
                primary=wanted.primary_key,
                secondary=wanted.secondary_key,
                anew=gone,
            )
            return _settled(connection, ws, name), left

        made, left = self._store.write(apply)
        self._forget(ws, left)
        return self._published(made)

    def add_version(self, ws: str, name: str, version: str, wanted: VersionCreate, *, created_by: str = "") -> Endpoint:
        """One more version; it gets its traffic as soon as it is ready.

        Raises ``WebserviceExists``, ``ModelNotFound``, ``NotFound`` for a missing snapshot, ``WebserviceInvalid`` for
        percentages that do not add up, ``Unsupported`` for what the server cannot honour.
        """
        version_service(name, version)
        targets.check(targets.AKS, wanted.spec, auth_enabled=False)

        def apply(connection: Connection) -> Endpoint:
            _endpoint(connection, ws, name)
            if version in [each.name for each in _held(connection, ws, name)]:
                raise WebserviceExists(
                    f"The endpoint {name} has a version {version} already: update that, or choose another name.",
                    service=name,
                )
            _put_version(connection, ws, name, version, wanted, created_by, anew=True)
            _route(connection, ws, name, version, wanted)
            keys.spread(connection, ws, name)
            return _settled(connection, ws, name)

        return self._published(self._store.write(apply))

    def change_version(self, ws: str, name: str, version: str, patch: VersionPatch) -> Endpoint:
        """Set what is given; a new spec or new models are a new revision of the version, and the one before serves
        until it answers. Raises what ``add_version`` raises, and ``WebserviceNotFound``."""
        if patch.spec is not None:
            targets.check(targets.AKS, patch.spec, auth_enabled=False)

        def apply(connection: Connection) -> Endpoint:
            known = _version(connection, ws, name, version).service
            values = described(known, patch)
            if patch.spec is not None:
                snapshots.get(connection, ws, patch.spec.snapshot_id)
                values["spec"] = codec.to_plain(patch.spec)
            if patch.models is not None:
                services.set_models(connection, ws, known.name, resolve(connection, ws, patch.models))
            if patch.spec is not None or patch.models is not None:
                values |= deploying(known, now_ms())
            services.change(connection, ws, known.name, **values)
            _route(connection, ws, name, version, patch)
            return _settled(connection, ws, name)

        return self._published(self._store.write(apply))

    def delete_version(self, ws: str, name: str, version: str) -> Endpoint:
        """Delete a version; its traffic goes to the default one, which cannot be deleted. So does being the control.

        Raises ``WebserviceNotFound``, and ``WebserviceInvalid`` for the default version.
        """

        def apply(connection: Connection) -> tuple[Endpoint, tuple[str, bool]]:
            known = _version(connection, ws, name, version)
            if known.is_default:
                others = [each.name for each in _held(connection, ws, name) if each.name != version]
                instead = (
                    f"make another version, such as {others[0]}, the default one first (is_default=True)"
                    if others
                    else "it is the only one: delete the endpoint instead"
                )
                raise WebserviceInvalid(
                    f"{version} is the default version of the endpoint {name}, which answers what the others do not: "
                    f"{instead}.",
                    service=name,
                )
            left = self._drop(connection, known)
            if known.is_control:
                default = next(each for each in _held(connection, ws, name) if each.is_default)
                endpoints.mark(connection, ws, name, default.name, "is_control")
            mirrored = endpoints.mirror_traffic(connection, ws, name)
            if version in mirrored:
                endpoints.set_mirror_traffic(connection, ws, name, {})
            return _settled(connection, ws, name), left

        changed, left = self._store.write(apply)
        self._forget(ws, [left])
        return self._published(changed)

    def set_traffic(self, ws: str, name: str, wanted: TrafficChange) -> Endpoint:
        """Change the shares of all versions in one step. Raises ``WebserviceInvalid`` unless they are 100 together."""

        def apply(connection: Connection) -> Endpoint:
            _endpoint(connection, ws, name)
            held = _held(connection, ws, name)
            traffic.check_whole(held, wanted.percentages)
            for each in held:
                endpoints.change(connection, ws, name, each.name, traffic=wanted.percentages.get(each.name, 0))
            return _settled(connection, ws, name)

        return self._published(self._store.write(apply))

    def change(self, ws: str, name: str, patch: EndpointPatch) -> Endpoint:
        """Set what is given. Raises ``WebserviceInvalid`` for copies to a version that is not there."""

        def apply(connection: Connection) -> Endpoint:
            known = _endpoint(connection, ws, name)
            services.change(connection, ws, name, **described(known, patch))
            keys.change(connection, known, patch.auth_enabled, patch.token_auth_enabled)
            if patch.mirror_traffic is not None:
                traffic.check_mirror(_held(connection, ws, name), patch.mirror_traffic)
                kept = {version: share for version, share in patch.mirror_traffic.items() if share}
                endpoints.set_mirror_traffic(connection, ws, name, kept)
            return _settled(connection, ws, name)

        return self._published(self._store.write(apply))

    def get(self, ws: str, name: str) -> Endpoint:
        """Raises ``WebserviceNotFound``, also for a service that is no endpoint."""

        def read(connection: Connection) -> Endpoint:
            _endpoint(connection, ws, name)
            return _seen(connection, ws, name)

        return self._store.read(read)

    def shadow(self, ws: str, name: str) -> ShadowReport:
        """What became of the copies of requests; empty where there is no mirroring."""

        def read(connection: Connection) -> ShadowReport:
            _endpoint(connection, ws, name)
            held = endpoints.shadow(connection, ws, name)
            if held is None:  # nothing was reported yet, or there is nothing to report
                return ShadowReport(version=next(iter(endpoints.mirror_traffic(connection, ws, name)), ""))
            return codec.convert(held, ShadowReport, what="a shadow report")

        return self._store.read(read)

    def report_shadow(self, ws: str, name: str, report: ShadowReport) -> None:
        """Keep what the router reports. A report on a version that gets no copies any more is passed over."""

        def apply(connection: Connection) -> None:
            _endpoint(connection, ws, name)
            if report.version in endpoints.mirror_traffic(connection, ws, name):
                endpoints.set_shadow(connection, ws, name, report)

        self._store.write(apply)

    def _drop(self, connection: Connection, version: Version) -> tuple[str, bool]:
        """Delete a version: the service's name, and whether its row is gone."""
        endpoints.leave(connection, version.service)
        return version.service.name, retire(connection, version.service, self._lost_ms)

    def _forget(self, ws: str, left: list[tuple[str, bool]]) -> None:
        for service, gone in left:
            if gone:
                self._artifacts.delete_root(roots.service(ws, service))
            announce(self._notifier, ws, service)

    def _published(self, endpoint: Endpoint) -> Endpoint:
        for service in (endpoint.service, *(version.service for version in endpoint.versions)):
            announce(self._notifier, service.workspace, service.name)
        return endpoint


def _check_free(known: Service | None, name: str, ws: str, *, overwrite: bool) -> None:
    check_service(name)
    if known is None:
        return
    if known.state is not ServiceState.DELETED and not overwrite:
        raise WebserviceExists(
            f"WebserviceExists: Service {name} exists already in workspace {ws}. Deploy with overwrite=True, "
            "update it, or choose another name.",
            service=name,
        )
    if known.compute_type != targets.ENDPOINT:
        raise StateConflict(
            f"Service {name} is of the type {known.compute_type}, and cannot become an endpoint. Delete it and wait "
            "until it is gone, or choose another name.",
            service=name,
        )


def _endpoint(connection: Connection, ws: str, name: str) -> Service:
    known = alive(connection, ws, name)
    if known.compute_type != targets.ENDPOINT:
        raise WebserviceNotFound(
            f"WebserviceNotFound: {name} is a service of the type {known.compute_type}, and no endpoint.",
            service=name,
            workspace=ws,
        )
    return known


def _held(connection: Connection, ws: str, name: str) -> list[Version]:
    return endpoints.versions(connection, ws, name)


def _version(connection: Connection, ws: str, name: str, version: str) -> Version:
    _endpoint(connection, ws, name)
    held = _held(connection, ws, name)
    for each in held:
        if each.name == version:
            return each
    raise WebserviceNotFound(
        f"WebserviceNotFound: The endpoint {name} has no version {version}; it has "
        f"{', '.join(each.name for each in held)}.",
        service=name,
        workspace=ws,
    )


def _put_version(
    connection: Connection, ws: str, name: str, version: str, wanted: VersionCreate, created_by: str, *, anew: bool
) -> None:
    """Begin to deploy a version. ``anew``: the endpoint has none of the name."""
    models = resolve(connection, ws, wanted.models)
    snapshots.get(connection, ws, wanted.spec.snapshot_id)
    service, now = version_service(name, version), now_ms()
    known = services.find(connection, ws, service)
    if anew and known is not None:  # one that is being deleted
        service_telemetry.pass_on(connection, ws, service)
    values: dict[str, Any] = {
        "compute_type": targets.AKS,
        "created_by": created_by,
        "description": wanted.description,
        "tags": wanted.tags,
        "properties": wanted.properties,
        "spec": codec.to_plain(wanted.spec),
        **deploying(known, now),
    }
    if anew:
        values |= {"created_at": now, "heartbeat_at": None, "pid": None, "host": None, "port": None}
    services.put(connection, ws, service, values)
    services.set_models(connection, ws, service, models)
    if anew:
        endpoints.add(connection, ws, name, version, service, wanted.traffic_percentile)
    else:
        endpoints.change(connection, ws, name, version, traffic=wanted.traffic_percentile)


def _route(connection: Connection, ws: str, name: str, version: str, wanted: VersionCreate | VersionPatch) -> None:
    """Set what a version shall get of the traffic, and what it is. Raises ``WebserviceInvalid`` for what cannot be."""
    if wanted.traffic_percentile is not None:
        share = traffic.check_percentile(wanted.traffic_percentile, version)
        endpoints.change(connection, ws, name, version, traffic=share)
    for flag, column, what in (
        (wanted.is_default, "is_default", "the default version"),
        (wanted.is_control_version_type, "is_control", "the control version"),
    ):
        if flag:
            endpoints.mark(connection, ws, name, version, column)
        elif flag is False and getattr(_version(connection, ws, name, version), column):
            raise WebserviceInvalid(
                f"{version} is {what} of the endpoint {name}, and one must be: make another version that instead, "
                f"which takes it from {version}."
            )
    if wanted.traffic_percentile is not None:
        traffic.check_stated(_held(connection, ws, name), version)


def _settled(connection: Connection, ws: str, name: str) -> Endpoint:
    """The endpoint after a change: it has the models of all versions, and the specification of the default one."""
    held = _held(connection, ws, name)
    traffic.shares(held)
    models = dict.fromkeys(model for each in held for model in each.service.models)
    services.set_models(connection, ws, name, [_pair(model) for model in models])
    spec = next(each.service.spec for each in held if each.is_default)
    services.change(connection, ws, name, spec=spec, updated_at=now_ms())
    return _seen(connection, ws, name)


def _pair(model: str) -> tuple[str, int]:
    name, _, version = model.rpartition(":")
    return name, int(version)


def _seen(connection: Connection, ws: str, name: str) -> Endpoint:
    held = _held(connection, ws, name)
    given = traffic.shares(held)
    return Endpoint(
        service=services.get(connection, ws, name),
        versions=[
            EndpointVersion(
                name=each.name,
                service=each.service,
                traffic_percentile=given[each.name],
                is_default=each.is_default,
                version_type=CONTROL if each.is_control else TREATMENT,
            )
            for each in held
        ],
        mirror_traffic=endpoints.mirror_traffic(connection, ws, name),
    )
