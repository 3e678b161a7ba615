"""Users over MLflow's protocol, as its ``AuthServiceClient`` speaks it, and what it may ask about permissions.

What a user may is one role for the whole server, so permissions can be read, by the names MLflow has for them, and not
be granted one by one.
"""

from __future__ import annotations

from typing import Any, Final

from zaffre.core.entities import User
from zaffre.core.errors import Unsupported
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import BadRequest, invalid
from zaffre.server.mlflow.framing import Message, Text
from zaffre.server.mlflow.messages import Empty
from zaffre.server.mlflow.rooms import Rooms

# READ: look on. EDIT: do all work. MANAGE: change what users may, too.
_PERMISSIONS: Final = {"reader": "READ", "user": "EDIT", "admin": "MANAGE"}
_RESOURCES: Final = ("experiment", "registered_model", "prompt")


class OfUser(Message, kw_only=True):
    username: Text


class CreateUser(OfUser, kw_only=True):
    password: Text


class UpdatePassword(OfUser, kw_only=True):
    password: Text
    current_password: str | None = None


class UpdateAdmin(OfUser, kw_only=True):
    is_admin: bool


class OfPermission(OfUser, kw_only=True):
    resource_type: Text
    resource_id: Text


class OfExperimentPermission(Message, kw_only=True):
    experiment_id: Text
    username: Text


class OfModelPermission(Message, kw_only=True):
    name: Text
    username: Text


def create(rooms: Rooms, message: CreateUser) -> object:
    """A user who does all work in workspaces; MLflow has no word for a reader."""
    return {"user": _answer(rooms, rooms.users.create(rooms.asker, message.username, message.password, "user"))}


def get(rooms: Rooms, message: OfUser) -> object:
    return {"user": _answer(rooms, rooms.users.get(rooms.asker, message.username))}


def list_all(rooms: Rooms, message: Empty) -> object:  # noqa: ARG001
    numbers = rooms.users.numbers()
    return {"users": [_shown(user, numbers) for user in rooms.users.list(rooms.asker)]}


def current(rooms: Rooms, message: Empty) -> object:  # noqa: ARG001
    """Who the server takes the asker for; 0 is the number of the account that runs the server."""
    asker = rooms.asker
    shown = {"id": asker.user_pk or 0, "username": asker.name, "is_admin": asker.role == "admin"}
    return {"user": shown, "is_basic_auth": True}


async def update_password(rooms: Rooms, message: UpdatePassword) -> object:
    await rooms.users.set_password(
        rooms.asker, message.username, message.password, message.current_password, rooms.address
    )
    return {}


def update_admin(rooms: Rooms, message: UpdateAdmin) -> object:
    """Who is no longer an admin is a user; a reader who was none stays one."""
    role = rooms.users.get(rooms.asker, message.username).role
    below = "user" if role == "admin" else role
    rooms.users.set_role(rooms.asker, message.username, "admin" if message.is_admin else below)
    return {}


def delete(rooms: Rooms, message: OfUser) -> object:
    if rooms.asker.user_pk is not None and rooms.asker.name == message.username:
        raise BadRequest("Users cannot delete their own account. Ask another admin to delete this user instead.")
    rooms.users.delete(rooms.asker, message.username)
    return {}


def get_permission(rooms: Rooms, message: OfPermission) -> object:
    if message.resource_type not in _RESOURCES:
        raise invalid("resource_type", message.resource_type, f"it must be one of {', '.join(_RESOURCES)}.")
    found = rooms.users.get(rooms.asker, message.username)
    return {"allowed": found.role != "reader", "permission": _PERMISSIONS[found.role]}


def get_experiment_permission(rooms: Rooms, message: OfExperimentPermission) -> object:
    found = rooms.tracking.get_experiment(rooms.workspace, rooms.experiment_id(message.experiment_id))
    return {"experiment_permission": {"experiment_id": str(found.id), **_permission(rooms, message.username)}}


def get_model_permission(rooms: Rooms, message: OfModelPermission) -> object:
    found = rooms.models.get(rooms.workspace, message.name)
    return {"registered_model_permission": {"name": found.name, **_permission(rooms, message.username)}}


def refuse(rooms: Rooms, message: Empty) -> object:  # noqa: ARG001
    raise Unsupported(
        "What a user may is one role for the whole server here: reader, user or admin. There are no permissions for "
        "one experiment or model and no other roles; an admin changes a user's role with `zaffre user set-role`."
    )


def _permission(rooms: Rooms, username: str) -> dict[str, Any]:
    found = rooms.users.get(rooms.asker, username)
    return {"user_id": rooms.users.numbers().get(username, 0), "permission": _PERMISSIONS[found.role]}


def _answer(rooms: Rooms, user: User) -> dict[str, Any]:
    return {**_shown(user, rooms.users.numbers()), "experiment_permissions": [], "registered_model_permissions": []}


def _shown(user: User, numbers: dict[str, int]) -> dict[str, Any]:
    return {"id": numbers.get(user.name, 0), "username": user.name, "is_admin": user.role == "admin", "roles": []}


_REFUSED: Final = (
    *(
        (verb, f"2.0/mlflow/{kind}/permissions/{what}")
        for kind in ("experiments", "registered-models")
        for verb, what in (("POST", "create"), ("PATCH", "update"), ("DELETE", "delete"))
    ),
    ("POST", "3.0/mlflow/users/permissions/grant"),
    ("POST", "3.0/mlflow/users/permissions/revoke"),
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
ACTS: tuple[Act[Any], ...] = (
    Act("POST", "2.0/mlflow/users/create", CreateUser, create),
    Act("GET", "2.0/mlflow/users/get", OfUser, get),
    Act("GET", "2.0/mlflow/users/list", Empty, list_all),
    Act("GET", "2.0/mlflow/users/current", Empty, current),
    Act("PATCH", "2.0/mlflow/users/update-password", UpdatePassword, update_password),
    Act("PATCH", "2.0/mlflow/users/update-admin", UpdateAdmin, update_admin),
    Act("DELETE", "2.0/mlflow/users/delete", OfUser, delete),
    Act("GET", "3.0/mlflow/users/permissions/get", OfPermission, get_permission),
    Act("GET", "2.0/mlflow/experiments/permissions/get", OfExperimentPermission, get_experiment_permission),
    Act("GET", "2.0/mlflow/registered-models/permissions/get", OfModelPermission, get_model_permission),
    *(Act(verb, path, Empty, refuse) for verb, path in _REFUSED),
)
