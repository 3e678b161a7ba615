import os

import joblib
import numpy as np

from zaffre.serving import batched


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))


@batched(max_size=64, max_wait_ms=20)
def run(rows):
    return model.predict(np.array(rows))
