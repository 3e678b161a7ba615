"""The one thing that a command is about: an experiment or a registered model."""

from __future__ import annotations

from zaffre.cli.exits import UsageError
from zaffre.sdk.scope import Scope


def place_of(scope: Scope, experiment: str | None, model: str | None, *more: str) -> tuple[str, str]:
    """Where its permissions are in the API, and what to call it."""
    if (experiment is None) == (model is None):
        raise UsageError("Name what it is about: --experiment NAME or --model NAME, one of the two.")
    if experiment is not None:
        return scope.path("experiments", experiment, "permissions", *more), f"the experiment {experiment}"
    assert model is not None
    return scope.path("models", model, "permissions", *more), f"the model {model}"
