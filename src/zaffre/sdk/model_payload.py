"""A model version in the keys that Azure's ``serialize()`` has, and back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from zaffre.core.entities import ModelVersion
from zaffre.sdk.times import iso


def to_payload(model: ModelVersion, url: str) -> dict[str, Any]:
    return {
        "createdTime": iso(model.created_at),
        "createdBy": model.created_by,
        "description": model.description,
        "id": f"{model.name}:{model.version}",
        "mimeType": "application/x-python",
        "name": model.name,
        "framework": model.framework,
        "frameworkVersion": model.framework_version,
        "tags": dict(model.tags),
        "properties": dict(model.properties),
        "unpack": model.unpack,
        "url": url,
        "version": model.version,
        "experimentName": model.experiment_name,
        "runId": model.run_id,
        "runDetails": None,
        "datasets": [],
        "resourceConfiguration": model.resource_configuration,
        "sampleInputDatasetId": None,
        "sampleOutputDatasetId": None,
    }


def from_payload(workspace: str, payload: Mapping[str, Any]) -> ModelVersion:
    """Raises ``KeyError`` for a payload without name, version or createdTime."""
    created = datetime.datetime.fromisoformat(payload["createdTime"].replace("Z", "+00:00"))
    milliseconds = round(created.timestamp() * 1000)
    return ModelVersion(
        workspace=workspace,
        name=payload["name"],
        version=int(payload["version"]),
        created_at=milliseconds,
        updated_at=milliseconds,
        created_by=payload.get("createdBy") or "",
        description=payload.get("description") or "",
        tags=dict(payload.get("tags") or {}),
        properties=dict(payload.get("properties") or {}),
        framework=payload.get("framework"),
        framework_version=payload.get("frameworkVersion"),
        run_id=payload.get("runId"),
        experiment_name=payload.get("experimentName"),
        unpack=bool(payload.get("unpack")),
        resource_configuration=payload.get("resourceConfiguration"),
    )
