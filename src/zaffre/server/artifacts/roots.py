"""The roots of the artifact store: which folder belongs to what. Every door takes the names from here."""

from __future__ import annotations

import hashlib
import re

_SAFE = re.compile(r"\w[\w\-.]*")  # a model's name may be any text
_SAFE_BYTES = 200  # a folder's name may have 255 bytes; a run id up to 256 characters


def run(workspace: str, run_id: str) -> str:
    return f"runs/{workspace}/{_folder(run_id)}"


def logged_model(workspace: str, model_id: str) -> str:
    return f"logged_models/{workspace}/{_folder(model_id)}"


def trace(workspace: str, trace_id: str) -> str:
    return f"traces/{workspace}/{_folder(trace_id)}"


def model(workspace: str, name: str, version: int) -> str:
    return f"models/{workspace}/{_folder(name)}/{version}"


def upload(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def datastore(workspace: str, name: str) -> str:
    return f"datastores/{workspace}/{_folder(name)}"


def service(workspace: str, name: str) -> str:
    return f"services/{workspace}/{name}"


def of_workspace(workspace: str) -> list[str]:
    """Every folder that goes when a workspace goes."""
    return [f"{kind}/{workspace}" for kind in ("runs", "logged_models", "traces", "models", "datastores", "services")]


def _folder(name: str) -> str:
    if _SAFE.fullmatch(name) and len(name.encode()) <= _SAFE_BYTES:
        return name
    return f"sha256-{hashlib.sha256(name.encode()).hexdigest()}"
