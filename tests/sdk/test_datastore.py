"""Datastores: files up and down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zaffre.core.errors import NotFound, Unsupported, UserErrorException
from zaffre.sdk.datastore import AzureBlobDatastore, AzureFileDatastore, DataReference, Datastore
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def store(workspace: Workspace) -> AzureBlobDatastore:
    made = Datastore.get_default(workspace)
    assert isinstance(made, AzureBlobDatastore)
    return made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("a", "utf-8")
    (folder / "deep" / "b.csv").write_text("b", "utf-8")
    return folder


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def test_every_workspace_has_two(workspace: Workspace) -> None:
    blob, file = Datastore(workspace), Datastore(workspace, "workspacefilestore")
    assert isinstance(blob, AzureBlobDatastore)
    assert isinstance(file, AzureFileDatastore)
    assert (blob.name, blob.datastore_type, blob.workspace) == ("workspaceblobstore", "AzureBlob", workspace)
    assert (file.name, file.datastore_type) == ("workspacefilestore", "AzureFile")
    assert (blob.container_name, blob.account_name, blob.is_sas) == ("workspaceblobstore", None, False)
    with pytest.raises(NotFound):
        Datastore.get(workspace, "other")
    file.set_as_default()
    assert Datastore.get_default(workspace).name == "workspacefilestore"


def test_a_folder_goes_up_and_comes_down(
    store: AzureBlobDatastore, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = store.upload(data, "in/here")
    told = capsys.readouterr().out
    assert "Uploaded 2 files" in told
    assert str(reference) == "$AZUREML_DATAREFERENCE_workspaceblobstore"
    assert reference.path_on_datastore == "in/here"
    assert reference.to_config().to_plain()["pathOnDataStore"] == "in/here"

    assert store.download(tmp_path / "down", prefix="in/here/deep", show_progress=False) == 1
    assert capsys.readouterr().out == ""
    assert store.download(tmp_path / "down") == 1
    assert files(tmp_path / "down") == {"in/here/a.csv": "a", "in/here/deep/b.csv": "b"}
    assert "exists and stays" in capsys.readouterr().out


def test_what_is_there_stays_unless_overwritten(store: AzureBlobDatastore, data: Path, tmp_path: Path) -> None:
    store.upload(data)
    (data / "a.csv").write_text("changed", "utf-8")
    store.upload(data)
    store.download(tmp_path / "down")
    assert files(tmp_path / "down")["a.csv"] == "a"
    store.upload(data, overwrite=True)
    store.download(tmp_path / "down", overwrite=True)
    assert files(tmp_path / "down")["a.csv"] == "changed"


def test_files_keep_their_paths_from_the_root(store: AzureBlobDatastore, data: Path, tmp_path: Path) -> None:
    both = [str(data / "a.csv"), str(data / "deep" / "b.csv")]
    store.upload_files(both, relative_root=str(data.parent), target_path="rooted")
    store.upload_files(both, target_path="shared")
    store.upload_files(both[1:], target_path="one")
    store.download(tmp_path / "down")
    assert set(files(tmp_path / "down")) == {
        "rooted/data/a.csv",
        "rooted/data/deep/b.csv",
        "shared/a.csv",
        "shared/deep/b.csv",
        "one/b.csv",
    }
    with pytest.raises(UserErrorException, match="not below relative_root"):
        store.upload_files(both, relative_root=str(data / "deep"))
    with pytest.raises(UserErrorException, match="There is no file"):
        store.upload_files([str(data / "gone.csv")])
    with pytest.raises(UserErrorException, match="There is no folder"):
        store.upload(data / "gone")


def test_references_and_registration_say_what_to_do(store: AzureBlobDatastore, data: Path) -> None:
    reference = store.upload(data)
    refusals: list[Any] = [
        store.path,
        store.as_mount,
        store.as_download,
        store.as_upload,
        store.unregister,
        reference.path,
        reference.as_mount,
        reference.as_download,
        reference.as_upload,
        DataReference.create,
        *(getattr(Datastore, name) for name in dir(Datastore) if name.startswith("register_")),
    ]
    assert len(refusals) == 19
    for refusal in refusals:
        with pytest.raises(Unsupported, match="not built"):
            refusal()
