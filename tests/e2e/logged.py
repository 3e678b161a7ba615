"""Logs one of everything with the real MLflow client; run as a program, with the tracking URI in the environment."""

from __future__ import annotations

import json

import mlflow
import numpy
import pandas  # type: ignore[import-untyped]
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import AssessmentSource
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]


@mlflow.trace(span_type="TOOL")
def search(question: str) -> list[str]:
    if "toxic" in question:
        raise ValueError("The search answered 503.")
    return ["a pigment"]


@mlflow.trace(name="answer", span_type="AGENT")
def answer(question: str) -> str:
    search(question)
    with mlflow.start_span("model", span_type="CHAT_MODEL") as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "A blue pigment."}}]})
    return "A blue pigment."


def main() -> None:
    mlflow.set_experiment("colours")
    rows = pandas.DataFrame({"hue": [0.1, 0.4, 0.6, 0.9], "blue": [0, 0, 1, 1]})
    with mlflow.start_run(run_name="parent") as run:
        mlflow.log_params({"C": 1.0, "solver": "lbfgs", "max_iter": 200})
        mlflow.log_input(from_pandas(rows, name="hues", targets="blue"), context="training")
        for step in (0, 10, 20):
            mlflow.log_image(numpy.full((8, 8, 3), step * 10, dtype=numpy.uint8), key="samples/out", step=step)
        mlflow.log_table({"question": ["b", "a"], "score": [0.25, 0.75]}, "answers.json")
        model = LogisticRegression().fit(rows[["hue"]], rows["blue"])
        logged = mlflow.sklearn.log_model(model, name="classifier", input_example=rows[["hue"]])
        for fold in range(2):
            with mlflow.start_run(run_name=f"fold {fold}", nested=True):
                mlflow.log_metric("accuracy", 0.9)
        answer("What is zaffre?")
        try:
            answer("Is it toxic?")
        except ValueError:
            failed = mlflow.get_last_active_trace_id()
    mlflow.flush_trace_async_logging()
    assert failed is not None
    mlflow.log_feedback(
        trace_id=failed, name="helpful", value=False, source=AssessmentSource(source_type="HUMAN", source_id="ada")
    )
    print(json.dumps({"run": run.info.run_id, "model": logged.model_id, "failed": failed}))


if __name__ == "__main__":
    main()
