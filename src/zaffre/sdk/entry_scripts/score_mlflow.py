"""Scores one MLflow model. Sent with a model that is deployed without an entry script.

A request is JSON in one of MLflow's shapes (``dataframe_split``, ``dataframe_records``, ``inputs``, ``instances``, with
``params`` beside it), which is answered ``{"predictions": ...}``; or in one of Azure's (``data``, ``input_data``, or a
data frame as ``{"columns": ..., "data": ...}``), which is answered by the predictions alone.
"""

import json
import os
from pathlib import Path

import mlflow.pyfunc
import pandas
from mlflow.exceptions import MlflowException
from mlflow.utils.proto_json_utils import NumpyEncoder, dataframe_from_parsed_json, parse_tf_serving_input

from zaffre.core.rawhttp import AMLResponse

MLFLOW_SHAPES = ("dataframe_split", "dataframe_records", "inputs", "instances")


def init():
    global model, folder
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted(root.rglob("MLmodel"), key=lambda file: len(file.parts))
    if not found:
        raise FileNotFoundError(f"There is no MLmodel file below {root}: this is not an MLflow model.")
    folder = found[0].parent
    model = mlflow.pyfunc.load_model(str(folder))
    run.swagger = swagger()


def preflight_sample():
    """The input example that the model was logged with, as a request; None where there is none that fits here."""
    file = folder / "serving_input_example.json"
    if not file.is_file():
        return None
    text = file.read_text("utf-8")
    example = json.loads(text)
    return text if isinstance(example, dict) and any(name in example for name in MLFLOW_SHAPES) else None


def run(raw_data):
    """The predictions; what the model cannot take is answered 400 with the reason."""
    try:
        return answer(json.loads(raw_data))
    except (ValueError, TypeError, KeyError, MlflowException) as error:
        sentence = f"{type(error).__name__}: {str(error).rstrip('.')}. {expected()}".rstrip()
        return AMLResponse({"message": sentence}, 400, json_str=True)


def expected():
    """What the model's signature asks for, as a sentence; empty where it has none."""
    schema = model.metadata.get_input_schema()
    if schema is None:
        return ""
    parts = [str(one) if schema.is_tensor_spec() else f"{one.name or 'unnamed'} ({kind(one)})" for one in schema.inputs]
    return f"Expected are {', '.join(parts)}."


def kind(column):
    return str(getattr(column.type, "name", column.type))


def answer(given):
    if not isinstance(given, dict):
        raise ValueError(f"The request must be a JSON object, not {type(given).__name__}.")
    shapes = [name for name in MLFLOW_SHAPES if name in given]
    if len(shapes) > 1:
        raise ValueError(f"The request has both {shapes[0]} and {shapes[1]}: send one of them.")
    data = from_mlflow(given, shapes[0]) if shapes else from_azure(given)
    params = given.get("params")
    predictions = plain(model.predict(data, params=params) if params else model.predict(data))
    return {"predictions": predictions} if shapes else predictions


def from_mlflow(given, shape):
    schema = model.metadata.get_input_schema()
    if shape.startswith("dataframe_"):
        return dataframe_from_parsed_json(given[shape], shape.removeprefix("dataframe_"), schema)
    return parse_tf_serving_input({shape: given[shape]}, schema)


def from_azure(given):
    data = given.get("input_data", given)
    schema = model.metadata.get_input_schema()
    if isinstance(data, dict) and "data" in data and "columns" not in data:
        data = data["data"]
        if isinstance(data, list) and data and isinstance(data[0], dict):
            return dataframe_from_parsed_json(data, "records", schema)
        if isinstance(data, list) and schema is not None and not schema.is_tensor_spec() and schema.has_input_names():
            frame = {"columns": schema.input_names(), "data": data}
            return dataframe_from_parsed_json(frame, "split", schema)
        return parse_tf_serving_input({"inputs": data}, schema)
    if isinstance(data, dict) and "data" in data:
        frame = {key: data[key] for key in ("columns", "index", "data") if key in data}
        return dataframe_from_parsed_json(frame, "split", schema)
    if "input_data" not in given:
        raise ValueError(
            f"The request has none of {', '.join(MLFLOW_SHAPES)}, data, input_data, nor a data frame as columns "
            "and data."
        )
    return parse_tf_serving_input({"inputs": data}, schema)


def plain(predictions):
    """Predictions as JSON can carry them: data frames as records, arrays and series as lists."""
    if isinstance(predictions, pandas.DataFrame):
        predictions = predictions.to_dict(orient="records")
    elif isinstance(predictions, pandas.Series):
        predictions = predictions.tolist()
    return json.loads(json.dumps(predictions, cls=NumpyEncoder))


def swagger():
    """The schemas of /swagger.json, from the model's signature; its input example is theirs."""
    signature = model.metadata.get_input_schema()
    columns = {"type": "object"}
    if signature is not None and not signature.is_tensor_spec() and signature.has_input_names():
        kinds = {one.name: {"description": kind(one)} for one in signature.inputs}
        columns |= {"properties": kinds, "required": [one.name for one in signature.inputs if one.required]}
    shapes = {
        "dataframe_split": {"type": "object"},
        "dataframe_records": {"type": "array", "items": columns},
        "inputs": {},
        "instances": {"type": "array", "items": {}},
        "data": {"type": "array", "items": {}},
    }
    found = {"type": "object", "properties": shapes}
    file = folder / "serving_input_example.json"
    if file.is_file():
        found["example"] = json.loads(file.read_bytes())
    return {"input": found, "output": {"type": "object", "properties": {"predictions": {}}}}
