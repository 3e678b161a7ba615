"""Files of a run: up, down, listed, refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.core.errors import AlreadyExists, InvalidName, Unsupported, UserErrorException
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run


@pytest.fixture
def run(experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A run, in a current folder with the files a.txt and folder/b.txt."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("aaa", "utf-8")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "b.txt").write_text("b", "utf-8")
    (tmp_path / "folder" / "deep" / "c.txt").write_text("c", "utf-8")
    started = experiment.start_logging(snapshot_directory=None, outputs=False)
    yield started
    started.complete()


def test_upload_and_download_one_file(run: Run, tmp_path: Path) -> None:
    answer = run.upload_file("data/a ü.txt", "a.txt")
    run.upload_file("stream.bin", io.BytesIO(b"\x00\x01"))
    with (tmp_path / "a.txt").open("rb") as opened:
        opened.read(1)
        run.upload_file("opened.txt", opened)

    assert (answer.path, answer.size) == ("data/a ü.txt", 3)
    assert run.get_file_names() == ["data/a ü.txt", "opened.txt", "stream.bin"]
    run.download_file("data/a ü.txt")
    run.download_file("stream.bin", "here.bin")
    run.download_file("stream.bin", str(tmp_path / "folder"))
    run.download_file("stream.bin", "new/place/")
    run.download_file("opened.txt", tmp_path / "opened.txt")
    assert (tmp_path / "a ü.txt").read_text("utf-8") == "aaa"
    for place in ("here.bin", "folder/stream.bin", "new/place/stream.bin"):
        assert (tmp_path / place).read_bytes() == b"\x00\x01"
    assert (tmp_path / "opened.txt").read_text("utf-8") == "aaa"


def test_a_name_is_used_once(run: Run) -> None:
    run.upload_file("a.txt", "a.txt")
    with pytest.raises(AlreadyExists):
        run.upload_file("a.txt", "folder/b.txt")
    with pytest.raises(UserErrorException):
        run.upload_folder("", "folder")


def test_uploads_are_checked_before_anything_is_sent(run: Run) -> None:
    with pytest.raises(UserErrorException, match=r"no file gone\.txt"):
        run.upload_file("gone.txt", "gone.txt")
    with pytest.raises(UserErrorException, match="no folder gone"):
        run.upload_folder("gone", "gone")
    with pytest.raises(TypeError, match="2 names and 1 paths"):
        run.upload_files(["a", "b"], ["a.txt"])
    with pytest.raises(InvalidName):
        run.upload_file("../a.txt", "a.txt")
    with pytest.raises(Unsupported, match="datastore"):
        run.upload_file("a.txt", "a.txt", datastore_name="mine")
    assert run.get_file_names() == []


def test_several_files_and_folders(run: Run) -> None:
    assert run.upload_files(["x", "y"], ["a.txt", "folder/b.txt"]) is None
    answers = run.upload_files(["z"], ["a.txt"], return_artifacts=True)
    run.upload_folder("under/here", "folder")

    assert answers is not None
    assert answers["z"].size == 3
    assert run.get_file_names() == ["under/here/b.txt", "under/here/deep/c.txt", "x", "y", "z"]


def test_downloads_by_prefix(run: Run, tmp_path: Path) -> None:
    run.upload_folder("models", "folder")
    run.upload_file("other.txt", "a.txt")

    run.download_files(prefix="models", output_directory="kept")
    run.download_files(prefix="models/", output_directory="short", append_prefix=False)
    run.download_files(prefix="other", output_paths=["named.txt"], output_directory="list")

    assert _files(tmp_path / "kept") == ["models/b.txt", "models/deep/c.txt"]
    assert _files(tmp_path / "short") == ["b.txt", "deep/c.txt"]
    assert _files(tmp_path / "list") == ["named.txt"]
    with pytest.raises(UserErrorException, match="1 output_paths for 3 files"):
        run.download_files(output_paths=["one"])


def test_a_missing_file_is_told_with_what_there_is(run: Run, tmp_path: Path) -> None:
    run.upload_file("outputs/model.pkl", "a.txt")
    with pytest.raises(UserErrorException, match=r"has no file model\.pkl. Its files: outputs/model\.pkl"):
        run.download_file("model.pkl")
    assert not (tmp_path / "model.pkl").exists()
    assert list(tmp_path.glob(".*part")) == []


def test_all_logs(run: Run, tmp_path: Path) -> None:
    run.upload_file("logs/a.log", "a.txt")
    run.upload_file("azureml-logs/70_driver_log.txt", "a.txt")
    run.upload_file("outputs/x", "a.txt")

    assert run.get_all_logs() == [f"assets/{run.id}/azureml-logs/70_driver_log.txt", f"assets/{run.id}/logs/a.log"]
    paths = run.get_all_logs(str(tmp_path / "there"))
    assert [Path(path).read_text("utf-8") for path in paths] == ["aaa", "aaa"]


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
