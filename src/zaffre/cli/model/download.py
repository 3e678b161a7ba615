"""``zaffre model download``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.model.show import get_model
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.cli.transfers import fetch_files
from zaffre.core.entities import ArtifactInfo


def download_model(
    model: str, /, *, target: Path = Path(), overwrite: bool = False, session: Session = SESSION
) -> Done:
    """Download a model version's file or folder.

    Parameters
    ----------
    model
        name:version, name@alias, or the name for the newest version.
    target
        The folder to put it in.
    overwrite
        Replace files that are there already.
    """
    scope = session.scope()
    found = get_model(scope, model)
    base = ("models", found.name, "versions", str(found.version), "files")
    files = [file for file in scope.client.items(scope.path(*base), ArtifactInfo, recursive="true") if not file.is_dir]
    fetched = fetch_files(scope, base, files, target, overwrite=overwrite)
    place = target / found.entry if found.entry else target
    return Done(
        f"Downloaded {found.name}:{found.version} to {place}.",
        {"model": f"{found.name}:{found.version}", "path": str(place), "files": [str(path) for path in fetched]},
    )
