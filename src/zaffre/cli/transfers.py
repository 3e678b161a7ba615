"""Several files up or down, under one progress bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from zaffre.cli.progress import transfer
from zaffre.core.entities import ArtifactInfo
from zaffre.core.errors import AlreadyExists, ModelPathNotFoundException
from zaffre.core.names import check_artifact_path
from zaffre.sdk.scope import Scope


def fetch_files(
    scope: Scope, base: Sequence[str], files: Iterable[ArtifactInfo], target: Path, *, overwrite: bool
) -> list[Path]:
    """Download each file below the route ``base`` into ``target``, keeping its path; returns what was written."""
    wanted = [(file, target / check_artifact_path(file.path)) for file in files]
    if not overwrite:
        for _, path in wanted:
            if path.exists():
                raise AlreadyExists(f"{path} exists already: choose another --target, or add --overwrite.")
    with transfer("Downloading", sum(file.size or 0 for file, _ in wanted)) as bar:
        for file, path in wanted:
            scope.client.download(scope.path(*base, file=file.path), path, bar.report())
    return [path for _, path in wanted]


def local_files(source: Path) -> list[tuple[str, Path]]:
    """The file, or each file of the folder, with the path it has below its parent."""
    if source.is_file():
        return [(source.name, source)]
    if not source.is_dir():
        raise ModelPathNotFoundException(f"{source} does not exist: name the file or folder that holds the model.")
    root = source.resolve()
    return [
        (f"{root.name}/{path.relative_to(root).as_posix()}", path) for path in sorted(root.rglob("*")) if path.is_file()
    ]


def send_files(scope: Scope, base: Sequence[str], files: Sequence[tuple[str, Path]]) -> None:
    """Upload each file to the route ``base`` under its path."""
    with transfer("Uploading", sum(path.stat().st_size for _, path in files)) as bar:
        for name, path in files:
            scope.client.upload(scope.path(*base, file=name), path, progress=bar.report())
