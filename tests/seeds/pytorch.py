"""PyTorch's builds for processors, for machines that cannot reach the index that has them.

The wheel of torch itself comes from a folder of PIP_FIND_LINKS or UV_FIND_LINKS. The torchvision of the Python package
index is linked against CUDA and cannot be imported beside it, so the one for processors is made from it: without its
compiled operators, which no tutorial uses, and with the declaration that importing it needs. It is kept in the
account's cache folder.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import uv
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

_OPERATORS = """

# Without its compiled operators the package only needs them to be known by name.
for _name in ("nms", "qnms"):
    torch.library.define(f"torchvision::{_name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""


def wheels() -> Path | None:
    """A folder with torch and torchvision in their build for processors; None where torch's wheel is not there."""
    torch = _torch()
    if torch is None:
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zaffre-tests"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"pytorch-{hashlib.sha256(Path(__file__).read_bytes() + torch.name.encode()).hexdigest()[:12]}"
    with (cache / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                made = Path(folder) / "made"
                made.mkdir()
                (made / torch.name).symlink_to(torch)
                _make_torchvision(torch, Path(folder), made)
                made.rename(place)
    return place


def _torch() -> Path | None:
    named = " ".join(os.environ.get(name, "") for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"))
    tags = set(sys_tags())
    for folder in filter(None, re.split(r"[\s,]+", named)):
        for file in sorted(Path(folder).glob("torch-*+cpu-*.whl"), reverse=True):
            if parse_wheel_filename(file.name)[3] & tags:
                return file
    return None


def _make_torchvision(torch: Path, folder: Path, target: Path) -> None:
    version = parse_wheel_filename(torch.name)[1].public
    (folder / "asked.txt").write_text(f"torch=={version}\ntorchvision\n")
    solved = _uv("pip", "compile", "--python", sys.executable, "--no-header", str(folder / "asked.txt"))
    pin = re.search(r"^torchvision==(\S+)", solved, re.MULTILINE)
    assert pin is not None, solved
    unpacked = folder / "torchvision"
    install = ("pip", "install", "--no-deps", "--link-mode", "copy", "--python", sys.executable)
    _uv(*install, "--target", str(unpacked), f"torchvision=={pin[1]}")
    for compiled in (*unpacked.glob("torchvision/*.so"), *unpacked.glob("torchvision/__pycache__")):
        shutil.rmtree(compiled) if compiled.is_dir() else compiled.unlink()
    shutil.rmtree(unpacked / "torchvision.libs", ignore_errors=True)
    with (unpacked / "torchvision" / "extension.py").open("a") as file:
        file.write(_OPERATORS)
    _pack(unpacked, pin[1], target, torch.name.split("-", 2)[2])


def _pack(unpacked: Path, version: str, target: Path, tags: str) -> None:
    info = f"torchvision-{version}+cpu.dist-info"
    (unpacked / f"torchvision-{version}.dist-info").rename(unpacked / info)
    metadata = unpacked / info / "METADATA"
    metadata.write_text(metadata.read_text().replace(f"\nVersion: {version}\n", f"\nVersion: {version}+cpu\n", 1))
    (unpacked / info / "RECORD").unlink()
    record = []
    with zipfile.ZipFile(target / f"torchvision-{version}+cpu-{tags}", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in unpacked.rglob("*") if path.is_file()):
            name = file.relative_to(unpacked).as_posix()
            if name.split("/")[0] not in ("torchvision", info):
                continue
            archive.write(file, name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{file.stat().st_size}\n")
        archive.writestr(f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]))


def _uv(*arguments: str) -> str:
    done = subprocess.run([uv.find_uv_bin(), *arguments, "--quiet"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
