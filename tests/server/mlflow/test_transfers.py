from __future__ import annotations

import pytest
from httpx import Response

from tests.server.mlflow.conftest import Door

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def root(door: Door) -> str:
    """The artifacts of a new run, which hold d/a.txt with ten bytes."""
    root = f"0/{door.run()}/artifacts"
    door.http.put(f"{FILES}/{root}/d/a.txt", content=b"0123456789").raise_for_status()
    return root


def get(door: Door, path: str, **headers: str) -> Response:
    answer: Response = door.http.get(f"{FILES}/{path}", headers=headers)
    return answer


def test_a_file_comes_back_as_an_attachment(door: Door, root: str) -> None:
    answer = get(door, f"{root}/d/a.txt")
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.txt"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Length"] == "10"
    head = door.http.head(f"{FILES}/{root}/d/a.txt")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "10")


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.bin", "x"])
def test_nothing_is_sent_that_a_browser_would_run(door: Door, root: str, name: str) -> None:
    door.http.put(f"{FILES}/{root}/{name}", content=b"<script>").raise_for_status()
    answer = get(door, f"{root}/{name}")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=8-", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-500", 206, b"56789"),
        ("bytes=-500", 200, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=0-1,4-5", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=5-3", 416, b""),
    ],
)
def test_ranges(door: Door, root: str, wanted: str, status: int, content: bytes) -> None:
    answer = get(door, f"{root}/d/a.txt", Range=wanted)
    assert (answer.status_code, answer.content) == (status, content)


def test_an_empty_file(door: Door, root: str) -> None:
    door.http.put(f"{FILES}/{root}/empty", content=b"").raise_for_status()
    assert (get(door, f"{root}/empty").status_code, get(door, f"{root}/empty").content) == (200, b"")


def test_folders_and_missing_files(door: Door, root: str) -> None:
    for folder in (root, f"{root}/d", f"{root}/"):
        answer = get(door, folder)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    for missing in (f"{root}/gone", "0/nobody/artifacts/x", "0/models/m-nothing/artifacts/x", "registry/nobody/1/x"):
        answer = get(door, missing)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert door.http.put(f"{FILES}/{root}", content=b"x").status_code == 400
    assert door.http.put(f"{FILES}/{root}/d", content=b"x").status_code == 400
    assert door.http.put(f"{FILES}/0/nobody/artifacts/x", content=b"x").status_code == 404


def test_listings(door: Door, root: str) -> None:
    run_id = root.split("/")[1]

    def listed(path: str) -> object:
        answer = door.http.get(FILES, params={"path": path})
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert listed(root) == {"files": [{"path": "d", "is_dir": True}]}
    assert listed(f"{root}/d") == {"files": [{"path": "a.txt", "is_dir": False, "file_size": 10}]}
    assert listed(f"{root}/gone") == {}
    assert listed(f"{root}/d/a.txt") == {}
    uri = f"mlflow-artifacts:/{root}"
    below = door.get("artifacts/list", run_id=run_id, path="d")
    assert below == {"root_uri": uri, "files": [{"path": "d/a.txt", "is_dir": False, "file_size": 10}]}
    assert door.get("artifacts/list", run_uuid=run_id)["files"] == [{"path": "d", "is_dir": True}]
    assert door.get("artifacts/list", run_id=run_id, path="gone") == {"root_uri": uri}
    door.get("artifacts/list", 400, run_id=run_id, path="../x")
    assert door.http.get(FILES).status_code == 400


def test_files_are_replaced_and_removed(door: Door, root: str) -> None:
    door.http.put(f"{FILES}/{root}/d/a.txt", content=b"new").raise_for_status()
    assert get(door, f"{root}/d/a.txt").content == b"new"
    assert door.http.delete(f"{FILES}/{root}/d").json() == {}
    assert get(door, f"{root}/d/a.txt").status_code == 404
    assert door.http.delete(f"{FILES}/{root}/d").json() == {}  # a client whose answer was lost asks again
    door.http.put(f"{FILES}/{root}/b.txt", content=b"b").raise_for_status()
    assert door.http.delete(f"{FILES}/{root}").json() == {}
    assert get(door, f"{root}/b.txt").status_code == 404


def test_a_deleted_run_takes_no_files_and_still_shows_them(door: Door, root: str) -> None:
    door.post("runs/delete", {"run_id": root.split("/")[1]})
    for answer in (
        door.http.put(f"{FILES}/{root}/b.txt", content=b"b"),
        door.http.delete(f"{FILES}/{root}/d/a.txt"),
    ):
        assert answer.status_code == 400
        assert "must be in the 'active' state" in answer.json()["message"]
    assert get(door, f"{root}/d/a.txt").content == b"0123456789"


def test_a_run_has_its_files_in_its_own_experiment_only(door: Door, root: str) -> None:
    other = door.experiment("not its own")
    path = root.replace("0/", f"{other}/", 1)
    assert get(door, f"{path}/d/a.txt").status_code == 404
    assert door.http.put(f"{FILES}/{path}/b.txt", content=b"b").status_code == 404
