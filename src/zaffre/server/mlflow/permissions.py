"""Permissions over MLflow's protocol, as its ``AuthServiceClient`` speaks it.

Up to 3.11 by experiment and by registered model, since then by user, kind and id (github.com/mlflow/mlflow,
mlflow/server/auth/client.py of 2.21 and of 3.17).
"""

from __future__ import annotations

from typing import Any, Final

from zaffre.core.errors import Unsupported
from zaffre.core.permissions import Level, Permission
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid
from zaffre.server.mlflow.framing import Message, Text
from zaffre.server.mlflow.messages import Empty
from zaffre.server.mlflow.permits import experiment
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.store.permissions import Kind, Thing

EXPERIMENT: Final = "experiment"
MODEL: Final = "registered_model"
_KINDS: Final = (EXPERIMENT, MODEL, "prompt")  # a prompt is a registered model, to MLflow's clients too


class OfUser(Message, kw_only=True):
    username: Text


class OfExperiment(Message, kw_only=True):
    experiment_id: Text
    username: Text


class OnExperiment(OfExperiment, kw_only=True):
    permission: Text


class OfModel(Message, kw_only=True):
    name: Text
    username: Text


class OnModel(OfModel, kw_only=True):
    permission: Text


class OfResource(OfUser, kw_only=True):
    resource_type: Text
    resource_id: Text


class OnResource(OfResource, kw_only=True):
    permission: Text


def create_on_experiment(rooms: Rooms, message: OnExperiment) -> object:
    thing = experiment(rooms, message.experiment_id)
    return {"experiment_permission": of_experiment(rooms, _grant(rooms, thing, message, is_new=True))}


def get_on_experiment(rooms: Rooms, message: OfExperiment) -> object:
    thing = experiment(rooms, message.experiment_id)
    found = rooms.permissions.get(rooms.asker, rooms.workspace, thing, message.username)
    return {"experiment_permission": of_experiment(rooms, found)}


def update_on_experiment(rooms: Rooms, message: OnExperiment) -> object:
    _grant(rooms, experiment(rooms, message.experiment_id), message, is_new=False)
    return {}


def delete_on_experiment(rooms: Rooms, message: OfExperiment) -> object:
    thing = experiment(rooms, message.experiment_id)
    rooms.permissions.revoke(rooms.asker, rooms.workspace, thing, message.username)
    return {}


def create_on_model(rooms: Rooms, message: OnModel) -> object:
    made = _grant(rooms, Thing(Kind.MODEL, message.name), message, is_new=True)
    return {"registered_model_permission": of_model(rooms, made)}


def get_on_model(rooms: Rooms, message: OfModel) -> object:
    found = rooms.permissions.get(rooms.asker, rooms.workspace, Thing(Kind.MODEL, message.name), message.username)
    return {"registered_model_permission": of_model(rooms, found)}


def update_on_model(rooms: Rooms, message: OnModel) -> object:
    _grant(rooms, Thing(Kind.MODEL, message.name), message, is_new=False)
    return {}


def delete_on_model(rooms: Rooms, message: OfModel) -> object:
    rooms.permissions.revoke(rooms.asker, rooms.workspace, Thing(Kind.MODEL, message.name), message.username)
    return {}


def grant(rooms: Rooms, message: OnResource) -> object:
    _grant(rooms, _resource(rooms, message), message, is_new=True)
    return {}


def revoke(rooms: Rooms, message: OfResource) -> object:
    rooms.permissions.revoke(rooms.asker, rooms.workspace, _resource(rooms, message), message.username)
    return {}


def get(rooms: Rooms, message: OfResource) -> object:
    """What the user may there after all, by a permission or by the role; ``allowed`` as of USE."""
    thing = _resource(rooms, message)
    rooms.users.get(rooms.asker, message.username)  # who may know of this user
    level = rooms.permissions.effective(rooms.workspace, message.username, thing)
    return {"allowed": level >= Level.USE, "permission": level.name}


def list_of(rooms: Rooms, message: OfUser) -> object:
    """What was granted to a user, as one row each; the role is not among it."""
    found = rooms.users.get(rooms.asker, message.username)
    return {"is_admin": found.role == "admin", "permissions": _rows(rooms, message.username)}


def list_own(rooms: Rooms, message: Empty) -> object:  # noqa: ARG001
    asker = rooms.asker
    return {
        "is_admin": asker.role == "admin",
        "permissions": [] if asker.user_pk is None else _rows(rooms, asker.name),
    }


def of_experiment(rooms: Rooms, found: Permission) -> dict[str, Any]:
    return {"experiment_id": str(found.experiment_id), **_shown(rooms, found)}


def of_model(rooms: Rooms, found: Permission) -> dict[str, Any]:
    return {"name": found.model, **_shown(rooms, found)}


def refuse(rooms: Rooms, message: Empty) -> object:  # noqa: ARG001
    raise Unsupported(
        "There are no roles of one's own here: each user has one role for the whole server, which is reader, user or "
        "admin (`zaffre user set-role`), and permissions on experiments and registered models where that is to differ."
    )


def _grant(rooms: Rooms, thing: Thing, message: Any, *, is_new: bool) -> Permission:
    return rooms.permissions.grant(
        rooms.asker, rooms.workspace, thing, message.username, message.permission, is_new=is_new
    )


def _resource(rooms: Rooms, message: OfResource) -> Thing:
    if message.resource_type not in _KINDS:
        raise invalid(
            "resource_type",
            message.resource_type,
            f"it must be one of {', '.join(_KINDS)}; this server has no permissions on anything else.",
        )
    if message.resource_id == "*":
        raise invalid("resource_id", "*", "name one thing; what a user may with all of them is the user's role.")
    if message.resource_type == EXPERIMENT:
        return experiment(rooms, message.resource_id)
    return Thing(Kind.MODEL, message.resource_id)


def _shown(rooms: Rooms, found: Permission) -> dict[str, Any]:
    return {"user_id": rooms.users.numbers().get(found.user, 0), "permission": found.level}


def _rows(rooms: Rooms, user: str) -> list[dict[str, Any]]:
    """As MLflow's server shows them: each user's own permissions are a role that bears the user's number."""
    number = rooms.users.numbers().get(user, 0)
    return [
        {
            "role_id": number,
            "role_name": f"__user_{number}__",
            "workspace": found.workspace,
            "resource_type": EXPERIMENT if found.model is None else MODEL,
            "resource_pattern": str(found.experiment_id) if found.model is None else found.model,
            "permission": found.level,
        }
        for found in rooms.permissions.list_of(user)
    ]


_REFUSED: Final = (
    ("GET", "3.0/mlflow/users/roles/list"),
    ("POST", "3.0/mlflow/roles/create"),
    ("GET", "3.0/mlflow/roles/get"),
    ("GET", "3.0/mlflow/roles/list"),
    ("PATCH", "3.0/mlflow/roles/update"),
    ("DELETE", "3.0/mlflow/roles/delete"),
    ("POST", "3.0/mlflow/roles/assign"),
    ("DELETE", "3.0/mlflow/roles/unassign"),
    ("GET", "3.0/mlflow/roles/users/list"),
    ("POST", "3.0/mlflow/roles/permissions/add"),
    ("DELETE", "3.0/mlflow/roles/permissions/remove"),
    ("GET", "3.0/mlflow/roles/permissions/list"),
    ("PATCH", "3.0/mlflow/roles/permissions/update"),
)
_ON_EXPERIMENT: Final = "2.0/mlflow/experiments/permissions"
_ON_MODEL: Final = "2.0/mlflow/registered-models/permissions"
_ON_ANY: Final = "3.0/mlflow/users/permissions"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", f"{_ON_EXPERIMENT}/create", OnExperiment, create_on_experiment),
    Act("GET", f"{_ON_EXPERIMENT}/get", OfExperiment, get_on_experiment),
    Act("PATCH", f"{_ON_EXPERIMENT}/update", OnExperiment, update_on_experiment),
    Act("DELETE", f"{_ON_EXPERIMENT}/delete", OfExperiment, delete_on_experiment),
    Act("POST", f"{_ON_MODEL}/create", OnModel, create_on_model),
    Act("GET", f"{_ON_MODEL}/get", OfModel, get_on_model),
    Act("PATCH", f"{_ON_MODEL}/update", OnModel, update_on_model),
    Act("DELETE", f"{_ON_MODEL}/delete", OfModel, delete_on_model),
    Act("POST", f"{_ON_ANY}/grant", OnResource, grant),
    Act("POST", f"{_ON_ANY}/revoke", OfResource, revoke),
    Act("GET", f"{_ON_ANY}/get", OfResource, get),
    Act("GET", f"{_ON_ANY}/list", OfUser, list_of),
    Act("GET", "3.0/mlflow/users/current/permissions", Empty, list_own),
    *(Act(verb, path, Empty, refuse) for verb, path in _REFUSED),
)
