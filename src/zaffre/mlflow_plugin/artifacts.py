"""Files behind ``azureml://`` artifact URIs, through MLflow's own client of the artifact proxy."""

from __future__ import annotations

from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

from zaffre.mlflow_plugin.addresses import split
from zaffre.sdk.mlflow_address import Access, Tokens


class AzuremlArtifactRepository(ArtifactRepository):
    """A folder of a run, a logged model or a registered version; the URI is one that the tracking store gave."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        try:
            tracking, self._uri = split(artifact_uri)
        except ValueError as error:
            raise MlflowException(
                f"{artifact_uri!r} is not the address of files in a workspace. Use an artifact URI that a run, a "
                "logged model or a registered model has, runs:/<run id>/<path> or models:/<name>/<version>.",
                error_code=INVALID_PARAMETER_VALUE,
            ) from error
        self._tokens = Tokens(tracking)
        self._held: tuple[Access, MlflowArtifactsRepository] | None = None

    def _files(self) -> MlflowArtifactsRepository:
        """MLflow's client with a token that is good now."""
        access = self._tokens.current()
        if self._held is None or self._held[0] != access:
            self._held = access, MlflowArtifactsRepository(self._uri, tracking_uri=access.uri)
        return self._held[1]

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        self._files().log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        self._files().log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        found: list[FileInfo] = self._files().list_artifacts(path)
        return found

    def _download_file(self, remote_file_path: str, local_path: str) -> Any:
        return self._files()._download_file(remote_file_path, local_path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        self._files().delete_artifacts(artifact_path)
