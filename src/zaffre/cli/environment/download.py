"""``zaffre environment download``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment import Environment


def download_environment(
    environment: str, /, *, target: Path | None = None, overwrite: bool = False, session: Session = SESSION
) -> Done:
    """Write the definition of an environment into a folder, as Environment.save_to_directory does.

    Parameters
    ----------
    environment
        name:version, or the name for the newest version; curated names too.
    target
        The folder; by default one named after the environment.
    overwrite
        Replace the definition in a folder that is there already.
    """
    name, version = name_and_version(environment)
    found = Environment.get(workspace_of(session), name, version)
    folder = target or Path(name)
    if folder.exists() and not overwrite:
        raise UsageError(f"{folder} exists already: name another folder with --target, or add --overwrite.")
    found.save_to_directory(folder, overwrite=overwrite)
    return Done(f"Wrote {name} to {folder}.", {"path": str(folder)})
