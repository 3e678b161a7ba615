"""The document about MLflow: tracking, a submitted script, and what later parts will bring, refused by name."""

from __future__ import annotations

import ast

import pytest

from tests.seeds.conftest import Reader
from tests.seeds.documents import FOLDER, MISSING, about, block
from tests.seeds.errata import corrected

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


def test_what_is_not_built_yet_is_refused_by_name(reader: Reader) -> None:
    aci, from_image, image, cluster, aks, on_aks = reader.run(
        "from azureml.core import Workspace\nws = Workspace.from_config()\n"
        + cell("AciWebservice.deploy_configuration"),
        cell("image=azure_image"),
        cell("myimage = Image(workspace=ws"),
        cell("AksCompute.provisioning_configuration()"),
        cell("AksWebservice.deploy_configuration(enable_app_insights=True)"),
        cell("deployment_target = aks_target"),
    )

    assert (aci.error, aks.error) == (None, None)
    for refused in (from_image, image, cluster, on_aks):
        assert "Unsupported" in refused.kinds, refused.error
    assert "image" in from_image.message.lower()
    assert "image" in image.message.lower()
    assert "AksCompute" in cluster.message or "AKS" in cluster.message
    assert "image" in on_aks.message.lower()


def test_an_image_built_by_mlflow_is_missing_from_mlflow_itself(reader: Reader) -> None:
    (result,) = reader.run(cell("mlflow.azureml.build_image"))

    assert result.kinds[0] == "ModuleNotFoundError"
    assert result.message == "No module named 'mlflow.azureml'"
