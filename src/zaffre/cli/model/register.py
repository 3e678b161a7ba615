"""``zaffre model register``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.exits import UsageError
from zaffre.cli.model.show import FIELDS
from zaffre.cli.references import tags
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.cli.transfers import local_files, send_files
from zaffre.core.entities import ModelVersion
from zaffre.core.names import check_model
from zaffre.core.wire import ModelCreate, UploadCreated


def register_model(
    name: str,
    path: str,
    /,
    *,
    run: str | None = None,
    description: str = "",
    framework: str | None = None,
    framework_version: str | None = None,
    tag: list[str] | None = None,
    property: list[str] | None = None,
    session: Session = SESSION,
) -> Details:
    """Register a file or folder as the next version of a model.

    Parameters
    ----------
    name
        1 to 255 letters, digits, hyphens, dots or underscores.
    path
        The file or folder on this machine; with --run, its path among the run's files.
    run
        The run that made it.
    description
        A sentence about it.
    framework
        What made it, such as ScikitLearn or PyTorch.
    framework_version
        The version of that.
    tag
        A tag, as key=value; may be repeated.
    property
        A property, as key=value, which can never be changed; may be repeated.
    """
    scope = session.scope()
    check_model(name)
    upload = None
    if run is None:
        files = local_files(Path(path))
        if not files:
            raise UsageError(f"{path} is an empty folder: there is nothing to register.")
        upload = scope.client.post(scope.path("uploads"), UploadCreated, idempotent=True).upload_id
        send_files(scope, ("uploads", upload), files)
    body = ModelCreate(
        name=name,
        tags=tags(tag),
        properties=tags(property),
        description=description,
        framework=framework,
        framework_version=framework_version,
        run_id=run,
        run_path=path if run else None,
        upload_id=upload,
        unpack=upload is not None and Path(path).is_dir(),
    )
    return Details(scope.client.post(scope.path("models"), ModelVersion, body), FIELDS)
