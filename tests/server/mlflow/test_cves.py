"""The security advisories of MLflow's own server, one by one, tried on this one. Paths are in test_cves_of_paths.py."""

from __future__ import annotations

import base64
import pickle
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import API, Door
from tests.server.webhooks.receiver import receiving

FILES = "/api/2.0/mlflow-artifacts/artifacts"
PASSWORD = "a long enough password"


def nobody(http: TestClient) -> TestClient:
    return TestClient(http.app, base_url="http://127.0.0.1")


def basic(http: TestClient, name: str, password: str) -> TestClient:
    client = nobody(http)
    client.headers["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    return client


def test_cve_2023_6014_nobody_makes_an_account(http: TestClient) -> None:
    for path in (f"{API}/users/create", "/api/2.0/mlflow/users/create-ui", "/api/v1/users", "/signup"):
        answer = nobody(http).post(path, json={"username": "eve", "name": "eve", "password": PASSWORD, "role": "admin"})
        assert answer.status_code == 401, path
    assert http.get("/api/v1/users").json()["items"] == []


@pytest.mark.parametrize("kind", ["<script>alert(1)</script>", "text/html;<img src=x onerror=alert(1)>", "x" * 5000])
def test_cve_2023_6568_a_content_type_is_not_given_back_as_a_page(http: TestClient, kind: str) -> None:
    answer = http.post(f"{API}/experiments/create", content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert "<" not in answer.text


def test_cve_2024_0520_the_source_of_a_data_set_is_fetched_by_nobody(door: Door) -> None:
    with receiving() as receiver:
        source = {"url": f"http://127.0.0.1:{receiver.port}/x?filename=../../../../tmp/evil"}
        dataset = {"name": "d", "digest": "1", "source_type": "http", "source": str(source)}
        run_id = door.run()
        door.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset}]})
        found = door.get("runs/get", run_id=run_id)["run"]["inputs"]["dataset_inputs"]
        assert found[0]["dataset"]["source"] == str(source)
        assert receiver.received == []


@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "{% for x in ().__class__.__base__.__subclasses__() %}", "${7*7}"])
def test_cve_2023_6709_and_6940_no_text_is_a_template(door: Door, text: str) -> None:
    run_id = door.run(run_name=text)
    door.post("runs/set-tag", {"run_id": run_id, "key": "t", "value": text})
    found = door.get("runs/get", run_id=run_id)["run"]
    assert found["info"]["run_name"] == text
    assert {"key": "t", "value": text} in found["data"]["tags"]


def test_cve_2024_4263_who_may_read_may_not_remove(http: TestClient, door: Door) -> None:
    made = http.post("/api/v1/users", json={"name": "reader", "password": PASSWORD, "role": "reader"})
    assert made.status_code == 200, made.text
    reader = basic(http, "reader", PASSWORD)
    path = f"{FILES}/0/{door.run()}/artifacts/f.txt"
    http.put(path, content=b"kept").raise_for_status()
    assert reader.get(path).content == b"kept"
    for answer in (reader.delete(path), reader.put(path, content=b"x"), reader.delete(path.rpartition("/")[0])):
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert http.get(path).content == b"kept"
    granted = http.put("/api/v1/workspaces/default/experiments/Default/permissions/reader", json={"level": "EDIT"})
    granted.raise_for_status()
    assert reader.put(path, content=b"edited").status_code == 200
    for answer in (reader.delete(path), reader.delete(path.rpartition("/")[0])):  # EDIT is not enough to remove
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert http.get(path).content == b"edited"
    http.delete("/api/v1/users/reader").raise_for_status()


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_cve_2024_37052_and_its_kin_the_server_never_unpickles(door: Door, tmp_path: Path) -> None:
    mark = tmp_path / "exploded"
    run_id = door.run()
    root = f"{FILES}/0/{run_id}/artifacts/m"
    flavors = (
        b"flavors:\n  sklearn:\n    pickled_model: model.pkl\n  python_function:\n    loader_module: mlflow.sklearn\n"
    )
    door.http.put(f"{root}/MLmodel", content=flavors).raise_for_status()
    door.http.put(f"{root}/model.pkl", content=pickle.dumps(Bomb(mark))).raise_for_status()
    door.post("registered-models/create", {"name": "bomb"})
    door.post("model-versions/create", {"name": "bomb", "source": f"runs:/{run_id}/m", "run_id": run_id})
    door.get("model-versions/get", name="bomb", version="1")
    assert door.http.get(f"{FILES}/registry/bomb/1/model.pkl").status_code == 200
    assert not mark.exists()
    pickle.loads(pickle.dumps(Bomb(mark)))  # noqa: S301 - that it would have worked
    assert mark.exists()


def test_cve_2025_0453_there_is_no_graphql_to_overload(http: TestClient) -> None:
    for path in ("/graphql", "/ajax-api/2.0/mlflow/graphql"):
        assert http.post(path, json={"query": "{" * 1000}).status_code == 404


def test_cve_2025_1473_no_other_page_changes_anything_with_a_session(http: TestClient) -> None:
    http.post("/api/v1/users", json={"name": "webuser", "password": PASSWORD, "role": "user"}).raise_for_status()
    browser = nobody(http)
    signed = browser.post("/api/v1/signin", json={"name": "webuser", "password": PASSWORD})
    assert signed.status_code < 400, signed.text
    assert browser.get(f"{API}/experiments/get?experiment_id=0").status_code == 200
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = browser.post(f"{API}/experiments/create", json={"name": "csrf"}, headers=headers)
        assert answer.status_code == 403, headers
    http.delete("/api/v1/users/webuser").raise_for_status()


@pytest.mark.parametrize("password", ["", "a", "1234567", None])
def test_cve_2025_1474_and_11200_a_password_is_not_empty_or_short(http: TestClient, password: object) -> None:
    answer = http.post("/api/v1/users", json={"name": "weak", "password": password, "role": "user"})
    assert answer.status_code == 400
    assert http.get("/api/v1/users").json()["items"] == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5577", "127.0.0.1.evil.example", "169.254.169.254"])
def test_cve_2025_14279_a_rebound_name_is_refused(http: TestClient, host: str) -> None:
    for path in (
        f"{API}/experiments/get?experiment_id=0",
        "/api/3.0/mlflow/server-info",
        "/version",
        f"{FILES}?path=x",
    ):
        answer = http.get(path, headers={"Host": host})
        assert answer.status_code == 403, path
        assert "host name" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *("2.0/mlflow/gateway-proxy", "3.0/mlflow/gateway/secrets/create", "3.0/mlflow/gateway/endpoints/create"),
        *("3.0/mlflow/jobs", "2.0/mlflow/runs/create-promptlab-run", "3.0/mlflow/scorers/invoke"),
    ],
)
def test_ghsa_wxj7_and_h7x2_the_server_calls_no_gateway(http: TestClient, path: str) -> None:
    with receiving() as receiver:
        target = {"gateway_path": receiver.url, "api_base": receiver.url, "target_uri": receiver.url}
        for prefix in ("/api", "/ajax-api"):
            assert http.post(f"{prefix}/{path}", json=target).status_code == 404
            assert http.get(f"{prefix}/{path}", params={"gateway_path": receiver.url}).status_code == 404
        assert receiver.received == []


@pytest.mark.parametrize("command", ["$(touch {mark})", "`touch {mark}`", "; touch {mark}", "| touch {mark} #"])
def test_ghsa_r23q_and_cve_2026_0596_no_name_reaches_a_shell(door: Door, tmp_path: Path, command: str) -> None:
    mark = tmp_path / "ran"
    text = command.replace("{mark}", str(mark))
    run_id = door.run(run_name=text)
    for source in (f"models:/{text}/1", f"runs:/{run_id}/{text}", text):
        door.http.post(f"{API}/model-versions/create", json={"name": "shell", "source": source})
    door.http.post(f"{API}/registered-models/create", json={"name": text})
    assert not mark.exists()


@pytest.mark.parametrize(("name", "password"), [("admin", "password1234"), ("admin", "admin"), ("admin", ""), ("", "")])
def test_cve_2026_2635_there_is_no_password_to_begin_with(http: TestClient, name: str, password: str) -> None:
    assert basic(http, name, password).get(f"{API}/experiments/get?experiment_id=0").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        *("/ajax-api/3.0/jobs", "/ajax-api/3.0/jobs/search", "/v1/traces", "/workspaces/default/v1/traces", "/graphql"),
        *("/get-artifact?run_id=x&path=y", "/model-versions/get-artifact?name=x&version=1&path=y", "/metrics"),
        *("/ajax-api/3.0/mlflow/traces/search", "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=x"),
        "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=x&path=y",
    ],
)
def test_cve_2026_0545_and_2652_no_route_stands_beside_the_guard(http: TestClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        answer = nobody(http).request(method, path)
        assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://169.254.169.254/latest", "https://[::ffff:7f00:1]/"])
def test_cve_2026_2393_webhooks_lead_into_no_private_network(door: Door, url: str) -> None:
    """Redirects (-64849) and names that are bound again (#24179): tests/server/webhooks/test_sender.py."""
    events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
    answer = door.post("webhooks", {"name": "w", "url": url, "events": events}, status=400)
    assert "not a public address" in answer["message"]
