"""What a run or a service really got as its environment: ``zaffre run environment``, ``zaffre service environment``."""

from __future__ import annotations

from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment_local import text_of, use_of

FIELDS = (
    ("name", lambda use: use.name),
    ("version", lambda use: use.version),
    ("revision", lambda use: use.revision),
    ("interpreter", lambda use: use.interpreter),
    ("reused", lambda use: "yes" if use.reused else "no"),
    ("took", lambda use: f"{use.seconds:.1f} s"),
    ("notes", lambda use: "\n".join(use.notes)),
    ("lock", lambda use: text_of(use.lock).rstrip() if use.lock else "none: the interpreter is used as it is"),
)


def run_environment(run_id: str, /, *, session: Session = SESSION) -> Details:
    """Show the environment that a run really got, with its lock.

    Parameters
    ----------
    run_id
        Its id.
    """
    return Details(use_of(session.scope(), "runs", run_id), FIELDS)


def service_environment(name: str, /, *, session: Session = SESSION) -> Details:
    """Show the environment that a service really got, with its lock.

    Parameters
    ----------
    name
        The service.
    """
    return Details(use_of(session.scope(), "services", name), FIELDS)
