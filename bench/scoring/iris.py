"""``python iris.py FOLDER``: a classifier of irises, for MLServer and for an entry script; a request for each."""

import json
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

place = Path(sys.argv[1])
place.mkdir(exist_ok=True)
joblib.dump(LogisticRegression(max_iter=300).fit(*load_iris(return_X_y=True)), place / "model.joblib")
joblib.dump(joblib.load(place / "model.joblib"), place / "model.pkl")
model = {
    "name": "iris",
    "implementation": "mlserver_sklearn.SKLearnModel",
    "max_batch_size": 40,
    "max_batch_time": 0.4,
    "parameters": {"uri": "./model.joblib"},
}
settings = {"debug": False, "parallel_workers": 0, "host": "127.0.0.1"}
tensor = {"name": "input-0", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}
(place / "model-settings.json").write_text(json.dumps(model))
(place / "settings.json").write_text(json.dumps(settings))
(place / "tensor.json").write_text(json.dumps({"inputs": [tensor]}))
(place / "body.json").write_text(json.dumps({"data": [[1, 2, 3, 4]]}))
