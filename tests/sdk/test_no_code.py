"""Model.deploy without an inference_config: real models, in environments that are really built."""

from __future__ import annotations

import json
import pickle
import platform
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import mlflow
import numpy
import onnx
import pandas  # type: ignore[import-untyped]
import pytest
import skl2onnx  # type: ignore[import-untyped]
import sklearn  # type: ignore[import-untyped]
import uv
from onnx import TensorProto, helper
from sklearn.linear_model import LinearRegression, LogisticRegression  # type: ignore[import-untyped]

from zaffre.core.errors import DeploymentFailed, ModelInvalid, Unsupported, WebserviceException
from zaffre.sdk import no_code
from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.model import Model
from zaffre.sdk.resource_configuration import ResourceConfiguration
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 600.0
TENSORFLOW = "tensorflow-cpu" if platform.machine() == "x86_64" else "tensorflow"
SKLEARN, ONNX = Model.Framework.SCIKITLEARN, Model.Framework.ONNX
LOCALLY = LocalWebservice.deploy_configuration()

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(autouse=True)
def folder(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder of this test; what was deployed is deleted after it."""
    monkeypatch.chdir(tmp_path)
    yield
    for service in Webservice.list(workspace):
        service.delete()


def deploy(workspace: Workspace, model: Model, name: str = "no-code") -> LocalWebservice:
    service = Model.deploy(workspace, name, [model], deployment_config=LOCALLY)
    assert isinstance(service, LocalWebservice)
    service.wait_for_deployment(timeout_sec=SECONDS)
    return service


def ask(service: Webservice, body: object) -> Any:
    return service.run(json.dumps(body))


def refusal(service: Webservice, body: object) -> str:
    """The message of a 400."""
    request = urllib.request.Request(str(service.scoring_uri), json.dumps(body).encode())  # noqa: S310 - our own
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)  # noqa: S310
    with refused.value as answer:
        assert answer.code == 400
        return str(json.loads(answer.read())["message"])


def swagger(service: Webservice) -> Any:
    with urllib.request.urlopen(str(service.swagger_uri), timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())["definitions"]["ServiceInput"]


def classifier() -> LogisticRegression:
    frame = pandas.DataFrame({"age": [20.0, 30.0, 60.0, 70.0], "income": [1.0, 2.0, 1.0, 2.0]})
    return LogisticRegression(max_iter=1000).fit(frame, ["no", "no", "yes", "yes"])


def test_a_scikit_learn_model_is_served_as_azure_does(workspace: Workspace) -> None:
    joblib.dump(classifier(), "model.pkl")
    model = Model.register(workspace, "model.pkl", "sk", model_framework=SKLEARN, model_framework_version="1.9.1")
    service = deploy(workspace, model)
    rows = [[25.0, 1.0], [65.0, 2.0]]
    (left, right) = ask(service, {"data": rows})["predict_proba"]
    assert left[0] > 0.9 > 0.1 > right[0]
    assert ask(service, {"data": rows, "method": "predict"}) == {"predict": ["no", "yes"]}
    records = [{"income": 1.0, "age": 25.0}, {"income": 2.0, "age": 65.0}]
    split = {"columns": ["income", "age"], "data": [[1.0, 25.0], [2.0, 65.0]]}
    for body in (
        {"dataframe_records": records},
        {"dataframe_split": split},
        {"instances": rows},
        {"inputs": {"age": [25.0, 65.0], "income": [1.0, 2.0]}},
    ):
        assert ask(service, body) == {"predictions": ["no", "yes"]}
    assert ask(service, {"data": records, "method": "predict"}) == {"predict": ["no", "yes"]}
    described = swagger(service)
    assert list(described["properties"]["data"]["items"]["properties"]) == ["age", "income"]
    assert ask(service, described["example"])["predict"] == ["no"]

    assert "rows have 3 values. Expected are rows with the 2 columns age, income" in refusal(
        service, {"data": [[1, 2, 3]]}
    )
    assert "lacks income and has wage, which" in refusal(service, {"data": [{"age": 1, "wage": 2}]})
    assert "'fit' cannot be called on this model: use predict" in refusal(service, {"data": rows, "method": "fit"})
    assert "could not convert string to float: 'x'" in refusal(service, {"data": [["x", 1]]})
    assert "one of data, input_data, dataframe_split" in refusal(service, {"rows": rows})


def test_the_version_that_wrote_the_file_is_installed_where_none_is_registered(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("model.pkl").write_bytes(pickle.dumps(classifier()))
    model = Model.register(workspace, "model.pkl", "sk", model_framework=SKLEARN)
    packages = packages_for(workspace, model)
    assert f"scikit-learn=={sklearn.__version__}" in packages
    assert "written" not in capsys.readouterr().out

    other = Model.register(workspace, "model.pkl", "sk", model_framework=SKLEARN, model_framework_version="1.3.0")
    packages = packages_for(workspace, other)
    assert {"scikit-learn==1.3.0", "numpy<2"} <= set(packages)
    told = capsys.readouterr().out
    assert "registered for scikit-learn 1.3.0" in told
    assert f"written by scikit-learn {sklearn.__version__}" in told


def packages_for(workspace: Workspace, model: Model) -> list[str]:
    environment = no_code.inference_config(workspace, "no-code", [model]).environment
    assert environment is not None
    dependencies = environment.python.conda_dependencies
    assert dependencies is not None
    return list(dependencies.pip_packages)


def test_what_the_file_does_not_hold_fails_the_deployment(workspace: Workspace) -> None:
    Path("model.pkl").write_bytes(pickle.dumps({"weights": [1, 2]}))
    model = Model.register(workspace, "model.pkl", "sk", model_framework=SKLEARN, model_framework_version="1.9.1")
    with pytest.raises(DeploymentFailed, match=r"model\.pkl holds a dict, which has none of predict"):
        deploy(workspace, model)


def test_onnx_models_are_served(workspace: Workspace) -> None:
    data = numpy.array([[1, 2], [2, 3], [8, 9], [9, 9]], dtype=numpy.float32)
    fitted = LogisticRegression().fit(data, [0, 0, 1, 1])
    Path("model.onnx").write_bytes(skl2onnx.to_onnx(fitted, data[:1]).SerializeToString())
    model = Model.register(workspace, "model.onnx", "rows", model_framework=ONNX, model_framework_version="1.7.0")
    service = deploy(workspace, model)
    answer = ask(service, {"data": [[1, 2], [9, 9]]})
    assert answer["output_label"] == [0, 1]
    assert answer["output_probability"][0]["0"] > 0.9
    split = {"columns": ["a", "b"], "data": [[9, 9]]}
    assert ask(service, {"dataframe_split": split})["predictions"]["output_label"] == [1]
    assert ask(service, swagger(service)["example"])["output_label"] == [0]
    assert refusal(service, {"data": [[1, 2, 3]]}) == (
        "The input X was sent with the shape [1, 3]. Expected are X: tensor(float) of shape [any, 2]."
    )
    assert "could not convert string" in refusal(service, {"data": [["a", "b"]]})

    onnx.save(two_inputs(), "sum.onnx")
    service = deploy(workspace, Model.register(workspace, "sum.onnx", "sum", model_framework=ONNX), "two-inputs")
    for body in ({"data": {"a": [1, 2], "b": [3, 4]}}, {"data": [{"b": 3, "a": 1}, {"b": 4, "a": 2}]}):
        assert ask(service, body) == {"total": [[4.0], [6.0]]}
    assert ask(service, {"inputs": {"a": [[1]], "b": [[2]]}}) == {"predictions": {"total": [[3.0]]}}
    assert "lacks b. Expected are the columns a, b" in refusal(service, {"data": {"a": [1]}})
    assert "has 2 inputs, so send them by name" in refusal(service, {"data": [[1, 2]]})


def two_inputs(opset: int = 13) -> onnx.ModelProto:
    """total = a + b, over columns of numbers."""
    named = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("a", "b", "total")}
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["total"])], "sum", [named["a"], named["b"]], [named["total"]]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


SAVED_MODEL = """
import sys
import tensorflow
class Rows(tensorflow.Module):
    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 2], tensorflow.float32, name="x")])
    def __call__(self, x):
        return {"total": tensorflow.reduce_sum(x, axis=1)}
rows = Rows()
tensorflow.saved_model.save(rows, "saved", signatures=rows.__call__)
"""


def test_a_tensorflow_model_is_served_with_the_shapes_of_its_signature(workspace: Workspace, tmp_path: Path) -> None:
    python = tmp_path / "made" / "bin" / "python"
    for command in (f"venv -q {tmp_path / 'made'}", f"pip install -q --python {python} {TENSORFLOW}"):
        subprocess.run([uv.find_uv_bin(), *command.split()], check=True)
    subprocess.run([python, "-c", SAVED_MODEL], check=True, capture_output=True)
    model = Model.register(workspace, "saved", "tf", model_framework=Model.Framework.TENSORFLOW)
    service = deploy(workspace, model)
    assert ask(service, {"data": [[1, 2], [3, 4]]}) == {"total": [3.0, 7.0]}
    for body in ({"instances": [[1, 2]]}, {"instances": [{"x": [1, 2]}]}, {"inputs": {"x": [[1, 2]]}}):
        assert ask(service, body) == {"predictions": [3.0]}
    assert ask(service, swagger(service)["example"]) == {"total": [0.0]}
    assert refusal(service, {"data": [[1, 2, 3]]}) == (
        "The input x was sent with the shape [1, 3]. Expected are x: float32 of shape [any, 2]."
    )
    wrong = refusal(service, {"instances": [[1, 2]], "signature_name": "train"})
    assert wrong == "The model has no signature 'train': it has serving_default."


def test_an_onnx_model_of_a_version_that_the_runtime_cannot_read_says_both(workspace: Workspace) -> None:
    onnx.save(two_inputs(opset=99), "new.onnx")
    model = Model.register(workspace, "new.onnx", "new", model_framework=ONNX, model_framework_version="9.9.0")
    with pytest.raises(DeploymentFailed, match=r"ONNX Runtime [\d.]+ cannot load new\.onnx.*as ONNX 9\.9\.0"):
        deploy(workspace, model)


@pytest.mark.filterwarnings("ignore::UserWarning:mlflow", "ignore::FutureWarning:mlflow", "ignore::DeprecationWarning")
def test_an_mlflow_model_describes_itself(workspace: Workspace) -> None:
    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 1.0, 5.0]})
    fitted = LinearRegression().fit(frame, frame["a"] + frame["b"])
    needs = [f"mlflow-skinny=={mlflow.__version__}", f"scikit-learn=={sklearn.__version__}", "pandas", "skops"]
    mlflow.sklearn.save_model(fitted, "saved", input_example=frame[:1], pip_requirements=needs)
    # Its own description counts, whatever framework it is registered with.
    model = Model.register(workspace, "saved", "sums", model_framework=SKLEARN)
    service = deploy(workspace, model)
    for body in ({"data": [[1, 4]]}, {"data": [{"b": 4, "a": 1}]}, {"columns": ["b", "a"], "data": [[4, 1]]}):
        assert numpy.allclose(ask(service, body), [5.0])
    shapes: list[Any] = [
        {"dataframe_split": {"columns": ["b", "a"], "data": [[4, 1]]}},
        {"dataframe_records": [{"a": 1.0, "b": 4.0}]},
        {"instances": [{"a": 1.0, "b": 4.0}]},
        {"inputs": {"a": [1.0], "b": [4.0]}},
        swagger(service)["example"],
    ]
    for shape in shapes:
        assert set(ask(service, shape)) == {"predictions"}
    assert "Expected are a (double), b (double)." in refusal(service, {"dataframe_records": [{"c": 1.0}]})


@pytest.mark.parametrize(
    ("framework", "words"),
    [
        (None, "registered without a framework"),
        (Model.Framework.CUSTOM, "of the framework Custom, which says nothing of how it is loaded"),
        (Model.Framework.PYTORCH, "do not hold the model's code"),
        (Model.Framework.TFKERAS, "save it as a SavedModel"),
        (Model.Framework.MULTI, "several frameworks in Azure"),
    ],
)
def test_other_frameworks_need_an_entry_script(workspace: Workspace, framework: str | None, words: str) -> None:
    Path("model.bin").write_bytes(b"1")
    model = Model.register(workspace, "model.bin", "other", model_framework=framework)
    with pytest.raises(Unsupported, match=words) as refused:
        Model.deploy(workspace, "no-code", [model], deployment_config=LOCALLY)
    assert "inference_config=InferenceConfig(" in refused.value.message
    assert Webservice.list(workspace) == []


def test_one_registered_model_with_its_file_is_needed(workspace: Workspace) -> None:
    joblib.dump(LinearRegression().fit([[1.0]], [1.0]), "model.pkl")
    model = Model.register(workspace, "model.pkl", "sk", model_framework=SKLEARN)
    with pytest.raises(Unsupported, match="exactly one model, not of 2"):
        Model.deploy(workspace, "no-code", [model, model], deployment_config=LOCALLY)
    with pytest.raises(Unsupported, match=r"model\.pkl is a local path: register it"):
        Model.deploy(workspace, "no-code", ["model.pkl"], deployment_config=LOCALLY)
    odd = Model.register(workspace, "model.pkl", "odd", model_framework=ONNX)
    with pytest.raises(ModelInvalid, match=r"must end with \.onnx; there is none among model\.pkl"):
        Model.deploy(workspace, "no-code", [odd], deployment_config=LOCALLY)
    wrong = Model.register(workspace, "model.pkl", "odd", model_framework=SKLEARN, model_framework_version="new; x")
    with pytest.raises(WebserviceException, match="is no version such as"):
        Model.deploy(workspace, "no-code", [wrong], deployment_config=LOCALLY)


def test_the_models_own_size_is_that_of_its_container(workspace: Workspace) -> None:
    joblib.dump(LinearRegression().fit([[1.0]], [1.0]), "model.pkl")
    wished = ResourceConfiguration(cpu=0.5, memory_in_gb=1.5)
    model = Model.register(workspace, "model.pkl", "sk", model_framework=SKLEARN, resource_configuration=wished)
    sized = no_code.sized(AciServiceDeploymentConfiguration(), [model])
    assert (sized.cpu_cores, sized.memory_gb) == (0.5, 1.5)
    said = AciServiceDeploymentConfiguration(cpu_cores=2)
    assert no_code.sized(said, [model]).cpu_cores == 2
    assert said.memory_gb is None
    model.update(resource_configuration=ResourceConfiguration(gpu=1))
    with pytest.raises(Unsupported, match="registered with 1 GPUs"):
        no_code.sized(AciServiceDeploymentConfiguration(), [model])
