"""From an act to the receiver: signed, again until it arrives, once the act is sure, and over a restart."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import Door
from tests.server.rest import URL, serve
from tests.server.webhooks.receiver import Receiver, receiving
from zaffre.server.app import reconciler
from zaffre.server.store import webhooks as rows

EVERY_MODEL_EVENT = [
    {"entity": entity, "action": action}
    for entity, action in (
        ("REGISTERED_MODEL", "CREATED"),
        ("MODEL_VERSION", "CREATED"),
        ("MODEL_VERSION_TAG", "SET"),
        ("MODEL_VERSION_TAG", "DELETED"),
        ("MODEL_VERSION_ALIAS", "CREATED"),
        ("MODEL_VERSION_ALIAS", "DELETED"),
    )
]
EVERY_PROMPT_EVENT = [
    {"entity": entity, "action": action}
    for entity, action in (
        ("PROMPT", "CREATED"),
        ("PROMPT_VERSION", "CREATED"),
        ("PROMPT_TAG", "SET"),
        ("PROMPT_TAG", "DELETED"),
        ("PROMPT_VERSION_TAG", "SET"),
        ("PROMPT_VERSION_TAG", "DELETED"),
        ("PROMPT_ALIAS", "CREATED"),
        ("PROMPT_ALIAS", "DELETED"),
    )
]


@pytest.fixture
def http(tmp_path: Path) -> Iterator[TestClient]:
    with serve(tmp_path / "home", private_webhooks=True, webhook_retry_seconds=0.05, reconcile_seconds=0.05) as client:
        background = reconciler(client.app.state.parts, URL)  # type: ignore[attr-defined]
        background.start()
        try:
            yield client
        finally:
            background.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def ask(door: Door, receiver: Receiver, events: list[dict[str, str]], **fields: Any) -> str:
    made = door.post("webhooks", {"name": "hook", "url": receiver.url, "events": events, **fields})
    return str(made["webhook"]["webhook_id"])


def waiting(http: TestClient, webhook_id: str) -> list[str]:
    store = http.app.state.parts.store  # type: ignore[attr-defined]
    return list(store.read(lambda connection: rows.waiting(connection, "default", webhook_id)))


def version(door: Door, name: str, **fields: Any) -> None:
    run_id = door.run()
    files = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    door.http.put(f"{files}/m/MLmodel", content=b"flavors").raise_for_status()
    door.post("model-versions/create", {"name": name, "source": f"runs:/{run_id}/m", "run_id": run_id, **fields})


def test_every_event_of_a_model_arrives(http: TestClient, receiver: Receiver) -> None:
    door = Door(http)
    ask(door, receiver, EVERY_MODEL_EVENT)
    door.post("registered-models/create", {"name": "m", "description": "d", "tags": [{"key": "a", "value": "b"}]})
    version(door, "m", tags=[{"key": "k", "value": "v"}])
    door.post("model-versions/set-tag", {"name": "m", "version": "1", "key": "t", "value": "x"})
    door.post("model-versions/delete-tag", {"name": "m", "version": "1", "key": "t"}, method="DELETE")
    door.post("registered-models/alias", {"name": "m", "alias": "best", "version": "1"})
    door.post("registered-models/alias", {"name": "m", "alias": "best"}, method="DELETE")
    door.post("registered-models/alias", {"name": "m", "alias": "best"}, method="DELETE")  # is gone: no event
    found = {one.event: one.message["data"] for one in receiver.wait_for(6)}
    assert found["registered_model.created"] == {"name": "m", "tags": {"a": "b"}, "description": "d"}
    assert found["model_version.created"].items() >= {"name": "m", "version": "1", "tags": {"k": "v"}}.items()
    assert found["model_version.created"]["source"].startswith("runs:/")
    assert found["model_version_tag.set"] == {"name": "m", "version": "1", "key": "t", "value": "x"}
    assert found["model_version_tag.deleted"] == {"name": "m", "version": "1", "key": "t"}
    assert found["model_version_alias.created"] == {"name": "m", "alias": "best", "version": "1"}
    assert found["model_version_alias.deleted"] == {"name": "m", "alias": "best"}
    assert {one.message["workspace"] for one in receiver.received} == {"default"}


def test_every_event_of_a_prompt_arrives(http: TestClient, receiver: Receiver) -> None:
    door = Door(http)
    ask(door, receiver, [*EVERY_PROMPT_EVENT, *EVERY_MODEL_EVENT])
    marked = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    door.post("registered-models/create", {"name": "p", "tags": [marked, {"key": "a", "value": "b"}]})
    text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
    door.post("model-versions/create", {"name": "p", "source": "prompt-template", "tags": [marked, text]})
    door.post("registered-models/set-tag", {"name": "p", "key": "t", "value": "x"})
    door.post("registered-models/delete-tag", {"name": "p", "key": "t"}, method="DELETE")
    door.post("model-versions/set-tag", {"name": "p", "version": "1", "key": "t", "value": "x"})
    door.post("model-versions/delete-tag", {"name": "p", "version": "1", "key": "t"}, method="DELETE")
    door.post("registered-models/alias", {"name": "p", "alias": "best", "version": "1"})
    door.post("registered-models/alias", {"name": "p", "alias": "best"}, method="DELETE")
    found = {one.event: one.message["data"] for one in receiver.wait_for(8)}
    assert found["prompt.created"] == {"name": "p", "tags": {"a": "b"}, "description": ""}
    created: dict[str, Any] = {
        "name": "p",
        "version": "1",
        "template": "Hello {{name}}",
        "tags": {},
        "description": None,
    }
    assert found["prompt_version.created"] == created
    assert found["prompt_tag.set"] == {"name": "p", "key": "t", "value": "x"}
    assert found["prompt_version_tag.deleted"] == {"name": "p", "version": "1", "key": "t"}
    assert {event for event in found if not event.startswith("prompt")} == set()
    assert len(found) == 8


def test_the_sdks_door_tells_webhooks_too(http: TestClient, receiver: Receiver) -> None:
    door = Door(http)
    ask(door, receiver, EVERY_MODEL_EVENT)
    run_id = door.run()
    files = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    http.put(f"{files}/w.bin", content=b"w").raise_for_status()
    model = {"name": "ours", "run_id": run_id, "run_path": "w.bin"}
    http.post("/api/v1/workspaces/default/models", json=model).raise_for_status()
    events = sorted(found.event for found in receiver.wait_for(2))
    assert events == ["model_version.created", "registered_model.created"]


def test_it_is_sent_again_under_the_same_id_until_it_arrives(http: TestClient, receiver: Receiver) -> None:
    door = Door(http)
    receiver.answers += [(503, {}, b"later"), (429, {"Retry-After": "0"}, b""), (500, {}, b"")]
    webhook_id = ask(door, receiver, EVERY_MODEL_EVENT, secret="s3cret")
    door.post("registered-models/create", {"name": "again"})
    attempts = receiver.wait_for(4)
    assert len({found.headers["X-MLflow-Delivery-Id"] for found in attempts}) == 1
    assert len({found.body for found in attempts}) == 1
    assert all(found.headers["X-MLflow-Signature"].startswith("v1,") for found in attempts)
    door.post("registered-models/create", {"name": "other"})
    receiver.wait_for(5)
    assert len(receiver.received) == 5
    assert receiver.received[4].message["data"]["name"] == "other"
    assert webhook_id


def test_what_is_refused_for_good_is_given_up_and_told(
    http: TestClient, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(http)
    receiver.answers += [(410, {}, b"gone")]
    with caplog.at_level(logging.INFO, "zaffre.server.webhooks"):
        ask(door, receiver, EVERY_MODEL_EVENT, secret="s3cret-key")
        door.post("registered-models/create", {"name": "one"})
        receiver.wait_for(1)
        door.post("registered-models/create", {"name": "two"})
        receiver.wait_for(2)
    assert [found.message["data"]["name"] for found in receiver.received] == ["one", "two"]
    assert "410" in caplog.text
    assert "s3cret-key" not in caplog.text
    assert "from=zaffre" not in caplog.text  # an address may hold a secret


def test_an_act_that_fails_is_not_told(http: TestClient, receiver: Receiver) -> None:
    door = Door(http)
    ask(door, receiver, EVERY_MODEL_EVENT)
    door.post("registered-models/create", {"name": "m"})
    door.post("registered-models/create", {"name": "m"}, status=400)
    door.post("registered-models/alias", {"name": "m", "alias": "a", "version": "9"}, status=404)
    door.post("registered-models/create", {"name": "last"})
    assert sorted(found.message["data"]["name"] for found in receiver.wait_for(2)) == ["last", "m"]
    assert len(receiver.received) == 2


def test_a_webhook_that_is_off_hears_nothing(http: TestClient, receiver: Receiver) -> None:
    door = Door(http)
    webhook_id = ask(door, receiver, EVERY_MODEL_EVENT, status="DISABLED")
    door.post("registered-models/create", {"name": "unheard"})
    assert waiting(http, webhook_id) == []
    door.post(f"webhooks/{webhook_id}", {"status": "ACTIVE"}, method="PATCH")
    door.post("registered-models/create", {"name": "heard"})
    assert [found.message["data"]["name"] for found in receiver.wait_for(1)] == ["heard"]
    receiver.answers += [(503, {"Retry-After": "300"}, b"")]
    door.post("registered-models/create", {"name": "late"})
    receiver.wait_for(2)
    door.post(f"webhooks/{webhook_id}", {"status": "DISABLED"}, method="PATCH")
    assert waiting(http, webhook_id) == []
    door.post(f"webhooks/{webhook_id}", method="DELETE")


def test_what_was_not_told_is_told_after_a_restart(tmp_path: Path) -> None:
    settings = {"private_webhooks": True, "webhook_retry_seconds": 0.05, "reconcile_seconds": 0.05}
    with receiving() as receiver:
        port = receiver.port
        with serve(tmp_path / "home", **settings) as client:
            webhook_id = ask(Door(client), receiver, EVERY_MODEL_EVENT)
            Door(client).post("registered-models/create", {"name": "kept"})
            (delivery,) = waiting(client, webhook_id)
    with receiving(port) as receiver, serve(tmp_path / "home", **settings) as client:
        background = reconciler(client.app.state.parts, URL)  # type: ignore[attr-defined]
        background.start()
        try:
            (found,) = receiver.wait_for(1)
        finally:
            background.stop()
    assert found.headers["X-MLflow-Delivery-Id"] == delivery
    assert found.message["data"]["name"] == "kept"


def test_a_lease_keeps_others_away_until_it_is_over(http: TestClient, receiver: Receiver) -> None:
    parts = http.app.state.parts  # type: ignore[attr-defined]
    webhook_id = ask(Door(http), receiver, EVERY_MODEL_EVENT)

    def leased(connection: Any) -> Any:
        rows.publish(connection, "default", "registered_model", "created", {"name": "x"})
        taken = rows.lease(connection, 2**62, 2**62, 10)
        assert rows.lease(connection, 2**62 - 1, 2**62, 10) == []
        return taken

    (delivery,) = parts.store.write(leased)
    assert waiting(http, webhook_id) == [delivery.id]
    assert not parts.store.write(lambda connection: rows.settle(connection, delivery.pk, "another", None))
    assert parts.store.write(lambda connection: rows.settle(connection, delivery.pk, delivery.lease, None))
    assert waiting(http, webhook_id) == []
