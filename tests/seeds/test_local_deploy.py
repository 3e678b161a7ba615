"""The document about deploying on one's own machine, in each of its translations, from its first block to its last."""

from __future__ import annotations

import sys

import pytest

from tests.docker_engine import BASE
from tests.seeds.conftest import Reader, Result
from tests.seeds.documents import FOLDER, MISSING, about, block
from tests.seeds.errata import corrected
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.launch.docker import NAME

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)

# What the document takes as done: the tutorial's model is registered, and so is the environment it was trained in.
TUTORIAL = f"""
import pickle
import numpy as np
from azureml.core import Environment, Model, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

digits, labels = load_digits(return_X_y=True)
images = np.pad(np.kron((digits / 16).reshape(-1, 8, 8), np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
with open("sklearn_mnist_model.pkl", "wb") as file:
    pickle.dump(LogisticRegression(max_iter=300).fit(images.reshape(-1, 784), labels), file)
ws = Workspace.from_config()
Model.register(ws, "sklearn_mnist_model.pkl", "sklearn_mnist")
env = Environment("tutorial-env")
env.python.conda_dependencies = CondaDependencies.create(
    python_version="{sys.version_info.major}.{sys.version_info.minor}",
    pip_packages=["azureml-defaults", "scikit-learn", "numpy"],
)
print(env.register(ws).version)
"""
# After the document's own blocks: what it names in the text, and what a reader does next.
RELOAD = """
with open("score.py", "a") as file:
    file.write('\\nfirst = run\\ndef run(raw):\\n    print("asked again")\\n'
               '    return {"in_container": os.environ["AML_APP_ROOT"] == "/var/azureml-app", "digits": first(raw)}\\n')
local_service.reload()
local_service.wait_for_deployment(show_output=True)
print(local_service.run(input_data))
"""
UPDATE = """
model = Model(ws, "sklearn_mnist")
local_service.update(models=[model], inference_config=inference_config)
local_service.wait_for_deployment()
print(local_service.state, local_service.run(input_data)["digits"], "asked again" in local_service.get_logs())
"""
DELETE = "local_service.delete()\nprint(Workspace.from_config().webservices)"
PHRASES = (
    "LocalWebservice.deploy_configuration",
    "normalized_pixel_values",
    "pickle.load(f, encoding='latin1')",
    "myenv.build_local(",
    "load_diabetes",
    "Model.register(",
)


@pytest.mark.parametrize("document", about("sklearn-mnist-local") or ["none"])
def test_every_block_runs(document: str, reader: Reader, port_of_the_documents: int) -> None:
    (reader.folder / "score.py").write_text(block(document, "def init():").code)

    prepared, *results, reloaded, updated, deleted = reader.run(TUTORIAL, *_blocks(document), RELOAD, UPDATE, DELETE)

    assert (prepared.error, prepared.output.splitlines()[-1:]) == (None, ["1"])
    _check_blocks(results, reader, port_of_the_documents)
    _check_what_follows(reloaded, updated, deleted, in_container=False)


def test_every_block_runs_in_docker(reader: Reader, docker: Engine, port_of_the_documents: int) -> None:
    """The same, where the tutorial's environment names an image."""
    document = about("sklearn-mnist-local")[0]
    (reader.folder / "score.py").write_text(block(document, "def init():").code)
    engine = f"import os\nos.environ['DOCKER_HOST'] = {docker.address!r}\n"
    in_image = TUTORIAL.replace("print(env", f"env.docker.base_image = {BASE!r}\nprint(env")

    # The text beside that block: with useDocker=True it is an image.
    blocks = [code.replace("useDocker=False", "useDocker=True") for code in _blocks(document)]
    prepared, *results, reloaded, updated, deleted = reader.run(engine + in_image, *blocks, RELOAD, UPDATE, DELETE)

    assert prepared.error is None
    _check_blocks(results, reader, port_of_the_documents)
    assert "runs in a container on this machine (Docker " in results[0].output
    assert "  image " in results[0].output
    assert "Reusing the image zaffre/tutorial-env:" in results[3].output
    _check_what_follows(reloaded, updated, deleted, in_container=True)
    assert containers.labelled(docker, f"{NAME}=sklearn-mnist-local") == []


def _blocks(document: str) -> list[str]:
    return [corrected(block(document, phrase)) for phrase in PHRASES]


def _check_blocks(results: list[Result], reader: Reader, port: int) -> None:
    assert [result.error for result in results] == [None] * len(PHRASES)
    deploy, score, loaded, _built, trained, registered = results
    assert deploy.output.splitlines()[-1] == f"Scoring URI is : http://localhost:{port}/score"
    assert score.output == "Should be predicted as '2'\nprediction: [2]\n"
    assert (loaded.output, trained.output) == ("", "")
    assert (reader.folder / "sklearn_regression_model.pkl").is_file()
    assert registered.output.startswith("Registering model sklearn_regression_model")


def _check_what_follows(reloaded: Result, updated: Result, deleted: Result, *, in_container: bool) -> None:
    assert [result.error for result in (reloaded, updated, deleted)] == [None] * 3
    answer = {"in_container": in_container, "digits": [2]}
    assert reloaded.output.splitlines()[-1] == str(answer)
    assert updated.output.splitlines()[-1] == "running [2] True"
    assert deleted.output.splitlines()[-1] == "{}"
