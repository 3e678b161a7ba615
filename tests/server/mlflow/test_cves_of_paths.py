"""The advisories about paths: whatever names a file or a model, in whatever writing, stays in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import API, Door
from tests.server.rest import serve
from zaffre.server.artifacts import roots

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cves") / "home"


@pytest.fixture(scope="module")
def http(home: Path) -> Iterator[TestClient]:
    with serve(home) as client:
        yield client


@pytest.fixture
def run_id(door: Door) -> str:
    """A run with the file m/MLmodel."""
    run_id = door.run()
    door.http.put(f"{FILES}/0/{run_id}/artifacts/m/MLmodel", content=b"flavors").raise_for_status()
    return run_id


# CVE-2023-1177, -1176, -2356, -2780, -6909, -6975, -6976, -6977, CVE-2024-1558, -1593, -1594, -3573, CVE-2025-11201
SOURCES = [
    *("file:///etc", "file:/etc", "file:etc", "FILE:///etc", "file://localhost/etc", "/etc", "//etc", "///etc", "etc"),
    *("//proc/self/root", "file://proc/self/root", "./", ".", "..", "../..", "~", "C:\\Windows", "c:/windows", "\\etc"),
    *("http://127.0.0.1/etc", "https://example.com/m", "s3://bucket/m", "gs://b/m", "dbfs:/m", "hdfs:/m", "ftp://h/m"),
    *("mlflow-artifacts:/../../etc", "mlflow-artifacts:/%2e%2e/%2e%2e/etc", "mlflow-artifacts://host/../../etc"),
    *("mlflow-artifacts:///etc", "mlflow-artifacts:/0/{run}/artifacts/../../../etc", "mlflow-artifacts:file:///etc"),
    *("mlflow-artifacts:/0/{run}/artifacts/m?/../../../etc", "mlflow-artifacts:/0/{run}/artifacts/m#/../../etc"),
    *("mlflow-artifacts:/0/{run}/artifacts/m;/../../../etc", "mlflow-artifacts:/0/{run}/artifacts/m%3f/../../etc"),
    *("mlflow-artifacts:/0/{run}/artifacts/m%00", "mlflow-artifacts:/0/{run}/artifacts/m\x00/etc"),
    *("runs:/{run}/../../etc", "runs:/{run}/%2e%2e/%2e%2e/etc", "runs:/{run}/%252e%252e/etc", "runs:/{run}//etc"),
    *("runs:/../{run}/m", "runs:/{run}/m\\..\\..\\etc", "runs:/{run}/m?x=/../..", "runs://profile@databricks/{run}/m"),
    *(
        "models:/../1",
        "models:/m-1/../../etc",
        "models:/%2e%2e/1",
        "models://etc/1",
        "models:/x/../../1",
        "models:/a@../..",
    ),
    *(
        "runs:/{run}",
        "runs:/{run}/",
        "",
        " ",
        "\n",
        "jar:file:///etc!/x",
        "data:text/plain,x",
        "file://{run}/etc/passwd",
    ),
]


def test_a_version_of_one_run_has_no_files_of_another(door: Door, run_id: str) -> None:
    name = f"of-{run_id}"
    door.post("registered-models/create", {"name": name})
    other = door.run()
    door.http.put(f"{FILES}/0/{other}/artifacts/m/MLmodel", content=b"other").raise_for_status()
    model = door.post("logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]["model_id"]
    door.http.put(f"{FILES}/0/models/{model}/artifacts/MLmodel", content=b"other").raise_for_status()
    for fields in (
        {"run_id": run_id, "source": f"runs:/{other}/m"},
        {"run_id": run_id, "source": f"mlflow-artifacts:/0/{other}/artifacts/m"},
        {"model_id": "m-" + "0" * 32, "source": f"models:/{model}"},
        {"model_id": "m-" + "0" * 32, "source": f"mlflow-artifacts:/0/models/{model}/artifacts"},
    ):
        refused = door.post("model-versions/create", {"name": name, **fields}, status=400)
        assert "is not among the files of" in refused["message"]
    assert "model_versions" not in door.get("model-versions/search", filter=f"name = '{name}'")


@pytest.mark.parametrize("source", SOURCES)
def test_a_version_comes_from_nowhere_but_its_run_or_model(door: Door, run_id: str, source: str) -> None:
    name = f"of-{run_id}"
    door.post("registered-models/create", {"name": name})
    body = {"name": name, "source": source.replace("{run}", run_id)}
    for more in ({}, {"run_id": run_id}):
        answer = door.http.post(f"{API}/model-versions/create", json={**body, **more})
        assert answer.status_code in (400, 404), answer.text
        assert answer.json()["error_code"] in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")
    assert door.get("model-versions/search", filter=f"name = '{name}'") == {}


@pytest.mark.parametrize("path", ["/get-artifact", "/model-versions/get-artifact", "/workspaces/default/get-artifact"])
def test_the_routes_that_read_any_file_are_not_there(http: TestClient, path: str) -> None:
    query = {"run_id": "x", "run_uuid": "x", "name": "x", "version": "1", "path": "../../../../etc/passwd"}
    answer = http.get(path, params=query)
    assert answer.status_code == 404
    assert "root:" not in answer.text


# CVE-2024-1483, -3848
@pytest.mark.parametrize(
    "location",
    [
        *("file:///etc", "/etc", "http:///#/../../../../etc", "http://host?/../../etc", "mlflow-artifacts:/../../etc"),
        *(
            "s3://b/#/../../../..",
            "dbfs:/x#/../..",
            "relative",
            "mlflow-artifacts:/x#/../../../etc",
            "file:///x;/../..",
        ),
    ],
)
def test_no_experiment_says_where_its_files_are(door: Door, location: str) -> None:
    body = {"name": f"at {location}", "artifact_location": location}
    assert "artifact_location" in door.post("experiments/create", body, status=501)["message"]


# CVE-2023-6018 (written), -6831 and CVE-2024-1560 (removed, decoded twice)
UPS = [
    *(
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "%252e%252e%252f",
        "%25252e%25252e%25252f",
        "%2e%2e%255c",
        "..%5c",
        "..\\",
    ),
    *(
        "%c0%ae%c0%ae/",
        "%e0%80%ae%e0%80%ae/",
        "%uff0e%uff0e/",
        "\uff0e\uff0e/",
        "..;/",
        "..%00/",
        "..%0a/",
        ".%2e/",
        "%2e./",
    ),
    *("....//", "..././", "..%2f%2f", "%2f..%2f", "%252f..%252f", "//..//", "..%ef%bc%8f", "..\u2215", "..%u2215"),
]
TARGETS = ["token", "workspace.db", "server.json", "etc/passwd", "tmp/evil"]


def everything_outside(home: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.startswith("workspace.db") and "artifacts" not in path.parts
    }


@pytest.mark.parametrize("up", UPS)
def test_no_writing_of_a_path_leaves_the_folder(door: Door, home: Path, run_id: str, up: str) -> None:
    before = everything_outside(home)
    assert "token" in before
    for depth in (1, 2, 5, 9):
        for target in TARGETS:
            path = f"{FILES}/0/{run_id}/artifacts/{up * depth}{target}"
            for method in ("PUT", "GET", "DELETE"):
                answer = door.http.request(method, path, content=b"evil" if method == "PUT" else None)
                assert answer.status_code in (200, 400, 404), answer.text
                # What a name with odd characters in it may be is a file of that odd name below the run.
                assert answer.content in (b"evil", b"{}") or answer.json()["error_code"]
    assert everything_outside(home) == before
    assert not Path("/tmp/evil").exists()  # noqa: S108 - where the path would have led
    assert door.http.get(f"{FILES}/0/{run_id}/artifacts/m/MLmodel").content == b"flavors"


@pytest.mark.parametrize(
    "name", ["../../x", "..", ".", "/etc", "a/b", "a\\b", "%2e%2e", "%2e%2e%2fx", "a\x00", "c:x", "x" * 257]
)
def test_cve_2025_11201_and_2026_2614_a_model_is_no_path(door: Door, name: str, home: Path) -> None:
    before = everything_outside(home)
    door.post("registered-models/create", {"name": name}, status=400)
    unknown = 400 if "\x00" in name else 404  # no text may hold NUL, whatever it names
    door.post("model-versions/create", {"name": name, "source": "runs:/x/m"}, status=unknown)
    door.post("registered-models/delete", {"name": name}, method="DELETE", status=unknown)
    for version in ("../1", "1/../../x", "1%2f..", "-1", "1e3", "0x1", "\u0661", "", " 1", "9" * 19):
        answer = door.http.get(f"{API}/model-versions/get-download-uri", params={"name": name, "version": version})
        assert answer.status_code == 400, answer.text
        below = f"{FILES}/registry/{quote(name, safe='')}/{quote(version, safe='')}/x"
        assert door.http.get(below).status_code in (400, 404)
    assert everything_outside(home) == before


def test_a_link_in_the_store_leads_nowhere(door: Door, home: Path, run_id: str) -> None:
    """None can be made by a request; one that an operator left is not followed either."""
    folder = home / "artifacts" / roots.run("default", run_id)
    (home / "outside").mkdir(exist_ok=True)
    (home / "outside" / "secret.txt").write_text("secret")
    (folder / "link").symlink_to(home / "outside")
    (folder / "file").symlink_to(home / "outside" / "secret.txt")
    base = f"{FILES}/0/{run_id}/artifacts"
    for path in ("link/secret.txt", "file", "link", "link/../m/MLmodel"):
        for method in ("GET", "PUT", "DELETE"):
            answer = door.http.request(method, f"{base}/{path}", content=b"x" if method == "PUT" else None)
            assert answer.content != b"secret"
            if path != "link/../m/MLmodel":  # which the client library has put in order
                assert answer.status_code in (400, 404), (method, path)
    assert "secret.txt" not in door.http.get(FILES, params={"path": f"0/{run_id}/artifacts/link"}).text
    assert (home / "outside" / "secret.txt").read_text() == "secret"


DEEP = 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b'{"tags":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'"' + b'\\"' * DEEP + b'"',
        b"\xff\xfe\x00",
        b"\x00" * 1000,
        b"{" + b'"name": "x",' * 1000 + b'"name": 5}',
        b'{"name": "\\ud800"}',
        b'{"name": 1e999999}',
        b'{"name": ' + b"9" * 100_000 + b"}",
        b'{"experiment_id": null, "name": null}',
        b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--",
    ],
)
def test_no_body_is_more_than_a_bad_request(door: Door, body: bytes) -> None:
    for method, path in (
        ("POST", "experiments/create"),
        ("POST", "runs/log-batch"),
        ("POST", "runs/search"),
        ("PATCH", "registered-models/update"),
        ("DELETE", "model-versions/delete"),
        ("POST", "logged-models"),
        ("PATCH", "logged-models/m-1"),
        ("POST", "webhooks"),
    ):
        headers = {"Content-Type": "application/json"}
        answer = door.http.request(method, f"{API}/{path}", content=body, headers=headers)
        found: dict[str, Any] = answer.json()
        if path == "runs/search" and answer.status_code == 200:
            continue  # it needs nothing, and what it does not know it leaves alone
        assert answer.status_code in (400, 404), (path, answer.text[:300])
        assert set(found) == {"error_code", "message"}
        assert len(found["message"]) < 2000


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "", "application/jsonp"]
)
def test_a_body_of_another_kind_is_refused(door: Door, kind: str) -> None:
    answer = door.http.post(f"{API}/experiments/create", content=b'{"name": "x"}', headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("path", [f"{API}/runs/log-batch", f"{API}/model-versions/create", f"{API}/webhooks"])
def test_a_body_over_its_limit_is_refused(door: Door, path: str) -> None:
    body = b'{"run_id": "' + b"x" * (33 * 1024 * 1024) + b'"}'
    answer = door.http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
