"""Scores one ONNX model by ONNX Runtime. Sent with a model that is deployed without an entry script.

Azure's shapes are answered by the outputs by their names, MLflow's by ``{"predictions": ...}``. A model with one input
takes rows; one with several takes columns, or one list for each input: ``{"inputs": {"a": [...], "b": [...]}}``.
"""

import os
from pathlib import Path

import numpy
import onnxruntime
import scoring_request
from scoring_request import Misfit
from tensor_request import Inputs, Part, plain

from zaffre.core.rawhttp import AMLResponse

TYPES = {
    "tensor(float)": numpy.float32,
    "tensor(double)": numpy.float64,
    "tensor(float16)": numpy.float16,
    "tensor(int64)": numpy.int64,
    "tensor(int32)": numpy.int32,
    "tensor(int16)": numpy.int16,
    "tensor(int8)": numpy.int8,
    "tensor(uint64)": numpy.uint64,
    "tensor(uint32)": numpy.uint32,
    "tensor(uint16)": numpy.uint16,
    "tensor(uint8)": numpy.uint8,
    "tensor(bool)": numpy.bool_,
    "tensor(string)": numpy.object_,
}


def init():
    global session, inputs, outputs
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    found = [file for file in sorted(root.rglob("*.onnx")) if file.is_file()]
    if len(found) != 1:
        held = ", ".join(file.name for file in found) or "none"
        raise FileNotFoundError(f"An ONNX model is one file that ends with .onnx; there is {held} below {root}.")
    session = load(found[0])
    odd = [f"{one.name} ({one.type})" for one in session.get_inputs() if one.type not in TYPES]
    if odd:
        raise TypeError(f"JSON cannot carry the inputs {', '.join(odd)} of this model: write an entry script.")
    inputs = Inputs({one.name: Part(TYPES[one.type], one.type, sizes(one.shape)) for one in session.get_inputs()})
    outputs = [one.name for one in session.get_outputs()]
    run.swagger = inputs.swagger(answer, outputs)


def load(file):
    try:
        return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own classes, of which none is public
        version = os.environ.get("ZAFFRE_FRAMEWORK_VERSION")
        registered = f" It is registered as ONNX {version}." if version else ""
        reason = str(error).strip().rstrip(".")
        raise RuntimeError(
            f"ONNX Runtime {onnxruntime.__version__} cannot load {file.name}: {reason}.{registered}"
        ) from error


def sizes(shape):
    """Names stand for any size; no sizes at all is a single number, or unknown: the runtime decides."""
    return [size if isinstance(size, int) else None for size in shape] or None


def run(raw_data):
    """The outputs; what the model cannot take is answered 400 with the reason."""
    try:
        return answer(scoring_request.read(raw_data, tabular=False))
    except Misfit as error:
        return AMLResponse({"message": str(error)}, 400, json_str=True)


def answer(asked):
    if asked.method is not None or asked.signature is not None:
        raise Misfit("An ONNX model has no methods or signatures to choose from: leave method and signature_name out.")
    feed = inputs.tensors(asked.table)
    try:
        made = session.run(outputs, feed)
    except Exception as error:
        raise Misfit(f"{str(error).strip().rstrip('.')}. Expected are {inputs.expected}.") from None
    result = {name: plain(value) for name, value in zip(outputs, made, strict=True)}
    return {"predictions": result} if asked.is_mlflow else result
