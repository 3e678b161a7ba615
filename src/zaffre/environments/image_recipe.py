"""The Dockerfile of an environment's image, and what its steps see while they run.

What a step needs and the image must not keep (uv, certificates, addresses with passwords, wheels of this machine) is
mounted while it runs. The packages of others are one layer, our own code another above it: a new state of our code
leaves the first as it is.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from zaffre.core.entities import EnvironmentLock
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.docker.build import Context
from zaffre.environments import solver
from zaffre.environments.image_base import Base
from zaffre.environments.lock import OWN_WHEEL
from zaffre.environments.requirements import canonical

VERSION: Final = 2  # of the recipe: another one makes other images of the same lock
PREFIX: Final = "/opt/zaffre/env"  # where the environment stands in the image
# Part of a step as the engine names it -> the name of its time.
STEPS: Final = {
    "load remote build context": "send",
    "COPY prefix": "conda",
    "/install.sh": "packages",
    "/own.sh": "own",
    "exporting to image": "export",
}
_RUN: Final = "/run/zaffre"  # what is mounted while a step runs

_MOUNT: Final = f"RUN --mount=type=bind,source={{0}},target={_RUN} --mount=type=cache,id=zaffre-uv,target=/var/cache/uv"
_SETTINGS: Final = re.compile(
    r"(UV_(DEFAULT_INDEX|PYTHON_INSTALL_MIRROR|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|INSECURE_HOST|INDEX_\w+)"
    r"|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)"
)
_CERTIFICATES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Linked:
    """A prefix of conda packages on this machine that is to stand at ``PREFIX`` in the image."""

    folder: Path
    variables: dict[str, str]  # that the packages set


def context_of(
    base: Base,
    lock: EnvironmentLock,
    *,
    python: str | Linked,
    options: Sequence[str],
    wheels: Path,
    tokens: Mapping[str, str],
    uv: bytes | Path,
) -> Context:
    """An image with conda's packages, a Python of the base image, or one that uv brings, and the lock's pip part."""
    own, others = _split(lock.pip)
    linked = python if isinstance(python, Linked) else None
    start = None if isinstance(python, Linked) else python
    local = _local_wheels(others, options)
    mounted = [_without_folders(option) for option in options]
    shared = {"uv": uv, "settings": _settings(local, tokens, others), **_certificates()}
    first = {**shared, "install.sh": _script(start, mounted), "requirements.txt": _lines(mounted, others)}
    files: dict[str, bytes | Path] = {f"first/{name}": content for name, content in first.items()}
    files |= {f"first/wheels/{file.name}": file.resolve() for file in local}  # one may be a link
    steps = [f"{_MOUNT.format('first')} sh {_RUN}/install.sh"] if others or start is not None else []
    if linked is not None:
        steps.insert(0, f"COPY prefix {PREFIX}")
        files["prefix"] = linked.folder
    if own:
        wheel = unquote(own[0].split(OWN_WHEEL, 1)[1].split()[0])
        files |= {f"second/{name}": content for name, content in shared.items()}
        files["second/own.sh"] = _script(None, [])
        files["second/requirements.txt"] = _lines([], [own[0].replace(OWN_WHEEL, f"file://{_RUN}/wheels/")])
        files[f"second/wheels/{wheel}"] = wheels / wheel
        steps.append(f"{_MOUNT.format('second')} sh {_RUN}/own.sh")
    variables = {"PATH": f"{PREFIX}/bin:{base.path}", "CONDA_PREFIX" if linked else "VIRTUAL_ENV": PREFIX}
    variables |= linked.variables if linked else {}
    return Context(_dockerfile(base, steps, variables), files)


def _dockerfile(base: Base, steps: Sequence[str], variables: Mapping[str, str]) -> str:
    quoted = " ".join(f"{name}={_quoted(value)}" for name, value in variables.items())
    lines = [f"FROM {base.name}", "USER root", *steps, f"ENV {quoted}"]
    return "\n".join([*lines, f"USER {base.user}" if base.user else "USER root"]) + "\n"


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'


def _script(python: str | None, options: Sequence[str]) -> bytes:
    """``python``: make the environment first, of that Python: a path in the image, or a version that uv fetches."""
    lines = ["set -eu", f". {_RUN}/settings"]
    if python is not None:
        managed = "" if python.startswith("/") else "--managed-python "
        lines.append(f"{_RUN}/uv venv --quiet --no-project {managed}--python {shlex.quote(python)} {PREFIX}")
    arguments = "--no-deps --break-system-packages --compile-bytecode --link-mode copy" + "".join(
        f" {one}" for one in solver.strategy(options)
    )
    lines.append(f"{_RUN}/uv pip install {arguments} --python {PREFIX}/bin/python -r {_RUN}/requirements.txt")
    return ("\n".join(lines) + "\n").encode()


def _settings(local: Sequence[Path], tokens: Mapping[str, str], lines: Sequence[str]) -> bytes:
    """Variables for uv, as a shell reads them."""
    kept = {key: value for key, value in solver.environment().items() if _SETTINGS.fullmatch(key)}
    kept["UV_FIND_LINKS"] = ",".join(
        [
            *filter(_is_remote, re.split(r"[\s,]+", kept.get("UV_FIND_LINKS", ""))),
            *([f"{_RUN}/wheels"] if local else []),
        ]
    )
    kept |= {
        "UV_CACHE_DIR": "/var/cache/uv",
        "UV_PYTHON_INSTALL_DIR": "/opt/zaffre/python",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        "HOME": "/tmp",  # noqa: S108  # of a container that ends with the step
    }
    if _certificates():
        kept |= dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"), f"{_RUN}/ca.pem")
    text = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in sorted(kept.items()) if value)
    hosts = {urlsplit(url).hostname: token for url, token in tokens.items() if any(url in line for line in lines)}
    if hosts:
        text += "umask 077; NETRC=$(mktemp); export NETRC; trap 'rm -f \"$NETRC\"' EXIT\n"
        for host, token in hosts.items():
            entry = f"machine {host} login token password {token}"
            text += f'echo {shlex.quote(entry)} >> "$NETRC"\n'
        text += "umask 022\n"
    return text.encode()


def _certificates() -> dict[str, bytes | Path]:
    for name in _CERTIFICATES:
        file = Path(os.environ.get(name) or "/nowhere")
        if file.is_file():
            return {"ca.pem": file.read_bytes()}
    return {}


def _lines(options: Sequence[str], requirements: Sequence[str]) -> bytes:
    return ("\n".join([*filter(None, options), *requirements]) + "\n").encode()


def _split(pip: str) -> tuple[list[str], list[str]]:
    """Our own entry, and those of others; an entry goes over several lines."""
    entries = re.split(r"\n(?=\S)", pip) if pip else []
    own = [entry for entry in entries if OWN_WHEEL in entry]
    return own, [entry for entry in entries if OWN_WHEEL not in entry]


def _local_wheels(entries: Sequence[str], options: Sequence[str]) -> list[Path]:
    """Wheels in folders of this machine that the lock may mean: they are mounted, because no step sees the folder."""
    named = " ".join([solver.environment().get("UV_FIND_LINKS", ""), *(_place(option) for option in options)])
    wanted = {}
    for entry in entries:
        pin = re.match(r"([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", entry)
        if pin is not None:
            wanted[canonical(pin[1])] = pin[2]
    found = []
    for place in filter(None, re.split(r"[\s,]+", named)):
        folder = Path(unquote(urlsplit(place).path)) if place.startswith("file:") else Path(place)
        for file in sorted(folder.glob("*")) if not _is_remote(place) and folder.is_dir() else ():
            name, _, rest = file.name.partition("-")
            if wanted.get(canonical(name), "?") == re.split(r"-|\.tar\.gz$|\.zip$", rest)[0]:
                found.append(file)
    return found


def _place(option: str) -> str:
    """The folder or page that an option of the requirements names packages in."""
    match = re.match(r"(?:-f|--find-links)[\s=]+(\S+)", option)
    return match[1] if match else ""


def _without_folders(option: str) -> str:
    return "" if _place(option) and not _is_remote(_place(option)) else option


def _is_remote(place: str) -> bool:
    return "://" in place and not place.startswith("file:")


def uv_for(base: Base, home: Path) -> Path:
    """A uv that runs in the image: this machine's own, or of the image's platform, fetched once as a package."""
    is_like_ours = sys.platform == "linux" and os.uname().machine == base.machine and not base.libc.startswith("musl")
    if is_like_ours:
        return Path(solver.find_uv())
    target = home / "images" / "uv" / base.uv_platform
    program = target / "bin" / "uv"
    if not program.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / "uv"
            solver.Solver(Path(folder), lambda _: None).fetch("uv", base.uv_platform, made)
            if not (made / "bin" / "uv").exists():
                raise EnvironmentBuildFailed(
                    f"The package uv has no program for images of the platform {base.platform}."
                )
            if not target.exists():
                made.rename(target)
    return program
