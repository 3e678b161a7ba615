"""Train a classifier of handwritten digits on images of 28x28 pixels, and keep it in ./outputs."""

import argparse
import os

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--hidden", type=int, default=64)
options = parser.parse_args()

run = Run.get_context()

# Scikit-learn's digits have 8x8 pixels of 0 to 16. A pixel becomes 3x3, and a margin of 2 makes 28x28 of 0 to 1.
digits, labels = load_digits(return_X_y=True)
images = np.kron(digits.reshape(-1, 8, 8) / 16.0, np.ones((3, 3)))
images = np.pad(images, ((0, 0), (2, 2), (2, 2)))


def shifted(rows):
    """The images and copies of them moved by one pixel, so that a digit need not stand in the middle."""
    steps = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    return np.concatenate([np.roll(rows, step, axis=(1, 2)) for step in steps]).reshape(-1, 784)


train, test, train_labels, test_labels = train_test_split(images, labels, test_size=0.2, random_state=0)
train, train_labels = shifted(train), np.tile(train_labels, 5)
test = test.reshape(-1, 784)

model = MLPClassifier(hidden_layer_sizes=(options.hidden,), random_state=0)
for epoch in range(1, options.epochs + 1):
    model.partial_fit(train, train_labels, classes=range(10))
    accuracy = accuracy_score(test_labels, model.predict(test))
    run.log("loss", model.loss_)
    run.log("accuracy", accuracy)
    print(f"epoch {epoch}: loss {model.loss_:.4f}, accuracy {accuracy:.4f}")

os.makedirs("outputs", exist_ok=True)
joblib.dump(model, "outputs/sklearn_mnist_model.pkl")
print("saved outputs/sklearn_mnist_model.pkl")
