"""Services through the server: whom it lets pass, and that what passes stays as it is."""

from __future__ import annotations

import http.server
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.rest import URL, Rest, serve
from zaffre.docker.engine import Engine

NAME = "zaffre.example"  # under which others reach the server


@pytest.fixture(scope="module")
def module_rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    home = tmp_path_factory.mktemp("zaffre") / "home"
    with serve(home, allowed_hosts=(NAME,)) as http:
        yield Rest(http, home)


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, and with headers of a service."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        seen = f"{self.command} {self.path} {self.headers.get('authorization')} {self.headers.get('cookie')}"
        self.send_response(418)
        self.send_header("x-ms-request-id", self.headers.get("x-ms-request-id", ""))
        self.send_header("x-own", "kept")
        self.send_header("set-cookie", "zaffre=stolen")
        self.send_header("content-type", "text/plain")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in (seen.encode(), b" ", body or b"-"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_OPTIONS = do_POST

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def service(rest: Rest, docker: Engine, port: int) -> Rest:
    """An ACI service ``svc`` without keys in the test's workspace, which the echo stands for."""
    assert docker.address
    deploy(rest, port)
    return rest


def deploy(rest: Rest, port: int, name: str = "svc", **fields: Any) -> None:
    snapshot = rest.post("/snapshots", {"files": []})["id"]
    made = {"entry_script": "s.py", "source_name": "", "snapshot_id": snapshot, "environment": {}, "container": True}
    rest.put(f"/services/{name}", {"spec": made, "compute_type": "ACI", **fields})
    uri = f"http://127.0.0.1:{port}/score"
    rest.post(f"/services/{name}/report", {"revision": 1, "state": "running", "scoring_uri": uri})


def caller(rest: Rest, host: str = "127.0.0.1", url: str = URL, **headers: str) -> TestClient:
    return TestClient(rest.http.app, base_url=url, client=(host, 1234), headers=headers)


def test_what_is_sent_arrives_and_what_is_answered_comes_back(service: Rest) -> None:
    here = caller(service, **{"x-ms-request-id": "mine", "cookie": "zaffre=mine"})
    base = f"/services/{service.ws}/svc"
    answer = here.post(f"{base}/score?a=b", content=b"data", headers={"authorization": "Bearer of-mine"})
    assert answer.status_code == 418
    assert answer.text == "POST /score?a=b None None data"  # without keys, a header for the server goes no further
    assert answer.headers["x-ms-request-id"] == "mine"
    assert answer.headers["x-own"] == "kept"
    assert answer.headers["content-type"] == "text/plain"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert here.get(f"{base}/score?a=b").text.startswith("GET /score?a=b ")
    assert here.get(f"{base}/swagger.json?version=3").text.startswith("GET /swagger.json?version=3 ")
    assert here.get(f"{base}/").text.startswith("GET / ")
    assert here.options(f"{base}/score").text.startswith("OPTIONS /score ")


def test_a_service_with_keys_sees_the_callers_key_and_decides(rest: Rest, docker: Engine, port: int) -> None:
    assert docker.address
    deploy(rest, port, auth_enabled=True)
    path = f"/services/{rest.ws}/svc/score"
    far = caller(rest, "192.0.2.7")
    answer = far.post(path, content=b"1", headers={"authorization": "Bearer KEY"})
    assert (answer.status_code, answer.text) == (418, "POST /score Bearer KEY None 1")
    assert far.post(path, content=b"1").status_code == 401
    # Who may work in the workspace needs no key to try the service: the server sends one.
    primary = rest.post("/services/svc/keys/list")["primary_key"]
    assert rest.raw("POST", "/services/svc/score", content=b"1").text == f"POST /score Bearer {primary} None 1"


@pytest.mark.parametrize(("host", "url"), [("192.0.2.7", URL), ("127.0.0.1", f"http://{NAME}")])
def test_a_service_without_keys_answers_strangers_from_elsewhere_only_with_a_token(
    service: Rest, host: str, url: str
) -> None:
    path = f"/services/{service.ws}/svc/score"
    answer = caller(service, host, url).post(path, content=b"1")
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    assert "carries no key" in answer.json()["message"]
    elsewhere = service.post("//tokens", {"kind": "user", "workspace": "default"})["token"]
    mine = service.post("//tokens", {"kind": "user", "workspace": service.ws})["token"]
    for token, status in (("wrong", 401), (elsewhere, 403), (mine, 418), (service.admin, 418)):
        headers = {"authorization": f"Bearer {token}"}
        assert caller(service, host, url).post(path, content=b"1", headers=headers).status_code == status


def test_local_services_and_those_that_are_not_there_are_not_found(service: Rest, port: int) -> None:
    snapshot = service.post("/snapshots", {"files": []})["id"]
    made = {"entry_script": "s.py", "source_name": "", "snapshot_id": snapshot, "environment": {}}
    service.put("/services/mine", {"spec": made})
    uri = f"http://127.0.0.1:{port}/score"
    service.post("/services/mine/report", {"revision": 1, "state": "running", "scoring_uri": uri})
    for path in (f"{service.ws}/mine", f"{service.ws}/none", "none/svc"):
        assert caller(service).post(f"/services/{path}/score", content=b"1").status_code == 404


def test_what_the_door_refuses_it_tells_as_services_do(service: Rest) -> None:
    deploy(service, 1, "gone")  # nobody listens there
    snapshot = service.post("/snapshots", {"files": []})["id"]
    made = {"entry_script": "s.py", "source_name": "", "snapshot_id": snapshot, "environment": {}, "container": True}
    service.put("/services/new", {"spec": made, "compute_type": "ACI"})
    here, base = caller(service), f"/services/{service.ws}"
    for name, status, words in (
        ("new", 503, "serves nothing yet"),
        ("gone", 503, "does not answer"),
        ("none", 404, "none"),
    ):
        answer = here.post(f"{base}/{name}/score", content=b"1", headers={"x-request-id": "mine"})
        assert (answer.status_code, sorted(answer.json())) == (status, ["message", "request_id"]), name
        assert words in answer.json()["message"]
        assert (
            answer.json()["request_id"] == answer.headers["x-request-id"] == answer.headers["x-ms-request-id"] == "mine"
        )
        assert answer.headers.get("retry-after") == ("1" if status == 503 else None)
    for refused, status in (
        (here.put(f"{base}/svc/score"), 405),
        (caller(service, "192.0.2.7").post(f"{base}/svc/score", headers={"x-request-id": "i" * 101}), 401),
        (here.post(f"{base}/svc/score", headers={"content-length": str(10**12)}), 413),
    ):
        assert refused.status_code == status
        assert uuid.UUID(refused.json()["request_id"]) == uuid.UUID(refused.headers["x-request-id"])
    assert caller(service, "192.0.2.7").post(f"{base}/svc/score").headers["www-authenticate"] == "Bearer"


def test_a_page_of_another_origin_cannot_call_a_service(service: Rest) -> None:
    stranger = caller(service, origin="http://evil.example")
    assert stranger.post(f"/services/{service.ws}/svc/score", content=b"1").status_code == 403
