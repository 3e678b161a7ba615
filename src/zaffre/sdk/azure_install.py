"""Azure's own SDK in the same environment: both are named ``azureml``, and one hides or breaks the other."""

from __future__ import annotations

import os
from collections.abc import Iterable

# Folders of azureml-core that Zaffre's azureml has not.
_MARKS = ("_base_sdk_common", "_restclient", "_project")


def conflict(paths: Iterable[str]) -> str | None:
    """A sentence that says what is wrong and how to mend it, where Azure's azureml-core lies in one of ``paths``.

    ``paths`` is ``azureml.__path__``. Looks for a few folders only, as it is asked at every import.
    """
    found = [path for path in paths if any(os.path.isdir(os.path.join(path, mark)) for mark in _MARKS)]
    if not found:
        return None
    return (
        f"Azure's azureml-core lies beside Zaffre (in {', '.join(found)}) under one module name, so scripts "
        "may get either: run `pip uninstall -y azureml-core`, then `pip install --force-reinstall --no-deps zaffre`."
    )
