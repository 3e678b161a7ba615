"""Which addresses a webhook may reach: none of this machine or of the networks around it, unless a setting allows it.

A name is resolved once for each attempt, every address it has is checked, and the connection is made to one of the
addresses that were checked: a name that changes its meaning in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from zaffre.core.errors import InvalidValue, ServerUnavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LONGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was looked at: where it leads is not known yet."""

    secure: bool
    host: str
    port: int
    path: str  # with the query, as it stands in the request line

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse(url: str, *, private: bool) -> Target:
    """The target that a URL names; ``InvalidValue`` for one that is no webhook's."""
    if not url or len(url) > _LONGEST or any(ord(c) <= 32 or ord(c) >= 127 for c in url) or "\\" in url:
        raise InvalidValue(f"Invalid webhook URL: it has 1 to {_LONGEST} printable ASCII characters without blanks.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidValue(f"Invalid webhook URL: {error}.") from error
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes:
        raise InvalidValue(f"Invalid webhook URL: it must begin with {' or '.join(schemes)}://.")
    if not host:
        raise InvalidValue("Invalid webhook URL: it names no host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidValue("Invalid webhook URL: leave out the user name, the password and what follows a #.")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port if port is not None else (443 if secure else 80), path)


def resolve(target: Target, *, private: bool) -> list[str]:
    """The addresses to connect to. ``InvalidValue`` if one of them is not to be reached, ``ServerUnavailable`` if the
    name has none now.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ServerUnavailable(f"The host {target.host!r} of the webhook has no address: {error}.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not private and not is_public(address):
            raise InvalidValue(
                f"The host {target.host!r} of the webhook is {address}, which is not a public address. A server "
                "that is started with --allow-private-webhooks reaches such addresses too.",
                host=target.host,
            )
    return addresses


def is_public(address: str) -> bool:
    try:
        ip: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        # An IPv4 address may travel inside of one: then that is what is reached.
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None and not _is_global(inner):
            return False
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return True
    return _is_global(ip)


def _is_global(ip: Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
