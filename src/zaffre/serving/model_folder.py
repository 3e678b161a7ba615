"""What can be said of the model's files when ``init()`` failed: which are there, and what pickles were written with."""

from __future__ import annotations

import re
import zlib
from itertools import islice
from pathlib import Path
from typing import Final

_LISTED: Final = 20
_LOOKED_AT: Final = 2000  # files of a folder
_SCANNED_BYTES: Final = 64 * 1024 * 1024
_PICKLES: Final = (".pkl", ".pickle", ".joblib", ".sav")
# scikit-learn writes its version into the state of each estimator; numpy 2 renamed the module its arrays come from.
_SKLEARN: Final = re.compile(rb"_sklearn_version.{1,8}?(\d+\.\d+[0-9A-Za-z.]*)", re.DOTALL)
_NUMPY_2: Final = b"numpy._core"
_PICKLED: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # how a pickle begins, whatever it is called
_ZLIB: Final = (b"\x78", b"\x1f\x8b")  # how a file begins that joblib has compressed, as it does by default
_ANY_WRAPPER: Final = 47  # zlib's own or gzip's
_REQUIREMENTS: Final = "requirements.txt"  # beside a model of MLflow: what it was written with
_PINNED: Final = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;#]+)")


def remarks(folder: Path | None, error: BaseException) -> str:
    """A sentence or two to add to the error; empty when there is nothing to say."""
    if folder is None:
        return ""
    found = []
    if isinstance(error, FileNotFoundError):
        found.append(_listing(folder))
    if folder.is_dir():
        files = [file for file in islice(sorted(folder.rglob("*")), _LOOKED_AT) if file.is_file()]
        pickles = (file for file in files if _is_pickle(file))
        found += [text for file in islice(pickles, _LISTED) if (text := _versions(file, folder))]
        found += [_asked(file, folder) for file in files if file.name == _REQUIREMENTS]
    return " ".join(text for text in found if text)


def _listing(folder: Path) -> str:
    if not folder.is_dir():
        return f"The model's folder {folder} is not there."
    names = [str(file.relative_to(folder)) for file in islice(sorted(folder.rglob("*")), _LISTED) if file.is_file()]
    return f"The model's folder {folder} holds: {', '.join(names) or 'nothing'}."


def _is_pickle(file: Path) -> bool:
    if file.suffix in _PICKLES:
        return True
    try:
        with file.open("rb") as opened:
            return opened.read(2) in _PICKLED
    except OSError:
        return False


def _content(file: Path) -> bytes:
    """The beginning of a pickle, unpacked where joblib has compressed it; empty where it cannot be read."""
    try:
        with file.open("rb") as opened:
            found = opened.read(_SCANNED_BYTES)
        if found.startswith(_ZLIB):
            found = zlib.decompressobj(_ANY_WRAPPER).decompress(found, _SCANNED_BYTES)
    except (OSError, zlib.error):
        return b""
    return found


def _versions(file: Path, folder: Path) -> str:
    """What a pickle was written with beside what is installed, where they differ. It is searched, never loaded."""
    content = _content(file)
    written = []
    match, sklearn = _SKLEARN.search(content), _installed("scikit-learn")
    if match and match[1].decode() != sklearn:
        written.append(f"scikit-learn {match[1].decode()}, and this environment has {_said('scikit-learn', sklearn)}")
    numpy = _installed("numpy")
    if _NUMPY_2 in content and (numpy is None or numpy.startswith("1.")):
        written.append(f"numpy 2 or newer, and this environment has {_said('numpy', numpy)}")
    return f"{file.relative_to(folder)} was written with {'; with '.join(written)}." if written else ""


def _asked(file: Path, folder: Path) -> str:
    """The packages of a model's own list whose versions are not those of this environment."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    pinned = [match.groups() for line in lines if (match := _PINNED.match(line.strip()))]
    others = [
        f"{name} {wanted}, and this environment has {_said(name, _installed(name))}"
        for name, wanted in pinned
        if _installed(name) != wanted
    ]
    return f"{file.relative_to(folder)} asks for {'; for '.join(others[:_LISTED])}." if others else ""


def _installed(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _said(name: str, version: str | None) -> str:
    return f"no {name}" if version is None else f"{name} {version}"
