"""``mlflow.deployments`` against a real workspace: the services really answer over HTTP."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy
import pandas  # type: ignore[import-untyped]
import pytest
from mlflow.deployments import PredictionsResponse, get_deploy_client, run_local
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]

from tests.server_process import ServerProcess
from zaffre.core.errors import Unsupported
from zaffre.mlflow_plugin.deployments import AzureMLDeploymentClient, target_help
from zaffre.sdk.environment import Environment
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 240.0  # generous: the machine may be busy with other tests
OWN = {"environment": "own"}

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:.*deprecated since 2.9.0:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated"),  # pandas about MLflow's own code
    pytest.mark.timeout(600),
]


def log_times(factor: float, registered: str | None = None, **more: Any) -> Any:
    """A logged model y = factor * (a + b) over a data frame with the columns a and b."""
    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 4.0], "b": [1.0, 1.0, 5.0, 3.0]})
    fitted = LinearRegression().fit(frame, factor * (frame["a"] + frame["b"]))
    more.setdefault("pip_requirements", ["scikit-learn"])
    return mlflow.sklearn.log_model(fitted, name="model", registered_model_name=registered, input_example=frame, **more)


@pytest.fixture
def client(tracking: MlflowClient, workspace: Workspace, uri: str) -> Iterator[AzureMLDeploymentClient]:
    assert tracking
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    environment.register(workspace)
    made = get_deploy_client(uri)
    assert isinstance(made, AzureMLDeploymentClient)
    yield made
    for service in workspace.webservices:
        LocalWebservice(workspace, service).delete()


def post(uri: str, body: object) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own service
        uri, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        return json.loads(answer.read())


def test_a_registered_model_is_deployed_scored_updated_and_deleted(
    client: AzureMLDeploymentClient, workspace: Workspace
) -> None:
    with mlflow.start_run():
        log_times(2, "sums")
        log_times(3, "sums")
    made = client.create_deployment("scorer", "models:/sums/1", config=OWN)
    assert (made["name"], made["flavor"], made["state"], made["models"]) == (
        "scorer",
        "python_function",
        "running",
        ["sums:1"],
    )
    log = LocalWebservice(workspace, "scorer").get_logs()
    assert "before anyone is answered: run() on the sample" in log  # the input example of the model
    frame = pandas.DataFrame({"a": [1.0], "b": [4.0]})
    predicted = client.predict("scorer", frame)
    assert isinstance(predicted, PredictionsResponse)
    assert numpy.allclose(predicted.get_predictions("ndarray"), [10.0])
    assert numpy.allclose(client.predict("scorer", df=frame)["predictions"], [10.0])

    split = {"columns": ["b", "a"], "data": [[4.0, 1.0], [2.0, 0.5]]}
    scoring = made["scoring_uri"]
    assert numpy.allclose(post(scoring, {"dataframe_split": split})["predictions"], [10.0, 5.0])
    records = [{"a": 1.0, "b": 4.0}]
    assert numpy.allclose(post(scoring, {"dataframe_records": records})["predictions"], [10.0])
    assert numpy.allclose(post(scoring, {"input_data": split}), [10.0, 5.0])
    assert numpy.allclose(post(scoring, split), [10.0, 5.0])

    client._client.set_registered_model_alias("sums", "champion", "2")
    updated = client.update_deployment("scorer", "models:/sums@champion", config=OWN)
    assert updated["models"] == ["sums:2"]
    assert numpy.allclose(client.predict("scorer", frame)["predictions"], [15.0])
    assert [one["name"] for one in client.list_deployments()] == ["scorer"]
    assert client.get_deployment("scorer")["state"] == "running"

    client.delete_deployment("scorer")
    client.delete_deployment("scorer")  # a second time is no error
    with pytest.raises(MlflowException) as gone:
        client.get_deployment("scorer")
    assert gone.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert workspace.webservices == {}


def test_a_model_of_a_run_is_registered_and_deployed_with_azures_file(
    client: AzureMLDeploymentClient, workspace: Workspace, tmp_path: Path
) -> None:
    with mlflow.start_run() as run:
        log_times(2)
    file = tmp_path / "deploy.json"
    file.write_text(json.dumps({"computeType": "local", "tags": {"team": "blue"}, "description": "sums"}))
    made = client.create_deployment(
        "of-a-run", f"runs:/{run.info.run_id}/model", config={**OWN, "deploy-config-file": str(file)}
    )
    assert (made["models"], made["tags"], made["description"]) == (["of-a-run-model:1"], {"team": "blue"}, "sums")
    assert Model(workspace, "of-a-run-model").run_id == run.info.run_id
    assert numpy.allclose(client.predict("of-a-run", pandas.DataFrame({"a": [1], "b": [4]}))["predictions"], [10.0])
    for wrong in ({"dataframe_records": [{"c": 1.0}]}, {"inputs": {"c": [1.0]}, "instances": [1]}):
        with pytest.raises(MlflowException, match="answered 400"):
            client.predict("of-a-run", wrong)


def test_a_model_is_deployed_in_the_environment_that_it_asks_for(
    client: AzureMLDeploymentClient, workspace: Workspace
) -> None:
    """No entry script and no environment: both come with the model, and the environment is really built."""
    import sklearn  # type: ignore[import-untyped]

    requirements = [f"mlflow-skinny=={mlflow.__version__}", f"scikit-learn=={sklearn.__version__}", "pandas", "skops"]
    with mlflow.start_run():
        log_times(2, "asks", pip_requirements=requirements)
    service = Model.deploy(
        workspace, "asking", [Model(workspace, "asks")], None, LocalWebservice.deploy_configuration()
    )
    service.wait_for_deployment(timeout_sec=SECONDS)
    assert numpy.allclose(client.predict("asking", pandas.DataFrame({"a": [1.0], "b": [4.0]}))["predictions"], [10.0])


def test_what_cannot_be_deployed_is_refused_with_a_sentence(
    client: AzureMLDeploymentClient, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "weights.bin").write_text("weights")
    Model.register(workspace, str(tmp_path / "weights.bin"), "weights")
    aci, odd, broken = tmp_path / "aci.json", tmp_path / "odd.yml", tmp_path / "broken.json"
    aci.write_text('{"computeType": "aci", "replicas": 3}')
    odd.write_text("computeType: mainframe")
    broken.write_text("{")
    attempts: dict[str, Callable[[], object]] = {
        "no MLflow model": lambda: client.create_deployment("a-b", "models:/weights/1", config=OWN),
        "flavor 'spark'": lambda: client.create_deployment("a-b", "models:/weights/1", flavor="spark"),
        "Endpoints with several": lambda: client.create_deployment("a-b", "models:/weights/1", endpoint="e"),
        "Endpoints with": lambda: client.create_endpoint("e"),
        "replicas: not a setting": lambda: client.create_deployment("a-b", "models:/w/1", config=_file(aci)),
        "use local, aci or aks": lambda: client.create_deployment("a-b", "models:/w/1", config=_file(odd)),
        "cannot be read": lambda: client.create_deployment("a-b", "models:/w/1", config=_file(broken)),
        "sync: not a setting": lambda: client.create_deployment("a-b", "models:/w/1", config={"sync": True}),
        "is not a model to deploy": lambda: client.create_deployment("a-b", "s3://bucket/model", config=OWN),
        "in the stage Production": lambda: client.create_deployment("a-b", "models:/weights/Production", config=OWN),
        "the name of a deployment": lambda: client.predict(inputs=[1]),
        "something to score": lambda: client.predict("a-b"),
    }
    for words, attempt in attempts.items():
        with pytest.raises(MlflowException, match=words):
            attempt()
    with pytest.raises(Unsupported, match="no MLflow model"):
        Model.deploy(workspace, "a-b", [Model(workspace, "weights")], None, LocalWebservice.deploy_configuration())
    assert client.list_endpoints() == []


def _file(path: Path) -> dict[str, str]:
    return {"deploy-config-file": str(path)}


def test_the_command_line_is_told_what_the_target_takes(server: ServerProcess) -> None:
    assert server.url
    assert "deploy-config-file" in target_help()
    with pytest.raises(MlflowException, match="is not a model to deploy"):
        run_local("azureml", "x-y", "s3://bucket/model")
