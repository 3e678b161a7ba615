"""Webhooks by the real client, verified with the signature that MLflow's own delivery makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from mlflow.webhooks.delivery import _generate_hmac_signature

from tests.server.webhooks.receiver import receiving
from tests.server_process import ServerProcess


@pytest.fixture
def client(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """A client of a server whose webhooks may reach this machine."""
    server = ServerProcess(home, arguments=("--allow-private-webhooks",)).start()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    yield MlflowClient(server.url)
    server.stop()


def test_a_webhook_by_the_client(client: MlflowClient) -> None:
    with receiving() as receiver:
        made = client.create_webhook(
            name="ci", url=receiver.url, events=["model_version.created", "registered_model.created"], secret="key"
        )
        assert [found.webhook_id for found in client.list_webhooks()] == [made.webhook_id]
        assert client.get_webhook(made.webhook_id).events == made.events
        assert client.test_webhook(made.webhook_id).success
        client.create_registered_model("told", description="d")
        found = next(one for one in receiver.wait_for(2) if one.message["data"]["name"] == "told")
        assert found.message["data"] == {"name": "told", "tags": {}, "description": "d"}
        sent = {name.lower(): value for name, value in found.headers.items()}
        expected = _generate_hmac_signature(
            "key", sent["x-mlflow-delivery-id"], sent["x-mlflow-timestamp"], found.body.decode()
        )
        assert sent["x-mlflow-signature"] == expected
        assert client.update_webhook(made.webhook_id, status="DISABLED").status == "DISABLED"
        client.delete_webhook(made.webhook_id)
    assert client.list_webhooks() == []
