"""The files of runs and datastores over HTTP."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.server.rest import Rest

KINDS = ("run", "datastore")


@pytest.fixture(params=KINDS)
def files(rest: Rest, request: pytest.FixtureRequest) -> str:
    """The route of the files of a run, or of a datastore."""
    if request.param == "run":
        return f"/runs/{rest.run()}/artifacts"
    return "/datastores/workspaceblobstore/files"


def test_a_file_comes_back_as_it_was_sent(rest: Rest, files: str) -> None:
    data = bytes(range(256)) * 20_000  # several pieces
    assert rest.send(f"{files}/a/b.bin", data) == {"path": "a/b.bin", "size": len(data)}
    answer = rest.raw("GET", f"{files}/a/b.bin")
    assert answer.content == data
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    [item] = rest.get(files)["items"]
    assert (item["path"], item["size"]) == ("a/b.bin", len(data))


def test_an_existing_file_is_not_replaced_by_accident(rest: Rest, files: str) -> None:
    rest.send(f"{files}/a.txt", b"one")
    assert rest.send(f"{files}/a.txt", b"two", expect=409)["error"]["code"] == "AlreadyExists"
    rest.send(f"{files}/a.txt", b"two", overwrite=True)
    assert rest.raw("GET", f"{files}/a.txt").content == b"two"


@pytest.mark.parametrize(
    ("asked", "status", "got", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=5-3", 416, None, "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        pytest.param(f"bytes={'9' * 5000}-", 200, b"0123456789", None, id="a number without end"),
    ],
)
def test_a_range_gives_what_is_asked_for(
    rest: Rest, asked: str, status: int, got: bytes | None, content_range: str | None
) -> None:
    run = rest.run()
    rest.send(f"/runs/{run}/artifacts/a", b"0123456789")
    answer = rest.raw("GET", f"/runs/{run}/artifacts/a", headers={"Range": asked})
    assert answer.status_code == status
    assert answer.headers.get("content-range") == content_range
    assert got is None or answer.content == got


def test_an_empty_file_is_a_file(rest: Rest, files: str) -> None:
    assert rest.send(f"{files}/empty", b"")["size"] == 0
    answer = rest.raw("GET", f"{files}/empty")
    assert (answer.status_code, answer.content) == (200, b"")


def test_head_tells_the_size_without_the_bytes(rest: Rest, files: str) -> None:
    rest.send(f"{files}/a", b"12345")
    answer = rest.raw("HEAD", f"{files}/a")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "5", b"")
    assert rest.raw("HEAD", f"{files}/b").status_code == 404


@pytest.mark.parametrize(
    ("name", "shown", "kind"),
    [
        ("a.png", True, "image/png"),
        ("a.log", True, "text/plain; charset=utf-8"),
        ("a.json", True, "application/json; charset=utf-8"),
        ("a.html", False, "application/octet-stream"),
        ("a.svg", False, "application/octet-stream"),
        ("a.xml", False, "application/octet-stream"),
        ("a.pkl", False, "application/octet-stream"),
    ],
)
def test_only_what_no_browser_runs_is_shown_in_place(rest: Rest, name: str, shown: bool, kind: str) -> None:
    run = rest.run()
    rest.send(f"/runs/{run}/artifacts/{name}", b"<script>alert(1)</script>")
    headers = rest.raw("GET", f"/runs/{run}/artifacts/{name}", params={"inline": True}).headers
    assert headers["content-disposition"].startswith("inline" if shown else "attachment")
    assert headers["content-type"] == kind


@pytest.mark.parametrize("path", ["..%2f..%2ftoken", "%2e%2e/%2e%2e/token", "a%00b", "%2fetc%2fpasswd", "a%5cb"])
def test_no_path_leads_out(rest: Rest, files: str, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = rest.raw(method, f"{files}/{path}")
        assert answer.status_code in (400, 404), (method, path)
        assert rest.admin not in answer.text


def test_a_log_grows_by_appends(rest: Rest) -> None:
    log = f"/runs/{rest.run()}/artifacts/logs/a.txt"
    assert rest.send(log, b"one\n", method="PATCH", offset=0)["size"] == 4
    assert rest.send(log, b"one\ntwo\n", method="PATCH", offset=0)["size"] == 8
    answer = rest.raw("PATCH", log, content=b"x", params={"offset": 9})
    assert answer.status_code == 409
    assert answer.json()["error"]["facts"]["size"] == 8
    assert rest.raw("GET", log).text == "one\ntwo\n"
    assert rest.raw("PATCH", log, content=b"x").status_code == 400
    assert rest.raw("PATCH", log, content=b"x", params={"offset": -1}).status_code == 400


def test_a_long_append_is_kept_whole(rest: Rest) -> None:
    log = f"/runs/{rest.run()}/artifacts/logs/a.txt"
    data = b"0123456789abcdef" * 200_000
    assert rest.send(log, data, method="PATCH", offset=0)["size"] == len(data)
    assert rest.raw("GET", log).content == data


def test_lists_come_in_pages(rest: Rest, files: str) -> None:
    for name in ("a", "b", "c"):
        rest.send(f"{files}/d/{name}", b"x")
    first = rest.get(files, limit=2)
    assert [item["path"] for item in first["items"]] == ["d/a", "d/b"]
    second = rest.get(files, limit=2, after=first["next"])
    assert [item["path"] for item in second["items"]] == ["d/c"]
    assert second["next"] is None
    folders = rest.get(files, recursive=False)["items"]
    assert [(item["path"], item["is_dir"]) for item in folders] == [("d", True)]


def test_all_files_come_as_one_archive(rest: Rest) -> None:
    run = rest.run()
    rest.send(f"/runs/{run}/artifacts/outputs/a.txt", b"a")
    rest.send(f"/runs/{run}/artifacts/logs/b.txt", b"b")
    answer = rest.raw("GET", f"/runs/{run}/artifacts.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["logs/b.txt", "outputs/a.txt"]
    assert f"{run}.zip" in answer.headers["content-disposition"]


def test_deleting_a_file(rest: Rest, files: str) -> None:
    rest.send(f"{files}/a", b"x")
    rest.delete(f"{files}/a")
    assert rest.refused("DELETE", f"{files}/a")[:2] == (404, "NotFound")


def test_what_is_not_there_is_not_found(rest: Rest) -> None:
    run = rest.run()
    for path in (
        f"/runs/{run}/artifacts/x",
        "/runs/none/artifacts",
        "/runs/none/artifacts/x",
        "/runs/none/artifacts.zip",
    ):
        assert rest.refused("GET", path)[0] == 404
    assert rest.send("/runs/none/artifacts/x", b"x", expect=404)
    assert rest.send("/runs/none/artifacts/x", b"x", method="PATCH", offset=0, expect=404)
    assert rest.send("/datastores/none/files/x", b"x", expect=404)
    assert rest.refused("GET", "/datastores/none")[1] == "NotFound"


def test_every_workspace_begins_with_its_datastores(rest: Rest) -> None:
    found = {store["name"]: (store["type"], store["is_default"]) for store in rest.get("/datastores")["items"]}
    assert found == {"workspaceblobstore": ("AzureBlob", True), "workspacefilestore": ("AzureFile", False)}
    rest.patch("", {"default_datastore": "workspacefilestore"})
    assert rest.get("/datastores/workspacefilestore")["is_default"]
    assert rest.refused("PATCH", "", {"default_datastore": "none"})[0] == 404
