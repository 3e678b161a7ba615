"""What services have collected: files in the datastores of their workspace, there also when the service is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zaffre.core import collection
from zaffre.core.collection_wire import CollectedData, CollectedFile
from zaffre.core.entities import ArtifactInfo, ServiceSpec, Workspace
from zaffre.core.errors import WebserviceNotFound
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which files; times in milliseconds since 1970. ``since``: those that were written after it."""

    model: str | None = None
    designation: str | None = None
    since: int | None = None
    until: int | None = None

    def has(self, file: CollectedFile) -> bool:
        return (
            self.model in (None, file.model)
            and self.designation in (None, file.designation)
            and (self.since is None or file.written_at >= self.since)
            and (self.until is None or file.began_at <= self.until)
        )


def folder(workspace: Workspace, service: str) -> str:
    """Where the data of a service stands in a datastore."""
    account = collection.account_of(workspace.subscription_id, workspace.resource_group, workspace.name)
    return collection.service_folder(account, service)


def folders(artifacts: ArtifactStore, workspace: Workspace, datastore: str, service: str) -> list[str]:
    """The folders in a datastore with data of a service: its own, and those of an endpoint's versions, also deleted."""
    path = folder(workspace, service)
    above = artifacts.listing(roots.datastore(workspace.name, datastore), path.rpartition("/")[0], recursive=False)
    return [path, *(info.path for info in above if info.is_dir and info.path.startswith(f"{path}."))]


def is_enabled(spec: ServiceSpec) -> bool:
    """Whether a service of this specification collects."""
    named = (spec.environment or {}).get("environmentVariables") or {}
    told = {**named, **spec.environment_variables}.get(collection.ENABLED, "")
    return spec.collect_model_data or str(told).lower() == "true"


def collected(
    artifacts: ArtifactStore,
    workspace: Workspace,
    datastores: Iterable[str],
    name: str,
    specs: Sequence[ServiceSpec] | None,
    wanted: Wanted,
    limit: int,
) -> CollectedData:
    """What a service has collected, or the versions of an endpoint together. ``specs``: the service's own, or those of
    the versions; None where there is no such service. Raises ``WebserviceNotFound`` where there is no data either."""
    everything = [
        file
        for store in datastores
        for path in folders(artifacts, workspace, store, name)
        for file in _files(artifacts, workspace.name, store, path)
    ]
    if specs is None and not everything:
        raise WebserviceNotFound(
            f"There is no service {name} in workspace {workspace.name}, and no data that one of this name collected."
        )
    files = sorted(filter(wanted.has, everything), key=lambda file: (file.written_at, file.path), reverse=True)
    return CollectedData(
        service=name,
        enabled=None if specs is None else any(map(is_enabled, specs)),
        datastore=workspace.default_datastore,
        path=folder(workspace, name),
        file_count=len(files),
        rows=sum(file.rows for file in files),
        size=sum(file.size for file in files),
        last_written_at=files[0].written_at if files else None,
        files=files[:limit],
    )


def _files(artifacts: ArtifactStore, workspace: str, datastore: str, path: str) -> Iterator[CollectedFile]:
    for info in artifacts.listing(roots.datastore(workspace, datastore), f"{path}/"):
        file = _file(datastore, info)
        if file is not None:
            yield file


def _file(datastore: str, info: ArtifactInfo) -> CollectedFile | None:
    place = collection.place_of(info.path)
    if place is None or info.is_dir:
        return None
    return CollectedFile(
        datastore=datastore,
        path=info.path,
        model=place.model,
        version=place.version,
        designation=place.designation,
        began_at=int(place.began_at.timestamp() * 1000),
        written_at=info.modified_at or 0,
        rows=place.rows,
        size=info.size or 0,
    )
