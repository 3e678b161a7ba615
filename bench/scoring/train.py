"""A classifier of 28 x 28 digits (those of scikit-learn, enlarged), and the body of one request for it."""

import json
import sys

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

images, digits = load_digits(return_X_y=True)
images = np.kron((images / 16.0).reshape(-1, 8, 8), np.ones((3, 3)))
images = np.pad(images, ((0, 0), (2, 2), (2, 2))).reshape(len(images), 784)
joblib.dump(LogisticRegression(max_iter=300).fit(images, digits), f"{sys.argv[1]}/model.pkl")
with open(f"{sys.argv[1]}/body.json", "w") as body:
    json.dump({"data": [[round(value, 2) for value in images[2]]]}, body)
