"""Write the model as MLflow's own in ``mlflow-model``, and the same row as a request for it."""

import json

import joblib
import mlflow.sklearn

mlflow.sklearn.save_model(joblib.load("model.pkl"), "mlflow-model", serialization_format="cloudpickle")
with open("body.json") as body, open("mlflow.json", "w") as made:
    json.dump({"inputs": json.load(body)["data"]}, made)
