"""The real application in this process, spoken to over its REST API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from zaffre.core.wire import API
from zaffre.server.app import create_app
from zaffre.server.settings import Settings

URL = "http://127.0.0.1"


class Rest:
    """Calls relative to a workspace; each checks the status it expects and returns the answer's JSON."""

    def __init__(self, http: TestClient, home: Path, ws: str = "lab") -> None:
        self.http = http
        self.home = home
        self.ws = ws

    @property
    def admin(self) -> str:
        return (self.home / "token").read_text().strip()

    def path(self, path: str) -> str:
        """``/...`` is below the workspace, ``//...`` below the API, anything else is meant as it is."""
        if path.startswith("//"):
            return API + path[1:]
        return f"{API}/workspaces/{self.ws}{path}"

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer: httpx.Response = self.http.request(method, self.path(path), **options)
        return answer

    def call(self, method: str, path: str, body: object = None, *, expect: int = 200, **query: Any) -> Any:
        answer = self.raw(method, path, json=body, params=query)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, **query)

    def post(self, path: str, body: object = None, **query: Any) -> Any:
        return self.call("POST", path, {} if body is None else body, **query)

    def put(self, path: str, body: object = None, **query: Any) -> Any:
        return self.call("PUT", path, body, **query)

    def patch(self, path: str, body: object, **query: Any) -> Any:
        return self.call("PATCH", path, body, **query)

    def delete(self, path: str, expect: int = 204) -> Any:
        return self.call("DELETE", path, expect=expect)

    def refused(self, method: str, path: str, body: object = None, **query: Any) -> tuple[int, str, str]:
        """The status, code and sentence of a refusal."""
        answer = self.raw(method, path, json=body, params=query)
        error = answer.json()["error"]
        assert error["message"].endswith("."), error["message"]
        return answer.status_code, error["code"], error["message"]

    def send(self, path: str, data: bytes, *, method: str = "PUT", expect: int = 200, **query: Any) -> Any:
        answer = self.raw(method, path, content=data, params=query)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def run(self, experiment: str = "exp", **fields: Any) -> str:
        self.put(f"/experiments/{experiment}")
        return str(self.post(f"/experiments/{experiment}/runs", fields)["id"])

    def as_(self, token: str | None) -> Rest:
        """The same server, asked with another token or none."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return Rest(TestClient(self.http.app, base_url=URL, headers=headers), self.home, self.ws)


def serve(home: Path, **settings: Any) -> TestClient:
    """A client of the real application; entered, it runs its life cycle."""
    client = TestClient(create_app(Settings(home=home, **settings)), base_url=URL)
    client.headers["Authorization"] = f"Bearer {(home / 'token').read_text().strip()}"
    return client
