"""``zaffre service show``."""

from __future__ import annotations

from zaffre.cli.formats import duration, moment, pairs
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import DeploymentStep, Service
from zaffre.core.rollout import BAKE
from zaffre.sdk.scope import Scope


def _step(step: DeploymentStep) -> str:
    return f"{step.name} {duration(step.started_at, step.ended_at) or 'now'}"


def _watched(service: Service) -> str:
    """Under what a revision that was just deployed goes on serving, while that is not settled."""
    last = service.steps[-1] if service.steps else None
    return last.detail if last is not None and last.name == BAKE and last.ended_at is None else ""


def _asks(service: Service) -> str:
    return "key" if service.auth_enabled else "token" if service.token_auth_enabled else ""


FIELDS = (
    ("name", lambda service: service.name),
    ("type", lambda service: service.compute_type),
    ("state", lambda service: service.state.value),
    ("authentication", _asks),
    ("error", lambda service: service.error.message if service.error else ""),
    ("scoring uri", lambda service: service.scoring_uri),
    ("swagger uri", lambda service: service.swagger_uri),
    ("models", lambda service: ", ".join(service.models)),
    ("revision", lambda service: service.revision),
    ("watched", _watched),
    ("steps", lambda service: ", ".join(_step(step) for step in service.steps)),
    ("description", lambda service: service.description),
    ("tags", lambda service: pairs(service.tags)),
    ("created", lambda service: moment(service.created_at)),
    ("updated", lambda service: moment(service.updated_at)),
)


def get_service(scope: Scope, name: str) -> Service:
    return scope.client.get(scope.path("services", name), Service)


def show_service(name: str, /, *, session: Session = SESSION) -> Details:
    """Show one web service.

    Parameters
    ----------
    name
        Its name.
    """
    return Details(get_service(session.scope(), name), FIELDS)
