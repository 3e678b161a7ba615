"""The service over real HTTP: routes, statuses, headers, limits."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.serving.scoring_process import ECHO, SECONDS, ScoringProcess
from tests.waiting import until

FAILED = {"message": "An unexpected error occurred in scoring script. Check the logs for more info."}


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path_factory.mktemp("echo"), ECHO, "--max-body-bytes", "1000") as service:
        yield service


def test_a_post_is_scored_and_answered_as_json(echo: ScoringProcess) -> None:
    reply = echo.score({"data": [1, 2]})
    assert (reply.status_code, reply.json()) == (200, {"data": [1, 2]})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert float(reply.headers["x-ms-run-fn-exec-ms"]) >= 0


def test_liveness_and_readiness(echo: ScoringProcess) -> None:
    reply = echo.http.get("/")
    assert (reply.status_code, reply.text) == (200, "Healthy")
    assert reply.headers["content-type"].startswith("text/html")
    assert echo.http.get("/ready").status_code == 200
    head = echo.http.head("/")
    assert (head.status_code, head.content) == (200, b"")


def test_a_get_passes_its_query_as_json(echo: ScoringProcess) -> None:
    reply = echo.http.get("/score", params=[("a", "1"), ("a", "2"), ("b", "")])
    assert reply.json() == {"a": [1, 2], "b": ""}


def test_options_without_rawhttp_is_empty(echo: ScoringProcess) -> None:
    reply = echo.http.options("/score")
    assert (reply.status_code, reply.content) == (200, b"")


@pytest.mark.parametrize("version", ["2", "2.0", None])
def test_swagger_2_is_the_default(echo: ScoringProcess, version: str | None) -> None:
    reply = echo.http.get("/swagger.json", params={"version": version} if version else {})
    document = reply.json()
    assert document["swagger"] == "2.0"
    assert document["definitions"]["ServiceInput"] == {"type": "object", "example": {}}
    assert document["paths"]["/score"]["post"]["operationId"] == "RunMLService"


@pytest.mark.parametrize("version", ["3", "3.0", "3.1"])
def test_swagger_3(echo: ScoringProcess, version: str) -> None:
    document = echo.http.get("/swagger.json", params={"version": version}).json()
    assert document["openapi"].startswith("3.")
    assert set(document["components"]["schemas"]) == {"ServiceInput", "ServiceOutput", "ErrorResponse"}


def test_an_unknown_swagger_version_is_not_found(echo: ScoringProcess) -> None:
    reply = echo.http.get("/swagger.json", params={"version": "9"})
    assert reply.status_code == 404
    assert reply.json()["message"] == "Swagger version [9] is not valid. Supported versions: [2, 3, 3.1]."


def test_unknown_paths_and_methods(echo: ScoringProcess) -> None:
    reply = echo.http.get("/scores")
    assert reply.status_code == 404
    assert "was not found" in reply.json()["message"]
    assert echo.http.delete("/score").status_code == 405
    assert echo.http.post("/").status_code == 405
    assert echo.http.put("/score").json()["message"].startswith("The method is not allowed")


def test_a_body_over_the_limit_is_refused_and_the_service_goes_on(echo: ScoringProcess) -> None:
    assert echo.http.post("/score", content=b"x" * 1001).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 600] * 2

    reply = echo.http.post("/score", content=pieces())  # chunked: no length is announced
    assert reply.status_code == 413
    assert "1000 bytes" in reply.json()["message"]
    assert echo.score(1).json() == 1


def test_a_body_in_pieces_is_scored(echo: ScoringProcess) -> None:
    assert echo.http.post("/score", content=iter([b"[1,", b"2]"])).json() == [1, 2]


def test_a_body_that_is_not_text_is_a_bad_request(echo: ScoringProcess) -> None:
    reply = echo.http.post("/score", content=b'{"a": "\xff"}')
    assert reply.status_code == 400
    assert "UTF-8" in reply.json()["message"]


def test_an_exception_in_run_is_500_with_its_traceback_in_the_log(echo: ScoringProcess) -> None:
    reply = echo.http.post("/score", content=b"{broken", headers={"x-request-id": "find-me"})
    assert (reply.status_code, reply.json()) == (500, FAILED)
    assert reply.headers["x-ms-run-function-failed"] == "True"
    log = echo.wait_for_log("JSONDecodeError")
    assert "find-me" in log
    assert 'score.py", line' in log


def test_request_ids_are_made_and_carried_back(echo: ScoringProcess) -> None:
    made = echo.score(1).headers
    assert uuid.UUID(made["x-request-id"])
    assert made["x-ms-request-id"] == made["x-request-id"]
    assert "x-ms-client-request-id" not in made

    given = echo.score(1, headers={"x-ms-client-request-id": "mine", "traceid": "t"}).headers
    assert given["x-ms-request-id"] == "mine"
    assert given["x-ms-client-request-id"] == "mine"
    assert given["traceid"] == "t"

    both = echo.score(1, headers={"x-ms-request-id": "A", "x-ms-client-request-id": "B"}).headers
    assert (both["x-ms-request-id"], both["x-ms-client-request-id"]) == ("A", "B")


@pytest.mark.parametrize("name", ["x-request-id", "x-ms-request-id", "x-ms-client-request-id"])
def test_a_request_id_over_100_characters_is_431(echo: ScoringProcess, name: str) -> None:
    assert echo.score(1, headers={name: "x" * 100}).status_code == 200
    reply = echo.score(1, headers={name: "x" * 101})
    assert reply.status_code == 431
    assert name in reply.json()["message"]
    assert "x-ms-request-id" not in reply.headers


def test_a_caller_that_hangs_up_does_not_harm(echo: ScoringProcess) -> None:
    host, port = echo.http.base_url.host, echo.http.base_url.port
    with socket.create_connection((host, port or 0), timeout=SECONDS) as raw:
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert echo.score([3]).json() == [3]


def test_what_is_not_http_is_refused(echo: ScoringProcess) -> None:
    host, port = echo.http.base_url.host, echo.http.base_url.port
    with socket.create_connection((host, port or 0), timeout=SECONDS) as raw:
        raw.sendall(b"\x16\x03\x01 this is no request\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_calls_are_made_one_at_a_time_on_the_thread_of_init(tmp_path: Path) -> None:
    script = """
        import threading, time
        def init():
            global home, running
            home, running = threading.current_thread(), 0
        def run(data):
            global running
            running += 1
            time.sleep(0.02)
            seen, running = running, running - 1
            return [seen, threading.current_thread() is home, home is threading.main_thread()]
    """
    with ScoringProcess(tmp_path, script) as service, ThreadPoolExecutor(8) as pool:
        replies = [reply.json() for reply in pool.map(service.score, range(24))]
    assert replies == [[1, True, True]] * 24


def test_liveness_answers_while_run_is_busy(tmp_path: Path) -> None:
    script = """
        import time
        def init(): pass
        def run(data):
            open("started", "w").close()
            while not __import__("os").path.exists("go"):
                time.sleep(0.01)
            return "done"
    """
    with ScoringProcess(tmp_path, script) as service, ThreadPoolExecutor(1) as pool:
        scored = pool.submit(service.score)
        service.wait_for_file("started")
        assert service.http.get("/").text == "Healthy"
        assert not scored.done()
        (tmp_path / "go").touch()
        assert scored.result().json() == "done"


def test_sys_exit_in_run_does_not_end_the_service(tmp_path: Path) -> None:
    script = """
        import sys
        def init(): pass
        def run(data):
            if data == '"exit"': sys.exit(7)
            return data
    """
    with ScoringProcess(tmp_path, script) as service:
        assert service.score("exit").json() == FAILED
        assert service.score("on").json() == '"on"'
        assert "SystemExit: 7" in service.log()


def test_a_call_over_its_time_is_answered_and_stopped(tmp_path: Path) -> None:
    script = """
        import time
        def init(): pass
        def run(data):
            if data == "1":
                while True:
                    try:
                        time.sleep(0.01)
                    except Exception:
                        pass
            return data
    """
    with ScoringProcess(tmp_path, script, SCORING_TIMEOUT_MS="500") as service:
        reply = service.score(1)
        late = {"message": "Scoring timeout after 500 ms", "request_id": reply.headers["x-request-id"]}
        assert (reply.status_code, reply.json()) == (500, late)
        assert reply.headers["x-ms-run-function-failed"] == "True"
        assert service.score(2).json() == "2"
        assert "took longer than 500 ms" in service.log()


def test_a_call_that_waits_in_the_system_is_stopped_too(tmp_path: Path) -> None:
    script = """
        import time
        def init(): pass
        def run(data):
            if data == "1": time.sleep(600)
            return data
    """
    with ScoringProcess(tmp_path, script, SCORING_TIMEOUT_MS="500") as service:
        assert service.score(1).json()["message"] == "Scoring timeout after 500 ms"
        until(lambda: service.score(2).json() == "2", "an answer", SECONDS)
        assert "ScoringTimeout" in service.log()
        assert "does not end" not in service.log()


def test_a_signal_handler_of_the_script_stays_and_calls_are_still_stopped(tmp_path: Path) -> None:
    script = """
        import signal, time
        def init(): signal.signal(signal.SIGALRM, lambda *_: None)
        def run(data):
            while data == "1": time.sleep(0.01)
            return data
    """
    with ScoringProcess(tmp_path, script, SCORING_TIMEOUT_MS="500") as service:
        assert service.score(1).json()["message"] == "Scoring timeout after 500 ms"
        until(lambda: service.score(2).json() == "2", "an answer", SECONDS)


def test_waiting_for_others_counts_as_time_and_a_call_given_up_is_not_made(tmp_path: Path) -> None:
    script = """
        import time
        def init(): pass
        def run(data):
            with open("calls", "a") as f: f.write(data)
            end = time.monotonic() + 3
            while data == "1" and time.monotonic() < end:
                try:
                    time.sleep(0.01)
                except BaseException:
                    pass
            return data
    """
    with ScoringProcess(tmp_path, script, "--timeout-ms", "1000") as service, ThreadPoolExecutor(4) as pool:
        first = pool.submit(service.score, 1)
        service.wait_for_file("calls")
        assert service.score(2).status_code == 500  # waits behind the first, which will not be stopped
        assert first.result().status_code == 500
        assert pool.submit(service.score, 3).result().status_code in (200, 500)
        assert "2" not in (tmp_path / "calls").read_text()


def test_cross_origin_headers_for_the_named_origins_only(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, ECHO, AML_CORS_ORIGINS="http://a.example, http://b.example") as service:
        preflight = {"origin": "http://b.example", "access-control-request-method": "POST"}
        reply = service.http.options("/score", headers=preflight | {"access-control-request-headers": "x-y"})
        assert reply.headers["access-control-allow-origin"] == "http://b.example"
        assert "POST" in reply.headers["access-control-allow-methods"]
        assert reply.headers["access-control-allow-headers"] == "x-y"
        assert service.score(1, headers={"origin": "http://b.example"}).headers["vary"] == "Origin"
        other = service.score(1, headers={"origin": "http://c.example"})
        assert "access-control-allow-origin" not in other.headers


def test_the_path_prefix_the_name_and_the_version_are_honoured(tmp_path: Path) -> None:
    with ScoringProcess(
        tmp_path, ECHO, SERVICE_PATH_PREFIX="/api/v1/", SERVICE_NAME="digits", SERVICE_VERSION="7"
    ) as service:
        assert service.http.post("/api/v1/score", content="4").json() == 4
        assert service.http.get("/api/v1/").text == "Healthy"
        assert service.http.post("/score", content="4").status_code == 404
        document = service.http.get("/api/v1/swagger.json").json()
        assert document["info"] == {"title": "digits", "description": "The web service digits.", "version": "7"}
        assert "/api/v1/score" in document["paths"]


def test_a_swagger_file_of_the_user_is_served(tmp_path: Path) -> None:
    (tmp_path / "swagger3.json").write_text(json.dumps({"openapi": "mine"}))
    with ScoringProcess(tmp_path, ECHO) as service:
        assert service.http.get("/swagger.json?version=3").json() == {"openapi": "mine"}
        assert service.http.get("/swagger.json").json()["swagger"] == "2.0"
