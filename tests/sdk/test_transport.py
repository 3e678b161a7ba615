"""The door to the network: retries, errors as the server's classes, files, resumed streams."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.server_process import ServerProcess, free_port
from zaffre.core import wire
from zaffre.core.errors import (
    AuthenticationException,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    ServerUnavailable,
    ServiceException,
    StorageFull,
    TooLarge,
    to_wire,
)
from zaffre.sdk.client import Client, Event, events
from zaffre.sdk.transport import Retries, Transport, error_of, is_away, query


@dataclass
class Answers:
    """What the server of ``answering`` says, in order; the last one again and again. And what it was asked."""

    answers: list[tuple[int, bytes]]
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)


@contextmanager
def answering(*answers: tuple[int, bytes], cut: int = 0) -> Iterator[tuple[str, Answers]]:
    """A real HTTP server with these answers; the first ``cut`` connections break before any answer."""
    held = Answers(list(answers))
    left = [cut]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            return None

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            held.asked.append((self.command, self.path, body))
            if left[0]:
                left[0] -= 1
                self.close_connection = True
                self.connection.close()
                return
            status, content = held.answers.pop(0) if len(held.answers) > 1 else held.answers[0]
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def client(*answers: tuple[int, bytes], cut: int = 0) -> Iterator[tuple[Client, Answers]]:
    with answering(*answers, cut=cut) as (url, held):
        made = Client(url, "t", retries=Retries(seconds=5))
        yield made, held
        made.transport.close()


def test_queries_are_text() -> None:
    assert query({"a": None, "b": True, "c": 3, "d": "x"}) == {"b": "true", "c": "3", "d": "x"}
    assert query(None) == {}


def test_the_servers_error_is_raised_as_its_class() -> None:
    body = json.dumps(to_wire(ModelNotFound("There is no model m.", name="m"))).encode()
    with client((404, body)) as (api, _), pytest.raises(ModelNotFound) as caught:
        api.get("/x", dict)
    assert (caught.value.message, caught.value.facts) == ("There is no model m.", {"name": "m"})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationException),
        (403, PermissionDenied),
        (404, NotFound),
        (413, TooLarge),
        (502, ServerUnavailable),
        (500, ServiceException),
        (418, ServiceException),
    ],
)
def test_an_answer_that_is_no_error_of_ours_is_told_by_its_status(status: int, kind: type[Exception]) -> None:
    error = error_of(status, b"<html>proxy</html>", "http://host/path")
    assert type(error) is kind
    assert error.message == f"http://host/path answered {status}: <html>proxy</html>"


def test_which_errors_mean_not_now() -> None:
    assert is_away(ServerUnavailable("x"))
    assert is_away(StorageFull("x"))
    assert not is_away(NotFound("x"))
    assert not is_away(ValueError("x"))


def test_what_may_be_repeated_is_repeated() -> None:
    with client((503, b"starting"), (200, b'{"a": 1}')) as (api, held):
        assert api.get("/x", dict) == {"a": 1}
        assert len(held.asked) == 2
    with client((200, b"7"), cut=2) as (api, held):
        assert api.put("/x", int, {"a": 1}) == 7
        assert held.asked == [("PUT", "/x", b'{"a":1}')] * 3


def test_what_may_not_be_repeated_is_sent_once() -> None:
    with client((200, b"7"), cut=1) as (api, held):
        with pytest.raises(ServerUnavailable):
            api.post("/x", int, {"a": 1})
        assert len(held.asked) == 1
        assert api.post("/x", int, {"a": 1}, idempotent=True) == 7


def test_a_refused_connection_is_tried_again_for_any_method() -> None:
    port = free_port()
    api = Client(f"http://127.0.0.1:{port}", "t", retries=Retries(seconds=30))
    answered: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return None

        def do_POST(self) -> None:
            answered.append(1)
            self.send_response(200)
            self.send_header("content-length", "1")
            self.end_headers()
            self.wfile.write(b"7")

    waiting = threading.Thread(target=lambda: answered.append(api.post("/x", int)))
    waiting.start()
    time.sleep(0.5)
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        waiting.join(timeout=60)
        server.shutdown()
    assert answered == [1, 7]
    api.transport.close()


def test_an_absent_server_is_named_with_the_remedy() -> None:
    local = Client(f"http://127.0.0.1:{free_port()}", "t", retries=Retries(seconds=0))
    with pytest.raises(ServerUnavailable, match=r"does not answer .*: start it with `zaffre up`"):
        local.get("/x", dict)
    far = Client("http://zaffre.invalid", "t", retries=Retries(seconds=0))
    with pytest.raises(ServerUnavailable, match="check that it runs and that this machine reaches it"):
        far.get("/x", dict)


def test_lists_are_walked_page_after_page() -> None:
    pages = [(200, b'{"items": [1, 2], "next": "two"}'), (200, b'{"items": [3], "next": null}')]
    with client(*pages) as (api, held):
        assert list(api.items("/x", int, limit=2)) == [1, 2, 3]
        assert [path for _, path, _ in held.asked] == ["/x?limit=2", "/x?after=two&limit=2"]
    with client(*pages) as (api, _):
        assert list(api.items("/x", int, at_most=1)) == [1]


def test_files_go_up_from_bytes_paths_and_streams(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"from a file")
    seen: list[tuple[int, int | None]] = []
    read, write = os.pipe()
    os.write(write, b"from a pipe")
    os.close(write)
    with client((200, b"ok"), cut=1) as (api, held):
        api.upload("/bytes", b"bytes")
        api.upload("/file", file, progress=lambda done, whole: seen.append((done, whole)))
        api.upload("/stream", io.BytesIO(b"from a stream"))
        with os.fdopen(read, "rb") as pipe:
            api.upload("/pipe", pipe, method="PATCH", offset=3)
        sent = {path: body for _, path, body in held.asked}
    assert sent == {
        "/bytes": b"bytes",
        "/file": b"from a file",
        "/stream": b"from a stream",
        "/pipe?offset=3": b"from a pipe",
    }
    assert seen[-1] == (11, 11)


def test_a_download_appears_when_it_is_complete(tmp_path: Path) -> None:
    content = os.urandom(700_000)
    seen: list[tuple[int, int | None]] = []
    with client((200, content), cut=1) as (api, _):
        target = api.download("/x", tmp_path / "deep" / "a.bin", lambda done, whole: seen.append((done, whole)))
    assert target.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    with client((404, b"gone")) as (api, _), pytest.raises(NotFound):
        api.download("/x", tmp_path / "b.bin")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.bin"]


def test_read_takes_the_rest_of_a_growing_file() -> None:
    with client((200, b"0123456789")) as (api, _):
        assert api.read("/x") == b"0123456789"
        assert api.read("/x", offset=7) == b"789"  # a server that knows no ranges sends everything
    with client((206, b"789")) as (api, _):
        assert api.read("/x", offset=7) == b"789"
    with client((416, b"")) as (api, _):
        assert api.read("/x", offset=7) == b""


def test_a_forked_child_opens_its_own_connections() -> None:
    with client((200, b"7")) as (api, held):
        assert api.get("/parent", int) == 7
        child = os.fork()
        if child == 0:
            os._exit(0 if api.get("/child", int) == 7 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert api.get("/parent", int) == 7
        assert [path for _, path, _ in held.asked] == ["/parent", "/child", "/parent"]


def test_events_are_read_as_the_standard_says() -> None:
    lines = [": comment", "event: run", "id: 1", 'data: {"a":', "data: 1}", "", "data:bare", "", "event: nothing", ""]
    assert list(events(iter(lines))) == [Event("run", '{"a":\n1}', "1"), Event("message", "bare", "1")]
    assert Event("run", '{"a": 1}', "1").decode(dict) == {"a": 1}


def test_a_stream_resumes_where_it_broke() -> None:
    first = b"id: 1\ndata: 1\n\n: still here\n\nid: 2\ndata: 2\n\n"
    with client((200, first), (200, b"id: 3\ndata: 3\n\n")) as (api, _):
        stream = api.stream("/stream", {"run": "r"})
        assert [next(stream).data for _ in range(3)] == ["1", "2", "3"]
        stream.close()  # type: ignore[attr-defined]


def test_a_stream_ends_when_the_server_stays_away() -> None:
    api = Client(f"http://127.0.0.1:{free_port()}", "t")
    with pytest.raises(ServerUnavailable):
        next(api.stream("/stream", patience=0.5))


def test_the_real_server_is_spoken_to(server: ServerProcess) -> None:
    api = Client(server.url, server.token)
    assert api.get("/api/v1/server", wire.ServerInfo).team is False
    with pytest.raises(AuthenticationException):
        Client(server.url, "wrong").get("/api/v1/server", wire.ServerInfo)
    api.transport.close()
    assert repr(api) == f"Client({server.url!r})"
    assert repr(Transport(server.url, "secret")) == f"Transport({server.url!r})"
