"""``zaffre environment create``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclopts import Group, Parameter

from zaffre.cli.environment.reference import version_of
from zaffre.cli.environment.show import FIELDS
from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.references import tags
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment import Environment

CONTENT = Group("What it holds", sort_key=5)


@Parameter(name="*", group=CONTENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    conda: Path | None = None
    """A conda specification, such as environment.yml."""
    pip: Path | None = None
    """A pip requirements file."""
    image: str | None = None
    """The image that it begins with; --conda or --pip put packages on top of it."""
    dockerfile: Path | None = None
    """The Dockerfile of the image that it begins with; --conda or --pip put packages on top of it."""
    folder: Path | None = None
    """A folder that Environment.save_to_directory or `zaffre environment download` wrote."""

    def environment(self, name: str) -> Environment:
        """Raises ``UsageError`` for what excludes each other, and where nothing is given."""
        packages = [value for value in (self.conda, self.pip) if value is not None]
        begins = [value for value in (self.image, self.dockerfile) if value is not None]
        if len(packages) > 1 or len(begins) > 1 or (self.folder is not None and (packages or begins)):
            raise UsageError(
                "--conda and --pip exclude each other, --image and --dockerfile too, and --folder stands alone."
            )
        if self.folder is not None:
            made = Environment.load_from_directory(str(self.folder))
            made.name = name
            return made
        if self.image is not None:
            return Environment.from_docker_image(
                name, self.image, conda_specification=self.conda, pip_requirements=self.pip
            )
        if self.dockerfile is not None:
            return Environment.from_dockerfile(name, self.dockerfile, self.conda, self.pip)
        if self.conda is not None:
            return Environment.from_conda_specification(name, self.conda)
        if self.pip is not None:
            return Environment.from_pip_requirements(name, self.pip)
        raise UsageError("Say what it holds: --conda, --pip, --image, --dockerfile or --folder.")


NOTHING = Content()


def create_environment(
    name: str,
    /,
    *,
    content: Content = NOTHING,
    variable: list[str] | None = None,
    label: list[str] | None = None,
    session: Session = SESSION,
) -> Details:
    """Register a version of an environment; the same content is the same version.

    For example:

    - `zaffre environment create train --conda environment.yml --label stable`
    - `zaffre environment create gpu --image my/base:1 --pip requirements.txt --variable OMP_NUM_THREADS=4`

    Parameters
    ----------
    name
        1 to 255 letters, digits, hyphens, dots or underscores.
    variable
        An environment variable of what runs in it, as key=value; may be repeated.
    label
        A label to point at the version; may be repeated.
    """
    made = content.environment(name)
    if variable:
        made.environment_variables = {**(made.environment_variables or {}), **tags(variable)}
    workspace = workspace_of(session)
    registered = made.register(workspace)
    version = str(registered.version)
    if label:
        Environment.label(workspace, name, version, label)
    return Details(version_of(session.scope(), f"{name}:{version}"), FIELDS)
