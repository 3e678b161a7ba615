"""The software of a run or a service, as the command line names it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from zaffre.cli.exits import UsageError
from zaffre.cli.references import name_and_version
from zaffre.sdk.environment import Environment
from zaffre.sdk.workspace import Workspace

SOFTWARE = Group("Software (one of)", sort_key=5)


@Parameter(name="*", group=SOFTWARE)
@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    environment: Annotated[str | None, Parameter(name=("--environment", "-e"))] = None
    """A registered environment: name, or name:version."""
    conda: Path | None = None
    """A conda specification, such as environment.yml."""
    pip: Path | None = None
    """A pip requirements file."""

    def chosen(self, workspace: Workspace, name: str) -> Environment | None:
        """The environment that was named, or one called ``name`` made of the file that was given."""
        given = [value for value in (self.environment, self.conda, self.pip) if value is not None]
        if len(given) > 1:
            raise UsageError("--environment, --conda and --pip exclude each other: give one of them.")
        if self.environment is not None:
            return Environment.get(workspace, *name_and_version(self.environment))
        if self.conda is not None:
            return Environment.from_conda_specification(name, self.conda)
        if self.pip is not None:
            return Environment.from_pip_requirements(name, self.pip)
        return None


NONE_NAMED = Software()
