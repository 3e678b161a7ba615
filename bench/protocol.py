"""A client of MLflow's protocol that costs next to nothing itself: one kept connection, bytes in and bytes out."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

API = "/api/2.0/mlflow"
_SCRIPT = """
wrk.method = "POST"
%s
local bodies, at = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
request = function()
  at = at + 1
  return wrk.format(nil, nil, nil, bodies[(at - 1) %% #bodies + 1])
end
done = function(summary, latency)
  local failed = summary.errors
  io.write(string.format("RESULT %%f %%f %%d\\n", summary.duration / summary.requests / 1000,
    latency:percentile(99) / 1000, failed.status + failed.connect + failed.read + failed.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What many connections at once got: milliseconds for each request of all together, and at the 99th percentile."""

    each: float
    p99: float
    failed: int


class Client:
    """Requests to the server at ``url``. Raises ``AssertionError`` for an answer other than 200."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._at = urlsplit(url)
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._connection = http.client.HTTPConnection(self._at.netloc, timeout=300)

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            return self._send(method, path, body)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            self._connection.close()  # a server may end a connection that was idle
            return self._send(method, path, body)

    def get(self, path: str) -> bytes:
        """What a path of the server answers, MLflow's or another."""
        return self._send("GET", path, None, below="")

    def _send(self, method: str, path: str, body: bytes | None, below: str = API) -> bytes:
        self._connection.request(method, below + path, body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise AssertionError(f"{method} {path} was answered {answer.status}: {content[:300]!r}")
        return content

    def post(self, path: str, message: dict[str, Any]) -> Any:
        return json.loads(self.send("POST", path, encoded(message)))

    def timed(self, path: str, bodies: Sequence[bytes]) -> list[float]:
        """Post one after the other; the milliseconds of each."""
        taken = []
        for body in bodies:
            begun = time.perf_counter()
            self.send("POST", path, body)
            taken.append((time.perf_counter() - begun) * 1000)
        return taken

    def hammer(self, path: str, bodies: Sequence[bytes], *, connections: int, seconds: int) -> Load | None:
        """Post from many connections at once, with ``wrk``; None where that program is missing."""
        if shutil.which("wrk") is None:
            return None
        with tempfile.TemporaryDirectory(prefix="zaffre-bench-") as folder:
            lines, script = Path(folder, "bodies"), Path(folder, "script.lua")
            lines.write_bytes(b"\n".join(bodies))
            headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in self._headers.items())
            script.write_text(_SCRIPT % (headers, lines))
            url = f"{self._at.scheme}://{self._at.netloc}{API}{path}"
            options = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
            done = subprocess.run(["wrk", *options, url], capture_output=True, text=True, check=True)
        each, p99, failed = next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()[1:]
        return Load(float(each), float(p99), int(failed))


def encoded(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()
