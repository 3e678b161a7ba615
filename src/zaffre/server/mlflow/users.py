"""Users over MLflow's protocol, as its ``AuthServiceClient`` speaks it; what they are granted: ``permissions``."""

from __future__ import annotations

from typing import Any

from zaffre.core.entities import User
from zaffre.server.mlflow import permissions
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import BadRequest
from zaffre.server.mlflow.framing import Text
from zaffre.server.mlflow.messages import Empty
from zaffre.server.mlflow.permissions import OfUser
from zaffre.server.mlflow.rooms import Rooms


class CreateUser(OfUser, kw_only=True):
    password: Text


class UpdatePassword(OfUser, kw_only=True):
    password: Text
    current_password: str | None = None


class UpdateAdmin(OfUser, kw_only=True):
    is_admin: bool


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


def _answer(rooms: Rooms, user: User) -> dict[str, Any]:
    granted = [found for found in rooms.permissions.list_of(user.name) if found.workspace == rooms.workspace]
    return {
        **_shown(user, rooms.users.numbers()),
        "experiment_permissions": [permissions.of_experiment(rooms, found) for found in granted if found.model is None],
        "registered_model_permissions": [permissions.of_model(rooms, found) for found in granted if found.model],
    }


def _shown(user: User, numbers: dict[str, int]) -> dict[str, Any]:
    return {"id": numbers.get(user.name, 0), "username": user.name, "is_admin": user.role == "admin", "roles": []}


ACTS: tuple[Act[Any], ...] = (
    Act("POST", "2.0/mlflow/users/create", CreateUser, create),
    Act("GET", "2.0/mlflow/users/get", OfUser, get),
    Act("GET", "2.0/mlflow/users/list", Empty, list_all),
    Act("GET", "2.0/mlflow/users/current", Empty, current),
    Act("PATCH", "2.0/mlflow/users/update-password", UpdatePassword, update_password),
    Act("PATCH", "2.0/mlflow/users/update-admin", UpdateAdmin, update_admin),
    Act("DELETE", "2.0/mlflow/users/delete", OfUser, delete),
)
