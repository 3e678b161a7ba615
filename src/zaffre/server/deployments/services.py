"""The acts on services: what is wanted is a row with a revision, and a supervisor reports what is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from zaffre.core import codec, limits
from zaffre.core.endpoint_wire import AccessToken, EndpointPatch, VersionPatch
from zaffre.core.entities import Service, ServiceSpec
from zaffre.core.errors import StateConflict, TooLarge, WebserviceExists, WebserviceInvalid
from zaffre.core.ids import now_ms
from zaffre.core.names import check_service, endpoint_of
from zaffre.core.service_wire import KeyRegenerate, ServiceKeys
from zaffre.core.states import ServiceState, check_service_transition
from zaffre.core.wire import (
    ReportAnswer,
    ServiceCreate,
    ServicePatch,
    ServiceReload,
    ServiceReport,
)
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.deployments import keys, targets
from zaffre.server.notifier import Notifier
from zaffre.server.registry.versions import check_added, check_version
from zaffre.server.store import endpoints, model_versions, services, snapshots
from zaffre.server.store.engine import Store
from zaffre.server.store.service_keys import Keys

LOG = "service.log"
_NO_ADDRESS = {"scoring_uri": None, "swagger_uri": None}


class Services:
    """Deploy, change, report and delete. ``ws`` is the name of a workspace.

    ``lost_seconds``: a supervisor that was silent for longer is taken for dead.
    """

    def __init__(self, store: Store, artifacts: ArtifactStore, notifier: Notifier, *, lost_seconds: float) -> None:
        self._store = store
        self._artifacts = artifacts
        self._notifier = notifier
        self._lost_ms = int(lost_seconds * 1000)
        self._lock = threading.Lock()
        self._own_tokens: dict[tuple[str, str, int], AccessToken] = {}

    def deploy(self, ws: str, name: str, wanted: ServiceCreate, *, created_by: str = "") -> Service:
        """A service that is deploying; its supervisor is the caller's to start.

        Raises ``WebserviceExists`` unless ``overwrite``, ``ModelNotFound``, ``NotFound`` for a missing snapshot,
        ``Unsupported`` for what the target cannot honour.
        """
        check_service(name)
        targets.check(
            wanted.compute_type, wanted.spec, auth_enabled=wanted.auth_enabled, tokens=wanted.token_auth_enabled
        )

        def apply(connection: Connection) -> Service:
            models = resolve(connection, ws, wanted.models)
            snapshots.get(connection, ws, wanted.spec.snapshot_id)
            known = services.find(connection, ws, name)
            gone = known is None or known.state is ServiceState.DELETED
            if not gone and not wanted.overwrite:
                raise WebserviceExists(
                    f"WebserviceExists: Service {name} exists already in workspace {ws}. Deploy with overwrite=True, "
                    "update it, or choose another name.",
                    service=name,
                )
            if known is not None and known.compute_type != wanted.compute_type:
                raise StateConflict(
                    f"Service {name} is of the type {known.compute_type}, and cannot become one of the type "
                    f"{wanted.compute_type}. Delete it and wait until it is gone, or choose another name.",
                    service=name,
                )
            now = now_ms()
            values: dict[str, Any] = {
                "compute_type": wanted.compute_type,
                "created_by": created_by,
                "description": wanted.description,
                "tags": wanted.tags,
                "properties": wanted.properties,
                "spec": codec.to_plain(wanted.spec),
                **deploying(known, now),
            }
            if gone:
                values |= {"created_at": now, "heartbeat_at": None, "pid": None, "host": None, "port": None}
            services.put(connection, ws, name, values)
            services.set_models(connection, ws, name, models)
            keys.settle(
                connection,
                ws,
                name,
                enabled=keys.mode_of(wanted.auth_enabled, wanted.token_auth_enabled),
                primary=wanted.primary_key,
                secondary=wanted.secondary_key,
                anew=gone,
            )
            return services.get(connection, ws, name)

        return self._published(self._store.write(apply))

    def change(self, ws: str, name: str, patch: ServicePatch) -> Service:
        """Set what is given; a new spec or new models are a new revision, which deploys.

        Raises ``Unsupported`` for what the service's target cannot honour.
        """
        if patch.spec is not None:
            self._check_no_endpoint(ws, name)
            targets.check(self.get(ws, name).compute_type, patch.spec, auth_enabled=patch.auth_enabled or False)
        if endpoint_of(name) is not None and (patch.auth_enabled, patch.token_auth_enabled) != (None, None):
            raise of_endpoint(name, "Authentication")

        def apply(connection: Connection) -> Service:
            known = alive(connection, ws, name)
            if known.compute_type == targets.ENDPOINT and patch.models is not None:
                raise of_version(name)
            if known.compute_type == targets.ENDPOINT and patch.rollout is not None:
                raise WebserviceInvalid(
                    f"{name} is an endpoint, and how updates are watched is said for each version: "
                    f"{_example(connection, ws, name)}.",
                    service=name,
                )
            values = described(known, patch)
            if patch.spec is not None:
                snapshots.get(connection, ws, patch.spec.snapshot_id)
                values["spec"] = codec.to_plain(patch.spec)
            if patch.rollout is not None:
                spec = patch.spec or codec.convert(known.spec, ServiceSpec, what=f"the spec of service {name}")
                values["spec"] = codec.to_plain(replace(spec, rollout=patch.rollout))
            if patch.models is not None:
                services.set_models(connection, ws, name, resolve(connection, ws, patch.models))
            targets.check_auth(known.compute_type, bool(patch.auth_enabled), bool(patch.token_auth_enabled))
            keys.change(connection, known, patch.auth_enabled, patch.token_auth_enabled)
            if patch.spec is not None or patch.models is not None:
                values |= deploying(known, now_ms())
            return services.change(connection, ws, name, **values)

        changed = self._published(self._store.write(apply))
        self._announce_versions(ws, name)
        return changed

    def reload(self, ws: str, name: str, wanted: ServiceReload) -> Service:
        """A new revision with a new snapshot of the source, or with the same one."""

        def apply(connection: Connection) -> Service:
            known = alive(connection, ws, name)
            if known.compute_type == targets.ENDPOINT:
                raise of_version(name)
            spec = codec.convert(known.spec, ServiceSpec, what=f"the spec of service {name}")
            if wanted.snapshot_id is not None:
                snapshots.get(connection, ws, wanted.snapshot_id)
                spec = replace(spec, snapshot_id=wanted.snapshot_id)
            return services.change(connection, ws, name, spec=codec.to_plain(spec), **deploying(known, now_ms()))

        return self._published(self._store.write(apply))

    def get_keys(self, ws: str, name: str) -> ServiceKeys:
        """Raises ``WebserviceInvalid`` for a service that asks for no key."""
        return _shown(self._store.read(lambda connection: keys.enabled(connection, ws, name)))

    def regenerate_key(self, ws: str, name: str, wanted: KeyRegenerate) -> ServiceKeys:
        """A new primary or secondary key, made here or given; the one before opens nothing any more."""
        if endpoint_of(name) is not None:
            raise of_endpoint(name, "Keys")
        made = self._store.write(lambda connection: keys.regenerated(connection, ws, name, wanted))
        self._announce(ws, name)
        self._announce_versions(ws, name)
        return _shown(made)

    def mint_token(self, ws: str, name: str) -> AccessToken:
        """A token for callers. Raises ``WebserviceInvalid`` for a service that asks for none."""
        if endpoint_of(name) is not None:
            raise of_endpoint(name, "Tokens")
        made = self._store.write(lambda connection: keys.minted(connection, ws, name))
        self._announce(ws, name)
        self._announce_versions(ws, name)
        return made

    def own_token(self, service: Service) -> str:
        """A token for the server's own requests to a service; the same one as long as it need not be refreshed."""
        key = (service.workspace, service.name, service.created_at)
        with self._lock:
            known = self._own_tokens.get(key)
            if known is None or known.refresh_after < now_ms():
                known = self._own_tokens[key] = self.mint_token(service.workspace, service.name)
            return known.access_token

    def get(self, ws: str, name: str) -> Service:
        """The service; one whose supervisor has still to stop has the state deleted."""
        return self._store.read(lambda connection: services.get(connection, ws, name))

    def list_all(self, ws: str, *, model: str | None = None) -> list[Service]:
        if model is not None and ":" in model:
            check_version(model.partition(":")[2])
        return self._store.read(lambda connection: services.list_all(connection, ws, model=model))

    def delete(self, ws: str, name: str) -> None:
        """Delete a service, an endpoint with its versions. Its row stays, as deleted, until a supervisor that is alive
        has stopped."""
        if endpoint_of(name) is not None:
            raise of_endpoint(name, "Versions")

        def apply(connection: Connection) -> list[tuple[str, bool]]:
            known = services.get(connection, ws, name)
            parts = [version.service for version in endpoints.versions(connection, ws, name)]
            return [(each.name, retire(connection, each, self._lost_ms)) for each in (*parts, known)]

        for each, gone in self._store.write(apply):
            self._gone(ws, each, gone)

    def report(self, ws: str, name: str, report: ServiceReport) -> ReportAnswer:
        """Keep what a supervisor reports, and answer what it should serve.

        What is reported of an older revision counts as a sign of life only. ``WebserviceNotFound``, and the state
        deleted, mean: stop.
        """

        def apply(connection: Connection) -> tuple[ReportAnswer, bool, bool]:
            known = services.get(connection, ws, name)
            if known.state is ServiceState.DELETED:
                gone = report.state is ServiceState.DELETED
                if gone:
                    services.remove(connection, ws, name)
                else:
                    services.change(connection, ws, name, heartbeat_at=now_ms())
                return ReportAnswer(revision=known.revision, state=ServiceState.DELETED), False, gone
            values = _reported(report) if report.revision == known.revision else {}
            changed = any(getattr(known, key) != value for key, value in _comparable(report, values).items())
            if report.revision == known.revision and report.state not in (None, known.state):
                change_state(connection, known, report.state)
                changed = True
            now = services.change(connection, ws, name, heartbeat_at=now_ms(), **values)
            if changed and (endpoint := endpoint_of(name)) is not None:
                services.touch(connection, ws, endpoint, now_ms())  # its router looks at what changes
            known_keys = keys.digests(connection, ws, name)
            return ReportAnswer(revision=now.revision, state=now.state, keys=known_keys), changed, False

        answer, changed, gone = self._store.write(apply)
        if changed:
            self._announce(ws, name)
        self._gone(ws, name, gone)
        return answer

    def _gone(self, ws: str, name: str, gone: bool) -> None:
        if gone:
            self._artifacts.delete_root(roots.service(ws, name))
        self._announce(ws, name)

    def _published(self, service: Service) -> Service:
        self._announce(service.workspace, service.name)
        return service

    def _check_no_endpoint(self, ws: str, name: str) -> None:
        if self.get(ws, name).compute_type == targets.ENDPOINT:
            raise of_version(name)

    def _announce(self, ws: str, name: str) -> None:
        announce(self._notifier, ws, name)

    def _announce_versions(self, ws: str, name: str) -> None:
        """What changed of an endpoint concerns its versions."""
        for version in self._store.read(lambda connection: endpoints.versions(connection, ws, name)):
            self._notifier.publish(topic(ws, version.service.name))


def _example(connection: Connection, ws: str, name: str) -> str:
    version = next(each.name for each in endpoints.versions(connection, ws, name) if each.is_default)
    return f"endpoint.versions[{version!r}].set_rollout(...)"


def _shown(known: Keys) -> ServiceKeys:
    return ServiceKeys(primary_key=known.primary, secondary_key=known.secondary)


def topic(ws: str, name: str) -> str:
    return f"service:{ws}/{name}"


def announce(notifier: Notifier, ws: str, name: str) -> None:
    """Tell who listens that a service changed; of a version those, too, who listen to its endpoint."""
    notifier.publish(topic(ws, name))
    if (endpoint := endpoint_of(name)) is not None:
        notifier.publish(topic(ws, endpoint))


def retire(connection: Connection, known: Service, lost_ms: int) -> bool:
    """Delete a service, or mark it as deleted where a supervisor must stop first; whether its row is gone."""
    if known.heartbeat_at is None or known.heartbeat_at < now_ms() - lost_ms:
        services.remove(connection, known.workspace, known.name)
        return True
    if known.state is not ServiceState.DELETED:
        change_state(connection, known, ServiceState.DELETED)
    return False


def described(known: Service, patch: ServicePatch | EndpointPatch | VersionPatch) -> dict[str, Any]:
    """The columns of what a patch says for people."""
    check_added(known.properties, patch.properties or {}, f"service {known.name}")
    tags = {**known.tags, **(patch.tags or {})}
    values: dict[str, Any] = {
        "tags": {key: value for key, value in tags.items() if key not in (patch.remove_tags or ())},
        "properties": {**known.properties, **(patch.properties or {})},
        "updated_at": now_ms(),
    }
    if patch.description is not None:
        values["description"] = patch.description
    return values


def of_endpoint(name: str, what: str) -> WebserviceInvalid:
    return WebserviceInvalid(f"{what} are those of the endpoint {endpoint_of(name)}: change them there, not at {name}.")


def of_version(name: str) -> WebserviceInvalid:
    return WebserviceInvalid(f"{name} is an endpoint: its models and scripts are those of its versions, update one.")


def change_state(connection: Connection, service: Service, state: ServiceState, **values: Any) -> Service:
    """The one place where a service's state changes: the table is checked."""
    check_service_transition(service.name, service.state, state)
    return services.change(
        connection, service.workspace, service.name, state=state.value, updated_at=now_ms(), **values
    )


def deploying(known: Service | None, now: int) -> dict[str, Any]:
    """The columns of a revision that begins; the one before it goes on answering until then."""
    return {
        "state": ServiceState.DEPLOYING.value,
        "revision": 1 if known is None else known.revision + 1,
        "updated_at": now,
        "steps": [],
        "error": None,
    } | (_NO_ADDRESS if known is None or known.state is ServiceState.DELETED else {})


def alive(connection: Connection, ws: str, name: str) -> Service:
    known = services.get(connection, ws, name)
    if known.state is ServiceState.DELETED:
        raise services.missing(ws, name)
    return known


def resolve(connection: Connection, ws: str, given: Sequence[str]) -> list[tuple[str, int]]:
    """``name:version`` or ``name`` (the newest) as versions that are there."""
    if len(given) > limits.MODELS_PER_SERVICE:
        raise TooLarge(f"A service takes at most {limits.MODELS_PER_SERVICE} models; this one is given {len(given)}.")
    found = []
    for text in given:
        name, _, version = text.partition(":")
        model = model_versions.get(connection, ws, name, check_version(version) if version else None)
        found.append((model.name, model.version))
    if len(set(found)) != len(found):
        raise WebserviceInvalid("The service is given a model twice. Name each version once.")
    return found


def _reported(report: ServiceReport) -> dict[str, Any]:
    """The columns that a report sets. An error is cleared by a state without one."""
    given = {
        "scoring_uri": report.scoring_uri,
        "swagger_uri": report.swagger_uri,
        "port": report.port,
        "host": report.host,
        "pid": report.pid,
        "steps": None if report.steps is None else codec.to_plain(report.steps),
        "error": None if report.error is None else codec.to_plain(report.error),
    }
    values = {key: value for key, value in given.items() if value is not None}
    if report.state is not None and report.error is None:
        values["error"] = None
    if report.state is ServiceState.FAILED:
        values |= _NO_ADDRESS  # nothing answers there any more
    return values


def _comparable(report: ServiceReport, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` as the entity holds them."""
    return values | {key: getattr(report, key) for key in ("steps", "error") if key in values}
