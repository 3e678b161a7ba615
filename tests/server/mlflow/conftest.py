"""The real application in this process, spoken to as a client speaks to it: bytes in, JSON out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from zaffre.server.app import create_app
from zaffre.server.settings import Settings

API = "/api/2.0/mlflow"


class Door:
    """MLflow's protocol at one prefix. Each call returns the answer's JSON and checks its status."""

    def __init__(self, http: TestClient, prefix: str = "") -> None:
        self.http = http
        self.prefix = prefix

    def post(self, path: str, body: object = None, *, status: int = 200, method: str = "POST") -> Any:
        answer = self.http.request(method, f"{self.prefix}{API}/{path}", json={} if body is None else body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, expected: int = 200, /, **query: Any) -> Any:
        answer = self.http.get(f"{self.prefix}{API}/{path}", params=query)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def experiment(self, name: str) -> str:
        return str(self.post("experiments/create", {"name": name})["experiment_id"])

    def run(self, experiment_id: str = "0", **fields: Any) -> str:
        made = self.post("runs/create", {"experiment_id": experiment_id, **fields})
        return str(made["run"]["info"]["run_id"])


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("home")
    with TestClient(create_app(Settings(home=home)), base_url="http://127.0.0.1") as client:
        client.headers["Authorization"] = f"Bearer {(home / 'token').read_text().strip()}"
        yield client


@pytest.fixture
def door(http: TestClient) -> Door:
    return Door(http)
