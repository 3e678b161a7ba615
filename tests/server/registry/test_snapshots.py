"""Snapshots over REST: only what is missing is sent."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from tests.server.rest import Rest


def file(path: str, data: bytes, executable: bool = False) -> dict[str, object]:
    return {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "executable": executable}


def send(rest: Rest, *blobs: bytes) -> None:
    for data in blobs:
        rest.send(f"/snapshots/blobs/{hashlib.sha256(data).hexdigest()}", data)


def test_a_snapshot_from_its_blobs_to_its_archive(rest: Rest) -> None:
    train, other = f"print({rest.ws!r})".encode(), f"# {rest.ws}".encode()
    wanted = [{"sha256": one["sha256"], "size": one["size"]} for one in (file("a", train), file("b", other))]
    missing = rest.post("/snapshots/missing", {"files": [*wanted, wanted[0]]})["missing"]
    assert missing == [one["sha256"] for one in wanted]
    send(rest, train, other)
    assert rest.post("/snapshots/missing", {"files": wanted})["missing"] == []
    files = [file("src/train.py", train, executable=True), file("b.py", other), file("copy.py", other)]
    made = rest.post("/snapshots", {"files": files})
    assert made["size"] == sum(len(data) for data in (train, other, other))
    assert rest.post("/snapshots", {"files": files[::-1]})["id"] == made["id"]
    assert rest.get(f"/snapshots/{made['id']}")["files"] == sorted(files, key=lambda one: str(one["path"]))
    assert rest.raw("GET", f"/snapshots/{made['id']}/files/src/train.py").content == train
    with zipfile.ZipFile(io.BytesIO(rest.raw("GET", f"/snapshots/{made['id']}.zip").content)) as archive:
        assert archive.read("src/train.py") == train
        assert archive.getinfo("src/train.py").external_attr >> 16 & 0o111
        assert not archive.getinfo("b.py").external_attr >> 16 & 0o111


def test_a_blob_must_be_what_its_name_says(rest: Rest) -> None:
    answer = rest.send(f"/snapshots/blobs/{'0' * 64}", b"x", expect=400)
    assert "SHA-256" in answer["error"]["message"]
    assert rest.send("/snapshots/blobs/short", b"x", expect=400)["error"]["code"] == "InvalidName"


def test_a_snapshot_of_what_was_not_sent_is_refused(rest: Rest) -> None:
    status, code, sentence = rest.refused("POST", "/snapshots", {"files": [file("a.py", b"never sent")]})
    assert (status, code) == (400, "Snapshot")
    assert "a.py" in sentence


def test_a_size_that_is_not_true_is_refused(rest: Rest) -> None:
    send(rest, b"abc")
    assert rest.refused("POST", "/snapshots", {"files": [file("a.py", b"abc") | {"size": 2}]})[:2] == (400, "Snapshot")


@pytest.mark.parametrize("paths", [["../a"], ["/a"], ["a", "a"], ["a", "./a"], ["a", "a/b"], [""]])
def test_paths_that_cannot_stand_together_are_refused(rest: Rest, paths: list[str]) -> None:
    send(rest, b"abc")
    assert rest.refused("POST", "/snapshots", {"files": [file(path, b"abc") for path in paths]})[0] == 400


def test_a_snapshot_over_the_limit_of_the_workspace_is_refused_with_both_sizes(rest: Rest) -> None:
    rest.patch("", {"snapshot_limit_bytes": 4})
    send(rest, b"abcde")
    status, code, sentence = rest.refused("POST", "/snapshots", {"files": [file("a", b"abcde")]})
    assert (status, code) == (413, "SnapshotTooLarge")
    assert "5 bytes" in sentence
    assert "takes 4" in sentence


def test_what_is_not_there_is_not_found(rest: Rest) -> None:
    made = rest.post("/snapshots", {"files": []})
    for path in ("/snapshots/none", "/snapshots/none.zip", f"/snapshots/{made['id']}/files/none"):
        assert rest.refused("GET", path)[:2] == (404, "NotFound")
