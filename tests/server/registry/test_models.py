"""The registry of models over REST."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.server.rest import Rest


def upload(rest: Rest, **files: bytes) -> str:
    upload_id = str(rest.post("/uploads")["upload_id"])
    for name, data in files.items():
        rest.send(f"/uploads/{upload_id}/{name.replace('__', '/')}", data)
    return upload_id


def register(rest: Rest, name: str = "iris", **fields: Any) -> Any:
    if "run_id" not in fields:
        fields["upload_id"] = upload(rest, model=b"weights")
    return rest.post("/models", {"name": name, **fields})


def test_versions_count_up_and_are_never_used_again(rest: Rest) -> None:
    assert [register(rest)["version"] for _ in range(3)] == [1, 2, 3]
    rest.delete("/models/iris/versions/3")
    assert register(rest)["version"] == 4
    for version in (1, 2, 4):
        rest.delete(f"/models/iris/versions/{version}")
    assert rest.refused("GET", "/models/iris")[:2] == (404, "ModelNotFound")
    assert register(rest)["version"] == 5


def test_a_file_is_registered_as_it_was_sent(rest: Rest) -> None:
    made = register(rest, tags={"a": "b"}, properties={"p": "q"}, framework="ScikitLearn", framework_version="1.5")
    assert (made["entry"], made["unpack"], made["size"], made["created_by"] != "") == ("model", False, 7, True)
    assert rest.raw("GET", "/models/iris/versions/1/files/model").content == b"weights"
    assert rest.get("/models/iris/versions/1/files")["items"][0]["path"] == "model"
    assert rest.get("/models/iris") == made


def test_a_folder_is_registered_whole(rest: Rest) -> None:
    made = rest.post("/models", {"name": "net", "upload_id": upload(rest, net__a=b"1", net__sub__b=b"22")})
    assert (made["entry"], made["unpack"], made["size"]) == ("net", True, 3)
    answer = rest.raw("GET", "/models/net/versions/1/download.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["net/a", "net/sub/b"]


def test_an_upload_of_two_things_is_no_model(rest: Rest) -> None:
    for upload_id in (upload(rest, a=b"1", b=b"2"), upload(rest)):
        assert rest.refused("POST", "/models", {"name": "x", "upload_id": upload_id})[:2] == (400, "ModelInvalid")
    body = {"name": "x", "upload_id": upload(rest, a=b"1"), "unpack": True}
    assert rest.refused("POST", "/models", body)[:2] == (400, "ModelInvalid")
    assert rest.refused("GET", "/models/x")[0] == 404


def test_an_upload_is_registered_once(rest: Rest) -> None:
    upload_id = upload(rest, a=b"1")
    rest.post("/models", {"name": "x", "upload_id": upload_id})
    assert rest.refused("POST", "/models", {"name": "x", "upload_id": upload_id})[:2] == (404, "NotFound")
    assert rest.send(f"/uploads/{upload_id}/b", b"x", expect=404)
    other = Rest(rest.http, rest.home, "default")
    assert other.send(f"/uploads/{upload(rest)}/a", b"x", expect=404)


def test_a_model_from_a_run_is_a_copy(rest: Rest) -> None:
    run = rest.run("training")
    rest.send(f"/runs/{run}/artifacts/outputs/m/a.txt", b"one")
    rest.send(f"/runs/{run}/artifacts/outputs/m/b.txt", b"two")
    made = register(rest, run_id=run, run_path="outputs/m")
    assert (made["entry"], made["unpack"], made["size"]) == ("m", True, 6)
    assert (made["run_id"], made["experiment_name"]) == (run, "training")
    rest.send(f"/runs/{run}/artifacts/outputs/m/a.txt", b"changed", overwrite=True)
    rest.send(f"/runs/{run}/artifacts/outputs/m/b.txt", b"two, more", method="PATCH", offset=0)
    assert rest.raw("GET", "/models/iris/versions/1/files/m/a.txt").content == b"one"
    assert rest.raw("GET", "/models/iris/versions/1/files/m/b.txt").content == b"two"
    rest.delete("/experiments/training")
    assert rest.raw("GET", "/models/iris/versions/1/files/m/a.txt").content == b"one"


def test_a_path_that_the_run_does_not_have_names_the_run(rest: Rest) -> None:
    run = rest.run()
    status, code, sentence = rest.refused("POST", "/models", {"name": "x", "run_id": run, "run_path": "outputs/no"})
    assert (status, code) == (404, "ModelPathNotFound")
    assert run in sentence
    assert rest.get("/models", name="x")["items"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x"}, "ModelInvalid"),
        ({"name": "x", "run_path": "a"}, "ModelInvalid"),
        ({"name": "x", "run_id": "none", "run_path": "../a"}, "InvalidName"),
        ({"name": "x", "upload_id": "none"}, "NotFound"),
        ({"name": "x", "upload_id": "none", "run_path": "a"}, "ModelInvalid"),
        ({"name": "x", "upload_id": "none", "framework_version": "1"}, "ModelInvalid"),
    ],
)
def test_a_model_that_comes_from_nowhere_is_refused(rest: Rest, body: dict[str, Any], code: str) -> None:
    assert rest.refused("POST", "/models", body)[1] == code


def test_a_name_that_is_none_is_refused(rest: Rest) -> None:
    body = {"name": "../x", "upload_id": upload(rest, a=b"1")}
    assert rest.refused("POST", "/models", body)[:2] == (400, "ModelInvalid")


def test_tags_change_and_properties_do_not(rest: Rest) -> None:
    register(rest, tags={"a": "1", "b": "2"}, properties={"p": "q"})
    changed = rest.patch(
        "/models/iris/versions/1",
        {"tags": {"a": "3"}, "remove_tags": ["b"], "properties": {"r": "s", "p": "q"}, "description": "words"},
    )
    assert (changed["tags"], changed["description"]) == ({"a": "3"}, "words")
    assert changed["properties"] == {"p": "q", "r": "s"}
    refused = rest.refused("PATCH", "/models/iris/versions/1", {"properties": {"p": "x"}, "tags": {"a": "4"}})
    assert refused[:2] == (409, "StateConflict")
    assert rest.get("/models/iris")["tags"] == {"a": "3"}
    assert rest.refused("PATCH", "/models/iris/versions/9", {})[:2] == (404, "ModelNotFound")


def test_models_are_listed_and_filtered(rest: Rest) -> None:
    run = rest.run()
    rest.send(f"/runs/{run}/artifacts/m", b"x")
    register(rest, "one", tags={"k": "v"})
    register(rest, "two", run_id=run, run_path="m", properties={"p": "q"})
    register(rest, "one", framework="Onnx")

    def ids(**query: Any) -> list[str]:
        return [f"{item['name']}:{item['version']}" for item in rest.get("/models", **query)["items"]]

    assert ids() == ["one:2", "two:1", "one:1"]
    assert ids(latest=True) == ["one:2", "two:1"]
    assert ids(name="one") == ["one:2", "one:1"]
    assert ids(tag="k=v") == ["one:1"]
    assert ids(property="p") == ["two:1"]
    assert ids(run_id=run) == ["two:1"]
    assert ids(framework="Onnx") == ["one:2"]
    page = rest.get("/models", limit=2)
    assert ids(limit=2, after=page["next"]) == ["one:1"]
    assert [item["version"] for item in rest.get("/models/one/versions")["items"]] == [2, 1]
    assert rest.refused("GET", "/models/none/versions")[:2] == (404, "ModelNotFound")


def test_a_deleted_version_takes_its_files_with_it(rest: Rest) -> None:
    register(rest)
    folder = rest.home / "artifacts/models" / rest.ws / "iris/1"
    assert folder.is_dir()
    rest.delete("/models/iris/versions/1")
    assert not folder.exists()
    assert rest.refused("GET", "/models/iris/versions/1/files")[0] == 404
    assert rest.refused("DELETE", "/models/iris/versions/1")[:2] == (404, "ModelNotFound")
