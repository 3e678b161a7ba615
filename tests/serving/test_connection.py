"""HTTP as callers of all sorts speak it: pieces, pipelines, slow ones and broken ones."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving.scoring_process import ECHO, SECONDS, ScoringProcess
from tests.waiting import until


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    folder = tmp_path_factory.mktemp("http")
    with ScoringProcess(folder, ECHO, "--read-timeout-ms", "1000", "--max-body-bytes", "20000000") as running:
        yield running


@contextmanager
def connected(service: ScoringProcess) -> Iterator[socket.socket]:
    with socket.create_connection((service.http.base_url.host, service.http.base_url.port or 0), SECONDS) as sock:
        yield sock


def read_all(sock: socket.socket) -> bytes:
    found = b""
    while data := sock.recv(65536):
        found += data
    return found


def request(body: bytes, *headers: str, method: str = "POST", path: str = "/score") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_requests_in_one_go_are_answered_in_order(service: ScoringProcess) -> None:
    with connected(service) as sock:
        last = request(b"3", "Connection: close")
        sock.sendall(request(b"1") + request(b"", method="GET", path="/") + request(b"2") + last)
        answers = read_all(sock)
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"1", b"Healthy", b"2", b"3"]


def test_a_request_that_comes_byte_by_byte(service: ScoringProcess) -> None:
    with connected(service) as sock:
        for byte in request(b"[7]", "Connection: close"):
            sock.sendall(bytes([byte]))
        assert read_all(sock).endswith(b"[7]")


def test_a_large_body_and_answer_pass_a_slow_reader(service: ScoringProcess) -> None:
    body = b"[" + b"1," * 4_000_000 + b"1]"
    with connected(service) as sock, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(sock.sendall, request(body, "Connection: close"))
        sent.result()
        time.sleep(0.5)
        assert service.score([1]).json() == [1]  # nobody waits for the slow one
        answer = read_all(sock)
    assert len(answer) > 12_000_000
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_who_asks_whether_to_go_on_is_told(service: ScoringProcess) -> None:
    with connected(service) as sock:
        sock.sendall(request(b"", "Expect: 100-continue", "Connection: close").replace(b"th: 0", b"th: 3"))
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"[5]")
        assert read_all(sock).endswith(b"[5]")


def check_id(answer: bytes) -> None:
    """The body names the request as the headers do."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"x-request-id: {json.loads(body)['request_id']}\r\n".encode() in head.lower()


@pytest.mark.parametrize(
    "sent", [b"POST /score HTTP/1.1\r\nHo", request(b"")[:-4].replace(b"th: 0", b"th: 9") + b"\r\n\r\n1"]
)
def test_a_request_that_does_not_arrive_in_time_is_408(service: ScoringProcess, sent: bytes) -> None:
    with connected(service) as sock:
        sock.sendall(sent)
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 408")
    check_id(answer)


def test_one_byte_now_and_then_does_not_keep_a_connection(service: ScoringProcess) -> None:
    with connected(service) as sock:
        sock.sendall(b"POST /score HTTP/1.1\r\nX: ")
        sock.settimeout(0.1)
        deadline = time.monotonic() + SECONDS
        answer = b""
        while not answer:
            assert time.monotonic() < deadline
            try:
                sock.sendall(b"a")
                answer = sock.recv(1000)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408")


def test_headers_have_a_limit(service: ScoringProcess) -> None:
    with connected(service) as sock:
        sock.sendall(b"POST /score HTTP/1.1\r\nX: " + b"a" * 70_000)
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 431")
    check_id(answer)


def test_a_body_over_the_limit_is_answered_before_it_has_come(service: ScoringProcess) -> None:
    with connected(service) as sock:
        sock.sendall(request(b"").replace(b"th: 0", b"th: 20000001"))
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"20000000 bytes" in answer
    check_id(answer)


def test_a_caller_that_ends_its_side_is_answered(service: ScoringProcess) -> None:
    with connected(service) as sock:
        sock.sendall(request(b"8"))
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).endswith(b"8")


def test_many_callers_at_once(service: ScoringProcess) -> None:
    with ThreadPoolExecutor(50) as pool:

        def call(number: int) -> bytes:
            with connected(service) as sock:
                sock.sendall(request(str(number).encode(), "Connection: close"))
                return read_all(sock).rpartition(b"\r\n\r\n")[2]

        assert list(pool.map(call, range(300))) == [str(number).encode() for number in range(300)]


def test_metrics_count_what_was_answered(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, ECHO) as service:
        for body in (b"1", b"2", b"{"):
            service.http.post("/score", content=body)
        service.http.get("/")
        text = service.http.get("/metrics").text
        assert 'zaffre_requests_total{status="200"} 2\n' in text
        assert 'zaffre_requests_total{status="500"} 1\n' in text
        assert "zaffre_run_failures_total 1\n" in text
        assert 'zaffre_request_seconds_bucket{le="+Inf"} 3\n' in text
        assert service.http.get("/metrics").headers["content-type"].startswith("text/plain")


def test_the_page_shows_how_to_call(service: ScoringProcess) -> None:
    page = service.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "curl -X POST" in page.text


def test_liveness_and_metrics_answer_while_run_is_busy_and_who_waits_too_long_is_told(tmp_path: Path) -> None:
    script = """
        import os, time
        def init(): pass
        def run(data):
            open("started", "w").close()
            while not os.path.exists("go"): time.sleep(0.01)
            return "done"
    """
    with ScoringProcess(tmp_path, script, "--timeout-ms", "3000") as service, ThreadPoolExecutor(2) as pool:
        first = pool.submit(service.score)
        service.wait_for_file("started")
        second = pool.submit(service.score)
        assert service.http.get("/metrics").status_code == 200
        assert service.http.get("/swagger.json").status_code == 200
        assert first.result().json()["message"] == "Scoring timeout after 3000 ms"
        assert second.result().json()["message"] == "Scoring timeout after 3000 ms"
        (tmp_path / "go").touch()
        until(lambda: service.score().json() == "done", "an answer", SECONDS)
