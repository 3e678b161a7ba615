"""Datastores: named folders of files on the server. Every workspace has two, ``workspaceblobstore`` is the default."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from zaffre.core import entities
from zaffre.core.errors import AlreadyExists, UserErrorException
from zaffre.core.names import check_artifact_path
from zaffre.sdk.run_files import files_below
from zaffre.sdk.runconfig_sections import DataReferenceConfiguration
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace

_DOWNLOAD: Final = "read or copy the files with the datastore's download(), or submit them in the source folder"


class AbstractDatastore:
    """What every datastore has."""

    def __init__(self, workspace: Workspace, name: str, datastore_type: str) -> None:
        self._workspace = workspace
        self._name = name
        self._type = datastore_type

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self._workspace!r}, name={self._name!r})"

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    @property
    def name(self) -> str:
        return self._name

    @property
    def datastore_type(self) -> str:
        return self._type

    def set_as_default(self) -> None:
        self._workspace.set_default_datastore(self._name)

    def unregister(self) -> None:
        raise not_built("Unregistering datastores", "leave it; those a workspace comes with belong to it")


class AbstractAzureStorageDatastore(AbstractDatastore):
    """A folder of files on the server, with Azure's methods to fill and read it."""

    @property
    def container_name(self) -> str:
        return self._name

    @property
    def account_name(self) -> None:
        return None

    @property
    def is_sas(self) -> bool:
        return False

    def _route(self, *segments: str, file: str | None = None) -> str:
        return self._workspace._scope.path("datastores", self._name, *segments, file=file)

    def upload(
        self,
        src_dir: str | os.PathLike[str],
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload every file of a folder below ``target_path``; files that are there stay unless ``overwrite``."""
        folder = Path(src_dir)
        if not folder.is_dir():
            raise UserErrorException(f"There is no folder {src_dir} to upload.")
        return self._upload(files_below(folder), target_path, overwrite, show_progress)

    def upload_files(
        self,
        files: Sequence[str],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Upload files below ``target_path``, each under its path from ``relative_root``.

        Without a root it is the folder that all of them share.
        """
        paths = [Path(file).absolute() for file in files]
        missing = [str(path) for path in paths if not path.is_file()]
        if missing:
            raise UserErrorException(f"There is no file {', '.join(missing)} to upload.")
        root = Path(relative_root).absolute() if relative_root else Path(os.path.commonpath([p.parent for p in paths]))
        outside = [str(path) for path in paths if not path.is_relative_to(root)]
        if outside:
            raise UserErrorException(f"{', '.join(outside)} is not below relative_root {root}.")
        named = [(path.relative_to(root).as_posix(), path) for path in paths]
        return self._upload(named, target_path, overwrite, show_progress)

    def _upload(
        self, files: Iterable[tuple[str, Path]], target_path: str | None, overwrite: bool, show_progress: bool
    ) -> DataReference:
        uploaded, there = 0, 0
        prefix = (target_path or "").strip("/")
        for below, path in files:
            name = check_artifact_path(f"{prefix}/{below}" if prefix else below)
            try:
                self._workspace._scope.client.upload(self._route("files", file=name), path, overwrite=overwrite)
            except AlreadyExists:
                there += 1
                _tell(show_progress, f"{name} is there already and stays (overwrite=False)")
            else:
                uploaded += 1
                _tell(show_progress, f"Uploaded {path} as {name}")
        _tell(show_progress, f"Uploaded {uploaded} files" + (f", {there} were there already" if there else ""))
        return DataReference(self, path_on_datastore=prefix or None)

    def download(
        self,
        target_path: str | os.PathLike[str],
        prefix: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Download every file whose path starts with ``prefix``, paths kept; returns how many were written."""
        count = 0
        items = self._workspace._scope.client.items(
            self._route("files"), entities.ArtifactInfo, prefix=prefix, recursive=True
        )
        for info in items:
            target = Path(target_path) / info.path
            if info.is_dir:
                continue
            if target.exists() and not overwrite:
                _tell(show_progress, f"{target} exists and stays (overwrite=False)")
                continue
            self._workspace._scope.client.download(self._route("files", file=info.path), target)
            _tell(show_progress, f"Downloaded {info.path}")
            count += 1
        _tell(show_progress, f"Downloaded {count} files")
        return count

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> NoReturn:
        raise not_built("Datastore.path (a data reference for runs)", _DOWNLOAD)

    def as_mount(self) -> NoReturn:
        raise not_built("Datastore.as_mount", _DOWNLOAD)

    def as_download(self, path_on_compute: str | None = None) -> NoReturn:
        raise not_built("Datastore.as_download", _DOWNLOAD)

    def as_upload(self, path_on_compute: str | None = None) -> NoReturn:
        raise not_built("Datastore.as_upload", "write to ./outputs, which is kept with the run")


class AzureBlobDatastore(AbstractAzureStorageDatastore):
    """Azure's class for the type ``AzureBlob``."""


class AzureFileDatastore(AbstractAzureStorageDatastore):
    """Azure's class for the type ``AzureFile``."""


class DataReference:
    """Where files of a datastore are. Runs cannot take one yet: ``submit`` says so."""

    def __init__(
        self,
        datastore: AbstractDatastore,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.datastore = datastore
        self.data_reference_name = data_reference_name or datastore.name
        self.path_on_datastore = path_on_datastore
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.data_reference_name}"

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> NoReturn:
        raise not_built("DataReference.path", _DOWNLOAD)

    def as_mount(self) -> NoReturn:
        raise not_built("DataReference.as_mount", _DOWNLOAD)

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> NoReturn:
        raise not_built("DataReference.as_download", _DOWNLOAD)

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> NoReturn:
        raise not_built("DataReference.as_upload", "write to ./outputs, which is kept with the run")

    def to_config(self) -> DataReferenceConfiguration:
        """The reference as a run configuration holds it."""
        return DataReferenceConfiguration(
            self.datastore.name, self.mode, self.path_on_datastore, self.path_on_compute, self.overwrite
        )

    @staticmethod
    def create(
        data_reference_name: str | None = None, datapath: Any = None, datapath_compute_binding: Any = None
    ) -> NoReturn:
        raise not_built("DataReference.create", _DOWNLOAD)


_CLASSES: Final[dict[str, type[AbstractDatastore]]] = {
    "AzureBlob": AzureBlobDatastore,
    "AzureFile": AzureFileDatastore,
}


class Datastore:
    """``Datastore(workspace, name)`` is the datastore of that name, without a name the default one."""

    def __new__(cls, workspace: Workspace, name: str | None = None) -> Any:
        return Datastore.get_default(workspace) if name is None else Datastore.get(workspace, name)

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        """Everything is done by ``__new__``, which decides the class."""

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> Any:
        """The datastore of that name; raises ``NotFound``."""
        route = workspace._scope.path("datastores", datastore_name)
        return _of(workspace, workspace._scope.client.get(route, entities.Datastore))

    @staticmethod
    def get_default(workspace: Workspace) -> Any:
        return Datastore.get(workspace, workspace._entity().default_datastore)

    def set_as_default(self) -> None:
        """The instances are those of the datastore's own class, which has this."""

    def unregister(self) -> None:
        """The instances are those of the datastore's own class, which has this."""

    @staticmethod
    def register_azure_blob_container(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_azure_file_share(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_azure_data_lake(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_azure_data_lake_gen2(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_azure_sql_database(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_azure_postgre_sql(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_azure_my_sql(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_dbfs(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()

    @staticmethod
    def register_hdfs(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse_registration()


def list_datastores(workspace: Workspace) -> dict[str, AbstractDatastore]:
    """The datastores of a workspace by name."""
    found = workspace._scope.client.items(workspace._scope.path("datastores"), entities.Datastore)
    return {entity.name: _of(workspace, entity) for entity in found}


def _of(workspace: Workspace, entity: entities.Datastore) -> AbstractDatastore:
    return _CLASSES.get(entity.type, AzureBlobDatastore)(workspace, entity.name, entity.type)


def _refuse_registration() -> NoReturn:
    raise not_built(
        "Registering storage of Azure or databases as a datastore",
        "upload the files to the workspace's own datastore: ws.get_default_datastore().upload(...)",
    )


def _tell(shown: bool, text: str) -> None:
    if shown:
        print(text)
