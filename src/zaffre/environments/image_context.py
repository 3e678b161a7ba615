"""Where an image that begins with a Dockerfile gets its files: a folder that a workspace keeps, or a git repository.

A folder of a workspace is a snapshot, which never changes, so it is fetched once. Of a repository the commit is asked
for at each use, and a commit is fetched once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue, Unsupported
from zaffre.docker.build import Cancel, Context
from zaffre.environments.cache import read_json, write_json
from zaffre.environments.exclusive import exclusive

FOLDER: Final = "storageaccount"  # Azure's word for a folder that was sent
GIT: Final = "git"
# No other transport: git's helpers could run programs of the address's choice.
_REPOSITORY = re.compile(
    r"(?P<url>(https?://|ssh://|git://|file:///|[\w.-]+@[\w.-]+:)[^#\s]+)(#(?P<ref>[^:\s]*)(:(?P<below>\S*))?)?"
)
_SECONDS: Final = 600.0

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildContext:
    """A definition's ``docker.buildContext``, read."""

    kind: str  # FOLDER or GIT
    location: str
    dockerfile: str  # its path in the folder

    @classmethod
    def of(cls, section: Mapping[str, object]) -> BuildContext:
        """Raises ``InvalidValue`` and ``Unsupported`` naming what is wrong with it."""
        kind = str(section.get("locationType") or FOLDER).lower()
        location = str(section.get("location") or "")
        dockerfile = str(section.get("dockerfilePath") or "Dockerfile")
        if kind not in (FOLDER, GIT):
            raise Unsupported(f"The build context's location_type {kind!r} is none of {FOLDER!r} and {GIT!r}.")
        if kind == FOLDER and not re.match(r"https?://[^/]+/\S+\.zip$", location):
            raise Unsupported(
                f"The build context's location {location!r} is no folder that a workspace keeps: make it with "
                "DockerBuildContext.from_local_directory."
            )
        if kind == GIT and not _REPOSITORY.fullmatch(location):
            raise InvalidValue(
                f"The build context's location {location!r} is no address of a git repository: write "
                "https://HOST/REPOSITORY.git#BRANCH:FOLDER."
            )
        if os.path.isabs(dockerfile) or ".." in Path(dockerfile).parts:
            raise InvalidValue(f"The build context's dockerfile_path {dockerfile!r} leads out of its folder.")
        return cls(kind, location, dockerfile)

    def __str__(self) -> str:
        place = re.sub(r"(?<=://)[^/@\s]+@", "", self.location)
        return f"{place} ({self.dockerfile})"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A build context that is on this machine."""

    folder: Path
    digest: str  # of its content
    dockerfile: str

    def context(self) -> Context:
        """What the engine is sent. Raises ``EnvironmentBuildFailed`` where there is no Dockerfile."""
        file = self.folder / self.dockerfile
        if not file.is_file():
            raise EnvironmentBuildFailed(
                f"The build context has no {self.dockerfile}: dockerfile_path says where it is."
            )
        files: dict[str, bytes | Path] = {one.name: one for one in sorted(self.folder.iterdir()) if one.name != ".git"}
        return Context(file.read_text("utf-8"), files, self.dockerfile)


def known(wanted: BuildContext, home: Path) -> Fetched | None:
    """The context as it was fetched last; None if it never was."""
    facts = read_json(_facts(wanted, home)) or {}
    folder = home / "images" / "contexts" / str(facts.get("folder") or "none")
    if not folder.is_dir():
        return None
    below = folder / str(facts.get("below") or "")
    return Fetched(below, str(facts.get("digest")), wanted.dockerfile)


def fetch(
    wanted: BuildContext, home: Path, tokens: Mapping[str, str], log: Log, cancel: Cancel | None = None
) -> Fetched:
    """The context, fetched if need be. ``tokens`` open the folders that a server keeps, by its address.

    Raises ``EnvironmentBuildFailed`` naming the address and what is wrong with it.
    """
    root = home / "images" / "contexts"
    root.mkdir(parents=True, exist_ok=True)
    with exclusive(root / f"{_key(wanted.location)}.lock", f"fetching the build context {wanted}", log, cancel):
        below = ""
        if wanted.kind == FOLDER:
            name = _key(wanted.location)
        else:
            url, commit, below = _commit(wanted.location)
            name = _key(f"{url}#{commit}")
        folder = root / name
        if not folder.is_dir():
            log(f"Fetching the build context {wanted}.")
            with tempfile.TemporaryDirectory(dir=root) as temporary:
                made = Path(temporary) / "content"
                made.mkdir()
                if wanted.kind == FOLDER:
                    _download(wanted.location, tokens, made)
                else:
                    _checkout(url, commit, made)
                made.rename(folder)
        folder.touch()  # its time says when it was used last
        start = folder / below
        if not start.is_dir():
            raise EnvironmentBuildFailed(f"The repository of the build context {wanted} has no folder {below}.")
        write_json(_facts(wanted, home), {"folder": name, "below": below, "digest": _digest(start)})
    return Fetched(start, _digest(start), wanted.dockerfile)


def prune(home: Path, *, unused_for: float) -> None:
    """Remove the folders that were not used for so many seconds: they are fetched again when they are needed."""
    for folder in (home / "images" / "contexts").glob("*/"):
        if folder.stat().st_mtime <= time.time() - unused_for:
            shutil.rmtree(folder, ignore_errors=True)


def _facts(wanted: BuildContext, home: Path) -> Path:
    return home / "images" / "contexts" / f"{_key(wanted.location)}.json"


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _digest(folder: Path) -> str:
    """Of names, contents and what is executable."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts):
        mode = "x" if os.access(file, os.X_OK) else "-"
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{mode}{content}\n".encode())
    return digest.hexdigest()


def _download(location: str, tokens: Mapping[str, str], target: Path) -> None:
    token = next((token for url, token in tokens.items() if location.startswith(f"{url}/")), None)
    if token is None:
        raise EnvironmentBuildFailed(
            f"The build context {location} is kept by another server than the one that this machine works for: make it "
            "again with DockerBuildContext.from_local_directory."
        )
    request = urllib.request.Request(location, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer, tempfile.TemporaryFile() as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
            file.seek(0)
            _unpack(zipfile.ZipFile(file), target)
    except urllib.error.HTTPError as error:
        error.close()
        raise EnvironmentBuildFailed(f"The build context {location} cannot be fetched: {error}.") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise EnvironmentBuildFailed(f"The build context {location} cannot be fetched: {error}.") from error


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    with archive:
        for member in archive.infolist():
            file = Path(archive.extract(member, target))  # which keeps to the folder, whatever the name
            if member.external_attr >> 16 & 0o100:
                file.chmod(0o755)


def _commit(location: str) -> tuple[str, str, str]:
    """The repository, the commit that the location means now, and the folder in it."""
    parts = _REPOSITORY.fullmatch(location)
    assert parts is not None  # BuildContext.of has seen to it
    url, ref, below = parts["url"], parts["ref"] or "HEAD", (parts["below"] or "").strip("/")
    if ".." in Path(below).parts:
        raise EnvironmentBuildFailed(f"The folder {below!r} of the build context leads out of its repository.")
    if re.fullmatch(r"[0-9a-f]{40}", ref):
        return url, ref, below
    lines = _git("ls-remote", "--", url, ref, f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}").splitlines()
    if not lines:
        raise EnvironmentBuildFailed(f"The repository of the build context {location} has no branch or tag {ref}.")
    return url, lines[-1].split()[0], below  # a tag's own object comes before the commit that it names


def _checkout(url: str, commit: str, target: Path) -> None:
    _git("init", "--quiet", str(target))
    _git("-C", str(target), "fetch", "--quiet", "--depth", "1", "--", url, commit)
    _git("-C", str(target), "checkout", "--quiet", "FETCH_HEAD")
    shutil.rmtree(target / ".git")


def _git(*arguments: str) -> str:
    if shutil.which("git") is None:
        raise EnvironmentBuildFailed("A build context of a git repository needs the program git, which is not here.")
    quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS, env=quiet
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentBuildFailed(f"git does not answer for the build context: {error}.") from error
    if done.returncode:
        said = re.sub(r"(?<=://)[^/@\s]+@", "", done.stderr.strip())
        raise EnvironmentBuildFailed(f"The build context's repository cannot be fetched: {said.rstrip('.')}.")
    return done.stdout
