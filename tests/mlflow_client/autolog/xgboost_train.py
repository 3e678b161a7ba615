"""XGBoost under ``mlflow.autolog()``: parameters, a metric for each round, feature importance, data sets, the model."""

import mlflow
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

mlflow.set_experiment("xgboost")
mlflow.autolog()
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
train, test = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)
booster = xgboost.train(
    {"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, train, 10, evals=[(train, "train"), (test, "test")]
)

model = mlflow.xgboost.load_model(f"models:/{mlflow.last_logged_model().model_id}")
assert (model.predict(test) == booster.predict(test)).all()
