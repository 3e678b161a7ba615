"""Files by the client, and attempts to leave the artifact folder by hand-made requests."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from urllib.parse import quote, urlsplit

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from tests.server_process import ServerProcess


def test_files_go_up_are_listed_and_come_down(tracking: MlflowClient, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b c 50% é.bin").write_bytes(bytes(range(256)) * 1000)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(folder / "a.txt"))
        mlflow.log_artifacts(str(folder), "tree")
        mlflow.log_dict({"k": [1, 2]}, "d.json")
        mlflow.log_text("words", "notes/readme.md")
    run_id = run.info.run_id
    assert sorted((found.path, found.is_dir) for found in tracking.list_artifacts(run_id)) == [
        ("a.txt", False),
        ("d.json", False),
        ("notes", True),
        ("tree", True),
    ]
    assert [(found.path, found.file_size) for found in tracking.list_artifacts(run_id, "tree/sub")] == [
        ("tree/sub/b c 50% é.bin", 256_000)
    ]
    assert tracking.list_artifacts(run_id, "nothing") == []
    target = tmp_path / "down"
    target.mkdir()
    mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(target))
    assert json.loads((target / "d.json").read_text()) == {"k": [1, 2]}
    assert (target / "tree" / "sub" / "b c 50% é.bin").read_bytes() == bytes(range(256)) * 1000
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/readme.md") == "words"


@pytest.mark.usefixtures("tracking")
def test_a_file_is_replaced_when_it_is_logged_again() -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("one", "x.txt")
        mlflow.log_text("two", "x.txt")
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/x.txt") == "two"


@pytest.mark.usefixtures("tracking")
def test_a_large_file_goes_through(tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        for i in range(64):
            file.write(bytes([i]) * 1024 * 1024)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(big))
    down = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="big.bin", dst_path=str(tmp_path / "down")
    )
    assert Path(down).read_bytes() == big.read_bytes()


@pytest.mark.usefixtures("tracking")
def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        pass
    with pytest.raises(MlflowException):
        mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id, artifact_path="gone.txt", dst_path=str(tmp_path / "down")
        )


class Raw:
    """Requests whose path no client library puts in order."""

    def __init__(self, server: ServerProcess, uri: str) -> None:
        self.server = server
        self.prefix = urlsplit(uri).path

    def __call__(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        parts = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=30)
        try:
            connection.putrequest(method, f"{self.prefix}{path}", skip_accept_encoding=True)
            connection.putheader("Authorization", f"Bearer {self.server.token}")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def raw(server: ServerProcess, tracking_uri: str) -> Raw:
    return Raw(server, tracking_uri)


ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
STRANGE = "....//"  # a folder with an odd name, nothing more
ENCODINGS = [
    "../",
    "%2e%2e/",
    "..%2f",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "%25252e%25252e/",
    "..%5c",
    "%2e%2e%5c",
    STRANGE,
]


@pytest.mark.parametrize("up", ENCODINGS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.usefixtures("tracking")
def test_no_request_leaves_the_folder_of_its_run(raw: Raw, server: ServerProcess, up: str, method: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("mine", "mine.txt")
    root = f"{ARTIFACTS}/{run.info.experiment_id}/{run.info.run_id}/artifacts"
    before = (server.home / "token").read_bytes()
    for depth in (1, 3, 6):
        for target in ("token", "workspace.db", "etc/passwd"):
            status, answer = raw(method, f"{root}/{up * depth}{target}", b"evil" if method == "PUT" else b"")
            if up == STRANGE:
                assert status in (200, 400, 404)
            else:
                assert status in (400, 404), answer
            assert before.strip() not in answer
            assert b"root:" not in answer
    assert (server.home / "token").read_bytes() == before
    assert not (server.home / "etc").exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "c:/x", "a%00b", "a%0ab"])
@pytest.mark.usefixtures("tracking")
def test_no_absolute_or_broken_path_is_taken(raw: Raw, path: str) -> None:
    with mlflow.start_run() as run:
        pass
    for root in (f"{run.info.experiment_id}/{run.info.run_id}/artifacts/", ""):
        for method in ("GET", "PUT", "DELETE"):
            status, answer = raw(method, f"{ARTIFACTS}/{root}{path}", b"x" if method == "PUT" else b"")
            assert status in (400, 404), (method, path, answer)
            assert b"Invalid path" in answer or b"ENDPOINT_NOT_FOUND" in answer


@pytest.mark.parametrize("up", ["../", "%2e%2e/", "%252e%252e%252f"])
@pytest.mark.usefixtures("tracking")
def test_no_listing_leaves_the_folder_of_its_run(raw: Raw, up: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("mine", "mine.txt")
    root = f"{run.info.experiment_id}/{run.info.run_id}/artifacts"
    for path in (f"{root}/{up}", f"{root}/{up}{up}{up}", up):
        status, answer = raw("GET", f"{ARTIFACTS}?path={quote(path, safe='/%')}")
        assert status == 400, answer
    status, answer = raw("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run.info.run_id}&path={up}")
    assert status == 400, answer


@pytest.mark.usefixtures("tracking")
def test_files_of_another_workspace_are_out_of_reach(raw: Raw, server: ServerProcess) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("mine", "mine.txt")
    path = f"{ARTIFACTS}/{run.info.experiment_id}/{run.info.run_id}/artifacts/mine.txt"
    assert raw("GET", path) == (200, b"mine")
    elsewhere = Raw(server, server.url)
    status, answer = elsewhere("GET", path)
    assert status == 404
    assert json.loads(answer)["error_code"] == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.usefixtures("tracking")
def test_a_file_is_sent_as_an_attachment_and_in_ranges(server: ServerProcess) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("<script>alert(1)</script>", "page.html")
    url = f"{mlflow.get_tracking_uri()}{ARTIFACTS}/{run.info.experiment_id}/{run.info.run_id}/artifacts/page.html"
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = requests.get(url, headers=headers, timeout=30)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.headers["Content-Type"].startswith("text/html")
    part = requests.get(url, headers={**headers, "Range": "bytes=1-6"}, timeout=30)
    assert (part.status_code, part.text) == (206, "script")


def test_a_large_file_goes_up_in_parts_if_the_client_is_told_so(
    tracking: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")  # which falls back: there are no such URLs
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1000000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * 1024 * 1024))
    content = bytes(range(256)) * 50_000
    (tmp_path / "big.bin").write_bytes(content)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "big.bin"), "some/folder")
    found = tracking.download_artifacts(run.info.run_id, "some/folder/big.bin", str(tmp_path))
    assert Path(found).read_bytes() == content
