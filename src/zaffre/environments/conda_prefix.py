"""Conda environments that are on this machine already: found by name, read from their own lists, without conda."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments.channels import ALIAS, without_secrets
from zaffre.environments.requirements import canonical, name_of
from zaffre.environments.spec import Spec, parse

# Where installers of conda, mamba and micromamba put themselves, below the account's home and beside it.
_ROOTS: Final = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "miniconda", "anaconda")
_SYSTEM_ROOTS: Final = ("/opt/conda", "/opt/miniconda3", "/opt/anaconda3", "/opt/miniforge3", "/usr/local/miniconda3")
_DEFAULTS = re.compile(r"https?://repo\.(anaconda|continuum)\.(com|io)/pkgs/")


def find(name: str) -> Path | None:
    """The prefix of that name, or of that path; None if there is none on this machine. ``base`` is conda's own."""
    if not name.strip():
        return None
    is_path = os.sep in name or name.startswith("~")
    candidates = [Path(name).expanduser()] if is_path else list(_named(name))
    return next((prefix for prefix in candidates if (prefix / "conda-meta").is_dir()), None)


def _named(name: str) -> Iterator[Path]:
    active = os.environ.get("CONDA_PREFIX")
    if active and os.environ.get("CONDA_DEFAULT_ENV") == name:
        yield Path(active)
    roots = list(_roots())
    if name in ("base", "root"):
        yield from roots
        return
    for variable in ("CONDA_ENVS_DIRS", "CONDA_ENVS_PATH"):
        yield from (Path(folder) / name for folder in os.environ.get(variable, "").split(os.pathsep) if folder)
    known = Path.home() / ".conda"
    if (known / "environments.txt").is_file():
        listed = (Path(line.strip()) for line in (known / "environments.txt").read_text("utf-8").splitlines())
        yield from (prefix for prefix in listed if prefix.name == name)
    yield known / "envs" / name
    yield from (root / "envs" / name for root in roots)


def _roots() -> Iterator[Path]:
    if os.environ.get("MAMBA_ROOT_PREFIX"):
        yield Path(os.environ["MAMBA_ROOT_PREFIX"])
    for variable in ("CONDA_EXE", "MAMBA_EXE"):
        if os.environ.get(variable):
            yield Path(os.environ[variable]).parent.parent
    yield from (Path.home() / root for root in _ROOTS)
    yield from (Path(root) for root in _SYSTEM_ROOTS)


def document(prefix: Path, name: str) -> dict[str, Any]:
    """The conda document that makes the same environment: every package in its version, without its build, as
    ``conda env export --no-builds`` writes it. Raises ``EnvironmentBuildFailed`` naming a list that cannot be read."""
    records = [_record(file) for file in sorted((prefix / "conda-meta").glob("*.json"))]
    brought = {canonical(str(record["name"])) for record in records}
    channels = dict.fromkeys(_channel(record) for record in records)
    dependencies: list[Any] = sorted(f"{record['name']}={record['version']}" for record in records)
    pip = sorted(_pip(prefix, brought))
    if pip:
        dependencies.append({"pip": pip})
    made: dict[str, Any] = {"name": name, "channels": [one for one in channels if one], "dependencies": dependencies}
    variables = _variables(prefix)
    return {**made, "variables": variables} if variables else made


def extended(spec: Spec) -> Spec:
    """The specification with the packages of the conda environment it builds on; what it names itself stays as it is.

    Raises ``EnvironmentBuildFailed`` if this machine has none of that name.
    """
    if not spec.base_environment:
        return spec
    prefix = find(spec.base_environment)
    if prefix is None:
        raise EnvironmentBuildFailed(
            f"Environment {spec.name!r} builds on the conda environment {spec.base_environment!r} "
            "(base_conda_environment), and this machine has none of that name: make it, or name its path."
        )
    base = parse({"name": spec.base_environment, "python": {"condaDependencies": document(prefix, prefix.name)}})
    conda = {package.name for package in spec.conda}
    pip = {canonical(name_of(line) or "") for line in spec.requirements.packages}
    requirements = replace(
        spec.requirements,
        packages=[
            *spec.requirements.packages,
            *(line for line in base.requirements.packages if canonical(name_of(line) or "") not in pip),
        ],
        own=spec.requirements.own or base.requirements.own,
    )
    return replace(
        spec,
        python=base.python if spec.wants_default_python or not spec.python else spec.python,
        conda=(*spec.conda, *(package for package in base.conda if package.name not in conda | pip)),
        channels=tuple(dict.fromkeys([*spec.channels, *base.channels])),
        requirements=requirements,
        variables={**base.variables, **spec.variables},
        notices=(*spec.notices, f"Builds on the conda environment {prefix}: {len(base.conda) + 1} packages."),
    )


def _record(file: Path) -> Mapping[str, Any]:
    try:
        record = msgspec.json.decode(file.read_bytes())
        if isinstance(record, dict) and record.get("name") and record.get("version"):
            return record
    except msgspec.MsgspecError:
        pass
    raise EnvironmentBuildFailed(
        f"{file} is not what conda writes of a package it installed: repair that environment, or name another."
    )


def _channel(record: Mapping[str, Any]) -> str:
    """A channel's name, where conda's own place has it; else its address."""
    address = str(record.get("url") or "").rsplit("/", 2)[0] or str(record.get("channel") or "")
    address = without_secrets(address)
    if _DEFAULTS.match(address):
        return "defaults"
    return address.removeprefix(f"{ALIAS}/").rstrip("/")


def _pip(prefix: Path, brought: set[str]) -> Iterator[str]:
    """What pip put into the prefix beside conda's packages."""
    folders = [*prefix.glob("lib/python*/site-packages"), *prefix.glob("Lib/site-packages")]
    for info in (info for folder in folders for info in folder.glob("*.dist-info")):
        installer = info / "INSTALLER"
        by_conda = installer.is_file() and installer.read_text("utf-8").strip() == "conda"
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        metadata = info / "METADATA"
        if metadata.is_file():
            named = re.search(r"^Name: *(\S+)", metadata.read_text("utf-8", "replace"), re.MULTILINE)
            name = named[1] if named else name
        if by_conda or canonical(name) in brought:
            continue
        origin = info / "direct_url.json"
        url = json.loads(origin.read_text("utf-8")).get("url") if origin.is_file() else None
        yield f"{name} @ {url}" if url else f"{name}=={version}"


def _variables(prefix: Path) -> dict[str, str]:
    """What ``conda env config vars set`` was told."""
    state = prefix / "conda-meta" / "state"
    if not state.is_file():
        return {}
    found = json.loads(state.read_text("utf-8")).get("env_vars") or {}
    return {str(name): str(value) for name, value in found.items()}
