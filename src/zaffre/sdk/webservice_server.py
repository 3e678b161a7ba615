"""Services that the server keeps running: their address through it, keys and tokens, and their end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import entities, service_wire
from zaffre.core.errors import Unsupported, WebserviceException, WebserviceNotFound
from zaffre.core.states import ServiceState
from zaffre.sdk import scoring, service_spec
from zaffre.sdk.service_wait import Waiting
from zaffre.sdk.webservice import Webservice

if TYPE_CHECKING:
    from zaffre.sdk.model import Model

_STATES: Final = {
    ServiceState.DEPLOYING: "Transitioning",
    ServiceState.RUNNING: "Healthy",
    ServiceState.UNKNOWN: "Unhealthy",
    ServiceState.FAILED: "Failed",
    ServiceState.DELETED: "Deleting",
}
_END_SECONDS: Final = 60.0  # how long delete waits for the container to end
_KEYS_SECONDS: Final = 10.0  # how long a change of the keys may take to reach the container
_POLL_SECONDS: Final = 0.05


class ServerWebservice(Webservice):
    """What such services have in common."""

    @property
    def state(self) -> str:
        """``Transitioning``, ``Healthy``, ``Unhealthy``, ``Failed`` or ``Deleting``."""
        return _STATES.get(self._service.state, self._service.state.value)

    @property
    def scoring_uri(self) -> str | None:
        """Through the server, so it stays what it is; None until the service has answered for the first time."""
        return None if self._service.scoring_uri is None else f"{self._address}/score"

    @property
    def swagger_uri(self) -> str | None:
        return None if self._service.swagger_uri is None else f"{self._address}/swagger.json"

    @property
    def direct_uri(self) -> str | None:
        """The container's own address, for callers on the server's machine."""
        return self._service.scoring_uri

    @property
    def _address(self) -> str:
        scope = self.workspace._scope
        return f"{scope.client.url}/services/{scope.workspace}/{self.name}"

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Wait until the service answers. Raises ``DeploymentFailed`` with the failing step, the traceback of
        ``init()`` and the log's last lines, or ``WebserviceException`` after ``timeout_sec``; what was begun goes on.
        """
        Waiting(self, show_output, timeout_sec).wait()

    def run(self, input_data: str | bytes) -> Any:
        """Score with one of the service's keys or with a token, where it asks for one: the answer, parsed.

        Raises ``WebserviceException`` with the status and body of a refusal.
        """
        if self.scoring_uri is None:
            self.update_deployment_state()
        if self.scoring_uri is None or not self._asks:
            return super().run(input_data)
        try:
            return self._score(input_data)
        except WebserviceException as error:
            if error.status_code != 401:
                raise
        self._await_keys()  # they were changed a moment ago
        return self._score(input_data)

    @property
    def _asks(self) -> bool:
        """Whether callers must send something."""
        return self.auth_enabled or self.token_auth_enabled

    def _secrets(self) -> tuple[str, ...]:
        """What opens the service."""
        return self.get_keys()

    def _score(self, data: str | bytes) -> Any:
        assert self.scoring_uri is not None
        return scoring.score(self.name, self.scoring_uri, data, self._secrets()[0])

    def get_keys(self) -> tuple[str, str]:
        """The primary and the secondary key. Raises ``WebserviceInvalid`` where authentication is not enabled."""
        found = self.workspace._scope.client.post(self._keys_route("list"), service_wire.ServiceKeys, {})
        return found.primary_key, found.secondary_key

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Replace the ``Primary`` or the ``Secondary`` key by ``set_key`` or a random one; returns when it counts."""
        body = service_wire.KeyRegenerate(key=str(key), set_key=set_key)
        self.workspace._scope.client.post(self._keys_route("regenerate"), service_wire.ServiceKeys, body)
        self._await_keys()

    def delete(self) -> None:
        """Stop and delete the service; returns when what ran it is gone."""
        super().delete()
        self._await_end(self.name)
        self._service = replace(self._service, state=ServiceState.DELETED)

    def _await_end(self, name: str) -> None:
        """Return when nothing of a deleted service runs any more."""
        scope = self.workspace._scope
        deadline = time.monotonic() + _END_SECONDS
        while True:
            try:
                found = scope.client.get(scope.path("services", name), entities.Service)
            except WebserviceNotFound:
                return
            if found.state is not ServiceState.DELETED:
                return  # a new one has this name by now
            if time.monotonic() > deadline:
                raise WebserviceException(
                    f"The service {name} is deleted, but it has not ended within {_END_SECONDS:.0f} s."
                )
            time.sleep(_POLL_SECONDS)

    def _recorded(self, name: str) -> Any:
        return service_spec.current(self._service).recorded.get(name)

    def _keys_route(self, act: str) -> str:
        return self.workspace._scope.path("services", self.name, "keys", act)

    def _await_keys(self) -> None:
        """Return when the serving process lets in who has the keys of now, and where it has keys nobody else."""
        self.update_deployment_state()
        if self.swagger_uri is None or not self._is_serving:
            return
        secrets = self._secrets() if self._asks else ("",)
        deadline = time.monotonic() + _KEYS_SECONDS
        for headers in self._doors():
            while time.monotonic() < deadline:
                lets_in = all(scoring.status_of(self.swagger_uri, one, headers) != 401 for one in secrets)
                if lets_in and (not self._asks or scoring.status_of(self.swagger_uri, "", headers) == 401):
                    break
                time.sleep(_POLL_SECONDS)

    def _doors(self) -> list[dict[str, str]]:
        """Headers with which each process that compares keys is reached."""
        return [{}]


def registered_models(models: Sequence[Model | str]) -> list[str]:
    """``name:version`` of each. Raises ``Unsupported`` for files of this machine."""
    served = service_spec.served_models(models)
    if served.local:
        raise Unsupported(
            f"The server cannot read files of this machine, such as {next(iter(served.local.values()))}: register them "
            "with Model.register, and deploy the models."
        )
    return served.registered
