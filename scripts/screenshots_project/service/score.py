"""Answer which digit an image of 8 x 8 pixels shows."""

import json
import os

import joblib
import numpy as np


def init():
    global model
    folder = os.environ["AZUREML_MODEL_DIR"]
    model = joblib.load(os.path.join(folder, "digits.pkl"))


def run(data):
    images = np.array(json.loads(data)["data"])
    return {"digits": model.predict(images).tolist()}
