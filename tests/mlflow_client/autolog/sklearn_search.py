"""A grid search under ``mlflow.autolog()``: a parent run, a child run for each candidate, the best model."""

import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

mlflow.set_experiment("sklearn")
mlflow.autolog()
X, y = load_iris(return_X_y=True, as_frame=True)
search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.01, 0.1, 1.0]}, cv=2)
search.fit(X, y)

model = mlflow.sklearn.load_model(f"models:/{mlflow.last_logged_model().model_id}")
assert (model.predict(X) == search.predict(X)).all()
