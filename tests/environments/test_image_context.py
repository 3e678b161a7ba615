"""Build contexts: read, fetched once, and refused with the reason."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.docker_engine import BASE
from tests.environments.image_builder import Builds
from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue, Unsupported
from zaffre.docker.engine import Engine
from zaffre.environments import disk
from zaffre.environments.image_spec import read


def definition(location: str, kind: str | None = "git", dockerfile: str = "Dockerfile") -> dict[str, Any]:
    section = {"locationType": kind, "location": location, "dockerfilePath": dockerfile}
    return {"name": "boxed", "docker": {"buildContext": section}, "python": {"userManagedDependencies": True}}


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = folder.as_uri()
        (folder / "image").mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("one")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, text: str) -> str:
        """Commit a state; returns the commit."""
        (self.folder / "image" / "said.txt").write_text(text)
        (self.folder / "image" / "Dockerfile").write_text(f"FROM {BASE}\nCOPY said.txt /opt/said.txt\n")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", text)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def build(docker: Engine, home: Path) -> Builds:
    return Builds(docker, home)


def said(build: Builds, location: str) -> str:
    return build.run(build(definition(location)), "cat", "/opt/said.txt")


def test_a_folder_of_a_repository_is_built_at_the_branch_tag_or_commit(build: Builds, repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "-a", "v1", "-m", "the first")
    assert said(build, f"{repository.address}#main:image") == "one"
    repository.write("two")
    assert said(build, f"{repository.address}#main:image") == "two"
    assert any("Fetching the build context" in line for line in build.log)
    assert said(build, f"{repository.address}#main:image") == "two"
    assert not any("Fetching" in line or "Building" in line for line in build.log)
    assert said(build, f"{repository.address}#:image") == "two"
    assert said(build, f"{repository.address}#v1:image") == "one"
    assert said(build, f"{repository.address}#{first}:image") == "one"


def test_a_folder_that_was_fetched_is_removed_with_what_is_unused(build: Builds, repository: Repository) -> None:
    location = f"{repository.address}#main:image"
    said(build, location)
    folders = build.home / "images" / "contexts"
    disk.prune(build.home, unused_for=1000, log=lambda _: None)
    assert list(folders.glob("*/"))
    disk.prune(build.home, unused_for=0, log=lambda _: None)
    assert not list(folders.glob("*/"))
    assert said(build, location) == "one"


def test_what_a_repository_has_not_is_named(build: Builds, repository: Repository, tmp_path: Path) -> None:
    for location, words in [
        (f"{repository.address}#nowhere", "has no branch or tag nowhere"),
        (f"{repository.address}#main:nothing", "has no folder nothing"),
        (f"{repository.address}#main", "The build context has no Dockerfile"),
        (f"{(tmp_path / 'none').as_uri()}#main", "repository cannot be fetched: .*none"),
        (f"{repository.address}#main:../..", "leads out of its repository"),
    ]:
        with pytest.raises(EnvironmentBuildFailed, match=words):
            build(definition(location))


def test_a_folder_of_another_server_is_not_asked_for(build: Builds) -> None:
    with pytest.raises(EnvironmentBuildFailed, match="kept by another server"):
        build(definition("http://127.0.0.1:9/api/v1/workspaces/w/snapshots/1.zip", None), tokens={"http://here": "t"})


@pytest.mark.parametrize(
    ("section", "error", "words"),
    [
        ({"locationType": "ftp", "location": "x"}, Unsupported, "'ftp' is none of 'storageaccount' and 'git'"),
        ({"location": "/a/folder"}, Unsupported, "make it with DockerBuildContext.from_local_directory"),
        ({"locationType": "git", "location": "ext::sh -c x"}, InvalidValue, "is no address of a git repository"),
        ({"locationType": "git", "location": "--upload-pack=x"}, InvalidValue, "is no address of a git repository"),
        (
            {"locationType": "git", "location": "https://h/r.git", "dockerfilePath": "../Dockerfile"},
            InvalidValue,
            "leads out of its folder",
        ),
        ("https://h/r.git", InvalidValue, "is not an object"),
    ],
)
def test_what_is_no_build_context_is_refused_at_submit(section: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read({"name": "boxed", "docker": {"buildContext": section}, "python": {"userManagedDependencies": True}})


def test_an_address_with_a_password_is_told_without_it() -> None:
    spec = read(definition("https://me:secret@host/r.git#main"))
    assert spec.asked()[0] == "image of https://host/r.git#main (Dockerfile)"
