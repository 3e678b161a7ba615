"""How answers reach a client."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.server_process import ServerProcess


def answers(server: ServerProcess, request: str, times: int) -> list[bytes]:
    """What the first read gives after each of several requests on one connection."""
    at = urlsplit(server.url)
    assert at.hostname is not None
    found = []
    with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
        for _ in range(times):
            connection.sendall(request.encode())
            found.append(connection.recv(1 << 20))
    return found


def test_a_small_answer_is_one_segment(server: ServerProcess) -> None:
    request = (
        "GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {server.token}\r\nAccept: application/json\r\n\r\n"
    )

    for got in answers(server, request, 50):
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        assert len(body) == int(length.split(b":")[1]) > 0


def test_an_answer_after_which_the_connection_is_closed_is_whole(server: ServerProcess) -> None:
    at = urlsplit(server.url)
    assert at.hostname is not None
    with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
        connection.sendall(b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 200")
    assert got.partition(b"\r\n\r\n")[2]

    with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
        connection.sendall(b"no HTTP at all\r\n\r\n")
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 400")
