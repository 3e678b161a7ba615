"""A worker that ended: how, and the last answer to the caller whose request it took with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from zaffre.serving.reply import Replies
from zaffre.serving.request import Request
from zaffre.serving.results import message


def how(code: int) -> str:
    """The end of a process in words: ``was ended by SIGSEGV``."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def answer(sock: socket.socket, request_id: bytes, code: int) -> None:
    """Tell the caller, as far as the system takes it now, and end the connection. Without an id the request was not
    read whole."""
    headers = [(b"x-request-id", request_id)] if request_id else []
    request = Request("POST", b"/score", headers, b"", False)
    doing = "ran" if request_id else "read"
    made = message(
        502,
        f"The worker {how(code)} while it {doing} this request; another one takes its place.",
        request_id=request.request_id,
    )
    made.failed = True if request_id else None  # without the header run() never had it: it may be sent again
    try:
        sock.send(Replies("", ()).whole(made, request, close=True))
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the caller is gone too


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 when it is gone."""
    try:
        if Path("/proc/self/statm").exists():
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return int(done.stdout or 0) * 1024
    except (OSError, ValueError):
        return 0
