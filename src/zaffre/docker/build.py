"""Build an image: the context is packed here, the engine does the rest and is listened to line by line."""

from __future__ import annotations

import contextlib
import io
import re
import secrets
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Protocol

from zaffre.core.errors import ActivityCanceledException, EngineError, EngineUnavailable, EnvironmentBuildFailed
from zaffre.docker.engine import Engine, Response
from zaffre.docker.trace import Trace

Log = Callable[[str], None]
_LAST_LINES: Final = 50  # of the failed step, that the error quotes
_MEMORY_BYTES: Final = 16 * 1024 * 1024  # of a context that need not go through the disk
_FULL: Final = ("no space left on device", "disk quota exceeded", "os error 28")


class Cancel(Protocol):
    """What tells a build to stop: a ``threading.Event`` will do."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a Dockerfile may copy from: name in the context -> bytes, or a file or folder of this machine."""

    dockerfile: str
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    place: str = "Dockerfile"  # where the Dockerfile stands among the files


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built and tagged."""

    id: str  # sha256:...
    seconds: dict[str, float]  # step -> what it took, of those that were done now; empty without BuildKit


def build(
    engine: Engine,
    context: Context,
    *,
    tag: str,
    log: Log,
    cancel: Cancel | None = None,
    labels: Mapping[str, str] | None = None,
    host_network: bool = True,
) -> Built:
    """Build an image and tag it; steps that the engine did before are not done again.

    ``host_network``: steps see the network as this machine sees it (an index on 127.0.0.1 too). Raises
    ``EnvironmentBuildFailed`` naming the step with its last lines, ``ActivityCanceledException``,
    ``EngineUnavailable``.
    """
    number = secrets.token_hex(16)
    query: dict[str, object] = {
        "t": tag,
        "dockerfile": context.place,
        "labels": dict(labels or {}),
        "networkmode": "host" if host_network else None,
        "rm": True,
        "forcerm": True,
        **({"version": "2", "buildid": number} if engine.has_buildkit else {}),
    }
    result = _Result(log)
    with _packed(context) as (body, size):
        headers = {"Content-Type": "application/x-tar", "Content-Length": str(size)}
        try:
            with (
                engine.open("POST", "/build", query, body, headers, timeout=None) as response,
                _canceling(engine, response, number, cancel),
            ):
                for line in response.lines():
                    result.take(line)
        except EngineUnavailable as error:
            if cancel is None or not cancel.is_set():
                raise EngineUnavailable(f"The image {tag} was not built: {error.message}", error) from error
        except EngineError as error:
            raise EnvironmentBuildFailed(f"The image {tag} cannot be built: {error.message}", error) from error
    if cancel is not None and cancel.is_set():
        raise ActivityCanceledException(f"The build of the image {tag} was canceled.")
    return Built(result.image(engine, tag), result.seconds)


class _Result:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._trace = Trace(log)
        self._step = ""  # of an engine without BuildKit: the step that runs
        self._lines: list[str] = []
        self._error = ""

    @property
    def seconds(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in self._trace.seconds.items()}

    def take(self, line: Mapping[str, Any]) -> None:
        aux = line.get("aux")
        if line.get("id") == "moby.buildkit.trace" and isinstance(aux, str):
            self._trace.take(aux)
        elif "stream" in line:
            for text in str(line["stream"]).rstrip("\n").split("\n"):
                if text.upper().startswith("STEP "):
                    self._step, self._lines = text.partition(":")[2].strip() or text, []
                else:
                    self._lines = [*self._lines[-199:], text]
                self._log(text)
        elif "error" in line:
            self._error = str(line["error"])
        elif line.get("status"):
            self._log(" ".join(str(line[key]) for key in ("id", "status") if line.get(key)))

    def image(self, engine: Engine, tag: str) -> str:
        self._trace.close()
        if self._error:
            raise self._failure(tag)
        try:
            return str(engine.get(f"/images/{tag}/json")["Id"])
        except EngineUnavailable as error:
            raise EngineUnavailable(f"The image {tag} was not built: {error.message}", error) from error
        except EngineError as error:
            raise EngineUnavailable(
                f"The container engine at {engine.address} stopped before the image {tag} was built: look at its log."
            ) from error

    def _failure(self, tag: str) -> EnvironmentBuildFailed:
        step, lines = (
            (self._trace.failed_step, self._trace.last_lines) if self._trace.error else (self._step, self._lines)
        )
        why = self._trace.error or self._error
        told = "\n".join(line for line in lines[-_LAST_LINES:] if line.strip())
        if any(words in f"{why}\n{told}".lower() for words in _FULL):
            return EnvironmentBuildFailed(
                f"The disk of the container engine is full: the image {tag} does not fit. Remove images that nothing "
                "uses with `zaffre environment prune` or `docker system prune`, or free other space, and try again."
            )
        missing = re.search(r"load metadata for (?:docker\.io/)?(?:library/)?(\S+)", step)
        if missing is not None:
            return EnvironmentBuildFailed(
                f"The image {tag} begins with the image {missing[1]}, which is not in the container engine and cannot "
                f"be fetched: {why.strip()}. Check its name and that its registry can be reached, or load it with "
                "`docker load` or `docker pull`."
            )
        where = f"The step {step!r} of the image {tag} failed" if step else f"The image {tag} cannot be built"
        return EnvironmentBuildFailed(f"{where}: {why.strip()}." + (f" Its last lines:\n{told}" if told else ""))


@contextmanager
def _canceling(engine: Engine, response: Response, number: str, cancel: Cancel | None) -> Iterator[None]:
    """End the build once ``cancel`` is set, while the lines are read."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            if cancel is not None and cancel.is_set():
                with contextlib.suppress(EngineError):
                    if engine.has_buildkit:
                        engine.post("/build/cancel", id=number)
                response.abort()  # an engine without BuildKit stops when nobody listens
                return

    watcher = threading.Thread(target=watch, name="image-build-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


@contextmanager
def _packed(context: Context) -> Iterator[tuple[IO[bytes], int]]:
    with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            # The Dockerfile is first: by the first bytes BuildKit tells an archive from a Dockerfile alone.
            files = {context.place: b"", **context.files, context.place: context.dockerfile.encode()}
            for name, content in files.items():
                if isinstance(content, Path):
                    archive.add(content, name, filter=_anonymous)
                else:
                    info = tarfile.TarInfo(name)
                    info.size = len(content)
                    info.mode = 0o644
                    archive.addfile(info, io.BytesIO(content))
        size = file.tell()
        file.seek(0)
        yield file, size


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without whose file it was. Times stay, as bytecode is checked against them; they make no other step of it."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info
