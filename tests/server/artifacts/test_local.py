"""The artifact store in a folder: real files, real links, a real limit on the file size."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.core.entities import SnapshotFile
from zaffre.core.errors import AlreadyExists, AzureMLException, InvalidName, InvalidValue, NotFound, StateConflict
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.artifacts.local import LocalArtifacts


@pytest.fixture
def artifacts(tmp_path: Path) -> LocalArtifacts:
    return LocalArtifacts(tmp_path / "artifacts")


def put(store: ArtifactStore, root: str, path: str, data: bytes, *, overwrite: bool = False) -> None:
    writer = store.create(root, path, overwrite=overwrite)
    writer.write(data)
    writer.commit()


def get(store: ArtifactStore, root: str, path: str) -> bytes:
    return b"".join(store.read(root, path))


def files_in(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_a_committed_file_is_read_back(artifacts: LocalArtifacts) -> None:
    put(artifacts, "runs/r1", "outputs/model.pkl", b"weights")
    assert get(artifacts, "runs/r1", "outputs/model.pkl") == b"weights"
    assert artifacts.info("runs/r1", "outputs/model.pkl").size == 7
    assert artifacts.info("runs/r1", "outputs").is_dir


def test_a_file_is_not_seen_before_it_is_whole(artifacts: LocalArtifacts, tmp_path: Path) -> None:
    writer = artifacts.create("runs/r1", "a.txt")
    writer.write(b"half")
    assert artifacts.listing("runs/r1") == []
    writer.abort()
    assert files_in(tmp_path) == []


def test_what_an_earlier_process_left_half_written_is_removed(artifacts: LocalArtifacts, tmp_path: Path) -> None:
    writer = artifacts.create("runs/r1", "a.txt")
    writer.write(b"half")
    assert len(files_in(tmp_path)) == 1
    LocalArtifacts(tmp_path / "artifacts")
    assert files_in(tmp_path) == []
    writer.abort()


def test_an_existing_file_is_kept_unless_overwritten(artifacts: LocalArtifacts) -> None:
    put(artifacts, "runs/r1", "a.txt", b"one")
    with pytest.raises(AlreadyExists, match=r"already an artifact 'a\.txt'"):
        artifacts.create("runs/r1", "a.txt")
    put(artifacts, "runs/r1", "a.txt", b"two", overwrite=True)
    assert get(artifacts, "runs/r1", "a.txt") == b"two"


def test_of_two_writers_of_one_name_exactly_one_wins(artifacts: LocalArtifacts) -> None:
    first, second = artifacts.create("runs/r1", "a.txt"), artifacts.create("runs/r1", "a.txt")
    first.write(b"first")
    second.write(b"second")
    first.commit()
    with pytest.raises(AlreadyExists):
        second.commit()
    assert get(artifacts, "runs/r1", "a.txt") == b"first"


def test_a_file_cannot_be_a_folder_too(artifacts: LocalArtifacts) -> None:
    put(artifacts, "runs/r1", "a", b"x")
    writer = artifacts.create("runs/r1", "a/b")
    writer.write(b"y")
    with pytest.raises(StateConflict, match="is a file, not a folder"):
        writer.commit()
    put(artifacts, "runs/r1", "folder/file", b"x")
    with pytest.raises(AlreadyExists):
        artifacts.create("runs/r1", "folder", overwrite=True)
    with pytest.raises(StateConflict, match="is a folder"):
        artifacts.read("runs/r1", "folder")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\\b", "", ".", "C:/x", "a\x00b"])
def test_a_path_that_leaves_its_root_is_refused(artifacts: LocalArtifacts, path: str) -> None:
    with pytest.raises(InvalidName):
        artifacts.create("runs/r1", path)
    with pytest.raises(InvalidName):
        artifacts.read("runs/r1", path)
    with pytest.raises(InvalidName):
        artifacts.delete("runs/r1", path)


def test_a_link_out_of_the_store_is_not_followed(artifacts: LocalArtifacts, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("k")
    put(artifacts, "runs/r1", "a.txt", b"x")
    (tmp_path / "artifacts/runs/r1/link").symlink_to(secret)
    (tmp_path / "artifacts/runs/r1/key").symlink_to(secret / "key")
    for path in ("link/key", "key"):
        with pytest.raises(InvalidName, match="leads out"):
            artifacts.read("runs/r1", path)


def test_a_name_longer_than_the_disk_allows_is_refused_with_that_reason(artifacts: LocalArtifacts) -> None:
    with pytest.raises(InvalidName, match="255 bytes"):
        put(artifacts, "runs/r1", "x" * 300, b"x")


def test_a_log_grows_by_appends_and_a_repeated_one_changes_nothing(artifacts: LocalArtifacts) -> None:
    assert artifacts.append("runs/r1", "logs/a.txt", 0, b"hello ") == 6
    assert artifacts.append("runs/r1", "logs/a.txt", 6, b"world") == 11
    assert artifacts.append("runs/r1", "logs/a.txt", 6, b"world") == 11
    assert artifacts.append("runs/r1", "logs/a.txt", 6, b"world!") == 12
    assert get(artifacts, "runs/r1", "logs/a.txt") == b"hello world!"


def test_an_append_behind_the_end_says_what_is_missing(artifacts: LocalArtifacts) -> None:
    artifacts.append("runs/r1", "a.txt", 0, b"abc")
    with pytest.raises(StateConflict, match="has 3 bytes") as caught:
        artifacts.append("runs/r1", "a.txt", 5, b"x")
    assert caught.value.facts["size"] == 3
    with pytest.raises(InvalidValue, match="0 or more"):
        artifacts.append("runs/r1", "a.txt", -1, b"x")


def test_a_gap_in_a_new_file_leaves_no_file(artifacts: LocalArtifacts) -> None:
    with pytest.raises(StateConflict):
        artifacts.append("runs/r1", "a.txt", 5, b"x")
    assert artifacts.listing("runs/r1") == []


@given(st.binary(max_size=60), st.lists(st.integers(1, 7), max_size=20))
def test_appends_in_any_pieces_and_repeats_make_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, sizes: list[int]
) -> None:
    store = LocalArtifacts(tmp_path_factory.mktemp("a"))
    at = 0
    for size in [*sizes, len(data)]:
        piece = data[at : at + size]
        store.append("runs/r", "f", at, piece)
        store.append("runs/r", "f", max(at - 2, 0), data[max(at - 2, 0) : at + size])
        at = min(at + size, len(data))
    assert get(store, "runs/r", "f") == data


def test_ranges_give_the_bytes_asked_for(artifacts: LocalArtifacts) -> None:
    data = bytes(range(256)) * 9000  # more than one piece
    put(artifacts, "runs/r1", "a.bin", data)
    assert b"".join(artifacts.read("runs/r1", "a.bin", 5, 10)) == data[5:10]
    assert b"".join(artifacts.read("runs/r1", "a.bin", 2_000_000)) == data[2_000_000:]
    assert b"".join(artifacts.read("runs/r1", "a.bin", 10, 2_200_000)) == data[10:2_200_000]


def test_listing_by_prefix_and_by_folder(artifacts: LocalArtifacts) -> None:
    for path in ("outputs/a", "outputs/sub/b", "outputs2/c", "logs/d"):
        put(artifacts, "runs/r1", path, b"x")
    paths = [info.path for info in artifacts.listing("runs/r1", "outputs")]
    assert paths == ["outputs/a", "outputs/sub/b", "outputs2/c"]
    assert [info.path for info in artifacts.listing("runs/r1", "outputs/s")] == ["outputs/sub/b"]
    top = artifacts.listing("runs/r1", recursive=False)
    assert [(info.path, info.is_dir) for info in top] == [("logs", True), ("outputs", True), ("outputs2", True)]
    inner = artifacts.listing("runs/r1", "outputs", recursive=False)
    assert [(info.path, info.is_dir) for info in inner] == [("outputs/a", False), ("outputs/sub", True)]
    assert artifacts.listing("runs/none") == []
    assert artifacts.listing("runs/r1", "none/", recursive=False) == []


def test_deleting_files_folders_and_roots(artifacts: LocalArtifacts) -> None:
    for path in ("a", "f/b", "f/c"):
        put(artifacts, "runs/r1", path, b"x")
    artifacts.delete("runs/r1", "f")
    assert [info.path for info in artifacts.listing("runs/r1")] == ["a"]
    with pytest.raises(NotFound, match="no artifact 'f'"):
        artifacts.delete("runs/r1", "f")
    artifacts.delete_root("runs/r1")
    assert artifacts.listing("runs/r1") == []
    artifacts.delete_root("runs/r1")


def test_a_copy_does_not_follow_later_changes_of_its_source(artifacts: LocalArtifacts) -> None:
    put(artifacts, "runs/r1", "outputs/m/a", b"one")
    artifacts.append("runs/r1", "outputs/m/log", 0, b"abc")
    assert artifacts.copy(("runs/r1", "outputs/m"), ("models/m/1", "m")) == 6
    artifacts.append("runs/r1", "outputs/m/log", 3, b"def")
    put(artifacts, "runs/r1", "outputs/m/a", b"two", overwrite=True)
    assert get(artifacts, "models/m/1", "m/a") == b"one"
    assert get(artifacts, "models/m/1", "m/log") == b"abc"
    assert get(artifacts, "runs/r1", "outputs/m/log") == b"abcdef"
    with pytest.raises(NotFound):
        artifacts.copy(("runs/r1", "nothing"), ("models/m/2", "m"))


def test_a_copy_uses_no_second_space(artifacts: LocalArtifacts, tmp_path: Path) -> None:
    put(artifacts, "runs/r1", "big", b"x" * 1000)
    artifacts.copy(("runs/r1", "big"), ("models/m/1", "big"))
    base = tmp_path / "artifacts"
    assert (base / "runs/r1/big").samefile(base / "models/m/1/big")


def test_a_root_moves_whole(artifacts: LocalArtifacts) -> None:
    put(artifacts, "uploads/u1", "m/a", b"x")
    artifacts.move_root("uploads/u1", "models/m/1")
    assert get(artifacts, "models/m/1", "m/a") == b"x"
    put(artifacts, "uploads/u2", "m/a", b"x")
    with pytest.raises(AlreadyExists):
        artifacts.move_root("uploads/u2", "models/m/1")


def test_a_zip_holds_every_file(artifacts: LocalArtifacts) -> None:
    big = bytes(range(256)) * 10_000
    put(artifacts, "runs/r1", "outputs/a.bin", big)
    put(artifacts, "runs/r1", "logs/é.txt", b"log")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(artifacts.zip("runs/r1"))))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["logs/é.txt", "outputs/a.bin"]
    assert archive.read("outputs/a.bin") == big


def test_blobs_are_kept_by_the_hash_of_their_content(artifacts: LocalArtifacts) -> None:
    content = b"print(1)\n"
    sha256 = hashlib.sha256(content).hexdigest()
    assert artifacts.blob_size(sha256) is None
    for _ in range(2):  # sending one again is no error
        writer = artifacts.blob_create(sha256)
        writer.write(content)
        writer.commit()
    artifacts.blobs_sync([sha256])
    assert artifacts.blob_size(sha256) == len(content)
    assert b"".join(artifacts.blob_read(sha256)) == content
    file = SnapshotFile(path="src/train.py", sha256=sha256, size=len(content), executable=True)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(artifacts.blob_zip([file]))))
    assert archive.read("src/train.py") == content
    assert archive.getinfo("src/train.py").external_attr >> 16 & 0o777 == 0o755


def test_a_blob_with_another_content_is_refused(artifacts: LocalArtifacts, tmp_path: Path) -> None:
    writer = artifacts.blob_create("0" * 64)
    writer.write(b"something else")
    with pytest.raises(InvalidValue, match="Send the file again"):
        writer.commit()
    assert artifacts.blob_size("0" * 64) is None
    assert files_in(tmp_path) == []
    with pytest.raises(InvalidName):
        artifacts.blob_size("../../etc/passwd")


_FULL = """
import resource, signal, sys
from pathlib import Path
from zaffre.core.errors import StorageFull
from zaffre.server.artifacts.local import LocalArtifacts
store = LocalArtifacts(Path(sys.argv[1]))
store.append("runs/r", "log", 0, b"a" * 900)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for act in (lambda: store.append("runs/r", "log", 900, b"b" * 500), lambda: writer.write(b"c" * 2000)):
    writer = store.create("runs/r", "file")
    try:
        act()
    except StorageFull as error:
        print(error.message)
    writer.abort()
print(store.append("runs/r", "log", 900, b"d" * 10))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    base = tmp_path / "artifacts"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(base)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all("disk is full" in line for line in lines[:2])
    assert (base / "runs/r/log").read_bytes() == b"a" * 900 + b"d" * 10
    assert files_in(base) == ["runs/r/log"]


def test_appends_from_many_threads_keep_the_file_whole(artifacts: LocalArtifacts) -> None:
    data = bytes(range(250)) * 4
    failures: list[AzureMLException] = []

    def send() -> None:
        for at in range(0, len(data), 10):
            try:
                artifacts.append("runs/r", "log", at, data[at : at + 10])
            except AzureMLException as error:
                failures.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert get(artifacts, "runs/r", "log") == data
