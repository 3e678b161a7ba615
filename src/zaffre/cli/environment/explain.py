"""``zaffre environment explain``."""

from __future__ import annotations

from zaffre.cli.environment.reference import environment_of
from zaffre.cli.formats import moment
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment_local import Explanation, explain, text_of


def _last(found: Explanation) -> str:
    """The newest resolutions of the name: when, what became of it, where the time went, and why."""
    lines = []
    for entry in found.resolutions[-5:]:
        what = "built" if entry.built else "reused"
        split = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in entry.seconds.items())
        lines.append(f"{moment(round(entry.at * 1000))} {what} {entry.key}" + (f" ({split})" if split else ""))
        lines += [f"  {reason}" for reason in entry.reasons]
    return "\n".join(lines)


def _lock(found: Explanation) -> str:
    """What it resolved to, without the hashes: those are in the JSON, and with the runs that used it."""
    lines = text_of(found.lock).splitlines() if found.lock else []
    return "\n".join(line.removesuffix("\\").rstrip() for line in lines if not line.lstrip().startswith("--hash="))


FIELDS = (
    ("name", lambda found: found.name),
    ("state", lambda found: found.state),
    ("asked", lambda found: "\n".join(found.asked)),
    ("differs", lambda found: "\n".join(found.differs)),
    ("notes", lambda found: "\n".join(found.notes)),
    ("folder", lambda found: found.prefix),
    ("resolutions", _last),
    ("lock", _lock),
)


def explain_environment(environment: str, /, *, session: Session = SESSION) -> Details:
    """Say what an environment asks for, what that is on this machine, and why it was last built.

    For example:

    - `zaffre environment explain train`
    - `zaffre environment explain train:3 --output json`

    Parameters
    ----------
    environment
        name:version, name@label, or the name for the newest version; curated names too.
    """
    return Details(explain(environment_of(session, environment)), FIELDS)
