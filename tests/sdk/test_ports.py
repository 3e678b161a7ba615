"""A port is taken at once, or the error says by whom it is held."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from zaffre.core.errors import PortTaken
from zaffre.sdk import ports


def test_a_free_port_is_bound() -> None:
    with ports.bind(None) as sock:
        port = sock.getsockname()[1]
    ports.check_free(port)
    with ports.bind(port) as again:
        assert again.getsockname() == ("127.0.0.1", port)


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="who holds a port is told by /proc")
def test_a_taken_port_names_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.holder(port) is not None
        with pytest.raises(PortTaken, match=f"Port {port} of this machine is taken by process {os.getpid()} ") as error:
            ports.check_free(port)
    assert error.value.facts == {"port": port, "pid": os.getpid()}
    assert "deploy_configuration(port=" in error.value.message
    assert ports.holder(port) is None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may use every port")
def test_a_port_of_the_system_says_so() -> None:
    with pytest.raises(PortTaken, match="may not be used by this account"):
        ports.bind(80)
