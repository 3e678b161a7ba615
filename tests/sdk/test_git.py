"""What the repository of a source folder says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from zaffre.sdk.git import git_properties


def git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-C", str(folder), "-c", "init.defaultBranch=main", *arguments]
    done = subprocess.run(command, env={**os.environ, **identity}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_repository_branch_commit_and_changes(source: Path) -> None:
    (source / "a.py").write_text("1", "utf-8")
    git(source, "init")
    git(source, "remote", "add", "origin", "https://user:secret@host.example/team/repo.git")
    git(source, "add", "a.py")
    git(source, "commit", "-m", "first")
    commit = git(source, "rev-parse", "HEAD")

    clean = git_properties(source)

    assert clean == {
        "azureml.git.repository_uri": "https://host.example/team/repo.git",
        "azureml.git.branch": "main",
        "azureml.git.commit": commit,
        "azureml.git.dirty": "False",
        "mlflow.source.git.repoURL": "https://host.example/team/repo.git",
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.commit": commit,
    }
    (source / "a.py").write_text("2", "utf-8")
    assert git_properties(source)["azureml.git.dirty"] == "True"


def test_a_folder_outside_of_a_repository_says_nothing(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(source.parent))
    assert git_properties(source) == {}
    monkeypatch.setenv("PATH", str(source))  # no git at all
    assert git_properties(source) == {}


def test_the_environment_may_say_it_instead(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(source.parent))
    monkeypatch.setenv("AZUREML_GIT_COMMIT", "abc")
    monkeypatch.setenv("AZUREML_GIT_BUILD_ID", "7")
    assert git_properties(source) == {
        "azureml.git.commit": "abc",
        "azureml.git.build_id": "7",
        "mlflow.source.git.commit": "abc",
    }
