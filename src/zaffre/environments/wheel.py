"""Our own wheel, made from the code that runs: what ``azureml-*`` requirements in a user's environment resolve to."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import zaffre

# What a training script or an entry script may import; the server, the CLI and the Studio stay at home.
ROOMS: Final = ("core", "docker", "environments", "launch", "runner", "sdk", "serving")
DEPENDENCIES: Final = ("httpx", "msgspec", "pyyaml", "pathspec")


def own_wheel(home: Path) -> Path:
    """A wheel of the installed code below ``home/wheels``; made once for each state of the code.

    Works from an installed wheel and from an editable checkout. The version carries a hash of the content
    (``0.1.0+3f2a...``), so that two states of the code are never taken for one another.
    """
    folder = home / "wheels"
    files = list(_files())
    index = folder / f"{_state_of(files)}.json"
    if index.exists():
        known = folder / str(json.loads(index.read_text("utf-8"))["wheel"])
        if known.exists():
            return known
    folder.mkdir(parents=True, exist_ok=True)
    contents = {name: path.read_bytes() for name, path, _ in files}
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode() + contents[name])
    version = f"{zaffre.__version__}+{digest.hexdigest()[:12]}"
    wheel = folder / f"zaffre-{version}-py3-none-any.whl"
    if not wheel.exists():
        partial = wheel.with_suffix(f".{os.getpid()}.part")
        _write(partial, contents, version)
        os.replace(partial, wheel)
    partial = index.with_suffix(f".{os.getpid()}.part")
    partial.write_text(json.dumps({"wheel": wheel.name}), "utf-8")
    os.replace(partial, index)
    return wheel


def requirement(wheel: Path) -> str:
    """The requirement line that pins our own wheel."""
    return f"zaffre @ {wheel.absolute().as_uri()}"


def serving_requirements() -> list[str]:
    """What a service needs besides our own code, as the installed package declares it: the scoring server's packages,
    and those of the SDK, which entry scripts import (``Model.get_model_path``)."""
    return _declared(("httptools", *DEPENDENCIES))


def _files() -> Iterator[tuple[str, Path, os.stat_result]]:
    root = Path(zaffre.__file__).parent
    yield from _entries(root, "zaffre", only_files=True)
    for room in ROOMS:
        yield from _entries(root / room, f"zaffre/{room}")
    yield from _entries(root.parent / "azureml", "azureml")


def _entries(folder: Path, name: str, *, only_files: bool = False) -> Iterator[tuple[str, Path, os.stat_result]]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir():
            if not only_files and entry.name != "__pycache__":
                yield from _entries(Path(entry.path), f"{name}/{entry.name}")
        elif entry.name.endswith((".py", ".pyi", ".typed", ".json", ".yml")):
            yield f"{name}/{entry.name}", Path(entry.path), entry.stat()


def _state_of(files: list[tuple[str, Path, os.stat_result]]) -> str:
    """A hash that changes when a file does, without reading them: this runs before every start of a run."""
    state = [(name, stat.st_size, stat.st_mtime_ns) for name, _, stat in files]
    return hashlib.sha256(json.dumps([zaffre.__file__, state]).encode()).hexdigest()[:24]


def _write(target: Path, contents: dict[str, bytes], version: str) -> None:
    info = f"zaffre-{version}.dist-info"
    entry_points = _entry_points()
    extra = {f"{info}/entry_points.txt": entry_points.encode()} if entry_points else {}
    files = {
        **contents,
        f"{info}/METADATA": _metadata(version).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: zaffre\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **extra,
    }
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            # A fixed time: the same code makes the same bytes, hence the same hash in a lock.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _metadata(version: str) -> str:
    requires = "".join(f"Requires-Dist: {line}\n" for line in _declared(DEPENDENCIES))
    return f"Metadata-Version: 2.1\nName: zaffre\nVersion: {version}\nRequires-Python: >=3.10\n{requires}"


def _declared(names: tuple[str, ...]) -> list[str]:
    """The requirements of that name which the installed package declares, without extras; bare names otherwise."""
    try:
        declared = metadata.requires("zaffre") or []
    except metadata.PackageNotFoundError:
        declared = []
    found: dict[str, str] = {}
    for line in declared:
        specifier, _, marker = line.partition(";")
        name = re.split(r"[\s<>=!~(\[]", specifier.strip(), maxsplit=1)[0].lower()
        conditions = [part.strip() for part in marker.split(" and ") if part.strip() and "extra ==" not in part]
        condition = f"; {' and '.join(conditions).strip('()')}" if conditions else ""
        found.setdefault(name, specifier.strip() + condition)
    return [found.get(name, name) for name in names]


def _entry_points() -> str:
    """Plugins for other packages (MLflow's schemes); commands belong to the CLI, which is not in this wheel."""
    try:
        points = metadata.distribution("zaffre").entry_points
    except metadata.PackageNotFoundError:
        return ""
    groups: dict[str, list[str]] = {}
    for point in points:
        if point.group not in ("console_scripts", "gui_scripts"):
            groups.setdefault(point.group, []).append(f"{point.name} = {point.value}")
    return "\n".join(f"[{group}]\n" + "\n".join(lines) + "\n" for group, lines in sorted(groups.items()))
