"""What every command that speaks to a server takes: the options they share, and the way to the server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from zaffre.cli.output import Format
from zaffre.core import contract
from zaffre.core.errors import UserErrorException
from zaffre.sdk.client import Client
from zaffre.sdk.discovery import connect
from zaffre.sdk.scope import Scope
from zaffre.sdk.workspace_config import WorkspaceReference, find_config, read_config

SHARED = Group("Options of every command", sort_key=9)


@Parameter(name="*", group=SHARED)
@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    output: Annotated[Format, Parameter(name=("--output", "-o"))] = "table"
    """Print a table for people or JSON for programs."""


@Parameter(name="*", group=SHARED)
@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Printing):
    workspace: Annotated[str | None, Parameter(name=("--workspace", "-w"))] = None
    """The workspace; else that of ZAFFRE_WORKSPACE, of the nearest config.json, or "default"."""

    def client(self) -> Client:
        """The server to use; raises ``ServerUnavailable`` when none runs: commands start none, but ``zaffre up``."""
        return connect(start=False)

    def reference(self) -> WorkspaceReference:
        """Which workspace the options, the environment or the nearest config.json name."""
        named = self.workspace or os.environ.get(contract.ZAFFRE_WORKSPACE)
        if named is None:
            try:
                return read_config(find_config(None))
            except UserErrorException:
                named = contract.DEFAULT_WORKSPACE
        return WorkspaceReference(contract.DEFAULT_SUBSCRIPTION, contract.DEFAULT_RESOURCE_GROUP, named)

    def scope(self) -> Scope:
        return Scope(self.client(), self.reference().workspace_name)


QUIET = Printing()
SESSION = Session()
