"""``zaffre endpoint update-version``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.endpoint.versions import AS_BEFORE, Runs, listing
from zaffre.cli.handles import workspace_of
from zaffre.cli.progress import waiting
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.cli.software import NONE_NAMED, Software
from zaffre.sdk.endpoint_aks import AksEndpoint


def update_version(
    name: str,
    version: str,
    /,
    *,
    traffic: int | None = None,
    default: bool = False,
    wait: Annotated[bool, Parameter(negative="--no-wait")] = True,
    runs: Runs = AS_BEFORE,
    software: Software = NONE_NAMED,
    session: Session = SESSION,
) -> Listing:
    """Change a version of an endpoint. What serves goes on until its new revision answers; what is not given stays.

    Parameters
    ----------
    name
        The endpoint.
    version
        The version's name.
    traffic
        The percentage of requests that it gets.
    default
        Make it the default version, which gets what the others leave.
    wait
        Wait until it answers; a failed deployment then answers with exit code 7.
    """
    workspace = workspace_of(session)
    endpoint = AksEndpoint(workspace, name)
    endpoint.update_version(
        version,
        models=runs.models(workspace),
        inference_config=runs.inference(workspace, software, f"{name}-{version}"),
        **runs.scaling(),
        traffic_percentile=traffic,
        is_default=default or None,
    )
    if wait:
        with waiting(f"Deploying {version} of {name}"):
            endpoint.wait_for_deployment()
    return listing(session, name)
