"""uv, run as a process: finds Pythons, solves requirements into a lock, makes prefixes and installs into them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from zaffre.core.errors import ActivityCanceledException, EnvironmentBuildFailed
from zaffre.environments.interpreters import Interpreter, running, search_path
from zaffre.environments.requirements import without_credentials

Log = Callable[[str], None]


class Cancel(Protocol):
    """What tells a build to stop: a ``threading.Event`` will do."""

    def is_set(self) -> bool: ...


# Variables that would bend uv's choice of Python, or that a package's build script has no business to read.
_DROPPED: Final = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT")
_DROPPED_PREFIXES: Final = ("ZAFFRE_", "AZUREML_", "MLFLOW_", "AML_")

# pip's settings that uv does not read by itself, and uv's names for them.
_PIP_SETTINGS: Final = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CONSTRAINT": "UV_CONSTRAINT",
}
_LONGEST_EXPLANATION: Final = 12  # lines of the solver's own words that an error quotes
_LONGEST_BUILD: Final = 50  # lines of a package's build script that an error quotes, the last ones


# Files are compiled by as many processes as there are processors; by one where processes cannot share a lock.
_COMPILE: Final = """
import compileall, functools, os, sys
from concurrent.futures import ProcessPoolExecutor
files = open(sys.argv[1], encoding="utf-8").read().splitlines()
one = functools.partial(compileall.compile_file, quiet=2)
try:
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 1 + len(files) // 40)) as pool:
        list(pool.map(one, files, chunksize=20))
except (OSError, ImportError):
    for file in files:
        one(file)
"""


class Solver:
    """One uv binary, with a folder to work in. ``cancel`` ends a running command with ActivityCanceledException."""

    def __init__(
        self, folder: Path, log: Log, cancel: Cancel | None = None, tokens: Mapping[str, str] | None = None
    ) -> None:
        """``tokens``: address of a server -> what opens the wheels that it keeps."""
        self._uv = find_uv()
        self._tokens = dict(tokens or {})
        self._folder = folder
        self._log = log
        self._cancel = cancel

    def pythons(self) -> list[Interpreter]:
        """Every CPython on this machine that can be found without downloading one; the running one comes first."""
        answer = self._run(["python", "list", "--only-installed", "--output-format", "json"], quiet=True)
        found = [running()]
        for item in json.loads(answer or "[]"):
            parts = item["version_parts"]
            version = (parts["major"], parts["minor"], parts["patch"])
            is_plain = item["implementation"] == "cpython" and item.get("variant", "default") == "default"
            release = re.fullmatch(r"\d+\.\d+\.\d+", item["version"])
            if is_plain and release and version not in [known.version for known in found]:
                found.append(Interpreter(Path(item["path"]), version))
        return found

    def lock(
        self,
        requirements: Sequence[str],
        options: Sequence[str],
        python: Path,
        *,
        prereleases: bool,
        version: str | None = None,
        present: Mapping[str, str] | None = None,
        more: Sequence[str] = (),
    ) -> str:
        """Exact versions with hashes for the requirements; raises ``EnvironmentBuildFailed`` with uv's explanation.

        ``version``: of the Python that will have them, where it is not ``python``. ``present``: packages with their
        versions that will be there already; they bind the solution and are not part of it. ``more``: arguments for uv.
        """
        arguments = ["pip", "compile", "--python", str(python), "--generate-hashes", "--no-header", "--no-annotate"]
        arguments += [*more, *(["--prerelease", "allow"] if prereleases else [])]
        arguments += ["--python-version", version] if version else []
        bound = present or {}
        for name in bound:
            arguments += ["--no-emit-package", name]
        with (
            self._file([*options, *requirements]) as file,
            self._file([f"{name}=={number}" for name, number in bound.items()]) as constraints,
        ):
            arguments += ["--constraint", str(constraints)] if bound else []
            return self._run([*arguments, *strategy(options), str(file)], "The environment's packages cannot be found")

    def forget(self, packages: Sequence[str]) -> None:
        """Remove packages from uv's cache, whose files are damaged, so that they are fetched anew."""
        if packages:
            self._run(["cache", "clean", *packages], "The cache of packages cannot be cleaned", quiet=True)

    def make_prefix(self, prefix: Path, python: Path) -> None:
        """An empty prefix that may be moved."""
        arguments = ["venv", "--no-project", "--relocatable", "--allow-existing", "--python", str(python), str(prefix)]
        self._run(arguments, "The environment's prefix cannot be made", quiet=True)

    def install(
        self,
        lock: str,
        options: Sequence[str],
        *,
        python: Path,
        target: Path | None = None,
        more: Sequence[str] = (),
        with_bytecode: bool = True,
    ) -> None:
        """Install a lock into the prefix of ``python``, or into the folder ``target`` for that Python. ``more``:
        arguments for uv."""
        arguments = [
            "pip",
            "install",
            "--no-deps",
            "--break-system-packages",
            "--link-mode",
            "hardlink",
        ]
        arguments += ["--compile-bytecode"] if with_bytecode else []
        arguments += ["--python", str(python)]
        if target is not None:
            arguments += ["--target", str(target)]
        arguments += more
        with self._file([*options, lock]) as file:
            arguments += [*strategy(options), "-r", str(file)]
            self._run(arguments, "The environment's packages cannot be installed")

    def compile(self, python: Path, sources: Sequence[str]) -> None:
        """Make the bytecode of source files, beside them; what is no Python is passed over."""
        with self._file(sources) as file:
            program = [str(python), "-I", "-B", "-W", "ignore", "-c", _COMPILE, str(file)]
            self._run_with(environment(), program, "The environment's packages cannot be compiled", quiet=True)

    def fetch(self, package: str, platform: str, target: Path) -> None:
        """Unpack a package for another platform, as uv names it, into a new folder."""
        arguments = ["pip", "install", "--no-deps", "--only-binary", package, "--python-platform", platform]
        arguments += ["--python", str(running().path), "--target", str(target), package]
        self._run(arguments, f"The package {package} cannot be fetched for {platform}", quiet=True)

    @contextmanager
    def _file(self, lines: Sequence[str]) -> Iterator[Path]:
        # A file, not arguments: the addresses of indexes may hold passwords, and every account can read arguments.
        descriptor, name = tempfile.mkstemp(suffix=".txt", dir=self._folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            yield Path(name)
        finally:
            os.unlink(name)

    def _run(self, arguments: Sequence[str], failure: str = "", *, quiet: bool = False) -> str:
        """Standard output of a command; its messages go to the log as they come unless ``quiet``."""
        with self._netrc() as more:
            return self._run_with({**environment(), **more}, [self._uv, *arguments], failure, quiet=quiet)

    @contextmanager
    def _netrc(self) -> Iterator[dict[str, str]]:
        """The tokens where uv looks for passwords, in a file that only this account can read."""
        if not self._tokens:
            yield {}
            return
        hosts = {urlsplit(url).hostname: token for url, token in self._tokens.items()}
        with self._file([f"machine {host} login token password {token}" for host, token in hosts.items()]) as file:
            yield {"NETRC": str(file)}

    def _run_with(self, env: Mapping[str, str], command: Sequence[str], failure: str, *, quiet: bool) -> str:
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        output: list[str] = []
        messages: list[str] = []

        def listen() -> None:
            for line in process.stderr or ():
                text = without_credentials(line.rstrip())
                messages.append(text)
                if not quiet and text:
                    self._log(text)

        def collect() -> None:
            output.append(process.stdout.read() if process.stdout else "")

        readers = [threading.Thread(target=read, daemon=True) for read in (listen, collect)]
        with process:
            for reader in readers:
                reader.start()
            self._wait(process)
            for reader in readers:
                reader.join()
        if process.returncode:
            explanation = _shortened(messages)
            raise EnvironmentBuildFailed(
                f"{failure or 'uv failed'}: {explanation}", command=command[1], exit_code=process.returncode
            )
        return "".join(output)

    def _wait(self, process: subprocess.Popen[str]) -> None:
        while True:
            try:
                process.wait(timeout=0.1)
                return
            except subprocess.TimeoutExpired:
                if self._cancel is not None and self._cancel.is_set():
                    _kill(process)
                    raise ActivityCanceledException("The build of the environment was canceled.") from None


def _kill(process: subprocess.Popen[str]) -> None:
    """End uv and the build scripts it runs: they share its session."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def find_uv() -> str:
    """The uv binary: of the package ``uv`` beside us, else on PATH."""
    try:
        import uv
    except ImportError:
        found = shutil.which("uv")
        if found is None:
            raise EnvironmentBuildFailed(
                "Environments are built with uv, which is not installed: run `pip install uv`."
            ) from None
        return found
    return str(uv.find_uv_bin())


def environment() -> dict[str, str]:
    """What uv inherits: the machine's own settings, with pip's under uv's names."""
    kept = {
        key: value for key, value in os.environ.items() if key not in _DROPPED and not key.startswith(_DROPPED_PREFIXES)
    }
    for pip, name in _PIP_SETTINGS.items():
        if kept.get(pip) and name not in kept:
            # pip takes blanks between several; uv too, except between folders and pages of packages.
            kept[name] = ",".join(kept[pip].split()) if pip == "PIP_FIND_LINKS" else kept[pip]
    kept |= {"PATH": search_path(), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    return kept


def strategy(options: Sequence[str]) -> list[str]:
    """pip takes the best version of all its indexes; uv's first index that has the name would win without this."""
    return ["--index-strategy", "unsafe-best-match"] if any("extra-index-url" in option for option in options) else []


def _shortened(messages: Sequence[str]) -> str:
    """uv's explanation without what went before it, cut to a few lines; of a package that failed to build, the last
    lines of its build script."""
    lines = [line for line in messages if line.strip() and not line.startswith(("warning:", "Using ", "Resolved "))]
    starts = [i for i, line in enumerate(lines) if line.lstrip().startswith(("error:", "×"))]
    lines = lines[starts[0] :] if starts else lines[-_LONGEST_EXPLANATION:]
    is_build = any("Failed to build" in line for line in lines[:2])
    if is_build and len(lines) > _LONGEST_BUILD + 2:
        cut = [*lines[:2], "...", *lines[-_LONGEST_BUILD:]]
    elif not is_build and len(lines) > _LONGEST_EXPLANATION:
        cut = [*lines[:2], "...", *lines[2 - _LONGEST_EXPLANATION :]]  # the end names both sides of the conflict
    else:
        cut = lines
    text = "\n".join(re.sub(r"^\s*(error:|×)\s*", "", line) if i == 0 else line for i, line in enumerate(cut))
    return text or "uv said nothing"
