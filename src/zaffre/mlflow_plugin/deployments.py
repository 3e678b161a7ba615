"""``mlflow.deployments.get_deploy_client("azureml://...")``: deploy models as web services of the workspace."""

from __future__ import annotations

import json
from typing import Any, Final

from mlflow.deployments import BaseDeploymentClient, PredictionsResponse
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS
from mlflow.tracking import MlflowClient

from zaffre.core.errors import InvalidValue, Unsupported, WebserviceNotFound
from zaffre.mlflow_plugin.deploy_config import ENVIRONMENT, FILE, DeployConfig, read_config
from zaffre.mlflow_plugin.predictions import request_body
from zaffre.mlflow_plugin.refusals import as_mlflow
from zaffre.sdk import mlflow_service
from zaffre.sdk.mlflow_address import SCHEME, workspace_at
from zaffre.sdk.model import Model
from zaffre.sdk.model_lookup import version_number
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_local import LocalWebservice, LocalWebserviceDeploymentConfiguration

FLAVOR: Final = "python_function"


class AzureMLDeploymentClient(BaseDeploymentClient):
    """Deployments of one workspace, as MLflow's base class describes them; ``target_uri`` is an ``azureml://`` URI.

    Errors are ``MlflowException``. The calls return when the service answers, or has failed.
    """

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)  # type: ignore[no-untyped-call]
        with as_mlflow():
            uri = target_uri if "://" in target_uri else f"{SCHEME}://"
            self.workspace = workspace_at(uri)
        self._client = MlflowClient(uri, registry_uri=uri)

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """A service of the model at ``models:/...`` or ``runs:/...``, which is registered if it is not yet.

        ``config``: ``deploy-config-file`` names a file with Azure's deployment configuration, without which the
        service runs on this machine; ``environment`` a registered environment in place of the model's own.
        """
        with as_mlflow():
            _check(flavor, endpoint)
            settings = read_config(self.workspace, config)
            model = self._model(name, model_uri)
            inference = mlflow_service.inference_config(self.workspace, name, [model], settings.environment)
            service = Model.deploy(self.workspace, name, [model], inference, settings.deployment)
            service.wait_for_deployment(show_output=True)
            return _described(service)

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Serve another model, or in another way. What serves now goes on until the new revision answers."""
        with as_mlflow():
            _check(flavor, endpoint)
            service = self._service(name)
            settings = read_config(self.workspace, config)
            wanted = _changed(settings, config)
            if model_uri is not None or settings.environment is not None:
                model = self._model(name, model_uri) if model_uri is not None else service.models[0]
                inference = mlflow_service.inference_config(self.workspace, name, [model], settings.environment)
                service.update([model], deployment_config=wanted, inference_config=inference)
            elif wanted is not None:
                service.update(deployment_config=wanted)
            else:
                raise InvalidValue(f"Nothing of the deployment {name} would change: give a model_uri or a config.")
            service.wait_for_deployment(show_output=True)
            return _described(service)

    def delete_deployment(
        self, name: str, config: dict[str, Any] | None = None, endpoint: str | None = None, **kwargs: Any
    ) -> None:
        """Stop and delete; that there is none of this name is no error."""
        with as_mlflow():
            _check(None, endpoint)
            if config or kwargs:
                raise InvalidValue("Deleting a deployment takes no configuration: leave config out.")
            try:
                self._service(name).delete()
            except WebserviceNotFound:
                return

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        with as_mlflow():
            _check(None, endpoint)
            return [_described(service) for service in Webservice.list(self.workspace)]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        with as_mlflow():
            _check(None, endpoint)
            return _described(self._service(name))

    def predict(
        self,
        deployment_name: str | None = None,
        inputs: Any = None,
        endpoint: str | None = None,
        *,
        df: Any = None,
    ) -> PredictionsResponse:
        """Score a data frame, an array, a dictionary of arrays or a list; ``df`` is the older name of ``inputs``."""
        with as_mlflow():
            _check(None, endpoint)
            if deployment_name is None:
                raise InvalidValue("predict() needs the name of a deployment: pass deployment_name.")
            body = json.dumps(request_body(inputs if df is None else df))
            answer = self._service(deployment_name).run(body)
        return PredictionsResponse(answer if isinstance(answer, dict) else {"predictions": answer})

    def create_endpoint(self, name: str, config: dict[str, Any] | None = None) -> Any:
        self._refuse_endpoints(name, config)

    def update_endpoint(self, endpoint: str, config: dict[str, Any] | None = None) -> Any:
        self._refuse_endpoints(endpoint, config)

    def delete_endpoint(self, endpoint: str) -> None:
        self._refuse_endpoints(endpoint)

    def list_endpoints(self) -> list[dict[str, Any]]:
        """There are none: each deployment has an address of its own."""
        return []

    def get_endpoint(self, endpoint: str) -> Any:
        self._refuse_endpoints(endpoint)

    def _refuse_endpoints(self, *_: object) -> None:
        with as_mlflow():
            raise _no_endpoints()

    def _service(self, name: str) -> LocalWebservice:
        service = Webservice(self.workspace, name)
        assert isinstance(service, LocalWebservice)
        return service

    def _model(self, deployment: str, uri: str) -> Model:
        """The registered version at ``uri``; another model is registered as ``<deployment>-model``."""
        kind, _, rest = uri.partition(":/")
        rest = rest.lstrip("/")
        if kind == "models" and "/" in rest and not rest.startswith("m-"):
            name, _, which = rest.rpartition("/")
            return Model(self.workspace, name, version=self._version(name, which))
        if kind == "models" and "@" in rest:
            name, _, alias = rest.rpartition("@")
            return Model(
                self.workspace, name, version=int(self._client.get_model_version_by_alias(name, alias).version)
            )
        if kind not in ("models", "runs") or not rest:
            raise InvalidValue(
                f"{uri!r} is not a model to deploy: use models:/<name>/<version>, models:/<name>@<alias>, "
                "models:/<logged model id> or runs:/<run id>/<path>."
            )
        return self._registered(f"{deployment}-model", uri)

    def _version(self, name: str, which: str) -> int:
        """A version by its number, "latest" or its stage."""
        if which.isdecimal():
            return int(version_number(which) or 0)
        if which.lower() == "latest":
            return Model(self.workspace, name).version
        found = self._client.get_latest_versions(name, [which])
        if not found:
            raise InvalidValue(f"The model {name} has no version in the stage {which}: name another, or a version.")
        return int(found[0].version)

    def _registered(self, name: str, source: str) -> Model:
        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != RESOURCE_ALREADY_EXISTS and "ALREADY_EXISTS" not in str(error.error_code):
                raise
        version = self._client.create_model_version(name, source)
        return Model(self.workspace, name, version=int(version.version))


def run_local(name: str, model_uri: str, flavor: str | None = None, config: dict[str, Any] | None = None) -> None:
    """Deploy to this machine; the same as ``create_deployment`` in the workspace that this machine uses."""
    AzureMLDeploymentClient("azureml://").create_deployment(name, model_uri, flavor, config)


def target_help() -> str:
    """What ``mlflow deployments help -t azureml`` prints."""
    return f"""Deploys models of a workspace as web services.

target_uri: azureml://<host>:<port>/workspaces/<name> of the server, azureml:///workspaces/<name> for the server that
this machine uses, or the URI of a workspace as it is written for Azure.

config:
  {FILE}   a JSON or YAML file: computeType (local, aci, aks), port, description, tags, properties,
                       containerResourceRequirements (cpu, memoryInGB), authEnabled, sslEnabled, appInsightsEnabled
  {ENVIRONMENT}          a registered environment, <name> or <name>:<version>, in place of the model's own
"""


def _check(flavor: str | None, endpoint: str | None) -> None:
    if flavor not in (None, FLAVOR):
        raise Unsupported(f"The flavor {flavor!r} cannot be deployed: models are served as {FLAVOR}. Leave it out.")
    if endpoint is not None:
        raise _no_endpoints()


def _no_endpoints() -> Unsupported:
    return Unsupported("Endpoints with several deployments are not built: each deployment has an address of its own.")


def _changed(settings: DeployConfig, config: dict[str, Any] | None) -> LocalWebserviceDeploymentConfiguration | None:
    """The deployment configuration of an update, where one was given."""
    if FILE not in (config or {}):
        return None
    wanted = settings.deployment
    if not isinstance(wanted, LocalWebserviceDeploymentConfiguration):
        raise Unsupported("A service of this machine cannot be moved by an update: create a deployment there.")
    if wanted.tags or wanted.properties or wanted.description:
        raise Unsupported(
            "An update changes the port, the model and the environment; leave the others out of the file."
        )
    return wanted


def _described(service: Webservice) -> dict[str, Any]:
    return {
        "name": service.name,
        "flavor": FLAVOR,
        "state": service.state,
        "compute_type": service.compute_type,
        "scoring_uri": service.scoring_uri,
        "swagger_uri": service.swagger_uri,
        "models": [model.id for model in service.models],
        "description": service.description,
        "tags": service.tags,
        "properties": service.properties,
        "error": service.error,
    }
