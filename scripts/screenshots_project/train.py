"""Train a linear classifier of handwritten digits, epoch by epoch."""

import argparse
import os
import time

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import confusion_matrix, log_loss
from sklearn.model_selection import train_test_split

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float, default=1e-3)
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--pause", type=float, default=0.0)
parser.add_argument("--poison", action="store_true")
settings = parser.parse_args()

run = Run.get_context()
digits = load_digits()
train_x, test_x, train_y, test_y = train_test_split(digits.data / 16, digits.target, random_state=0)
if settings.poison:
    train_x[0, 0] = np.nan
if missing := int(np.isnan(train_x).sum()):
    raise SystemExit(f"ValueError: {missing} of {train_x.size} training values are missing; fill or drop them first.")

model = SGDClassifier(loss="log_loss", alpha=settings.alpha, random_state=0)
print(f"{len(train_x)} images to learn from, {len(test_x)} to be tested with, alpha {settings.alpha}")
for epoch in range(settings.epochs):
    order = np.random.default_rng(epoch).permutation(len(train_x))
    for batch in np.array_split(order, 12):
        model.partial_fit(train_x[batch], train_y[batch], classes=range(10))
    losses = {
        "train": log_loss(train_y, model.predict_proba(train_x)),
        "test": log_loss(test_y, model.predict_proba(test_x)),
    }
    run.log("loss", losses["train"], step=epoch)
    run.log("accuracy", model.score(train_x, train_y), step=epoch)
    run.log("test/loss", losses["test"], step=epoch)
    run.log("test/accuracy", model.score(test_x, test_y), step=epoch)
    print(f"epoch {epoch:3d}  loss {losses['train']:.4f}  test loss {losses['test']:.4f}", flush=True)
    time.sleep(settings.pause)

labels = [str(digit) for digit in range(10)]
matrix = confusion_matrix(test_y, model.predict(test_x)).tolist()
run.log_confusion_matrix(
    "confusion",
    {
        "schema_type": "confusion_matrix",
        "schema_version": "1.0.0",
        "data": {"class_labels": labels, "matrix": matrix},
    },
)
run.log("final accuracy", model.score(test_x, test_y))
os.makedirs("outputs", exist_ok=True)
joblib.dump(model, "outputs/digits.pkl")
np.savetxt("outputs/predictions.csv", model.predict(test_x), fmt="%d", header="digit", comments="")
print("wrote outputs/digits.pkl")
