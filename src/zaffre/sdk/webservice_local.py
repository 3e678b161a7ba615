"""``LocalWebservice``: a service of this machine, supervised by a process of its own that outlives the script."""

from __future__ import annotations

import builtins
import contextlib
import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from zaffre.core import entities, wire
from zaffre.core.errors import WebserviceException, WebserviceNotFound
from zaffre.core.states import ServiceState
from zaffre.sdk import ports, service_spec
from zaffre.sdk.discovery import home
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.late import late
from zaffre.sdk.service_folder import ServiceFolder, Source
from zaffre.sdk.service_start import ensure_supervisor
from zaffre.sdk.service_wait import Supervision, Waiting
from zaffre.sdk.webservice import Webservice, WebserviceDeploymentConfiguration, find_service

if TYPE_CHECKING:
    from zaffre.sdk.image_config import ContainerImageConfig
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

_END_SECONDS: Final = 40.0  # how long delete waits for the supervisor to stop what it serves
_ALIVE = (ServiceState.RUNNING, ServiceState.DEPLOYING)


class LocalWebserviceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """The port to serve on, None for a free one; whether ``ModelDataCollector`` collects, which Azure's has not."""

    def __init__(self, port: int | None = None, *, collect_model_data: bool | None = None) -> None:
        super().__init__("Local")
        self.port = port
        self.collect_model_data = collect_model_data
        self.validate_configuration()

    def validate_configuration(self) -> None:
        if self.port is not None and (not isinstance(self.port, int) or not 1 <= self.port <= 65535):
            raise WebserviceException(f"A port is a whole number from 1 to 65535, not {self.port!r}.")


class LocalWebservice(Webservice):
    """A service by its name; with ``must_exist=False`` one that was deleted, or never was, is in state ``deleted``."""

    def __init__(self, workspace: Workspace, name: str, must_exist: bool = True) -> None:
        self.workspace = workspace
        self.name = name
        if must_exist:
            self._service = self._read()
        else:
            self._service = find_service(workspace, name) or _never(workspace.name, name)

    @staticmethod
    def deploy_configuration(
        port: int | None = None, *, collect_model_data: bool | None = None
    ) -> LocalWebserviceDeploymentConfiguration:
        """``port``: 1 to 65535, or None for a free one."""
        return LocalWebserviceDeploymentConfiguration(port, collect_model_data=collect_model_data)

    @property
    def _folder(self) -> ServiceFolder:
        return ServiceFolder(home(), self.workspace.name, self.name)

    @property
    def state(self) -> str:
        """``deploying``, ``running``, ``failed``, ``deleted``; ``unknown`` when its process is not there any more."""
        here = self._service.host == socket.gethostname()
        if here and self._service.state in _ALIVE and not self._folder.is_supervised():
            return ServiceState.UNKNOWN.value
        return super().state

    @property
    def _is_serving(self) -> bool:
        return self.state == ServiceState.RUNNING.value  # not so where its process is gone

    @property
    def port(self) -> int | None:
        return self._service.port

    @staticmethod
    def list(  # type: ignore[override]  # as Azure's differs from Webservice.list
        workspace: Workspace, model_name: str | None = None, model_id: str | None = None, all: bool | None = None
    ) -> builtins.list[LocalWebservice]:
        """The local services; those that are not running only with ``all``."""
        found = Webservice.list(workspace, compute_type="Local", model_name=model_name, model_id=model_id)
        services = [cast(LocalWebservice, one) for one in found]
        return [one for one in services if all or one._service.state is ServiceState.RUNNING]

    def update_deployment_state(self, must_exist: bool = False) -> None:
        """Read the state anew; a service that is gone is ``deleted``, or raises with ``must_exist``."""
        service = self._read() if must_exist else find_service(self.workspace, self.name)
        self._service = service or replace(self._service, state=ServiceState.DELETED)

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Wait until the service answers. Raises ``DeploymentFailed`` with the failing step, the traceback of
        ``init()`` and the log's last lines, or ``WebserviceException`` after ``timeout_sec``; what was begun goes on.
        """
        Waiting(self, show_output, timeout_sec, Supervision(self).check).wait()

    def run(self, input_data: str | bytes) -> Any:
        """Score: the service's answer, parsed. Raises ``WebserviceException`` with the status and body of a refusal."""
        return super().run(input_data)

    def get_logs(self, num_lines: int = 5000, raw: bool = False) -> str:
        """The last lines of the log; there is nothing to strip from it, so ``raw`` changes nothing."""
        return super().get_logs(num_lines)

    def update(
        self,
        models: Sequence[Model | str] | None = None,
        image_config: ContainerImageConfig | None = None,
        deployment_config: LocalWebserviceDeploymentConfiguration | None = None,
        wait: bool = False,
        inference_config: InferenceConfig | None = None,
    ) -> None:
        """Serve other models, another script or environment, or on another port. What serves now goes on until the
        new revision answers, and for good if that fails. ``image_config`` is the older form of ``inference_config``."""
        if image_config is not None:
            if inference_config is not None:
                raise WebserviceException("image_config and inference_config say the same: pass one of them.")
            inference_config = image_config._inference()
        self.update_deployment_state(must_exist=True)
        spec = service_spec.current(self._service)
        collects = spec.collect_model_data
        registered = None
        if models is not None:
            served = service_spec.served_models(models)
            registered, spec = served.registered, replace(spec, local_models=served.local)
        if deployment_config is not None:
            self._check_port(deployment_config.port)
            if deployment_config.collect_model_data is not None:
                collects = deployment_config.collect_model_data
            spec = replace(spec, port=deployment_config.port, rollout=deployment_config.rollout or spec.rollout)
        source = None
        if inference_config is not None:
            source = service_spec.source_of(inference_config)
            built = service_spec.build(self.workspace, inference_config, source, spec.local_models, spec.port)
            spec = replace(built, rollout=spec.rollout)
        self._patch(wire.ServicePatch(spec=replace(spec, collect_model_data=collects), models=registered))
        self._supervise(source, wait)

    def reload(self, wait: bool = False) -> None:
        """Serve the source directory as it is now, in the same environment."""
        self.update_deployment_state(must_exist=True)
        source = self._folder.read_source()
        if source is None:
            raise WebserviceException(
                f"The service {self.name} was deployed from another machine: its source is not known here. Use "
                "update(inference_config=...)."
            )
        scope = self.workspace._scope
        body = wire.ServiceReload(snapshot_id=service_spec.send_source(scope, source))
        self._service = scope.client.post(scope.path("services", self.name, "reload"), entities.Service, body)
        self._supervise(None, wait)

    def delete(self, delete_cache: bool = True, delete_image: bool = False, delete_volume: bool = True) -> None:
        """Stop and delete the service, and its files unless ``delete_cache`` is False. There is no image and no
        volume, so ``delete_image`` and ``delete_volume`` change nothing."""
        if not delete_cache and self._folder.path.exists():
            self._folder.keep_cache.touch()
        with contextlib.suppress(WebserviceNotFound):
            super().delete()
        deadline = time.monotonic() + _END_SECONDS
        while self._folder.is_supervised():
            if time.monotonic() > deadline:
                raise WebserviceException(
                    f"The service {self.name} is deleted, but its process has not ended within {_END_SECONDS:.0f} s."
                )
            time.sleep(0.02)
        if delete_cache:
            shutil.rmtree(self._folder.path, ignore_errors=True)
        self._service = replace(self._service, state=ServiceState.DELETED)

    def deploy_to_cloud(
        self, name: str | None = None, deployment_config: object = None, deployment_target: object = None
    ) -> Webservice:
        """Have the server serve the same models, script and environment, under another name or its own."""
        made: Webservice = late("older_deployment", "deploy_to_cloud")(
            self, name or self.name, deployment_config, deployment_target
        )
        return made

    def _check_port(self, port: int | None) -> None:
        """Raise ``PortTaken`` before anything is changed, unless the service itself has the port."""
        if port is not None and port != self._service.port:
            ports.check_free(port)

    def _supervise(self, source: Source | None, wait: bool) -> None:
        if source is not None:
            self._folder.write_source(source)
        ensure_supervisor(self.workspace._scope, self._folder, self.name)
        if wait:
            self.wait_for_deployment()


def _never(workspace: str, name: str) -> entities.Service:
    """A service that does not exist."""
    return entities.Service(
        workspace=workspace, name=name, compute_type="Local", state=ServiceState.DELETED, created_at=0, updated_at=0
    )
