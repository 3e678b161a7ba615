"""The composition root: builds every part of the server by its constructor, and the application over them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from zaffre import __version__
from zaffre.core.errors import AzureMLException, InvalidValue, NotFound, Unsupported
from zaffre.core.ids import now_ms
from zaffre.core.wire import API
from zaffre.launch.process import ProcessBackend
from zaffre.server.accounts.credentials import Credentials, keep_token_file
from zaffre.server.accounts.permissions import Permissions
from zaffre.server.accounts.users import Users
from zaffre.server.api import access, errors, routes, served
from zaffre.server.api.events import Streams
from zaffre.server.api.guard import Answers, Guard
from zaffre.server.api.parts import Parts
from zaffre.server.api.studio import PACKAGED, Studio
from zaffre.server.artifacts.local import LocalArtifacts
from zaffre.server.deployments.endpoints import Endpoints
from zaffre.server.deployments.heartbeats import ServiceHeartbeats
from zaffre.server.deployments.services import Services
from zaffre.server.deployments.supervisors import Supervisors
from zaffre.server.deployments.telemetry import Telemetry
from zaffre.server.mlflow import errors as mlflow_errors
from zaffre.server.mlflow import routes as mlflow_routes
from zaffre.server.mlflow.door import Ahead
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.notifier import Notifier
from zaffre.server.reconcile import Reconciler
from zaffre.server.registry.environments import Environments
from zaffre.server.registry.imports import RegistryImports
from zaffre.server.registry.models import Models
from zaffre.server.registry.snapshots import Snapshots
from zaffre.server.registry.versions import Versions
from zaffre.server.registry.workspaces import Workspaces
from zaffre.server.runs.builds import Builds
from zaffre.server.runs.computes import Computes
from zaffre.server.runs.heartbeats import Heartbeats
from zaffre.server.runs.queue import Queue
from zaffre.server.runs.runners import Runners
from zaffre.server.runs.submissions import Submissions
from zaffre.server.settings import Settings
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking
from zaffre.server.webhooks.deliveries import Deliveries
from zaffre.server.webhooks.seal import Seal
from zaffre.server.webhooks.webhooks import Webhooks


class Application(FastAPI):
    """FastAPI behind our own layers, so that what MLflow's door answers never passes FastAPI: loops wait for it."""

    def __init__(self, parts: Parts, **options: Any) -> None:
        super().__init__(**options)
        door = Ahead(super().__call__, door=mlflow_routes.door(_rooms(parts)))
        guard = Guard(
            door,
            credentials=parts.credentials,
            permissions=parts.permissions,
            hosts=parts.settings.host_names,
            render=render,
        )
        self._layers = Answers(guard, render=render)
        self.state.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._layers(scope, receive, send)


def create_app(settings: Settings) -> Application:
    """The server of ``settings.home``. Its store is open from now on, and closed when the application's life ends."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    app = Application(
        build(settings),
        title="Zaffre",
        version=__version__,
        lifespan=_life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            AzureMLException: _refused,
            RequestValidationError: _invalid,
            HTTPException: _unknown,
        },
    )
    app.state.studio = Studio(settings.studio or PACKAGED)
    app.router.routes.extend(routes.routes())
    app.router.routes.extend(mlflow_routes.probes())
    return app


def build(settings: Settings) -> Parts:
    store = Store.open(settings.database)
    notifier = Notifier()
    tracking = Tracking(store, notifier)
    artifacts = LocalArtifacts(settings.artifacts)
    workspaces = Workspaces(store, artifacts, on_first_use=not settings.team)
    workspaces.ensure_default()
    keep_token_file(settings.token_file, store)
    users = Users(store)
    versions = Versions(store, artifacts)
    environments = Environments(store)
    submissions = Submissions(store, tracking, on_first_use=not settings.team)
    webhooks = Webhooks(store, Seal(settings.webhooks_key_file), private=settings.private_webhooks)
    webhooks.keep_secrets()
    services = Services(store, artifacts, notifier, lost_seconds=settings.heartbeat_lost_seconds)
    return Parts(
        settings=settings,
        started_at=now_ms(),
        store=store,
        artifacts=artifacts,
        credentials=Credentials(store, users),
        users=users,
        permissions=Permissions(store),
        workspaces=workspaces,
        snapshots=Snapshots(store, artifacts),
        models=Models(store, artifacts),
        versions=versions,
        imports=RegistryImports(store, artifacts, versions),
        environments=environments,
        builds=Builds(store, tracking, environments, submissions, on_first_use=not settings.team),
        tracking=tracking,
        notifier=notifier,
        computes=Computes(store),
        submissions=submissions,
        services=services,
        endpoints=Endpoints(store, artifacts, notifier, lost_seconds=settings.heartbeat_lost_seconds),
        telemetry=Telemetry(store),
        webhooks=webhooks,
        streams=Streams(tracking, services, artifacts, notifier, keep_alive_seconds=settings.keep_alive_seconds),
    )


def reconciler(parts: Parts, url: str) -> Reconciler:
    """What goes on in the background of a server that answers at ``url``; not started yet."""
    settings, store, notifier = parts.settings, parts.store, parts.notifier
    runners = Runners(ProcessBackend(), settings.home, parts.credentials.mint_for_runner)
    queue = Queue(store, notifier, runners, lease_seconds=settings.lease_seconds)
    lost = settings.heartbeat_lost_seconds
    runs = Heartbeats(store, notifier, lost_seconds=lost)
    services = ServiceHeartbeats(store, parts.artifacts, notifier, lost_seconds=lost)
    supervisors = Supervisors(store, ProcessBackend(), settings.home, parts.credentials.mint_for_supervisor)
    seal = Seal(settings.webhooks_key_file)
    deliveries = Deliveries(store, seal, private=settings.private_webhooks, first_wait=settings.webhook_retry_seconds)
    steps = (
        partial(queue.step, url),
        runs.step,
        services.step,
        partial(supervisors.step, url),
        parts.versions.forget_uploads,
        parts.credentials.write_uses,
        deliveries.step,
        parts.telemetry.step,
    )
    return Reconciler(steps, period=settings.reconcile_seconds)


def _rooms(parts: Parts) -> Rooms:
    return Rooms(
        store=parts.store,
        artifacts=parts.artifacts,
        tracking=parts.tracking,
        models=parts.models,
        versions=parts.versions,
        notifier=parts.notifier,
        webhooks=parts.webhooks,
        users=parts.users,
        permissions=parts.permissions,
    )


def render(error: AzureMLException, path: str, request_id: str = "") -> Response:
    """The answer for ``error`` in the words of the door that ``path`` belongs to."""
    if path == API or path.startswith(f"{API}/"):
        return errors.render(error)
    if path.startswith(served.PREFIX):
        return served.refusal(error, request_id)
    return mlflow_errors.render(error)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    try:
        yield
    finally:
        parts.store.close()


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AzureMLException)
    return render(error, request.url.path, request.headers.get("x-request-id", ""))


async def _invalid(request: Request, error: Exception) -> Response:
    """A query or body that has not the shape of its message, as one sentence that names the field."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    kind = request.headers.get("content-type", "")
    if first["type"] == "json_invalid":
        sentence = f"The body is not JSON ({first['ctx']['error']}, at character {first['loc'][-1]}). Mend it."
    elif where == "body" and "json" not in kind:
        sentence = f"The body was sent as {kind or 'nothing known'}: send JSON, with Content-Type: application/json."
    elif where == "body" and first["type"] == "missing":
        sentence = "body: this request needs one. Send a JSON object."
    else:
        sentence = f"{where}: {first['msg']}."
    return render(InvalidValue(sentence, field=where), request.url.path)


async def _unknown(request: Request, error: Exception) -> Response:
    """What no route answers: a page of the Studio, or the reason in JSON, which MLflow's clients need to fall back."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404 and access.is_public(request.method, path):
        studio: Studio = request.app.state.studio
        return await studio.answer(request)
    if error.status_code == 405:
        response = render(Unsupported(f"{path} does not take {request.method}."), path)
        response.status_code = error.status_code
        response.headers.update(error.headers or {})
        return response
    if error.status_code == 400:
        return render(InvalidValue("The body is not JSON in UTF-8."), path)
    if not path.startswith(f"{API}/"):
        return render(mlflow_errors.EndpointNotFound(f"This server has no {request.method} {path}."), path)
    return render(NotFound(f"This server has no {request.method} {path}."), path)
