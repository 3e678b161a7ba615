"""Services over REST: what is wanted, what supervisors report, and what becomes of silent ones."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.rest import URL, Rest, serve
from zaffre.server.app import reconciler


def spec(rest: Rest, **fields: Any) -> dict[str, Any]:
    snapshot = rest.post("/snapshots", {"files": []})["id"]
    return {"entry_script": "score.py", "source_name": "src", "snapshot_id": snapshot, "environment": {}, **fields}


def deploy(rest: Rest, name: str = "svc", **fields: Any) -> Any:
    return rest.put(f"/services/{name}", {"spec": spec(rest), **fields})


def report(rest: Rest, name: str = "svc", **fields: Any) -> Any:
    return rest.post(f"/services/{name}/report", {"revision": 1, **fields})


def model(rest: Rest, name: str = "iris") -> str:
    upload_id = rest.post("/uploads")["upload_id"]
    rest.send(f"/uploads/{upload_id}/m", b"x")
    made = rest.post("/models", {"name": name, "upload_id": upload_id})
    return f"{name}:{made['version']}"


def test_a_service_from_its_deployment_to_its_end(rest: Rest) -> None:
    made = deploy(rest, tags={"a": "b"}, description="words")
    assert (made["state"], made["revision"], made["spec"]["entry_script"]) == ("deploying", 1, "score.py")
    step = {"name": "environment", "started_at": 1, "ended_at": 2}
    assert report(rest, pid=7, host="here", steps=[step]) == {"revision": 1, "state": "deploying", "keys": None}
    answer = report(rest, state="running", scoring_uri="http://127.0.0.1:1/score", port=1)
    assert answer == {"revision": 1, "state": "running", "keys": None}
    shown = rest.get("/services/svc")
    assert (shown["state"], shown["pid"], shown["port"]) == ("running", 7, 1)
    assert shown["steps"][0]["name"] == "environment"
    assert shown["heartbeat_at"]
    rest.delete("/services/svc")
    assert rest.get("/services/svc")["state"] == "deleted"
    assert rest.get("/services")["items"] == []
    assert report(rest, state="running")["state"] == "deleted"
    assert report(rest, state="deleted")["state"] == "deleted"
    assert rest.refused("GET", "/services/svc")[:2] == (404, "WebserviceNotFound")
    assert rest.refused("POST", "/services/svc/report", {"revision": 1})[:2] == (404, "WebserviceNotFound")


def test_a_service_without_a_supervisor_is_deleted_at_once(rest: Rest) -> None:
    deploy(rest)
    rest.delete("/services/svc")
    assert rest.refused("GET", "/services/svc")[:2] == (404, "WebserviceNotFound")
    assert rest.refused("DELETE", "/services/svc")[:2] == (404, "WebserviceNotFound")


def test_an_existing_service_is_not_replaced_by_accident(rest: Rest) -> None:
    deploy(rest)
    assert rest.refused("PUT", "/services/svc", {"spec": spec(rest)})[:2] == (409, "WebserviceExists")
    assert deploy(rest, overwrite=True)["revision"] == 2


def test_a_deleted_service_may_be_deployed_again_before_its_supervisor_has_stopped(rest: Rest) -> None:
    deploy(rest)
    report(rest, state="running", pid=7)
    rest.delete("/services/svc")
    again = deploy(rest)
    assert (again["state"], again["revision"], again["pid"]) == ("deploying", 2, None)
    assert report(rest, state="running") == {"revision": 2, "state": "deploying", "keys": None}


def test_a_failure_says_why_and_a_new_revision_forgets_it(rest: Rest) -> None:
    deploy(rest)
    report(rest, state="failed", error={"code": "UserError", "message": "init() raised ValueError"})
    assert rest.get("/services/svc")["error"]["message"] == "init() raised ValueError"
    changed = rest.patch("/services/svc", {"spec": spec(rest, entry_script="other.py")})
    assert (changed["state"], changed["revision"], changed["error"]) == ("deploying", 2, None)
    assert report(rest, state="running") == {
        "revision": 2,
        "state": "deploying",
        "keys": None,
    }  # of the revision before
    assert report(rest, revision=2, state="running")["state"] == "running"


def test_only_a_change_of_what_is_served_is_a_new_revision(rest: Rest) -> None:
    deploy(rest, properties={"p": "q"})
    changed = rest.patch(
        "/services/svc", {"tags": {"a": "b", "c": "d"}, "description": "new", "properties": {"r": "s"}}
    )
    assert (changed["revision"], changed["tags"]) == (1, {"a": "b", "c": "d"})
    assert rest.patch("/services/svc", {"remove_tags": ["a"]})["tags"] == {"c": "d"}
    assert rest.refused("PATCH", "/services/svc", {"properties": {"p": "x"}})[:2] == (409, "StateConflict")
    assert rest.post("/services/svc/reload")["revision"] == 2
    other = rest.post("/snapshots", {"files": []})["id"]
    assert rest.post("/services/svc/reload", {"snapshot_id": other})["spec"]["snapshot_id"] == other
    assert rest.refused("POST", "/services/svc/reload", {"snapshot_id": "none"})[:2] == (404, "NotFound")


def test_a_model_in_use_is_not_deleted(rest: Rest) -> None:
    first, second = model(rest), model(rest)
    made = deploy(rest, models=[first, "iris"])
    assert made["models"] == [first, second]
    status, code, sentence = rest.refused("DELETE", "/models/iris/versions/1")
    assert (status, code) == (409, "ModelInUse")
    assert "svc" in sentence
    assert rest.patch("/services/svc", {"models": [second]})["revision"] == 2
    rest.delete("/models/iris/versions/1")
    rest.delete("/services/svc")
    rest.delete("/models/iris/versions/2")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"models": ["none:1"]}, "ModelNotFound"),
        ({"models": ["none"]}, "ModelNotFound"),
        ({"models": ["iris:x"]}, "InvalidValue"),
        ({"models": ["iris:1", "iris:1"]}, "WebserviceInvalid"),
        ({"models": ["iris"] * 1001}, "TooLarge"),
        ({"compute_type": "ACI"}, "WebserviceInvalid"),
        ({"compute_type": "IOT"}, "Unsupported"),
        ({"spec": {"entry_script": "s.py", "source_name": "s", "snapshot_id": "none", "environment": {}}}, "NotFound"),
    ],
)
def test_what_cannot_be_served_is_refused(rest: Rest, fields: dict[str, Any], code: str) -> None:
    model(rest)
    assert rest.refused("PUT", "/services/svc", {"spec": spec(rest), **fields})[1] == code
    assert rest.get("/services")["items"] == []


@pytest.mark.parametrize("name", ["ab", "Svc", "1svc", "svc-", "s" * 33])
def test_a_name_that_is_none_is_refused(rest: Rest, name: str) -> None:
    assert rest.refused("PUT", f"/services/{name}", {"spec": spec(rest)})[:2] == (400, "WebserviceInvalid")


def test_services_are_listed_and_filtered(rest: Rest) -> None:
    used = model(rest)
    deploy(rest, "one", tags={"k": "v"}, models=[used])
    deploy(rest, "two", properties={"p": "q"})

    def names(**query: Any) -> list[str]:
        return [item["name"] for item in rest.get("/services", **query)["items"]]

    assert names() == ["one", "two"]
    assert names(tag="k=v") == ["one"]
    assert names(tag="k=x") == []
    assert names(property="p") == ["two"]
    assert names(model="iris") == names(model=used) == ["one"]
    assert names(model="iris:9") == []
    assert rest.refused("GET", "/services", model="iris:x")[0] == 400


def test_a_service_keeps_its_log(rest: Rest) -> None:
    deploy(rest)
    assert rest.raw("GET", "/services/svc/logs").text == ""
    assert rest.send("/services/svc/logs", b"one\n", method="PATCH", offset=0)["size"] == 4
    assert rest.send("/services/svc/logs", b"one\ntwo\n", method="PATCH", offset=0)["size"] == 8
    assert rest.raw("GET", "/services/svc/logs").text == "one\ntwo\n"
    assert rest.raw("GET", "/services/svc/logs", params={"offset": 4}).text == "two\n"
    assert rest.raw("GET", "/services/svc/logs", params={"offset": 99}).text == ""
    assert rest.send("/services/none/logs", b"x", method="PATCH", offset=0, expect=404)
    rest.delete("/services/svc")
    deploy(rest)
    assert rest.raw("GET", "/services/svc/logs").text == ""


class Scorer(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(207)
        self.send_header("Content-Type", "application/json")
        self.send_header("x-ms-request-id", "7")
        self.send_header("Set-Cookie", "zaffre_session=stolen")
        self.end_headers()
        self.wfile.write(b'{"path": "' + self.path.encode() + b'", "got": ' + body + b"}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def scorer() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scorer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_can_be_tried_through_the_server(rest: Rest, scorer: int) -> None:
    deploy(rest)
    status, code, _ = rest.refused("POST", "/services/svc/score", {"x": 1})
    assert (status, code) == (409, "StateConflict")
    report(rest, state="running", scoring_uri=f"http://127.0.0.1:{scorer}/score")
    answer = rest.raw("POST", "/services/svc/score", json={"x": 1})
    assert (answer.status_code, answer.json()) == (207, {"path": "/score", "got": {"x": 1}})
    assert answer.headers["x-ms-request-id"] == "7"
    assert "set-cookie" not in answer.headers
    assert "sandbox" in answer.headers["content-security-policy"]


def test_the_server_sends_nothing_to_other_machines(rest: Rest) -> None:
    deploy(rest)
    for uri in ("http://192.0.2.1/score", "http://example.com/", "file:///etc/passwd", "https://127.0.0.1/"):
        report(rest, state="running", scoring_uri=uri)
        assert rest.refused("POST", "/services/svc/score", {})[:2] == (501, "Unsupported")


def test_a_service_that_does_not_answer_is_said(rest: Rest) -> None:
    deploy(rest)
    report(rest, state="running", scoring_uri="http://127.0.0.1:1/score")
    assert rest.refused("POST", "/services/svc/score", {})[:2] == (503, "ServerUnavailable")


def eventually(read: Any, wanted: object) -> Any:
    deadline = time.monotonic() + 30
    while (got := read()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert got == wanted
    return got


def test_a_silent_supervisor_is_noticed(tmp_path: Path) -> None:
    with serve(tmp_path, heartbeat_lost_seconds=0.5, reconcile_seconds=0.05) as http:
        rest = Rest(http, tmp_path, "default")
        background = reconciler(http.app.state.parts, URL)  # type: ignore[attr-defined]
        for name in ("run", "dep", "del"):
            deploy(rest, f"svc-{name}")
            report(rest, f"svc-{name}")
        report(rest, "svc-run", state="running")
        rest.delete("/services/svc-del")
        background.start()
        try:
            eventually(lambda: rest.get("/services/svc-run")["state"], "unknown")
            eventually(lambda: rest.get("/services/svc-dep")["state"], "failed")
            assert "Nothing was heard" in rest.get("/services/svc-dep")["error"]["message"]
            eventually(lambda: rest.raw("GET", "/services/svc-del").status_code, 404)
            assert report(rest, "svc-run", state="running")["state"] == "running"
        finally:
            background.stop()
