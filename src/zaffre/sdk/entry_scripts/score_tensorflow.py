"""Scores one TensorFlow SavedModel. Sent with a model that is deployed without an entry script.

Azure's shapes are answered by the outputs by their names, MLflow's and TensorFlow Serving's (``instances``, ``inputs``,
with ``signature_name``) by ``{"predictions": ...}``, which of a single output is its values alone.
"""

import os
from pathlib import Path

import numpy
import scoring_request
import tensorflow
from scoring_request import Misfit
from tensor_request import Inputs, Part, plain

from zaffre.core.rawhttp import AMLResponse

DEFAULT = "serving_default"


def init():
    global model, signatures
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted(root.rglob("saved_model.pb"))
    if len(found) != 1:
        raise FileNotFoundError(
            f"A TensorFlow model is one folder with a saved_model.pb; there are {len(found)} below {root}."
        )
    asked = os.environ.get("ZAFFRE_FRAMEWORK_VERSION")
    if asked and asked != tensorflow.__version__:
        print(f"The model is registered for TensorFlow {asked}; this is TensorFlow {tensorflow.__version__}.")
    model = tensorflow.saved_model.load(str(found[0].parent))
    signatures = {name: (function, inputs_of(function)) for name, function in model.signatures.items()}
    if not signatures:
        raise TypeError(f"The SavedModel at {found[0].parent} has no signatures: save it with signatures=...")
    function, inputs = signatures.get(DEFAULT) or next(iter(signatures.values()))
    run.swagger = inputs.swagger(answer, list(function.structured_outputs))


def inputs_of(function):
    specs = function.structured_input_signature[1]
    return Inputs({name: Part(numpy_type(spec.dtype), spec.dtype.name, sizes(spec)) for name, spec in specs.items()})


def numpy_type(dtype):
    return numpy.object_ if dtype == tensorflow.string else dtype.as_numpy_dtype


def sizes(spec):
    return None if spec.shape.rank is None else list(spec.shape.as_list())


def run(raw_data):
    """The outputs; what the model cannot take is answered 400 with the reason."""
    try:
        return answer(scoring_request.read(raw_data, tabular=False))
    except Misfit as error:
        return AMLResponse({"message": str(error)}, 400, json_str=True)


def answer(asked):
    if asked.method is not None:
        raise Misfit("A SavedModel has signatures and no methods: leave method out.")
    name = asked.signature or (DEFAULT if DEFAULT in signatures else next(iter(signatures)))
    if name not in signatures:
        raise Misfit(f"The model has no signature {name!r}: it has {', '.join(signatures)}.")
    function, inputs = signatures[name]
    feed = {key: tensorflow.constant(value) for key, value in inputs.tensors(asked.table).items()}
    try:
        made = function(**feed)
    except (ValueError, TypeError, tensorflow.errors.OpError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise Misfit(f"{type(error).__name__}: {reason}. Expected are {inputs.expected}.") from None
    result = {key: plain(value.numpy()) for key, value in made.items()}
    if not asked.is_mlflow:
        return result
    return {"predictions": next(iter(result.values())) if len(result) == 1 else result}
