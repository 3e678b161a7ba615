"""Scores one scikit-learn model. Sent with a model that is deployed without an entry script.

``{"data": [[...]], "method": "predict"}`` is answered ``{"predict": [...]}``, as Azure does; without a method it is
``predict_proba`` where the model has it. MLflow's shapes are answered ``{"predictions": [...]}`` by ``predict``.
"""

import os
import re
from pathlib import Path

import joblib
import numpy
import pandas
import scoring_request
import sklearn
from scoring_request import Misfit

from zaffre.core.rawhttp import AMLResponse

SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav")
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples")


def init():
    global model, names, width, methods
    file = model_file()
    tell_versions(file)
    model = joblib.load(file)
    methods = [name for name in METHODS if callable(attribute(name))]
    if not methods:
        raise TypeError(f"{file.name} holds a {type(model).__name__}, which has none of {', '.join(METHODS)}.")
    known = attribute("feature_names_in_")
    names = None if known is None else [str(name) for name in known]
    width = attribute("n_features_in_")
    run.swagger = swagger()


def attribute(name):
    try:
        return getattr(model, name)
    except Exception:  # a pipeline asks its first step, which may have none
        return None


def model_file():
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    found = [file for file in sorted(root.rglob("*")) if file.suffix in SUFFIXES and file.is_file()]
    if len(found) != 1:
        held = ", ".join(file.name for file in found) or "none"
        raise FileNotFoundError(
            f"A scikit-learn model is one file that ends with {', '.join(SUFFIXES)}; there is {held} below {root}."
        )
    return found[0]


def tell_versions(file):
    asked = os.environ.get("ZAFFRE_FRAMEWORK_VERSION")
    if asked and asked != sklearn.__version__:
        print(f"The model is registered for scikit-learn {asked}; this is scikit-learn {sklearn.__version__}.")
    written = re.search(rb"_sklearn_version.{1,8}?(\d+\.\d+[0-9A-Za-z.]*)", file.read_bytes(), re.DOTALL)
    if written and written[1].decode() != sklearn.__version__:
        print(f"{file.name} was written by scikit-learn {written[1].decode()}; this is {sklearn.__version__}.")


def run(raw_data):
    """What the model says; what it cannot take is answered 400 with the reason."""
    try:
        return answer(scoring_request.read(raw_data))
    except Misfit as error:
        return AMLResponse({"message": str(error)}, 400, json_str=True)


def answer(asked):
    method = asked.method or ("predict" if asked.is_mlflow or "predict_proba" not in methods else "predict_proba")
    if method not in methods:
        raise Misfit(f"The method {method!r} cannot be called on this model: use {', '.join(methods)}.")
    data = arranged(asked.table)
    # Of a model that takes texts or objects, which sort a row must be shows when its steps use it.
    faults = (ValueError, TypeError) if width is not None else (ValueError, TypeError, AttributeError)
    try:
        result = getattr(model, method)(data)
    except faults as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise Misfit(f"{type(error).__name__}: {reason}. Expected are {expected()}.") from None
    return {"predictions" if asked.is_mlflow else method: plain(result)}


def arranged(table):
    """The table as the model wants it: a data frame where the model knows its columns by name, else an array."""
    if table.names is not None and names is not None:
        return pandas.DataFrame(scoring_request.in_order(table, names), columns=names)
    if not isinstance(table.rows[0], list):
        if width is not None:
            raise Misfit(f"The rows are single values. Expected are {expected()}.")
        return table.rows  # such as texts
    if width is not None and len(table.rows[0]) != width:
        raise Misfit(f"The rows have {len(table.rows[0])} values. Expected are {expected()}.")
    if names is not None:
        return pandas.DataFrame(table.rows, columns=names)
    try:
        return numpy.asarray(table.rows)
    except ValueError as error:
        raise Misfit(f"The rows cannot be an array: {error}. Expected are {expected()}.") from None


def expected():
    if names is not None:
        return f"rows with the {len(names)} columns {', '.join(names)}, in this order or by name"
    return "rows that the model can take" if width is None else f"rows of {width} values, such as [[0.0, ...]]"


def plain(result):
    if isinstance(result, list):  # of several outputs
        return [plain(part) for part in result]
    if hasattr(result, "toarray"):  # a sparse matrix
        result = result.toarray()
    if isinstance(result, pandas.DataFrame):
        return result.to_dict(orient="records")
    return result.tolist() if hasattr(result, "tolist") else result


def swagger():
    """The schemas of /swagger.json. Their example is a row of zeros, where the model can take one."""
    row = {"type": "array", "items": {}} if width is not None else {}
    if width is not None:
        row |= {"minItems": int(width), "maxItems": int(width)}
    if names is not None:
        row = {"type": "object", "properties": {name: {} for name in names}, "required": names}
    data = {"type": "array", "items": row}
    found = {
        "type": "object",
        "properties": {"data": data, "method": {"type": "string", "enum": methods}},
        "required": ["data"],
    }
    output = {"type": "object", "properties": {name: {"type": "array", "items": {}} for name in methods}}
    if width is not None:
        zeros = [dict.fromkeys(names, 0.0)] if names is not None else [[0.0] * int(width)]
        example = {"data": zeros, "method": methods[0]}
        try:
            output["example"] = answer(scoring_request.Asked(scoring_request.table_of("data", zeros), example, "data"))
            found["example"] = example
        except Exception as error:
            print(f"A row of zeros is no example for this model: {error}")
    return {"input": found, "output": output}
