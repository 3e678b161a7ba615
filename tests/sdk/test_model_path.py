"""Model.get_model_path on this machine: in a service, in a run, beside the script."""

from __future__ import annotations

from pathlib import Path

import pytest

from zaffre.core.errors import ModelNotFoundException, WebserviceException
from zaffre.sdk.model import Model

pytestmark = pytest.mark.usefixtures("home", "folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for version in (2, 10):
        at = tmp_path / "azureml-models" / "digits" / str(version)
        at.mkdir(parents=True)
        (at / "model.pkl").write_text(str(version))
    return tmp_path


def test_the_highest_version_is_found_by_number() -> None:
    assert Path(Model.get_model_path("digits")).read_text() == "10"
    assert Path(Model.get_model_path("digits", 2)).read_text() == "2"
    assert Path(Model.get_model_path("digits", version="2")).read_text() == "2"


def test_the_folder_of_a_service_comes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder / "app"
    (root / "azureml-models" / "digits" / "3" / "tree").mkdir(parents=True)
    monkeypatch.setenv("AML_APP_ROOT", str(root))
    assert Model.get_model_path("digits") == str(root / "azureml-models/digits/3/tree")


def test_a_file_beside_the_script_is_the_last_resort(folder: Path) -> None:
    (folder / "plain.pkl").touch()
    assert Model.get_model_path("plain.pkl") == str(folder / "plain.pkl")
    with pytest.raises(ModelNotFoundException, match="none is neither in"):
        Model.get_model_path("none")


def test_a_version_that_is_not_here_needs_a_workspace() -> None:
    with pytest.raises(WebserviceException, match="Version 7 of the model digits"):
        Model.get_model_path("digits", 7)
    with pytest.raises(WebserviceException, match="whole number, not 'newest'"):
        Model.get_model_path("digits", "newest")


def test_two_entries_are_ambiguous(folder: Path) -> None:
    (folder / "azureml-models/digits/10/second").touch()
    with pytest.raises(WebserviceException, match="exactly one file or folder; it has 2"):
        Model.get_model_path("digits")
