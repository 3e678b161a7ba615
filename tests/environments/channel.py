"""A conda channel made on the spot: small packages in conda's oldest format, and a copy of this machine's Python.

A channel is a folder ``<name>/<subdir>`` of archives with a ``repodata.json`` beside them, as a folder or over HTTP.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import io
import json
import shutil
import sysconfig
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zaffre.environments.interpreters import running

Files = Mapping[str, bytes | Path]
VERSION = ".".join(map(str, running().version))
MINOR = ".".join(map(str, running().version[:2]))
NATIVE = "linux-64"
_MODULE = "VERSION = {version!r}\n\ndef main():\n    print({name!r}, VERSION)\n"
_LEFT_OUT = {
    *("site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip"),
    *("__pycache__", "unittest", "pydoc_data"),
}


class Channel:
    """A channel in a folder, to which packages are added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for subdir in ("noarch", NATIVE):
            (folder / subdir).mkdir(parents=True)
            self._write(subdir, {})

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def add(
        self,
        name: str,
        version: str,
        files: Files | None = None,
        *,
        depends: Sequence[str] = (),
        build: str = "0",
        noarch: str | None = None,
        entry_points: Sequence[str] = (),
        prefix_files: Sequence[str] = (),
    ) -> Path:
        """Add a package; returns its archive. ``noarch`` is "python", "generic" or None for a package of linux-64;
        ``prefix_files`` are text files in which ``PREFIX_PLACEHOLDER`` stands for the environment's folder."""
        subdir = "noarch" if noarch else NATIVE
        index: dict[str, Any] = {"name": name, "version": version, "build": build, "build_number": 0}
        index |= {"depends": list(depends), "subdir": subdir}
        index |= {"noarch": noarch} if noarch else {"arch": "x86_64", "platform": "linux"}
        contents = dict(files or {})
        archive = self.folder / subdir / f"{name}-{version}-{build}.tar.bz2"
        with tarfile.open(archive, "w:bz2", compresslevel=1) as tar:
            for path, content in {**contents, **_info(index, contents, noarch, entry_points, prefix_files)}.items():
                _put(tar, path, content)
        data = archive.read_bytes()
        known = json.loads((self.folder / subdir / "repodata.json").read_text())["packages"]
        known[archive.name] = {
            **index,
            "size": len(data),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "timestamp": 1_700_000_000_000,
        }
        self._write(subdir, known)
        return archive

    def add_module(self, name: str, version: str, *, depends: Sequence[str] = ("python",), **more: Any) -> Path:
        """A noarch Python package of one module that knows its version, with the metadata that pip and uv read."""
        info = f"site-packages/{name}-{version}.dist-info"
        return self.add(
            name,
            version,
            {
                f"site-packages/{name}.py": _MODULE.format(name=name, version=version).encode(),
                f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
                f"{info}/INSTALLER": b"conda",
                f"{info}/RECORD": f"{name}.py,,\n".encode(),
            },
            depends=depends,
            noarch="python",
            **more,
        )

    def add_python(self, version: str = VERSION, archive: Path | None = None) -> Path:
        """A Python that runs: this machine's, which calls itself ``version`` only in the channel."""
        if archive is not None and version == VERSION:
            target = self.folder / NATIVE / archive.name
            shutil.copyfile(archive, target)
            source = json.loads((archive.parent / "repodata.json").read_text())["packages"]
            known = json.loads((self.folder / NATIVE / "repodata.json").read_text())["packages"]
            self._write(NATIVE, {**known, archive.name: source[archive.name]})
            return target
        return self.add("python", version, _python_files(), depends=["__glibc >=2.17"])

    def drop(self, archive: Path) -> None:
        """The archive goes, and the channel still lists it."""
        archive.unlink()

    def _write(self, subdir: str, packages: Mapping[str, Any]) -> None:
        document = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
        (self.folder / subdir / "repodata.json").write_text(json.dumps(document))


@contextmanager
def served(folder: Path, *, sign_in: str = "", broken: str = "") -> Iterator[str]:
    """The address of a server for the folder of channels; it answers only ``sign_in``, a "user:password", if given.

    Of files whose name begins with ``broken`` it sends a half and hangs up.
    """
    expected = f"Basic {base64.b64encode(sign_in.encode()).decode()}"

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            if sign_in and self.headers.get("Authorization") != expected:
                self.send_error(401)
            elif broken and self.path.rpartition("/")[2].startswith(broken):
                data = Path(self.translate_path(self.path)).read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
            else:
                super().do_GET()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _info(
    index: Mapping[str, Any],
    contents: Files,
    noarch: str | None,
    entry_points: Sequence[str],
    prefix_files: Sequence[str],
) -> dict[str, bytes]:
    paths = []
    for path, content in sorted(contents.items()):
        data = content if isinstance(content, bytes) else content.read_bytes()
        entry = {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(data).hexdigest()}
        entry |= {"size_in_bytes": len(data)}  # type: ignore[dict-item]
        if path in prefix_files:
            entry |= {"prefix_placeholder": "PREFIX_PLACEHOLDER", "file_mode": "text"}
        paths.append(entry)
    made = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "".join(f"{path}\n" for path in sorted(contents)).encode(),
        "info/about.json": b"{}",
    }
    if noarch == "python":
        link = {"noarch": {"type": "python", "entry_points": list(entry_points)}, "package_metadata_version": 1}
        made["info/link.json"] = json.dumps(link).encode()
    return made


def _put(tar: tarfile.TarFile, path: str, content: bytes | Path) -> None:
    data = content if isinstance(content, bytes) else content.read_bytes()
    entry = tarfile.TarInfo(path)
    entry.size = len(data)
    entry.mode = 0o755 if path.startswith("bin/") else 0o644
    tar.addfile(entry, io.BytesIO(data))


def _portable(program: Path) -> bytes:
    """The program, which looks for its shared library beside itself instead of where it was built."""
    data = program.read_bytes()
    folder = str(sysconfig.get_config_var("LIBDIR") or "").encode()
    beside = b"$ORIGIN/../lib"
    if len(folder) < len(beside):
        return data
    return data.replace(b"\0" + folder + b"\0", b"\0" + beside.ljust(len(folder), b"\0") + b"\0")


def _python_files() -> Files:
    base = running().path.resolve()
    library = Path(sysconfig.get_path("stdlib"))
    program = _portable(base)
    found: dict[str, bytes | Path] = {f"bin/python{MINOR}": program, "bin/python": program, "bin/python3": program}
    shared = sysconfig.get_config_var("INSTSONAME")
    folder = sysconfig.get_config_var("LIBDIR")
    if shared and folder and (Path(folder) / str(shared)).is_file() and ".so" in str(shared):
        found[f"lib/{shared}"] = Path(folder) / str(shared)
    for path in sorted(library.rglob("*")):
        inner = path.relative_to(library)
        heavy = any(part in _LEFT_OUT or part.startswith("config-") for part in inner.parts)
        if path.is_file() and not heavy and path.suffix != ".pyc":
            found[f"lib/python{MINOR}/{inner.as_posix()}"] = path
    # Debian's Python installs where only Debian's Python looks.
    for name in ("site.py", "sysconfig.py"):
        text = (library / name).read_text("utf-8").replace("dist-packages", "site-packages")
        text = text.replace("return 'posix_local'", "return 'posix_prefix'").replace("'posix_local'", "'posix_prefix'")
        found[f"lib/python{MINOR}/{name}"] = text.encode()
    found.pop(f"lib/python{MINOR}/EXTERNALLY-MANAGED", None)
    found[f"lib/python{MINOR}/site-packages/README.txt"] = b"Packages stand here.\n"
    return found
