"""Models against a real server: register, find, change, fetch, delete."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.server_process import ServerProcess
from zaffre.core.errors import (
    AzureMLException,
    ModelNotFound,
    NotFound,
    Unsupported,
    WebserviceException,
)
from zaffre.sdk.model import Model
from zaffre.sdk.resource_configuration import ResourceConfiguration
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def workspace(server: ServerProcess, workspace_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    assert server.process is not None
    return Workspace("sub", "group", workspace_name)


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "model.pkl").write_bytes(b"weights")
    return "model.pkl"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    for path in ("a.bin", "b.bin", "inner/c.bin"):
        (tmp_path / "tree" / path).write_text(path)
    return "tree"


def test_registering_a_file_makes_the_next_version(
    workspace: Workspace, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Model.register(workspace, file, "digits", tags={"area": "vision"}, description="small")
    second = Model.register(workspace, file, "digits")
    assert capsys.readouterr().out.splitlines() == ["Registering model digits"] * 2
    assert (first.id, first.version, first.name) == ("digits:1", 1, "digits")
    assert (second.version, second.tags, second.unpack) == (2, {}, False)
    assert (first.tags, first.description) == ({"area": "vision"}, "small")
    assert datetime.datetime.now(datetime.timezone.utc) - first.created_time < datetime.timedelta(minutes=5)
    assert Model(workspace, "digits").version == 2
    assert workspace.models["digits"].version == 2
    assert "digits:1" in repr(first)


def test_what_is_registered_is_recorded(workspace: Workspace, file: str) -> None:
    Model.register(
        workspace,
        file,
        "m",
        properties={"git": "abc"},
        model_framework=Model.Framework.SCIKITLEARN,
        model_framework_version="1.5",
        resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
    )
    model = Model(workspace, "m")
    assert (model.model_framework, model.model_framework_version) == ("ScikitLearn", "1.5")
    assert model.properties == {"git": "abc"}
    wish = model.resource_configuration
    assert wish is not None
    assert wish.serialize() == {"cpu": 1, "memoryInGB": 0.5, "gpu": None}
    assert (model.run_id, model.run, model.experiment_name, model.parent_id) == (None, None, None, None)
    assert (model.datasets, model.derived_model_ids, model.sample_input_dataset) == ({}, [], None)


def test_a_folder_keeps_its_name_and_shape(workspace: Workspace, folder: str, tmp_path: Path) -> None:
    model = Model.register(workspace, folder, "tree")
    assert model.unpack
    path = Path(model.download(str(tmp_path / "out")))
    assert path == tmp_path / "out" / "tree"
    assert (path / "inner" / "c.bin").read_text() == "inner/c.bin"


def test_child_paths_take_only_those_files(workspace: Workspace, folder: str, tmp_path: Path) -> None:
    model = Model.register(workspace, folder, "tree", child_paths=["a.bin", "inner"])
    path = Path(model.download(str(tmp_path / "out")))
    assert sorted(str(p.relative_to(path)) for p in path.rglob("*.bin")) == ["a.bin", "inner/c.bin"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"model_path": "none.pkl"}, FileNotFoundError, r"none\.pkl"),
        ({"model_name": "_bad"}, WebserviceException, "is not a model name"),
        ({"model_name": "x" * 256}, WebserviceException, "is not a model name"),
        ({"tags": {"a": 1}}, WebserviceException, "tags must be a dictionary of text to text: 'a': 1"),
        ({"tags": ["a"]}, WebserviceException, "not list"),
        ({"properties": {1: "a"}}, WebserviceException, "properties"),
        ({"model_framework_version": "1"}, WebserviceException, "without model_framework"),
        ({"child_paths": ["a"]}, WebserviceException, "is a file"),
        ({"model_path": "tree", "child_paths": ["zz"]}, WebserviceException, "'zz' is not in the folder"),
        ({"model_path": "tree", "child_paths": ["../model.pkl"]}, WebserviceException, "is not in the folder"),
        ({"model_path": "empty"}, WebserviceException, "has no files"),
        ({"datasets": [("training", object())]}, Unsupported, "dataset"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_registered_is_refused(
    workspace: Workspace, file: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    Path("empty").mkdir()
    with pytest.raises(error, match=words):
        Model.register(**{"workspace": workspace, "model_path": file, "model_name": "m", **arguments})
    assert Model.list(workspace) == []


def test_lookups(workspace: Workspace, file: str) -> None:
    Model.register(workspace, file, "m", tags={"k": "1"}, properties={"p": "x"}, model_framework="Onnx")
    Model.register(workspace, file, "m", tags={"k": "2", "only": ""})
    Model.register(workspace, file, "other", tags={"k": "1"})
    assert Model(workspace, "m").version == 2
    assert Model(workspace, "m", version=1).version == 1
    assert Model(workspace, "m", version="1").version == 1
    assert Model(workspace, id="m:1").version == 1
    assert Model(workspace, "m", tags=[["k", "1"]]).version == 1
    assert Model(workspace, "m", tags=["k"]).version == 2
    assert Model(workspace, "m", tags=[["k", "2"], "only"]).version == 2
    assert Model(workspace, "m", properties=[["p", "x"]]).version == 1
    assert Model(workspace, "m", model_framework="Onnx").version == 1
    assert Model(workspace, tags=[["k", "1"]]).name == "other"


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "none"},
        {"name": "m", "version": 9},
        {"id": "m:9"},
        {"name": "m", "tags": ["nope"]},
        {"name": "m", "tags": [["k", "1"], ["k", "2"]]},
        {"name": "m", "run_id": "no-run"},
    ],
)
def test_a_model_that_is_not_there(workspace: Workspace, file: str, arguments: dict[str, Any]) -> None:
    Model.register(workspace, file, "m", tags={"k": "1"})
    with pytest.raises(WebserviceException) as error:
        Model(workspace, **arguments)
    assert isinstance(error.value, ModelNotFound)
    assert error.value.message.startswith("ModelNotFound: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "by its name or id"),
        ({"version": 3}, "by its name or id"),
        ({"name": "m", "version": "new"}, "whole number, not 'new'"),
        ({"name": "m", "tags": "k"}, "not the text 'k'"),
        ({"name": "m", "tags": [["a", "b", "c"]]}, "is neither"),
    ],
)
def test_a_lookup_that_says_nothing(workspace: Workspace, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(WebserviceException, match=words):
        Model(workspace, **arguments)


def test_list(workspace: Workspace, file: str) -> None:
    for tag in ("1", "2", "3"):
        Model.register(workspace, file, "m", tags={"k": tag})
    Model.register(workspace, file, "other")
    assert [m.id for m in Model.list(workspace)] == ["other:1", "m:3", "m:2", "m:1"]
    assert [m.id for m in Model.list(workspace, "m", latest=True)] == ["m:3"]
    assert [m.id for m in Model.list(workspace, latest=True)] == ["other:1", "m:3"]
    assert [m.id for m in Model.list(workspace, tags=[["k", "2"]], page_count=20)] == ["m:2"]
    with pytest.raises(WebserviceException, match="20 to 255"):
        Model.list(workspace, page_count=10)
    with pytest.raises(Unsupported, match="dataset_id"):
        Model.list(workspace, dataset_id="d")


def test_a_list_longer_than_a_page_is_whole(workspace: Workspace, file: str) -> None:
    for _ in range(23):
        Model.register(workspace, file, "m")
    assert len(Model.list(workspace, page_count=20)) == 23


def test_tags_change_properties_are_only_added(workspace: Workspace, file: str) -> None:
    model = Model.register(workspace, file, "m", tags={"a": "1"}, properties={"p": "1"})
    model.add_tags({"b": "2", "a": "3"})
    assert model.tags == {"a": "3", "b": "2"}
    model.remove_tags(["a"])
    model.add_properties({"q": "2"})
    assert (model.tags, model.properties) == ({"b": "2"}, {"p": "1", "q": "2"})
    with pytest.raises(AzureMLException, match="p"):
        model.add_properties({"p": "other"})
    model.update(tags={"c": "4"}, description="new", resource_configuration=ResourceConfiguration(gpu=1))
    again = Model(workspace, "m")
    assert (again.tags, again.description, again.properties) == ({"c": "4"}, "new", {"p": "1", "q": "2"})
    model.update_tags_properties(add_tags={"d": "5"}, remove_tags=["c"], add_properties={"r": "3"})
    assert (model.tags, model.properties["r"]) == ({"d": "5"}, "3")
    with pytest.raises(WebserviceException, match="text to text"):
        model.add_tags({"n": 1})  # type: ignore[dict-item]
    with pytest.raises(Unsupported, match="dataset"):
        model.add_dataset_references([("training", object())])


def test_serialize_has_azures_keys_and_comes_back(workspace: Workspace, file: str) -> None:
    model = Model.register(workspace, file, "m", tags={"a": "1"}, description="text")
    payload: Mapping[str, Any] = json.loads(json.dumps(model.serialize()))
    assert set(payload) == {
        "createdTime", "createdBy", "description", "id", "mimeType", "name", "framework", "frameworkVersion", "tags",
        "properties", "unpack", "url", "version", "experimentName", "runId", "runDetails", "datasets",
        "resourceConfiguration", "sampleInputDatasetId", "sampleOutputDatasetId",
    }  # fmt: skip
    back = Model.deserialize(workspace, payload)
    assert (back.id, back.tags, back.created_time) == (model.id, model.tags, model.created_time)


def test_download_refuses_what_is_there(workspace: Workspace, file: str, tmp_path: Path) -> None:
    model = Model.register(workspace, file, "m")
    target = tmp_path / "out"
    assert Path(model.download(str(target))).read_bytes() == b"weights"
    with pytest.raises(WebserviceException, match="exists already"):
        model.download(str(target))
    (target / "model.pkl").write_text("old")
    model.download(str(target), exist_ok=True)
    model.download(str(target), exists_ok=True)
    assert (target / "model.pkl").read_bytes() == b"weights"
    assert sorted(os.listdir(target)) == ["model.pkl"]


def test_the_urls_of_the_files_need_no_other_credentials(workspace: Workspace, folder: str) -> None:
    urls = Model.register(workspace, folder, "m").get_sas_urls()
    assert sorted(urls) == ["tree/a.bin", "tree/b.bin", "tree/inner/c.bin"]
    scheme, _, rest = urls["tree/inner/c.bin"].partition("://")
    user, _, address = rest.partition("@")
    opener = urllib.request.build_opener()
    password = user.partition(":")[2]
    opener.addheaders = [("Authorization", f"Bearer {password}")]
    assert opener.open(f"{scheme}://{address}").read() == b"inner/c.bin"


def test_deleting_a_version_leaves_the_others(workspace: Workspace, file: str) -> None:
    first, second = (Model.register(workspace, file, "m") for _ in range(2))
    first.delete()
    assert [m.version for m in Model.list(workspace, "m")] == [2]
    with pytest.raises((NotFound, ModelNotFound)):
        first.delete()
    second.delete()
    with pytest.raises(ModelNotFound):
        Model(workspace, "m")


def test_get_model_path_downloads_from_a_workspace(workspace: Workspace, file: str) -> None:
    Model.register(workspace, file, "m")
    path = Model.get_model_path("m", _workspace=workspace)
    assert path == str(Path("azureml-models/m/1/model.pkl"))
    assert Path(path).read_bytes() == b"weights"
    with pytest.raises(ModelNotFound):
        Model.get_model_path("m", 5, _workspace=workspace)


def test_what_is_not_built_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(Unsupported, match="filter by tags or run_id"):
        Model.list(workspace, dataset_id="d")


def test_importing_models_is_cheap() -> None:
    source = (
        "import sys, zaffre.sdk.model, zaffre.sdk.webservice_local\n"
        "heavy = {'httpx', 'sqlalchemy', 'fastapi', 'uvicorn', 'numpy', 'pandas', 'rich'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
