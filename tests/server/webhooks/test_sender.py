"""One request, seen from the receiver's side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import threading
from typing import Any

import pytest

from tests.server.webhooks.receiver import Receiver, receiving
from zaffre.core.errors import InvalidValue
from zaffre.server.webhooks import sender
from zaffre.server.webhooks.sender import Outcome, headers, send


def post(receiver: Receiver, body: bytes = b"{}", secret: str | None = None) -> Outcome:
    return send(receiver.url, body, headers("some-id", body, secret), private=True)


def test_what_is_sent_is_signed_as_mlflow_signs() -> None:
    body = '{"name": "\u00fc"}'.encode()
    with receiving() as receiver:
        assert post(receiver, body, "key").arrived
    (found,) = receiver.received
    assert (found.path, found.body) == ("/hook?from=zaffre", body)
    assert found.headers["Content-Type"] == "application/json"
    assert found.headers["Host"] == f"127.0.0.1:{receiver.port}"
    signed = f"some-id.{found.headers['X-MLflow-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"key", signed, hashlib.sha256).digest()).decode()
    assert found.headers["X-MLflow-Signature"] == f"v1,{expected}"
    assert found.headers["X-MLflow-Delivery-Id"] == "some-id"


def test_without_a_secret_there_is_no_signature() -> None:
    with receiving() as receiver:
        assert post(receiver).body == "thanks"
    assert "X-MLflow-Signature" not in receiver.received[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.answers.append((status, {"Location": elsewhere.url}, b""))
        outcome = post(receiver)
    assert (outcome.status, outcome.arrived, outcome.passing) == (status, False, False)
    assert elsewhere.received == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        assert post(receiver).arrived


def test_the_address_that_was_checked_is_the_one_that_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means another address when it is asked again (DNS rebinding) is not asked again."""
    asked: list[str] = []
    honest = socket.getaddrinfo

    def rebinding(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "example.com":
            return honest(host, port, *args, **options)
        asked.append(host)
        address = "203.0.113.1" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with receiving() as receiver:
        assert send(f"http://example.com:{receiver.port}/x", b"{}", {}, private=True).arrived
    assert asked == ["example.com"]
    assert receiver.received[0].headers["Host"] == f"example.com:{receiver.port}"
    asked.clear()
    with pytest.raises(InvalidValue, match="not a public address"):
        send(f"https://example.com:{receiver.port}/x", b"{}", {}, private=False)


@pytest.mark.parametrize(("status", "passing"), [(400, False), (404, False), (410, False), (429, True), (503, True)])
def test_which_answers_are_worth_another_attempt(status: int, passing: bool) -> None:
    with receiving() as receiver:
        receiver.answers.append((status, {"Retry-After": "7"}, b"no"))
        outcome = post(receiver)
    assert (outcome.status, outcome.passing, outcome.retry_after) == (status, passing, 7)


def test_nobody_there() -> None:
    with receiving() as receiver:
        url = receiver.url
    outcome = send(url, b"{}", {}, private=True)
    assert outcome.status is None
    assert outcome.passing
    assert "ConnectionRefusedError" in outcome.error


def test_a_long_answer_is_read_only_in_part() -> None:
    with receiving() as receiver:
        receiver.answers.append((200, {}, b"x" * 10_000_000))
        assert len(post(receiver).body) == sender.BODY_BYTES


def test_an_answer_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "TOTAL_SECONDS", 0.5)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                while not done.wait(0.05):
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        outcome = send(f"http://127.0.0.1:{server.getsockname()[1]}/", b"x" * 1000, {}, private=True)
        done.set()
        thread.join()
    assert outcome.status is None
    assert outcome.error


def test_what_is_no_http_is_an_error_and_nothing_worse() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = send(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, private=True)
        thread.join()
    assert "BadStatusLine" in outcome.error
