"""``zaffre environment create``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.environment.show import FIELDS, get_environment
from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment import Environment


def create_environment(
    name: str,
    /,
    *,
    conda: Path | None = None,
    pip: Path | None = None,
    folder: Path | None = None,
    session: Session = SESSION,
) -> Details:
    """Register a version of an environment; the same content is the same version.

    Parameters
    ----------
    name
        1 to 255 letters, digits, hyphens, dots or underscores.
    conda
        A conda specification, such as environment.yml.
    pip
        A pip requirements file.
    folder
        A folder that Environment.save_to_directory wrote.
    """
    if sum(value is not None for value in (conda, pip, folder)) != 1:
        raise UsageError("Give one of --conda, --pip and --folder.")
    if conda is not None:
        made = Environment.from_conda_specification(name, conda)
    elif pip is not None:
        made = Environment.from_pip_requirements(name, pip)
    else:
        made = Environment.load_from_directory(str(folder))
        made.name = name
    registered = made.register(workspace_of(session))
    return Details(get_environment(session.scope(), f"{name}:{registered.version}"), FIELDS)
