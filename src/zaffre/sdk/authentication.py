"""Azure's authentication classes, accepted so that scripts run unchanged.

None of them logs in anywhere: who may do what is decided by the token of the Zaffre server alone (ZAFFRE_TOKEN, or the
one in ZAFFRE_HOME). What a script passes in is kept on the object and never sent.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

from zaffre.core.errors import Unsupported
from zaffre.sdk.discovery import connect


class Audience(enum.Enum):
    """Whom a token is for; every audience gets the server's own token."""

    ARM = "ARM"
    AZUREML = "AZUREML"
    AZURE_GRAPH = "AZURE_GRAPH"


class AccessToken(NamedTuple):
    token: str
    expires_on: int  # seconds since the epoch; 0: not known


class AbstractAuthentication:
    """Base of the authentication classes. They differ only in what they are made from."""

    def __init__(self, cloud: str | None = None) -> None:
        self._cloud = cloud

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def get_authentication_header(self) -> dict[str, str]:
        """The header that the Zaffre server accepts: ``{"Authorization": "Bearer <token>"}``."""
        return {"Authorization": f"Bearer {connect().token}"}

    def get_token(self, *scopes: object, **kwargs: object) -> Any:
        """The server's token, whatever the scope."""
        if kwargs.keys() - {"tenant_id", "claims", "enable_cae"}:
            raise TypeError(f"get_token() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
        return AccessToken(connect().token, 0)

    def signed_session(self, session: Any = None) -> Any:
        """``session`` (a ``requests.Session``) with the authentication header set."""
        if session is None:
            raise Unsupported(
                "signed_session() needs the session to sign: Zaffre brings no HTTP library of its own into scripts. "
                "Pass a requests.Session."
            )
        session.headers.update(self.get_authentication_header())
        return session


class InteractiveLoginAuthentication(AbstractAuthentication):
    def __init__(self, force: bool = False, tenant_id: str | None = None, cloud: str | None = None) -> None:
        super().__init__(cloud)
        self._force = force
        self._tenant_id = tenant_id


class AzureCliAuthentication(AbstractAuthentication):
    def __init__(self, cloud: str | None = None) -> None:
        super().__init__(cloud)


class ArmTokenAuthentication(AbstractAuthentication):
    def __init__(self, arm_access_token: str, cloud: str = "None") -> None:
        super().__init__(cloud)
        self._arm_access_token = arm_access_token

    def update_arm_access_token(self, new_arm_access_token: str) -> None:
        self._arm_access_token = new_arm_access_token


class ServicePrincipalAuthentication(AbstractAuthentication):
    def __init__(
        self,
        tenant_id: str,
        service_principal_id: str,
        service_principal_password: str,
        cloud: str = "AzureCloud",
        _enable_caching: bool = True,
    ) -> None:
        super().__init__(cloud)
        self._tenant_id = tenant_id
        self._service_principal_id = service_principal_id
        self._service_principal_password = service_principal_password


class AzureMLTokenAuthentication(AbstractAuthentication):
    """The authentication of code inside a run, which holds the run's token."""

    def __init__(
        self,
        azureml_access_token: str,
        expiry_time: datetime.datetime | None = None,
        host: str | None = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        experiment_name: str | None = None,
        run_id: str | None = None,
        user_email: str | None = None,
        experiment_id: str | None = None,
        cloud: str = "AzureCloud",
    ) -> None:
        super().__init__(cloud)
        self._token = azureml_access_token
        self._expiry_time = expiry_time
        self._host = host
        self._run_id = run_id

    @classmethod
    def create(
        cls,
        azureml_access_token: str,
        expiry_time: datetime.datetime | None,
        host: str | None,
        subscription_id: str | None,
        resource_group_name: str | None,
        workspace_name: str | None,
        experiment_name: str | None,
        run_id: str | None,
        user_email: str | None = None,
        experiment_id: str | None = None,
    ) -> AzureMLTokenAuthentication:
        return cls(
            azureml_access_token,
            expiry_time,
            host,
            subscription_id,
            resource_group_name,
            workspace_name,
            experiment_name,
            run_id,
            user_email,
            experiment_id,
        )

    @property
    def token(self) -> str:
        return self._token

    @property
    def expiry_time(self) -> datetime.datetime | None:
        return self._expiry_time

    def set_token(self, token: str, expiry_time: datetime.datetime | None) -> None:
        self._token = token
        self._expiry_time = expiry_time

    def get_authentication_header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


class MsiAuthentication(AbstractAuthentication):
    def __init__(self, cloud: str | None = None, **kwargs: object) -> None:
        super().__init__(cloud)
        if kwargs.keys() - {"identity_config"}:
            raise TypeError(f"MsiAuthentication() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
        self._identity_config = kwargs.get("identity_config")


class TokenAuthentication(AbstractAuthentication):
    """Made from a function that gives a token for an audience; it is asked only by ``get_token``."""

    def __init__(self, get_token_for_audience: Callable[[Audience], str], cloud: str | None = None) -> None:
        super().__init__(cloud)
        self._get_token_for_audience = get_token_for_audience

    def get_token(self, audience: Audience = Audience.ARM) -> str:  # type: ignore[override]  # Azure's own difference
        return self._get_token_for_audience(audience)
