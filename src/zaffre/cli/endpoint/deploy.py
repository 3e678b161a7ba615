"""``zaffre endpoint deploy``."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from zaffre.cli.endpoint.versions import AS_BEFORE, Runs, listing
from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.progress import waiting
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.cli.software import NONE_NAMED, Software
from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.model import Model


def deploy_endpoint(
    name: str,
    /,
    *,
    version: str | None = None,
    auth: Literal["key", "token", "none"] = "key",
    overwrite: bool = False,
    wait: Annotated[bool, Parameter(negative="--no-wait")] = True,
    runs: Runs = AS_BEFORE,
    software: Software = NONE_NAMED,
    session: Session = SESSION,
) -> Listing:
    """Deploy an endpoint with its first version, on the server's machine.

    Parameters
    ----------
    name
        3 to 32 lower-case letters, digits or hyphens.
    version
        The name of the version; by default that of the endpoint.
    auth
        What callers must send.
    overwrite
        Replace an endpoint of that name; it keeps its address and keys, and has this version alone.
    wait
        Wait until it answers; a failed deployment then answers with exit code 7.
    """
    workspace = workspace_of(session)
    config = runs.inference(workspace, software, name)
    if config is None:
        raise UsageError("A version needs its software: give one of --environment, --conda and --pip.")
    settings = AksEndpoint.deploy_configuration(
        version_name=version,
        **runs.scaling(),
        auth_enabled=auth == "key",
        token_auth_enabled=auth == "token",
    )
    made = Model.deploy(workspace, name, runs.models(workspace) or [], config, settings, overwrite=overwrite)
    if wait:
        with waiting(f"Deploying {name}"):
            made.wait_for_deployment()
    return listing(session, name)
