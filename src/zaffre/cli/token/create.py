"""``zaffre token`` and ``zaffre token create``."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter, validators

from zaffre.cli.results import Value
from zaffre.cli.session import SESSION, Session
from zaffre.core.wire import TokenCreate, TokenCreated


def create_token(
    *,
    kind: Literal["user", "mlflow", "admin"] = "user",
    days: Annotated[float | None, Parameter(validator=validators.Number(gt=0))] = None,
    description: str = "",
    session: Session = SESSION,
) -> Value:
    """Print a new token for a script or curl; it is shown this once.

    Parameters
    ----------
    kind
        What it may do: the work of a user, only MLflow's protocol, or everything.
    days
        When it expires; without this, never.
    description
        What it is for, as `zaffre token list` shows it.
    """
    seconds = round(days * 86400) if days else None
    body = TokenCreate(kind=kind, expires_in_seconds=seconds, workspace=session.workspace, description=description)
    created = session.client().post("/api/v1/tokens", TokenCreated, body)
    return Value(created.token, created)
