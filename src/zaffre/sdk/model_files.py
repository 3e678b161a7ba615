"""The files of a model between this machine and the server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from zaffre.core.entities import ArtifactInfo, ModelVersion
from zaffre.core.errors import ModelInvalid, WebserviceException
from zaffre.core.wire import UploadCreated
from zaffre.sdk.progress import Bar
from zaffre.sdk.scope import Scope
from zaffre.sdk.snapshotting import BAR_BYTES


def files_of(path: Path, child_paths: Sequence[str] | None) -> list[tuple[Path, str]]:
    """The files to register and their paths in the model: the file itself, or a folder's below its name.

    Raises ``FileNotFoundError`` when ``path`` is missing and ``WebserviceException`` for a missing child path.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no model file or folder at {path.absolute()}.")
    name = path.resolve().name
    if path.is_file():
        if child_paths:
            raise WebserviceException(f"child_paths name files inside a folder, but {path} is a file.")
        return [(path, name)]
    if child_paths is None:
        chosen: Iterable[Path] = sorted(path.rglob("*"))
    else:
        chosen = _children(path, child_paths)
    found = [(file, f"{name}/{file.relative_to(path).as_posix()}") for file in chosen if file.is_file()]
    if not found:
        raise ModelInvalid(f"The folder {path} has no files: there is nothing to register.")
    return found


def _children(path: Path, child_paths: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for child in child_paths:
        candidate = path / child
        if not candidate.exists() or not candidate.resolve().is_relative_to(path.resolve()):
            raise WebserviceException(f"The child path {child!r} is not in the folder {path}.")
        found.extend(sorted(candidate.rglob("*")) if candidate.is_dir() else [candidate])
    return list(dict.fromkeys(found))


def upload(scope: Scope, files: Sequence[tuple[Path, str]], label: str) -> str:
    """Send the files; returns the upload's id, which a registration then names."""
    upload_id = scope.client.post(scope.path("uploads"), UploadCreated, idempotent=True).upload_id
    total = sum(file.stat().st_size for file, _ in files)
    with Bar(label, total, shown=total >= BAR_BYTES, out=sys.stderr) as bar:
        for file, path in files:
            scope.client.upload(scope.path("uploads", upload_id, file=path), file, progress=_advancing(bar))
    return upload_id


def listing(scope: Scope, model: ModelVersion) -> list[ArtifactInfo]:
    """The files of a model version."""
    route = scope.path("models", model.name, "versions", str(model.version), "files")
    return [info for info in scope.client.items(route, ArtifactInfo, recursive=True) if not info.is_dir]


def download(scope: Scope, model: ModelVersion, target: Path, *, overwrite: bool) -> Path:
    """Fetch a model version into ``target``; returns its one file or folder, or ``target`` when there are several.

    Raises ``WebserviceException`` when something of it is there already and ``overwrite`` is False.
    """
    infos = listing(scope, model)
    if not infos:
        raise ModelInvalid(f"The model {model.name}:{model.version} has no files.")
    tops = sorted({info.path.split("/", 1)[0] for info in infos})
    if not overwrite:
        for top in tops:
            if (target / top).exists():
                raise WebserviceException(
                    f"{target / top} exists already: pass exist_ok=True to replace its files, or another target_dir."
                )
    base = ("models", model.name, "versions", str(model.version), "files")
    total = sum(info.size or 0 for info in infos)
    with Bar(f"Downloading {model.name}:{model.version}", total, shown=total >= BAR_BYTES, out=sys.stderr) as bar:
        for info in infos:
            scope.client.download(scope.path(*base, file=info.path), target / info.path, progress=_advancing(bar))
    return target / tops[0] if len(tops) == 1 else target


def _advancing(bar: Bar) -> Callable[[int, int | None], None]:
    """The callback of one transfer: (bytes so far, its length) as steps of the bar. A transfer that begins again
    takes no step until it is past what it had."""
    seen = 0

    def progress(done: int, _length: int | None) -> None:
        nonlocal seen
        if done > seen:
            bar.advance(done - seen)
            seen = done

    return progress
