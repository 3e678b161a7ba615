"""Webhooks as rows: made, shown without their secret, changed, tried out, removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import Door
from tests.server.rest import serve
from tests.server.webhooks.receiver import receiving

CREATED = [{"entity": "MODEL_VERSION", "action": "CREATED"}]


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server whose webhooks may reach this machine."""
    with serve(Path(tmp_path_factory.mktemp("free")) / "home", private_webhooks=True) as client:
        yield client


@pytest.fixture
def open_door(free: TestClient) -> Door:
    return Door(free)


def make(door: Door, expected: int = 200, /, **fields: Any) -> Any:
    body = {"name": "hook", "url": "http://127.0.0.1:9/x", "events": CREATED, **fields}
    return door.post("webhooks", body, status=expected)


def test_a_webhook_comes_and_goes(open_door: Door) -> None:
    made = make(open_door, description="d", secret="s3cret")["webhook"]
    assert made["status"] == "ACTIVE"
    assert made["events"] == CREATED
    assert "s3cret" not in str(made)
    assert open_door.get(f"webhooks/{made['webhook_id']}")["webhook"] == made
    change = {"name": "other", "events": [{"entity": "PROMPT", "action": "CREATED"}], "status": "DISABLED"}
    changed = open_door.post(f"webhooks/{made['webhook_id']}", change, method="PATCH")["webhook"]
    assert (changed["name"], changed["status"], changed["url"]) == ("other", "DISABLED", made["url"])
    assert changed["events"] == change["events"]
    assert changed["description"] == "d"
    assert open_door.post(f"webhooks/{made['webhook_id']}", method="DELETE") == {}
    for method in ("PATCH", "DELETE"):
        open_door.post(f"webhooks/{made['webhook_id']}", method=method, status=404)
    open_door.get(f"webhooks/{made['webhook_id']}", 404)
    open_door.post(f"webhooks/{made['webhook_id']}/test", status=404)


def test_they_are_listed_newest_first_in_pages(open_door: Door) -> None:
    ids = [make(open_door)["webhook"]["webhook_id"] for _ in range(5)]
    first = open_door.get("webhooks", max_results=3)
    rest = open_door.get("webhooks", max_results=3, page_token=first["next_page_token"])
    listed = [webhook["webhook_id"] for page in (first, rest) for webhook in page["webhooks"]]
    assert listed == ids[::-1]
    assert "next_page_token" not in rest
    for most in (0, 1001):
        open_door.get("webhooks", 400, max_results=most)
    open_door.get("webhooks", 400, page_token="x")
    for webhook_id in ids:
        open_door.post(f"webhooks/{webhook_id}", method="DELETE")
    assert open_door.get("webhooks") == {}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "-x"}, 400),
        ({"name": "x" * 64}, 400),
        ({"url": ""}, 400),
        ({"url": "file:///etc/passwd"}, 400),
        ({"events": []}, 400),
        ({"events": [{"entity": "MODEL_VERSION"}]}, 400),
        ({"events": [{"entity": "MODEL_VERSION", "action": "EXCEEDED"}]}, 400),
        ({"events": [{"entity": "NOTHING", "action": "CREATED"}]}, 400),
        ({"events": [{"entity": 99, "action": 1}]}, 400),
        ({"events": [{"entity": "BUDGET_POLICY", "action": "EXCEEDED"}]}, 501),
        ({"status": "SLEEPING"}, 400),
        ({"description": "x" * 1001}, 400),
        ({"secret": "x" * 1001}, 400),
    ],
)
def test_what_cannot_be_is_refused(open_door: Door, fields: dict[str, Any], status: int) -> None:
    make(open_door, status, **fields)
    assert open_door.get("webhooks") == {}


def test_enums_travel_by_number_too(open_door: Door) -> None:
    made = make(open_door, events=[{"entity": 2, "action": 1}])["webhook"]
    assert made["events"] == CREATED
    open_door.post(f"webhooks/{made['webhook_id']}", method="DELETE")


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://10.0.0.1/x"])
def test_no_private_address_unless_a_setting_allows_it(door: Door, url: str) -> None:
    assert "not a public address" in make(door, 400, url=url)["message"]
    assert "https" in make(door, 400, url="http://example.com/x")["message"]


def test_trying_out_tells_what_the_receiver_said(open_door: Door) -> None:
    with receiving() as receiver:
        made = make(open_door, url=receiver.url, secret="key")["webhook"]
        path = f"webhooks/{made['webhook_id']}/test"
        assert open_door.post(path)["result"] == {"success": True, "response_status": 200, "response_body": "thanks"}
        other = {"event": {"entity": "PROMPT_ALIAS", "action": "DELETED"}}
        receiver.answers.append((500, {}, b"no"))
        assert open_door.post(path, other)["result"]["success"] is False
        assert [found.event for found in receiver.received] == ["model_version.created", "prompt_alias.deleted"]
        assert "X-MLflow-Signature" in receiver.received[0].headers
        open_door.post(f"webhooks/{made['webhook_id']}", {"secret": ""}, method="PATCH")
        open_door.post(path)
        assert "X-MLflow-Signature" not in receiver.received[2].headers
    assert "did not answer" in open_door.post(path)["result"]["error_message"]
    open_door.post(f"webhooks/{made['webhook_id']}", method="DELETE")


def test_workspaces_have_their_own(open_door: Door) -> None:
    open_door.http.get("/api/v1/workspaces/apart?create=true").raise_for_status()
    there = Door(open_door.http, "/workspaces/apart")
    webhook_id = make(there)["webhook"]["webhook_id"]
    assert open_door.get("webhooks") == {}
    open_door.get(f"webhooks/{webhook_id}", 404)
    open_door.post(f"webhooks/{webhook_id}", method="DELETE", status=404)
    there.post(f"webhooks/{webhook_id}", method="DELETE")


def test_no_script_makes_one(free: TestClient) -> None:
    made = free.post("/api/v1/tokens", json={"kind": "mlflow", "workspace": "default"}).json()
    script = TestClient(free.app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {made['token']}"})
    assert make(Door(script), 403)["error_code"] == "PERMISSION_DENIED"
    assert Door(script).get("webhooks") == {}
