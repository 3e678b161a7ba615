"""``zaffre model profile``."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.model.profiles import FIELDS
from zaffre.cli.model.show import get_model
from zaffre.cli.progress import waiting
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.cli.software import NONE_NAMED, Software
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model

_Limit = Annotated[float | None, Parameter(validator=validators.Number(gte=0.1))]


def profile_model(
    model: str,
    /,
    *,
    name: str,
    data: Path,
    entry: str | None = None,
    source: Path = Path(),
    cpus: _Limit = None,
    memory: _Limit = None,
    description: str = "",
    software: Software = NONE_NAMED,
    session: Session = SESSION,
) -> Details:
    """Serve a model for a moment, measure its answers, memory and CPU, and recommend a size.

    Parameters
    ----------
    model
        name:version, name@alias, or the name for the newest version.
    name
        What the profile is called: 3 to 32 lower-case letters, digits or hyphens.
    data
        The requests: .jsonl (one in a line), .json (a list) or .csv (one column).
    entry
        The script with init() and run(), relative to --source; score.py where software is named. With neither, a model
        of MLflow, scikit-learn, ONNX or TensorFlow is served without a script of yours.
    source
        The folder to send.
    cpus
        Cores that its container may use; a process is only measured.
    memory
        Gigabytes that its container may use; a process is only measured.
    description
        A sentence about it.
    """
    workspace, scope = workspace_of(session), session.scope()
    environment = software.chosen(workspace, f"{name}-environment")
    if environment is None and entry is not None:
        raise UsageError("An entry script needs its software: give one of --environment, --conda and --pip.")
    inference = None
    if environment is not None:
        inference = InferenceConfig(entry or "score.py", source_directory=str(source), environment=environment)
    found = get_model(scope, model)
    handle = Model(workspace, found.name, version=found.version)
    with contextlib.redirect_stdout(_Quiet()), waiting(f"Profiling {found.name}:{found.version}"):
        made = Model.profile(workspace, name, [handle], inference, str(data), cpus, memory, description)
        made.wait_for_completion(show_output=True)
    return Details(made.serialize(), FIELDS)


class _Quiet(io.TextIOBase):
    """Sends what the SDK prints to stderr, so that the answer alone is on stdout."""

    def write(self, text: str, /) -> int:
        return sys.stderr.write(text)
