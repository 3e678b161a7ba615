"""What this server does not have yet: clients say so and go on, and no script fails of it."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.tracking import MlflowClient


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_traced_function_still_works(tracking: MlflowClient) -> None:
    @mlflow.trace
    def double(x: int) -> int:
        return 2 * x

    with mlflow.start_run() as run:
        assert double(4) == 8
        mlflow.flush_trace_async_logging()
        mlflow.log_metric("after", 1)
    assert tracking.get_run(run.info.run_id).data.metrics == {"after": 1.0}


def test_prompts_are_registered_and_loaded(tracking: MlflowClient) -> None:
    mlflow.genai.register_prompt(name="greeting", template="Hello {{name}}!", commit_message="first")
    mlflow.genai.register_prompt(name="greeting", template="Good day, {{name}}!")
    assert mlflow.genai.load_prompt("prompts:/greeting/1").format(name="Ada") == "Hello Ada!"
    assert tracking.search_registered_models() == []
    assert [found.name for found in tracking.search_prompts()] == ["greeting"]
