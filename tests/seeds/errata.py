"""What must be put right before a block can run anywhere, Azure included: each with its reason.

Everything else in a block runs as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.seeds.documents import Block


@dataclass(frozen=True)
class Erratum:
    """In a block that holds ``where``: ``wrong`` becomes ``right``, or ``before`` stands above the block."""

    where: str
    reason: str
    wrong: str = ""
    right: str = ""
    before: str = ""


ERRATA = (
    Erratum(
        "from azure.core.model import InferenceConfig",
        "a slip in one translation; the others import it from azureml.core.model",
        wrong="from azure.core.model",
        right="from azureml.core.model",
    ),
    Erratum(
        "LocalWebservice.deploy_configuration(port=6789)",
        "uses LocalWebservice and never imports it",
        before="from azureml.core.webservice import LocalWebservice",
    ),
    Erratum(
        "exp = Experiment(workspace = 'my_workspace'",
        "uses Experiment and never imports it",
        before="from azureml.core import Experiment",
    ),
    Erratum(
        "import mlflow.azureml\nimport azureml.mlflow",
        "mlflow has had no module azureml since 2.0; the block does not use it",
        wrong="import mlflow.azureml\n",
    ),
    Erratum(
        "deployment_config = aks_config\n",
        "a comma is missing",
        wrong="deployment_config = aks_config\n",
        right="deployment_config = aks_config,\n",
    ),
    Erratum(
        "mlflow.log_metric('epoch_loss', loss.item())",
        "stands for the middle of a training loop, where loss is a tensor",
        before="import numpy\nloss = numpy.array(0.25)",
    ),
    Erratum(
        "mlflow.sklearn.log_model(regression_model, model_save_path)",
        "the model and the path are the reader's own; the path is named two blocks below",
        before=(
            "from sklearn.linear_model import Ridge\n"
            "regression_model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])\n"
            "model_save_path = 'model'"
        ),
    ),
    Erratum(
        "experiment_name = 'experiment-with-mlflow'",
        "the document logs to experiment_with_mlflow and reads experiment-with-mlflow, whose run must have a model",
        before=(
            "mlflow.set_experiment('experiment-with-mlflow')\nwith mlflow.start_run():\n    mlflow.log_metric('a', 1)\n"
            "    from sklearn.linear_model import Ridge\n"
            "    model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])\n"
            "    mlflow.sklearn.log_model(model, 'model', pip_requirements=['scikit-learn'])"
        ),
    ),
    Erratum(
        "image = myimage",
        "the cluster would come from a block above that is refused",
        before="aks_target = None",
    ),
    Erratum(
        "torchvision.datasets.CIFAR10(",
        "the data set's archive is 170 MB on a server that not every machine can reach: the module tells torchvision "
        "of a small one in the same layout, and its checksums; what downloads, checks and reads it is torchvision's",
        before="import origin_of_the_data_set",
    ),
    Erratum(
        "# in train.py\nrun = Run.get_context()",
        "shows two lines of a script that imports Run and computes loss elsewhere",
        before="from azureml.core import Run\nloss = 0.25",
    ),
)


def corrected(block: Block) -> str:
    """The block's code with its errata put right; each must still be needed."""
    code = block.code
    for erratum in ERRATA:
        if erratum.where in block.code:
            if erratum.wrong:
                assert erratum.wrong in code, f"{block} no longer needs: {erratum.reason}"
                code = code.replace(erratum.wrong, erratum.right)
            if erratum.before:
                code = f"{erratum.before}\n{code}"
    return code
