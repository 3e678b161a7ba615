"""What clients send about registered models and their versions; names and required fields are the protocol's."""

from __future__ import annotations

from msgspec import field

from zaffre.server.mlflow.errors import invalid
from zaffre.server.mlflow.framing import Int64, Message, Text
from zaffre.server.mlflow.messages import Pair


class OfModel(Message, kw_only=True):
    name: Text


class CreateModel(OfModel, kw_only=True):
    tags: list[Pair] = field(default_factory=list)
    description: str | None = None
    deployment_job_id: str | None = None


class RenameModel(OfModel, kw_only=True):
    new_name: Text


class UpdateModel(OfModel, kw_only=True):
    description: str | None = None
    deployment_job_id: str | None = None


class SearchModels(Message):
    filter: str | None = None
    max_results: Int64 = 100
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None


class LatestVersions(OfModel, kw_only=True):
    stages: list[str] = field(default_factory=list)


class ModelTag(OfModel, kw_only=True):
    key: Text
    value: str = ""


class ModelTagKey(OfModel, kw_only=True):
    key: Text


class SetAlias(OfModel, kw_only=True):
    alias: Text
    version: Text


class OfAlias(OfModel, kw_only=True):
    alias: Text


class CreateVersion(OfModel, kw_only=True):
    source: Text
    run_id: str | None = None
    tags: list[Pair] = field(default_factory=list)
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class OfVersion(OfModel, kw_only=True):
    version: Text

    @property
    def number(self) -> int:
        return version_number(self.version)


class UpdateVersion(OfVersion, kw_only=True):
    description: str | None = None


class TransitionStage(OfVersion, kw_only=True):
    stage: Text
    archive_existing_versions: bool = False


class VersionTag(OfVersion, kw_only=True):
    key: Text
    value: str = ""


class VersionTagKey(OfVersion, kw_only=True):
    key: Text


class SearchVersions(Message):
    filter: str | None = None
    max_results: Int64 = 10_000
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None


def version_number(text: str) -> int:
    """Versions travel as strings that hold a whole number."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise invalid("version", text, "Model version must be an integer.")
    return int(text)
