"""``zaffre run download``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.results import Done
from zaffre.cli.run.show import get_run
from zaffre.cli.session import SESSION, Session
from zaffre.cli.transfers import fetch_files
from zaffre.core.entities import ArtifactInfo
from zaffre.core.errors import NotFound


def download_run(
    run_id: str,
    /,
    *,
    prefix: str = "",
    target: Path | None = None,
    overwrite: bool = False,
    session: Session = SESSION,
) -> Done:
    """Download the files of a run.

    Parameters
    ----------
    run_id
        Its id.
    prefix
        Only files whose path begins so, such as outputs/.
    target
        The folder to put them in; by default one named after the run.
    overwrite
        Replace files that are there already.
    """
    scope = session.scope()
    run = get_run(scope, run_id)
    base = ("runs", run.id, "artifacts")
    listed = scope.client.items(scope.path(*base), ArtifactInfo, recursive="true")
    files = [file for file in listed if not file.is_dir and file.path.startswith(prefix)]
    if not files:
        raise NotFound(f"Run {run.id} has no file" + (f" whose path begins with {prefix!r}." if prefix else " yet."))
    place = target or Path(run.id)
    fetched = fetch_files(scope, base, files, place, overwrite=overwrite)
    count = "1 file" if len(fetched) == 1 else f"{len(fetched)} files"
    return Done(f"Downloaded {count} to {place}.", {"path": str(place), "files": [str(path) for path in fetched]})
