"""Permissions by the client of MLflow 2.21: run in its environment, with the server in the environment variables."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import mlflow.server
from mlflow.exceptions import RestException


def client_module() -> Any:
    """The client's module without the server's beside it, which needs an older SQLAlchemy than the client."""
    package = ModuleType("mlflow.server.auth")
    package.__path__ = [os.path.join(path, "auth") for path in mlflow.server.__path__]
    sys.modules[package.__name__] = package
    return importlib.import_module("mlflow.server.auth.client")


def refused(code: str, act: Callable[[], Any]) -> None:
    found = "nothing"
    try:
        act()
    except RestException as error:
        found = error.error_code
    assert found == code, f"{found} instead of {code}"


def main(experiment: str, model: str, user: str) -> None:
    client = client_module().AuthServiceClient(os.environ["MLFLOW_TRACKING_URI"])
    made = client.create_experiment_permission(experiment, user, "READ")
    assert (made.experiment_id, made.permission) == (experiment, "READ")
    assert made.user_id == client.get_user(user).id
    refused("RESOURCE_ALREADY_EXISTS", lambda: client.create_experiment_permission(experiment, user, "EDIT"))
    client.update_experiment_permission(experiment, user, "EDIT")
    assert client.get_experiment_permission(experiment, user).permission == "EDIT"
    assert [one.permission for one in client.get_user(user).experiment_permissions] == ["EDIT"]
    client.delete_experiment_permission(experiment, user)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_experiment_permission(experiment, user))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.update_experiment_permission(experiment, user, "READ"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.delete_experiment_permission(experiment, user))
    refused("INVALID_PARAMETER_VALUE", lambda: client.create_experiment_permission(experiment, user, "OWN"))

    held = client.create_registered_model_permission(model, user, "MANAGE")
    assert (held.name, held.permission) == (model, "MANAGE")
    client.update_registered_model_permission(model, user, "NO_PERMISSIONS")
    assert client.get_registered_model_permission(model, user).permission == "NO_PERMISSIONS"
    assert [one.name for one in client.get_user(user).registered_model_permissions] == [model]
    client.delete_registered_model_permission(model, user)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_registered_model_permission(model, user))


if __name__ == "__main__":
    main(*sys.argv[1:])
