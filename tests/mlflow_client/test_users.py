"""MLflow's own client for users: what it makes here, what each role may, and what it is told of permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.conftest import open_workspace
from tests.server_process import ServerProcess
from zaffre.core.entities import User
from zaffre.core.wire import UserPatch
from zaffre.sdk.client import Client

PASSWORD = "correct horse"

pytestmark = [
    # Of MLflow's own server, which its client imports.
    pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated"),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


@pytest.fixture(autouse=True)
def admin(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client, signed in as the account that runs the server."""
    from mlflow.server import get_app_client

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    return get_app_client("basic-auth", tracking_uri=server.url)


def name() -> str:
    return f"u-{uuid4().hex[:8]}"


def sign_in(monkeypatch: pytest.MonkeyPatch, user: str, password: str = PASSWORD) -> None:
    """From now on this process's MLflow clients are the user's."""
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)


def test_a_user_is_made_and_logs_at_once(
    admin: Any, server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = name()
    made = admin.create_user(user, PASSWORD)
    assert (made.username, made.is_admin) == (user, False)
    assert admin.get_user(user).id == made.id
    uri = open_workspace(server, workspace_name)
    sign_in(monkeypatch, user)
    client = MlflowClient(uri)
    run = client.create_run(client.create_experiment("theirs"))
    assert client.get_run(run.info.run_id).info.status == "RUNNING"
    assert admin.get_user(user).username == user  # everyone may see themselves


def test_a_new_password_ends_the_old_one(admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user = name()
    admin.create_user(user, PASSWORD)
    admin.update_user_password(user, "another horse")
    sign_in(monkeypatch, user)
    with pytest.raises(RestException, match="user name or the password") as caught:
        admin.get_user(user)
    assert caught.value.error_code == "UNAUTHENTICATED"
    sign_in(monkeypatch, user, "another horse")
    assert admin.get_user(user).username == user


def test_users_change_their_own_password_with_the_current_one(
    admin: Any, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = name()
    admin.create_user(user, PASSWORD)
    Client(server.url, server.token).patch(f"/api/v1/users/{user}", User, UserPatch(role="reader"))
    sign_in(monkeypatch, user)
    with pytest.raises(RestException, match="current_password is missing"):
        admin.update_user_password(user, "another horse")
    with pytest.raises(RestException, match="not right"):
        admin.update_user_password(user, "another horse", "a wrong horse")
    admin.update_user_password(user, "another horse", PASSWORD)
    sign_in(monkeypatch, user, "another horse")
    assert admin.get_user(user).username == user


def test_admins_come_and_go(admin: Any, server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    user, other = name(), name()
    admin.create_user(user, PASSWORD)
    admin.create_user(other, PASSWORD)
    admin.update_user_admin(user, True)
    assert admin.get_user(user).is_admin
    sign_in(monkeypatch, user)
    assert admin.get_user(other).username == other
    with pytest.raises(RestException, match="cannot delete their own account"):
        admin.delete_user(user)
    admin.delete_user(other)
    with pytest.raises(RestException, match="There is no user") as caught:
        admin.get_user(other)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    admin.update_user_admin(user, False)
    with pytest.raises(RestException, match="Only an admin"):
        admin.create_user(other, PASSWORD)
    ours = Client(server.url, server.token)
    assert ours.get(f"/api/v1/users/{user}", User).role == "user"
    ours.patch(f"/api/v1/users/{user}", User, UserPatch(role="reader"))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    for variable in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(variable)
    admin.update_user_admin(user, False)
    assert ours.get(f"/api/v1/users/{user}", User).role == "reader"


def test_what_is_not_ones_own_stays_shut(admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user, other = name(), name()
    for one in (user, other):
        admin.create_user(one, PASSWORD)
    sign_in(monkeypatch, user)
    acts: list[Callable[[], Any]] = [
        lambda: admin.get_user(other),
        lambda: admin.create_user(name(), PASSWORD),
        lambda: admin.update_user_password(other, "another horse", PASSWORD),
        lambda: admin.update_user_admin(user, True),
        lambda: admin.delete_user(other),
        lambda: admin.get_user_permission(other, "experiment", "0"),
    ]
    for act in acts:
        with pytest.raises(RestException, match="Only an admin of this server") as caught:
            act()
        assert caught.value.error_code == "PERMISSION_DENIED"


def test_nobody_and_scripts_are_shut_out(
    admin: Any, server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = name()
    admin.create_user(user, PASSWORD)
    open_workspace(server, workspace_name)
    body = {"kind": "mlflow", "workspace": None}
    script = Client(server.url, server.token).post("/api/v1/tokens", dict, body)["token"]
    for token, code in (("", "UNAUTHENTICATED"), (script, "PERMISSION_DENIED")):
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
        acts: list[Callable[[], Any]] = [
            lambda: admin.get_user(user),
            lambda: admin.create_user(name(), PASSWORD),
            lambda: admin.update_user_password(user, "another horse"),
            lambda: admin.update_user_admin(user, True),
            lambda: admin.delete_user(user),
        ]
        for act in acts:
            with pytest.raises(RestException) as caught:
                act()
            assert caught.value.error_code == code


@pytest.mark.parametrize(("user", "password"), [("taken", "short"), ("taken", ""), ("no/name", PASSWORD)])
def test_what_cannot_be_is_said(admin: Any, user: str, password: str) -> None:
    with pytest.raises(RestException) as caught:
        admin.create_user(user, password)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_name_is_taken_once(admin: Any) -> None:
    user = name()
    admin.create_user(user, PASSWORD)
    with pytest.raises(RestException) as caught:
        admin.create_user(user, PASSWORD)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_permissions_follow_the_role_where_none_were_granted(admin: Any, server: ServerProcess) -> None:
    user = name()
    admin.create_user(user, PASSWORD)
    said = admin.get_user_permission(user, "experiment", "0")
    assert (said.allowed, said.permission) == (True, "EDIT")
    ours = Client(server.url, server.token)
    for role, told in (("reader", (False, "READ")), ("admin", (True, "MANAGE"))):
        ours.patch(f"/api/v1/users/{user}", User, UserPatch(role=role))
        said = admin.get_user_permission(user, "registered_model", "any")
        assert (said.allowed, said.permission) == told
    with pytest.raises(RestException, match="resource_type"):
        admin.get_user_permission(user, "gateway_endpoint", "any")
    acts: list[Callable[[], Any]] = [
        lambda: admin.create_role("default", "mine"),
        lambda: admin.list_all_roles(),
        lambda: admin.list_user_roles(user),
        lambda: admin.assign_role(user, 1),
        lambda: admin.add_role_permission(1, "experiment", "*", "READ"),
    ]
    for act in acts:
        with pytest.raises(MlflowException, match="no roles of one's own here") as refused:
            act()
        assert refused.value.error_code == "NOT_IMPLEMENTED"
