"""LightGBM under ``mlflow.autolog()``: parameters, a metric for each round, feature importance, data sets, model."""

import lightgbm
import mlflow
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

mlflow.set_experiment("lightgbm")
mlflow.autolog()
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
train = lightgbm.Dataset(X_train, y_train)
booster = lightgbm.train(
    {"objective": "binary", "metric": "binary_logloss", "num_leaves": 4, "num_threads": 1, "verbosity": -1},
    train,
    num_boost_round=10,
    valid_sets=[lightgbm.Dataset(X_test, y_test, reference=train)],
)

model = mlflow.lightgbm.load_model(f"models:/{mlflow.last_logged_model().model_id}")
assert (model.predict(X_test) == booster.predict(X_test)).all()
