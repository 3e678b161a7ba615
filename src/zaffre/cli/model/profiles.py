"""``zaffre model profiles``."""

from __future__ import annotations

from typing import Any

from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.profiling.profile import ModelProfile


def _with(unit: str, key: str) -> Any:
    """The value of a key with its unit; empty before it is known."""
    return lambda profile: f"{profile[key]:g} {unit}" if key in profile else ""


FIELDS = (
    ("name", lambda profile: profile["name"]),
    ("models", lambda profile: ", ".join(profile["modelIds"])),
    ("state", lambda profile: profile["state"]),
    ("reason", lambda profile: (profile["error"] or {}).get("message")),
    ("latency p50", _with("ms", "latencyPercentile50InMs")),
    ("latency p99", _with("ms", "latencyPercentile99InMs")),
    ("rate", _with("requests/s", "measuredQueriesPerSecond")),
    ("answered", _with("%", "successRate")),
    ("CPU", _with("cores", "maxUtilizedCpu")),
    ("memory", _with("GB", "maxUtilizedMemoryInGB")),
    ("recommended CPU", _with("cores", "recommendedCpu")),
    ("recommended memory", _with("GB", "recommendedMemoryInGB")),
    ("run", lambda profile: profile["runId"]),
)
_LISTED = ("name", "models", "state", "latency p50", "latency p99", "rate", "recommended CPU", "recommended memory")
COLUMNS = tuple(field for field in FIELDS if field[0] in _LISTED)


def list_profiles(model: str | None = None, /, *, session: Session = SESSION) -> Listing:
    """List what was measured of models, the newest first.

    Parameters
    ----------
    model
        Only of this model: name:version, or the name for all versions.
    """
    workspace = workspace_of(session)
    found = [profile.serialize() for profile in ModelProfile.list(workspace, model)]
    return Listing(found, COLUMNS, f"The workspace {workspace.name} has no such profile.")
