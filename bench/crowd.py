"""Two hundred clients that log at the same time for a minute: every request answered, every point kept."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.figure import Figure
from bench.protocol import API, Client, encoded
from tests.server_process import ServerProcess

CLIENTS = 200
SECONDS = 60.0
BATCH = 10  # points of a request


def figures(folder: Path, seconds: float = SECONDS) -> list[Figure]:
    process = ServerProcess(folder / "home").start()
    try:
        client = Client(process.url, process.token)
        runs = [_run(client) for _ in range(CLIENTS)]
        assert process.process is not None
        crowd = _Crowd(process, seconds)
        asyncio.run(crowd.log(runs))
        kept = [_kept(client, run) for run in runs]
    finally:
        process.stop()
    lost = sum(sent - found for sent, found in zip(crowd.acknowledged, kept, strict=True))
    waits = sorted(crowd.waits)
    note = f"{len(waits):,} requests of {BATCH} points, {len(waits) / seconds:,.0f}/s"
    return [
        Figure(f"{CLIENTS} clients for {seconds:.0f} s: requests that failed", [crowd.failed], "", 1, note=note),
        Figure(f"{CLIENTS} clients for {seconds:.0f} s: points lost", [lost], "", 1, note=f"{sum(kept):,} kept"),
        Figure(f"{CLIENTS} clients: request, p99", [waits[int(len(waits) * 0.99)] * 1000], "ms"),
        Figure(f"{CLIENTS} clients: server memory, greatest", [crowd.memory], "MiB", 400),
    ]


class _Crowd:
    """``CLIENTS`` kept connections, each of one run, each with one request under way all the time."""

    def __init__(self, process: ServerProcess, seconds: float) -> None:
        assert process.process is not None
        self._at = urlsplit(process.url)
        self._token = process.token
        self._server = psutil.Process(process.process.pid)
        self._seconds = seconds
        self.acknowledged = [0] * CLIENTS
        self.failed = 0
        self.memory = 0.0
        self.waits: list[float] = []

    async def log(self, runs: list[str]) -> None:
        until = time.monotonic() + self._seconds
        await asyncio.gather(self._watch(until), *(self._client(i, run, until) for i, run in enumerate(runs)))

    async def _watch(self, until: float) -> None:
        while time.monotonic() < until:
            self.memory = max(self.memory, self._server.memory_info().rss / 2**20)
            await asyncio.sleep(0.5)

    async def _client(self, i: int, run: str, until: float) -> None:
        reader, writer = await asyncio.open_connection(self._at.hostname, self._at.port)
        head = (
            f"POST {API}/runs/log-batch HTTP/1.1\r\nHost: {self._at.netloc}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Length: "
        )
        while time.monotonic() < until:
            first = self.acknowledged[i]
            points = [{"key": "loss", "value": 0.5, "timestamp": 1, "step": first + k} for k in range(BATCH)]
            body = encoded({"run_id": run, "metrics": points})
            begun = time.perf_counter()
            writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(answer))
            self.waits.append(time.perf_counter() - begun)
            if answer.split(b" ", 2)[1] == b"200":
                self.acknowledged[i] += BATCH
            else:
                self.failed += 1
        writer.close()
        await writer.wait_closed()


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next(int(value) for name, _, value in lines if name == b"content-length")


def _run(client: Client) -> str:
    made = client.post("/runs/create", {"experiment_id": "0", "start_time": 1})
    return str(made["run"]["info"]["run_id"])


def _kept(client: Client, run: str) -> int:
    """How many points of the run are read: each step once, from 0 on."""
    found = json.loads(client.send("GET", f"/metrics/get-history?run_id={run}&metric_key=loss")).get("metrics", [])
    if [point["step"] for point in found] != list(range(len(found))):
        raise AssertionError(f"the points of run {run} are not those that were logged")
    return len(found)
