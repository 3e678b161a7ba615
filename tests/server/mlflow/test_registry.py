from __future__ import annotations

import re
from typing import Any

import pytest

from tests.server.mlflow.conftest import Door

FILES = "/api/2.0/mlflow-artifacts/artifacts"
WS = "/api/v1/workspaces/default"


def put(door: Door, path: str, content: bytes) -> None:
    door.http.put(f"{FILES}/{path}", content=content).raise_for_status()


def run_with_model(door: Door) -> str:
    run_id = door.run()
    put(door, f"0/{run_id}/artifacts/model/MLmodel", b"flavors: {}")
    put(door, f"0/{run_id}/artifacts/model/data/w.bin", b"weights")
    return run_id


def register(door: Door, name: str, **fields: Any) -> dict[str, Any]:
    """A version of ``name`` from a new run, the model made first if need be."""
    door.http.post("/api/2.0/mlflow/registered-models/create", json={"name": name})
    run_id = run_with_model(door)
    source = f"mlflow-artifacts:/0/{run_id}/artifacts/model"
    body = {"name": name, "source": source, "run_id": run_id, **fields}
    made: dict[str, Any] = door.post("model-versions/create", body)["model_version"]
    return made


def fetch(door: Door, uri: str) -> dict[str, bytes]:
    """All files below an artifact URI, as a client finds them: by listing and getting."""
    root = uri.removeprefix("mlflow-artifacts:/")
    found: dict[str, bytes] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        where = f"{root}/{folder}".rstrip("/")
        for item in door.http.get(FILES, params={"path": where}).json().get("files", []):
            path = f"{folder}/{item['path']}".lstrip("/")
            if item["is_dir"]:
                folders.append(path)
            else:
                found[path] = door.http.get(f"{FILES}/{root}/{path}").content
                assert len(found[path]) == item["file_size"]
    return found


def download_uri(door: Door, name: str, version: str) -> str:
    return str(door.get("model-versions/get-download-uri", name=name, version=version)["artifact_uri"])


def test_a_version_is_shown_whole(door: Door) -> None:
    made = register(door, "whole", description="words", tags=[{"key": "a", "value": "1"}])
    assert made["version"] == "1"
    assert made["status"] == "READY"
    assert made["current_stage"] == "None"
    assert made["source"].endswith("/artifacts/model")
    assert made["tags"] == [{"key": "a", "value": "1"}]
    assert made["description"] == "words"
    assert door.get("model-versions/get", name="whole", version="1")["model_version"] == made
    model = door.get("registered-models/get", name="whole")["registered_model"]
    assert [version["version"] for version in model["latest_versions"]] == ["1"]
    uri = download_uri(door, "whole", "1")
    assert re.fullmatch(r"mlflow-artifacts:/registry/whole/1", uri)
    assert fetch(door, uri) == {"MLmodel": b"flavors: {}", "data/w.bin": b"weights"}


def test_a_model_from_mlflow_is_one_of_azures(door: Door) -> None:
    made = register(door, "both-doors")
    found = door.http.get(f"{WS}/models/both-doors/versions/1").json()
    assert (found["name"], found["version"], found["run_id"]) == ("both-doors", 1, made["run_id"])
    assert (found["entry"], found["unpack"]) == ("model", True)
    files = door.http.get(f"{WS}/models/both-doors/versions/1/files").json()["items"]
    assert sorted(item["path"] for item in files if not item["is_dir"]) == ["model/MLmodel", "model/data/w.bin"]
    answer = door.http.get(f"{WS}/models/both-doors/versions/1/files/model/data/w.bin")
    assert answer.content == b"weights"


@pytest.mark.parametrize("folder", [True, False])
def test_a_model_from_azures_door_is_one_of_mlflows(door: Door, folder: bool) -> None:
    name = f"azure-{'folder' if folder else 'file'}"
    upload = door.http.post(f"{WS}/uploads").json()["upload_id"]
    paths = ["clf/MLmodel", "clf/w.bin"] if folder else ["clf.pkl"]
    for path in paths:
        door.http.put(f"{WS}/uploads/{upload}/{path}", content=path.encode()).raise_for_status()
    door.http.post(f"{WS}/models", json={"name": name, "upload_id": upload, "unpack": folder}).raise_for_status()
    found = door.get("model-versions/get", name=name, version="1")["model_version"]
    assert found["status"] == "READY"
    assert door.get("registered-models/search", filter=f"name = '{name}'")["registered_models"][0]["name"] == name
    below = {path.removeprefix("clf/"): path.encode() for path in paths}
    assert fetch(door, download_uri(door, name, "1")) == below
    copied = {"name": f"{name}-copy", "source": f"models:/{name}/1"}
    door.post("registered-models/create", {"name": copied["name"]})
    door.post("model-versions/create", copied)
    assert fetch(door, download_uri(door, copied["name"], "1")) == below


def test_a_registered_version_never_changes(door: Door) -> None:
    made = register(door, "frozen")
    path = "registry/frozen/1/MLmodel"
    for answer in (door.http.put(f"{FILES}/{path}", content=b"evil"), door.http.delete(f"{FILES}/{path}")):
        assert answer.status_code == 403
        assert answer.json()["error_code"] == "PERMISSION_DENIED"
    root = made["source"].removeprefix("mlflow-artifacts:/")
    put(door, f"{root}/MLmodel", b"another")
    assert door.http.get(f"{FILES}/{path}").content == b"flavors: {}"
    door.http.delete(f"{FILES}/{root}").raise_for_status()
    assert door.http.get(f"{FILES}/{path}").content == b"flavors: {}"


def test_numbers_count_up_and_are_never_used_again(door: Door) -> None:
    for expected in ("1", "2"):
        assert register(door, "counted")["version"] == expected
    door.post("model-versions/delete", {"name": "counted", "version": "2"}, method="DELETE")
    assert register(door, "counted")["version"] == "3"
    door.get("model-versions/get", 404, name="counted", version="2")
    door.get("model-versions/get", 400, name="counted", version="two")


def test_the_life_of_an_alias(door: Door) -> None:
    register(door, "aliased")
    for alias in ("latest", "LATEST", "v1", "V22", "a b", "x" * 256, "a/b"):
        body = {"name": "aliased", "alias": alias, "version": "1"}
        assert "alias" in door.post("registered-models/alias", body, status=400)["message"].lower()
    door.post("registered-models/alias", {"name": "aliased", "alias": "best", "version": "9"}, status=404)
    assert door.post("registered-models/alias", {"name": "aliased", "alias": "best", "version": "1"}) == {}
    found = door.get("registered-models/alias", name="aliased", alias="best")["model_version"]
    assert (found["version"], found["aliases"]) == ("1", ["best"])
    for _ in range(2):
        door.post("registered-models/alias", {"name": "aliased", "alias": "best"}, method="DELETE")
    answer = door.get("registered-models/alias", 400, name="aliased", alias="best")
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "Registered model alias best not found" in answer["message"]
    door.get("registered-models/alias", 404, name="nobody", alias="best")


def test_stages(door: Door) -> None:
    for _ in range(2):
        register(door, "staged")

    def move(version: str, stage: str, archive: bool = False, status: int = 200) -> Any:
        body = {"name": "staged", "version": version, "stage": stage, "archive_existing_versions": archive}
        return door.post("model-versions/transition-stage", body, status=status)

    assert move("1", "production")["model_version"]["current_stage"] == "Production"
    move("2", "PRODUCTION", archive=True)
    latest = door.post("registered-models/get-latest-versions", {"name": "staged"})["model_versions"]
    assert {version["current_stage"]: version["version"] for version in latest} == {"Archived": "1", "Production": "2"}
    only = door.get("registered-models/get-latest-versions", name="staged", stages=["archived"])["model_versions"]
    assert [version["version"] for version in only] == ["1"]
    move("1", "Nowhere", status=400)
    move("1", "None", archive=True, status=400)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "registered-models/create", {}, 400),
        ("POST", "registered-models/create", {"name": "a/b"}, 400),
        ("POST", "registered-models/create", {"name": "a", "tags": [{"key": "k" * 251, "value": ""}]}, 400),
        ("POST", "registered-models/create", {"name": "a", "deployment_job_id": "1"}, 501),
        ("PATCH", "registered-models/update", {"name": "nobody", "description": "x"}, 404),
        ("POST", "registered-models/rename", {"name": "nobody", "new_name": "x"}, 404),
        ("DELETE", "registered-models/delete", {"name": "nobody"}, 404),
        ("POST", "registered-models/set-tag", {"name": "nobody", "key": "k", "value": "v"}, 404),
        ("POST", "registered-models/set-tag", {"name": "nobody", "key": "k", "value": "v" * 100_001}, 400),
        ("POST", "model-versions/create", {"name": "nobody", "source": "runs:/a/b"}, 404),
        ("POST", "model-versions/create", {"name": "nobody"}, 400),
        ("POST", "model-versions/set-tag", {"name": "nobody", "version": "1", "key": "k"}, 404),
        ("PATCH", "model-versions/update", {"name": "nobody", "version": "1"}, 404),
    ],
)
def test_what_is_wrong_is_refused(door: Door, verb: str, path: str, body: dict[str, Any], status: int) -> None:
    assert door.post(path, body, status=status, method=verb)["message"]


def test_a_rename_moves_the_files(door: Door) -> None:
    register(door, "before")
    door.post("registered-models/rename", {"name": "before", "new_name": "after"})
    assert "MLmodel" in fetch(door, download_uri(door, "after", "1"))
    door.get("registered-models/get", 404, name="before")


def test_searches_of_models_and_versions(door: Door) -> None:
    for name in ("find-b", "find-a"):
        register(door, name, tags=[{"key": "kind", "value": name}])
    found = door.get("registered-models/search", filter="name LIKE 'find-%'", max_results=1)
    assert [model["name"] for model in found["registered_models"]] == ["find-a"]
    rest = door.get("registered-models/search", filter="name LIKE 'find-%'", page_token=found["next_page_token"])
    assert [model["name"] for model in rest["registered_models"]] == ["find-b"]
    versions = door.get("model-versions/search", filter="tags.kind = 'find-b'")["model_versions"]
    assert [version["name"] for version in versions] == ["find-b"]
    newest_first = door.get("model-versions/search", filter="name IN ('find-a', 'find-b')")["model_versions"]
    assert [version["name"] for version in newest_first] == ["find-a", "find-b"]
    for path, query in (
        ("registered-models/search", {"max_results": 1001}),
        ("registered-models/search", {"filter": "run_id = 'x'"}),
        ("model-versions/search", {"max_results": 200_001}),
        ("model-versions/search", {"order_by": "run_id"}),
    ):
        door.get(path, 400, **query)


def test_prompts_are_hidden_until_they_are_asked_for(door: Door) -> None:
    tag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    door.post("registered-models/create", {"name": "prompt", "tags": [tag]})
    body = {"name": "prompt", "source": "dummy-source", "tags": [tag, {"key": "mlflow.prompt.text", "value": "Hi"}]}
    door.post("model-versions/create", body)
    assert "registered_models" not in door.get("registered-models/search", filter="name = 'prompt'")
    asked = "name = 'prompt' AND tags.`mlflow.prompt.is_prompt` = 'true'"
    assert len(door.get("registered-models/search", filter=asked)["registered_models"]) == 1
    assert len(door.get("model-versions/search", filter=asked)["model_versions"]) == 1
    door.post("registered-models/create", {"name": "no-prompt"})
    door.post("model-versions/create", {"name": "no-prompt", "source": "dummy-source"}, status=400)


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "file:///etc",
        "model",
        "runs:/{other}/model",
        "runs:/{run}",
        "runs:/{run}/../{other}/artifacts/model",
        "runs:/{run}/%2e%2e/x",
        "mlflow-artifacts:/0/{other}/artifacts/model",
        "mlflow-artifacts:/0/{run}/artifacts",
        "mlflow-artifacts:/0/{run}/artifacts/..",
        "mlflow-artifacts:/0/{run}/artifacts/%252e%252e/{other}",
        "mlflow-artifacts:/7/{run}/artifacts/model",
        "mlflow-artifacts://host/0/{run}/artifacts/model",
        "mlflow-artifacts:/0/{run}/artifacts/model?x",
        "mlflow-artifacts:/0/{run}/artifacts/model#x",
        "mlflow-artifacts:/../../{run}",
        "models:/",
        "models:/nobody/1",
        "models:/nobody@best",
        "models:/m-nothing",
        "s3://bucket/model",
        "http://127.0.0.1/model",
        "runs:/{run}/gone",
    ],
)
def test_a_source_is_taken_only_from_the_run_that_is_named(door: Door, source: str) -> None:
    door.http.post("/api/2.0/mlflow/registered-models/create", json={"name": "guarded"})
    run, other = run_with_model(door), run_with_model(door)
    body = {"name": "guarded", "source": source.format(run=run, other=other), "run_id": run}
    answer = door.http.post("/api/2.0/mlflow/model-versions/create", json=body)
    assert answer.status_code in (400, 404), answer.text
    assert "get-latest-versions" not in door.get("registered-models/get", name="guarded")
    assert "latest_versions" not in door.get("registered-models/get", name="guarded")["registered_model"]


def test_a_model_has_any_name_that_mlflow_takes(door: Door) -> None:
    name = "My model (v2) \u00fc 100%"
    door.post("registered-models/create", {"name": name})
    run_id = door.run()
    files = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    door.http.put(f"{files}/m/MLmodel", content=b"flavors").raise_for_status()
    door.post("model-versions/create", {"name": name, "source": f"runs:/{run_id}/m", "run_id": run_id})
    uri = door.get("model-versions/get-download-uri", name=name, version="1")["artifact_uri"]
    path = uri.removeprefix("mlflow-artifacts:/")
    listed = door.http.get("/api/2.0/mlflow-artifacts/artifacts", params={"path": path}).json()
    assert [file["path"] for file in listed["files"]] == ["MLmodel"]
    door.post("registered-models/rename", {"name": name, "new_name": "other name"})
    assert door.get("registered-models/get", name="other name")["registered_model"]["latest_versions"]
    for bad in ("a/b", "a:b", "..", "%2e%2e"):
        door.post("registered-models/create", {"name": bad}, status=400)


def test_latest_is_an_alias_that_always_means_the_newest(door: Door) -> None:
    door.post("registered-models/create", {"name": "latest-of"})
    assert door.get("registered-models/alias", 404, name="latest-of", alias="latest")
    for _ in range(2):
        run_id = door.run()
        files = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
        door.http.put(f"{files}/m/MLmodel", content=b"flavors").raise_for_status()
        door.post("model-versions/create", {"name": "latest-of", "source": f"runs:/{run_id}/m"})
    for alias in ("latest", "Latest"):
        found = door.get("registered-models/alias", name="latest-of", alias=alias)
        assert found["model_version"]["version"] == "2"
