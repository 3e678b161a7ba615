"""The document about MLflow: tracking, a submitted script, an image of a model and a service of it."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tests.docker_engine import BASE
from tests.seeds.conftest import Reader
from tests.seeds.documents import FOLDER, MISSING, about, block
from tests.seeds.errata import corrected
from tests.server_process import ServerProcess
from zaffre.docker.engine import Engine
from zaffre.sdk.environment_sections import DEFAULT_CPU_IMAGE

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)
(DOCUMENT,) = about("mlflow.azureml.build_image") or ["none"]

OPENED = "from azureml.core import Workspace\nws = Workspace.from_config()"


def cell(phrase: str) -> str:
    return corrected(block(DOCUMENT, phrase))


def test_an_experiment_is_tracked(reader: Reader) -> None:
    tracking, logging, asked = reader.run(
        cell("mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())"),
        cell("mlflow.log_metric('alpha', 0.03)"),
        "runs = list(ws.experiments['experiment_with_mlflow'].get_runs())\n"
        "print([(run.status, run.get_metrics()) for run in runs])",
    )

    assert (tracking.error, logging.error, asked.error) == (None, None, None)
    assert ast.literal_eval(asked.output) == [("Completed", {"alpha": 0.03})]


def test_a_script_is_submitted_with_mlflow_in_its_environment(reader: Reader) -> None:
    script = reader.folder / "my_script_location" / "my_training_script.py"
    script.parent.mkdir()
    script.write_text(block(DOCUMENT, "mlflow.log_metric('example', 1.23)").code)

    configured, submitted, waited, details = reader.run(
        cell("exp = Experiment(workspace = 'my_workspace'"),
        cell("run = exp.submit(src)"),
        "print(run.wait_for_completion()['status'])",
        f"{OPENED}\n{cell('run.get_metrics()')}\nprint((run.get_metrics(), ws.get_details()['name']))",
    )

    assert [result.error for result in (configured, submitted, waited, details)] == [None] * 4
    assert waited.output.splitlines()[-1] == "Completed"
    assert ast.literal_eval(details.output) == ({"example": 1.23}, reader.workspace)


def test_a_workspace_is_got_by_name_and_tracked(reader: Reader) -> None:
    got, linked, logged, saved, found = reader.run(
        cell("ws = Workspace.get(name=workspace_name"),
        cell("uri = ws.get_mlflow_tracking_uri()"),
        cell("mlflow.log_metric('epoch_loss', loss.item())") + "\nmlflow.end_run()",
        cell("mlflow.sklearn.log_model(regression_model, model_save_path)") + "\nmlflow.end_run()",
        cell("runs = list(exp.get_runs())") + "\nprint(runs[0].get_metrics(), model_save_path)",
    )

    assert [result.error for result in (got, linked, logged, saved, found)] == [None] * 5
    assert found.output.splitlines()[-1] == "{'a': 1.0} model"


def test_clusters_are_refused_by_name(reader: Reader) -> None:
    _, cluster, aks = reader.run(
        OPENED,
        cell("AksCompute.provisioning_configuration()"),
        cell("AksWebservice.deploy_configuration(enable_app_insights=True)"),
    )

    assert aks.error is None
    assert "Unsupported" in cluster.kinds, cluster.error
    assert "AksCompute" in cluster.message or "AKS" in cluster.message


def test_an_image_of_a_logged_model_is_built_and_deployed(
    docker: Engine, own_server: ServerProcess, new_reader: Callable[[ServerProcess], Reader]
) -> None:
    # The base image that Azure's SDK names by itself stands in the engine under its own name.
    name, _, tag = DEFAULT_CPU_IMAGE.rpartition(":")
    docker.post(f"/images/{BASE}/tag", repo=name, tag=tag)
    _, tracked, found, built, aci, deployed, image, _, on_aks, scored, deleted = new_reader(own_server).run(
        OPENED,
        cell("mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())"),
        cell("runs = list(exp.get_runs())"),
        cell("mlflow.azureml.build_image"),
        cell("AciWebservice.deploy_configuration"),
        cell("image=azure_image"),
        cell("myimage = Image(workspace=ws"),
        cell("AksWebservice.deploy_configuration(enable_app_insights=True)"),
        cell("deployment_target = aks_target"),
        "print(webservice.state, webservice.run('{\"inputs\": [[0.5]]}'), myimage.id, azure_model.id)",
        "webservice.delete()\nmyimage.delete()",
    )

    for result in (tracked, found, built, aci, deployed, image, scored, deleted):
        assert result.error is None, result.error
    assert 'operation "Succeeded"' in deployed.output
    assert scored.output.startswith("Healthy {'predictions': [0.5]} sklearn-image:1 sklearn-model:1")
    assert "Unsupported" in on_aks.kinds, on_aks.error
    assert "AKS" in on_aks.message
