import json
import os

import joblib
import numpy as np

from azureml.monitoring import ModelDataCollector


def init():
    global model, inputs, predictions
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))
    inputs = ModelDataCollector("model", designation="inputs")
    predictions = ModelDataCollector("model", designation="predictions", feature_names=["digit"])


def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    result = model.predict(data)
    inputs.collect(data)
    predictions.collect(result)
    return result.tolist()
