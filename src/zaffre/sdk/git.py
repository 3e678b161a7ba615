"""What the Git repository of a source folder says about the code in it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

SECONDS: Final = 5.0
_OVERRIDES: Final = {
    "azureml.git.repository_uri": "AZUREML_GIT_REPOSITORY_URI",
    "azureml.git.branch": "AZUREML_GIT_BRANCH",
    "azureml.git.commit": "AZUREML_GIT_COMMIT",
    "azureml.git.dirty": "AZUREML_GIT_DIRTY",
    "azureml.git.build_id": "AZUREML_GIT_BUILD_ID",
    "azureml.git.build_uri": "AZUREML_GIT_BUILD_URI",
}
_MLFLOW: Final = {
    "azureml.git.repository_uri": "mlflow.source.git.repoURL",
    "azureml.git.branch": "mlflow.source.git.branch",
    "azureml.git.commit": "mlflow.source.git.commit",
}


def git_properties(folder: Path) -> dict[str, str]:
    """Repository, branch, commit and whether there are changes, as run properties; empty outside of a repository.

    The variables AZUREML_GIT_REPOSITORY_URI, _BRANCH, _COMMIT, _DIRTY, _BUILD_ID and _BUILD_URI say it instead.
    """
    found = {name: os.environ[variable] for name, variable in _OVERRIDES.items() if os.environ.get(variable)}
    commit = _git(folder, "rev-parse", "HEAD")
    if commit:
        url = _git(folder, "config", "--get", "remote.origin.url")
        branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
        changes = _git(folder, "status", "--porcelain", ".")
        seen = {
            "azureml.git.repository_uri": _without_password(url or ""),
            "azureml.git.branch": branch or "",
            "azureml.git.commit": commit,
            "azureml.git.dirty": str(bool(changes)),
        }
        found = {**{name: value for name, value in seen.items() if value}, **found}
    return {**found, **{_MLFLOW[name]: value for name, value in found.items() if name in _MLFLOW}}


def _git(folder: Path, *arguments: str) -> str | None:
    """The output of a git command; None when there is no git, no repository, or no answer in time."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _without_password(url: str) -> str:
    return re.sub(r"(?<=://)[^/@]*@", "", url)
