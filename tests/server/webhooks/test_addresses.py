"""No webhook leads into this machine or the networks around it, however its address is written."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from zaffre.core.errors import InvalidValue, ServerUnavailable
from zaffre.server.webhooks.addresses import is_public, parse, resolve


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "x"),
    ],
)
def test_all_others_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "0.0.0.1"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "169.254.169.254", "10.0.0.1"),
    ],
)
def test_every_writing_of_a_private_address_is_seen(host: str) -> None:
    with pytest.raises(InvalidValue, match="not a public address"):
        resolve(parse(f"https://{host}/x", private=False), private=False)


def test_a_setting_allows_them() -> None:
    target = parse("http://127.0.0.1:8080/x?y=1", private=True)
    assert (target.port, target.path, target.authority) == (8080, "/x?y=1", "127.0.0.1:8080")
    assert resolve(target, private=True) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "http://example.com", "file:///etc/passwd", "ftp://example.com", "https://", "https:///x", "//x"),
        *("https://me:pw@example.com", "https://example.com/#x", "https://exa mple.com", "https://example.com/\n"),
        *(
            "https://example.com:99999",
            "https://example.com:x",
            "https://[::1",
            "https:\\\\example.com",
            "data:1",
        ),
        *("https://ex\u00e4mple.com", "gopher://example.com", f"https://example.com/{'x' * 2048}"),
    ],
)
def test_what_is_no_address_of_a_webhook(url: str) -> None:
    with pytest.raises(InvalidValue, match="Invalid webhook URL"):
        parse(url, private=False)


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **options: Any) -> list[Any]:  # noqa: ARG001
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(InvalidValue, match=r"10\.0\.0\.1"):
        resolve(parse("https://example.com", private=False), private=False)


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(host: str, port: int, **options: Any) -> list[Any]:  # noqa: ARG001
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    with pytest.raises(ServerUnavailable, match="has no address"):
        resolve(parse("https://nobody.invalid", private=False), private=False)
