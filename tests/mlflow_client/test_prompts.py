"""The registry of prompts, as ``mlflow.genai`` and its client call it."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:mlflow")


@pytest.fixture
def greeting(tracking: MlflowClient) -> str:
    """A prompt with two versions: a text and a chat."""
    mlflow.genai.register_prompt("greeting", "Hello {{name}}", commit_message="first", tags={"tone": "kind"})
    chat = [{"role": "user", "content": "Good day, {{name}}"}]
    mlflow.genai.register_prompt("greeting", chat, response_format={"type": "object"})
    assert tracking.get_prompt("greeting")
    return "greeting"


def test_versions_are_loaded_by_number_alias_and_latest(greeting: str) -> None:
    mlflow.genai.set_prompt_alias(greeting, "live", 1)
    for uri in (f"prompts:/{greeting}/1", f"prompts:/{greeting}@live"):
        assert mlflow.genai.load_prompt(uri).format(name="Ada") == "Hello Ada", uri
    newest = mlflow.genai.load_prompt(f"prompts:/{greeting}@latest")
    assert (newest.version, newest.response_format) == (2, {"type": "object"})
    assert newest.format(name="Ada") == [{"role": "user", "content": "Good day, Ada"}]
    mlflow.genai.delete_prompt_alias(greeting, "live")
    with pytest.raises(MlflowException):
        mlflow.genai.load_prompt(f"prompts:/{greeting}@live")
    assert mlflow.genai.load_prompt("nobody", allow_missing=True) is None


def test_prompts_are_searched_and_hidden_from_models(greeting: str, tracking: MlflowClient) -> None:
    experiment = mlflow.get_experiment_by_name("tests")
    assert experiment is not None
    for words in (None, f"name = '{greeting}'", "tags.tone = 'kind'", f"experiment_id = '{experiment.experiment_id}'"):
        assert [found.name for found in mlflow.genai.search_prompts(filter_string=words)] == [greeting], words
    assert mlflow.genai.search_prompts(filter_string="tags.tone = 'stern'") == []
    assert [version.version for version in tracking.search_prompt_versions(greeting)] == [2, 1]
    assert tracking.search_registered_models() == []
    assert tracking.search_model_versions() == []


def test_tags_and_settings_of_prompts(greeting: str) -> None:
    mlflow.genai.set_prompt_tag(greeting, "team", "blue")
    assert mlflow.genai.get_prompt_tags(greeting)["team"] == "blue"
    mlflow.genai.delete_prompt_tag(greeting, "team")
    assert "team" not in mlflow.genai.get_prompt_tags(greeting)
    mlflow.genai.set_prompt_version_tag(greeting, 1, "checked", "yes")
    mlflow.genai.set_prompt_model_config(greeting, 1, {"model_name": "small"})
    mlflow.genai.delete_prompt_version_tag(greeting, 1, "checked")
    found = mlflow.genai.load_prompt(greeting, version=1)
    assert found.model_config == {"model_name": "small"}
    assert "checked" not in found.tags


def test_a_run_remembers_the_prompts_it_loaded(greeting: str, tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.genai.load_prompt(f"prompts:/{greeting}/1")
    linked = tracking.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"]
    assert linked == '[{"name": "greeting", "version": "1"}]'


def test_prompts_are_deleted(greeting: str, tracking: MlflowClient) -> None:
    for version in ("1", "2"):
        tracking.delete_prompt_version(greeting, version)
    tracking.delete_prompt(greeting)
    assert tracking.get_prompt(greeting) is None
