"""What can be said of the model's files when ``init()`` failed: which are there, and what pickles were written with."""

from __future__ import annotations

import re
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Final

_LISTED: Final = 20
_SCANNED_BYTES: Final = 64 * 1024 * 1024
_PICKLES: Final = (".pkl", ".pickle", ".joblib", ".sav")
# scikit-learn writes its version into the state of each estimator; numpy 2 renamed the module its arrays come from.
_SKLEARN: Final = re.compile(rb"_sklearn_version.{1,8}?(\d+\.\d+[0-9A-Za-z.]*)", re.DOTALL)
_NUMPY_2: Final = b"numpy._core"


def remarks(folder: Path | None, error: BaseException) -> str:
    """A sentence or two to add to the error; empty when there is nothing to say."""
    if folder is None:
        return ""
    found = []
    if isinstance(error, FileNotFoundError):
        found.append(_listing(folder))
    if folder.is_dir():
        pickles = (file for file in sorted(folder.rglob("*")) if file.suffix in _PICKLES and file.is_file())
        found += [text for file in islice(pickles, _LISTED) if (text := _versions(file, folder))]
    return " ".join(found)


def _listing(folder: Path) -> str:
    if not folder.is_dir():
        return f"The model's folder {folder} is not there."
    names = [str(file.relative_to(folder)) for file in islice(sorted(folder.rglob("*")), _LISTED) if file.is_file()]
    return f"The model's folder {folder} holds: {', '.join(names) or 'nothing'}."


def _versions(file: Path, folder: Path) -> str:
    """What a pickle was written with beside what is installed, where they differ. It is searched, never loaded."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_SCANNED_BYTES)
    except OSError:
        return ""
    written = []
    match, sklearn = _SKLEARN.search(content), _installed("scikit-learn")
    if match and match[1].decode() != sklearn:
        written.append(f"scikit-learn {match[1].decode()}, and this environment has {_said('scikit-learn', sklearn)}")
    numpy = _installed("numpy")
    if _NUMPY_2 in content and (numpy is None or numpy.startswith("1.")):
        written.append(f"numpy 2 or newer, and this environment has {_said('numpy', numpy)}")
    return f"{file.relative_to(folder)} was written with {'; with '.join(written)}." if written else ""


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _said(name: str, version: str | None) -> str:
    return f"no {name}" if version is None else f"{name} {version}"
