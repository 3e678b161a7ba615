"""``zaffre environment download``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.environment.reference import environment_of, parse
from zaffre.cli.exits import UsageError
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session


def download_environment(
    environment: str, /, *, target: Path | None = None, overwrite: bool = False, session: Session = SESSION
) -> Done:
    """Write the definition of an environment into a folder, as Environment.save_to_directory does.

    For example:

    - `zaffre environment download AzureML-Minimal --target environments/minimal`

    Parameters
    ----------
    environment
        name:version, name@label, or the name for the newest version; curated names too.
    target
        The folder; by default one named after the environment.
    overwrite
        Replace the definition in a folder that is there already.
    """
    name = parse(environment).name
    found = environment_of(session, environment)
    folder = target or Path(name)
    if folder.exists() and not overwrite:
        raise UsageError(f"{folder} exists already: name another folder with --target, or add --overwrite.")
    found.save_to_directory(folder, overwrite=overwrite)
    return Done(f"Wrote {name} to {folder}.", {"path": str(folder)})
