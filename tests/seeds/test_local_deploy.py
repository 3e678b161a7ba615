"""The document about deploying on one's own machine, in each of its translations, from its first block to its last."""

from __future__ import annotations

import sys

import pytest

from tests.docker_engine import BASE
from tests.seeds.conftest import Reader
from tests.seeds.documents import FOLDER, MISSING, about, block
from tests.seeds.errata import corrected
from zaffre.docker.engine import Engine

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
DELETE = "local_service.delete()\nprint(Workspace.from_config().webservices)"


@pytest.mark.parametrize("document", about("sklearn-mnist-local") or ["none"])
def test_every_block_runs(document: str, reader: Reader, port_of_the_documents: int) -> None:
    (reader.folder / "score.py").write_text(block(document, "def init():").code)
    phrases = (
        "LocalWebservice.deploy_configuration",
        "normalized_pixel_values",
        "pickle.load(f, encoding='latin1')",
        "myenv.build_local(",
        "load_diabetes",
        "Model.register(",
    )

    prepared, *results, deleted = reader.run(
        TUTORIAL, *(corrected(block(document, phrase)) for phrase in phrases), DELETE
    )

    assert (prepared.error, prepared.output.splitlines()[-1:]) == (None, ["1"])
    assert [result.error for result in results] == [None] * len(phrases)
    deploy, score, loaded, _built, trained, registered = results
    assert deploy.output.splitlines()[-1] == f"Scoring URI is : http://localhost:{port_of_the_documents}/score"
    assert score.output == "Should be predicted as '2'\nprediction: [2]\n"
    assert (loaded.output, trained.output) == ("", "")
    assert (reader.folder / "sklearn_regression_model.pkl").is_file()
    assert registered.output.startswith("Registering model sklearn_regression_model")
    assert (deleted.error, deleted.output.splitlines()[-1]) == (None, "{}")


def test_the_service_runs_in_docker(reader: Reader, docker: Engine, port_of_the_documents: int) -> None:
    """The same blocks, where the tutorial's environment names an image."""
    document = about("sklearn-mnist-local")[0]
    (reader.folder / "score.py").write_text(block(document, "def init():").code)
    engine = f"import os\nos.environ['DOCKER_HOST'] = {docker.address!r}\n"
    in_image = TUTORIAL.replace("print(env", f"env.docker.base_image = {BASE!r}\nprint(env")
    blocks = [
        corrected(block(document, phrase)) for phrase in ("LocalWebservice.deploy_configuration", "normalized_pixel")
    ]

    prepared, deploy, score, deleted = reader.run(engine + in_image, *blocks, DELETE)

    assert [result.error for result in (prepared, deploy, score, deleted)] == [None] * 4
    assert "runs in a container on this machine (Docker " in deploy.output
    assert "  image " in deploy.output
    assert deploy.output.splitlines()[-1] == f"Scoring URI is : http://localhost:{port_of_the_documents}/score"
    assert score.output == "Should be predicted as '2'\nprediction: [2]\n"
    assert deleted.output.splitlines()[-1] == "{}"
