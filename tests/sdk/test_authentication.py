"""Azure's authentication classes: accepted, and worth the server's token."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.server_process import ServerProcess
from zaffre.core.errors import Unsupported
from zaffre.sdk import authentication
from zaffre.sdk.authentication import (
    AbstractAuthentication,
    ArmTokenAuthentication,
    Audience,
    AzureCliAuthentication,
    AzureMLTokenAuthentication,
    InteractiveLoginAuthentication,
    MsiAuthentication,
    ServicePrincipalAuthentication,
    TokenAuthentication,
)
from zaffre.sdk.workspace import Workspace


@pytest.mark.parametrize(
    "auth",
    [
        AbstractAuthentication(),
        InteractiveLoginAuthentication(force=True, tenant_id="t"),
        AzureCliAuthentication(),
        ArmTokenAuthentication("token"),
        ServicePrincipalAuthentication("t", "id", "password"),
        MsiAuthentication(identity_config={"client_id": "c"}),
        TokenAuthentication(lambda audience: f"for {audience.name}"),
    ],
)
def test_each_is_accepted_and_gives_the_servers_token(
    server: ServerProcess, workspace_name: str, auth: AbstractAuthentication
) -> None:
    assert Workspace("sub", "group", workspace_name, auth=auth).name == workspace_name
    assert auth.get_authentication_header() == {"Authorization": f"Bearer {server.token}"}
    session = SimpleNamespace(headers={})
    assert auth.signed_session(session) is session
    assert session.headers == auth.get_authentication_header()
    with pytest.raises(Unsupported, match=r"requests\.Session"):
        auth.signed_session()
    assert "password" not in repr(auth)


def test_tokens(server: ServerProcess) -> None:
    assert AzureCliAuthentication().get_token("scope").token == server.token
    assert TokenAuthentication(lambda audience: audience.name).get_token() == "ARM"
    assert TokenAuthentication(lambda audience: audience.name).get_token(Audience.AZUREML) == "AZUREML"
    inside = AzureMLTokenAuthentication.create("a", None, "h", "s", "g", "w", "e", "r")
    inside.set_token("b", None)
    assert (inside.token, inside.expiry_time) == ("b", None)
    assert inside.get_authentication_header() == {"Authorization": "Bearer b"}
    arm = ArmTokenAuthentication("old")
    arm.update_arm_access_token("new")
    assert arm._arm_access_token == "new"


def test_unknown_keywords_are_refused() -> None:
    with pytest.raises(TypeError, match="identity_configuration"):
        MsiAuthentication(identity_configuration={})
    with pytest.raises(TypeError, match="scope"):
        authentication.AzureCliAuthentication().get_token(scope="x")
