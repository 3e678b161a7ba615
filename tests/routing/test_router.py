"""The router as a process, before versions that are plain sockets: what it relays, sends again and answers itself."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests import waiting
from zaffre.core.service_counters import read_counters
from zaffre.routing import table as tables
from zaffre.routing.caller import VERSION
from zaffre.routing.table import Choice, Replica, Table

until = partial(waiting.until, patience=60.0)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-own: yes\r\n\r\n"

Act = Callable[[socket.socket, int], None]  # with a connection, and how many there were before


class Version:
    """A version that does ``act`` with each connection, in a thread of its own."""

    def __init__(self, act: Act) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self._act = act
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._do, args=(connection, number), daemon=True).start()

    def _do(self, connection: socket.socket, number: int) -> None:
        with connection:
            self._act(connection, number)


def says(body: bytes, *, answers: int = 1000) -> Act:
    """Answer so many requests of a connection, then end it."""

    def act(connection: socket.socket, _number: int) -> None:
        for _ in range(answers):
            if not connection.recv(65536):
                return
            connection.sendall(ANSWER + body)

    return act


class Routed:
    """A router, and what it goes by."""

    def __init__(self, folder: Path, table: Table) -> None:
        self.folder = folder
        self.counters = folder / "counted"
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        tables.write(folder, table)
        fd = listener.fileno()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zaffre.routing", str(folder), str(fd), str(self.counters)],
            stdin=subprocess.PIPE,
            pass_fds=[fd],
        )
        listener.listen()  # callers wait in it until the router is there
        self._listener = listener

    def change(self, table: Table) -> None:
        tables.write(self.folder, table)
        assert self.process.stdin is not None
        self.process.stdin.write(b".")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(60) == 0
        self._listener.close()


Route = Callable[..., Routed]


@pytest.fixture
def route(tmp_path: Path) -> Iterator[Route]:
    made: list[Routed] = []
    versions: list[Version] = []

    def route(*acts: Act, **fields: object) -> Routed:
        replicas = []
        for number, act in enumerate(acts):
            versions.append(Version(act))
            replicas.append(Replica(f"v{number}", versions[-1].port, "", 100 if number == 0 else 0))
        table = Table("front", replicas, [one.name for one in replicas], **fields)  # type: ignore[arg-type]
        made.append(Routed(tmp_path, table))
        return made[-1]

    yield route
    for routed in made:
        routed.end()
    for version in versions:
        version.sock.close()


def test_an_answer_is_relayed_with_the_version_that_gave_it(route: Route) -> None:
    routed = route(says(b"11"))
    with httpx.Client(timeout=60) as client:
        for _ in range(3):
            answer = client.post(f"{routed.url}/score", content="x")
            assert (answer.status_code, answer.text, answer.headers["x-own"]) == (200, "11", "yes")
            assert answer.headers[VERSION.decode()] == "v0"
        assert client.get(routed.url).text == "Healthy"
        assert client.get(f"{routed.url}/ready").text == "Ready"


def test_what_it_answers_itself_is_counted_and_nothing_else(route: Route) -> None:
    routed = route(says(b"11"))
    with httpx.Client(timeout=60) as client:
        for version, status in (("v0", 200), ("v9", 404), ("v9", 404)):
            answer = client.post(f"{routed.url}/score?a=1", content="x", headers={VERSION.decode(): version})
            assert answer.status_code == status
        assert client.get(f"{routed.url}/swagger.json", headers={VERSION.decode(): "v9"}).status_code == 404
        routed.change(Table("front", [], ["v0"]))
        until(lambda: client.get(f"{routed.url}/ready").status_code == 503, "the change to be known")
        assert client.post(f"{routed.url}/score", content="x").status_code == 503
    counted = read_counters(routed.counters)
    assert counted is not None
    assert counted.statuses == {404: 2, 503: 1}
    assert counted.latency.total == 3
    until(lambda: (found := read_counters(routed.counters)) and found.memory_bytes and found.ticks, "its own account")


def test_a_connection_that_a_version_ended_is_not_used_again(route: Route) -> None:
    routed = route(says(b"11", answers=1))
    with httpx.Client(timeout=60) as client:
        answers = [client.post(f"{routed.url}/score", content="x").status_code for _ in range(50)]
    assert answers == [200] * 50
    assert routed.process.poll() is None


def test_a_request_that_was_not_read_is_sent_again_and_one_that_was_is_not(route: Route) -> None:
    def unread(connection: socket.socket, number: int) -> None:
        if number < 2:  # ended with the request unread
            connection.recv(1, socket.MSG_PEEK)
            return
        says(b"11")(connection, number)

    def taken(connection: socket.socket, _number: int) -> None:
        connection.recv(65536)

    routed = route(unread, taken)
    assert httpx.post(f"{routed.url}/score", content="x", timeout=60).text == "11"
    refused = httpx.post(f"{routed.url}/score", content="x", headers={VERSION.decode(): "v1"}, timeout=60)
    assert refused.status_code == 503
    assert "may have been carried out" in refused.json()["message"]
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


def test_what_no_version_can_answer_is_refused_with_a_sentence(route: Route) -> None:
    routed = route(says(b"11"))
    gone = Replica("gone", _free_port(), "", 100)
    routed.change(Table("front", [gone], ["gone", "late"]))

    def answer(**headers: str) -> httpx.Response:
        return httpx.post(f"{routed.url}/score", content="x", headers=headers, timeout=60)

    until(lambda: answer().status_code == 503, "the version to be gone")
    assert "Connection refused" in answer().json()["message"]
    assert "not ready" in answer(**{VERSION.decode(): "late"}).json()["message"]
    unknown = answer(**{VERSION.decode(): "none"})
    assert (unknown.status_code, "gone, late" in unknown.json()["message"]) == (404, True)
    routed.change(Table("front", [], ["late"]))
    until(lambda: "No version" in answer().json()["message"], "no version to be ready")
    assert httpx.get(f"{routed.url}/ready", timeout=60).status_code == 503
    assert answer(**{"x-request-id": "x" * 101}).status_code == 431


def test_another_version_answers_for_one_that_is_gone_unless_it_was_asked_for(route: Route) -> None:
    routed = route(says(b"11"))
    held = tables.read(routed.folder)
    gone = Replica("gone", _free_port(), "", 100)
    routed.change(Table("front", [gone, *held.replicas], ["gone", "v0"]))

    def asked() -> int:
        return httpx.post(
            f"{routed.url}/score", content="x", headers={VERSION.decode(): "gone"}, timeout=60
        ).status_code

    until(lambda: asked() == 503, "the version to be known")
    answers = [httpx.post(f"{routed.url}/score", content="x", timeout=60) for _ in range(20)]
    assert [answer.headers[VERSION.decode()] for answer in answers] == ["v0"] * 20


def test_a_long_answer_reaches_a_slow_caller_whole(route: Route) -> None:
    body = bytes(range(256)) * 40_000  # 10 MB

    def long(connection: socket.socket, _number: int) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        connection.recv(1)

    routed = route(long)
    host, port = routed.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as caller:
        caller.sendall(b"GET /score HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        found = b""
        while piece := caller.recv(50_000):
            found += piece
    assert found.partition(b"\r\n\r\n")[2] == body


def test_what_is_no_request_is_refused(route: Route) -> None:
    routed = route(says(b"11"))
    host, port = routed.url.removeprefix("http://").split(":")
    for sent, status in (
        (b"nonsense\r\n\r\n", b" 400 "),
        (b"POST /score HTTP/1.1\r\ncontent-length: 999999999999\r\n\r\n", b" 413 "),
        (b"GET / HTTP/1.1\r\nlong: " + b"x" * 70_000, b" 431 "),
    ):
        with socket.create_connection((host, int(port)), timeout=60) as caller:
            caller.sendall(sent)
            assert status in caller.recv(4096)[:20]


def test_copies_are_compared_and_never_hold_up_a_caller(route: Route, tmp_path: Path) -> None:
    stopped = threading.Event()

    def stuck(connection: socket.socket, _number: int) -> None:
        connection.recv(65536)
        stopped.wait(60)

    routed = route(says(b"11"), stuck, says(b" 1"), mirror="v1", mirror_percent=100)
    with httpx.Client(timeout=60) as client:
        answers = [client.post(f"{routed.url}/score", content="x").text for _ in range(150)]
    assert answers == ["11"] * 150

    def report() -> dict[str, object]:
        held: dict[str, object] = json.loads((tmp_path / tables.SHADOW).read_bytes())
        return held

    until(lambda: (tmp_path / tables.SHADOW).exists() and report()["dropped"] == 48, "copies to be dropped")  # 100 wait
    stopped.set()


def test_shares_hold_and_sessions_stay() -> None:
    replicas = [Replica("a", 1, "", 70), Replica("b", 2, "", 30)]
    choice = Choice(Table("front", replicas, ["a", "b", "c"]))
    picked = [choice.pick(b"session-%d" % number) for number in range(10_000)]
    share = sum(one is replicas[1] for one in picked) / 10_000
    assert 0.27 < share < 0.33  # six standard deviations
    assert picked == [choice.pick(b"session-%d" % number) for number in range(10_000)]
    more = Choice(Table("front", [Replica("a", 1, "", 60), Replica("b", 2, "", 40)], ["a", "b"]))
    moved = sum(
        one is not None and (other := more.pick(b"session-%d" % number)) is not None and one.name != other.name
        for number, one in enumerate(picked)
    )
    assert moved / 10_000 < 0.13  # only those of the share that went over
    only = Choice(Table("front", [Replica("new", 3, "", 0)], ["old", "new"]))
    assert only.pick(b"") == Replica("new", 3, "", 0)
    assert Choice(Table("front")).pick(b"") is None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
