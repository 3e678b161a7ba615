"""What clients of MLflow's protocol see when the server is killed, its disk is full, or very many come at once."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server_process import ServerProcess

BATCH = 40
CLIENTS = 200
SECONDS = 120.0


class Writer:
    """A client of one run. Its batches log the same points to the metrics "a" and "b"."""

    def __init__(self, server: ServerProcess, stack: ExitStack) -> None:
        client = httpx.Client(
            base_url=f"{server.url}/api/2.0/mlflow",
            headers={"Authorization": f"Bearer {server.token}"},
            timeout=SECONDS,
            trust_env=False,
        )
        self.http = stack.enter_context(client)
        self.run = self.post("runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        self.acknowledged = 0

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self.http.post(path, json=body)

    def log(self) -> httpx.Response:
        """The next batch; it counts once the server acknowledged it."""
        steps = range(self.acknowledged * BATCH, (self.acknowledged + 1) * BATCH)
        metrics = [{"key": key, "value": step / 2, "timestamp": 1, "step": step} for step in steps for key in "ab"]
        answer = self.post("runs/log-batch", {"run_id": self.run, "metrics": metrics})
        if answer.status_code == 200:
            self.acknowledged += 1
        return answer

    def batches(self) -> int:
        """How many batches are kept, each whole and in both metrics."""
        steps = {key: self.steps(key) for key in "ab"}
        assert steps["a"] == steps["b"] == list(range(len(steps["a"])))
        assert len(steps["a"]) % BATCH == 0
        return len(steps["a"]) // BATCH

    def steps(self, key: str) -> list[int]:
        answer = self.http.get("metrics/get-history", params={"run_id": self.run, "metric_key": key})
        assert answer.status_code == 200, answer.text
        found = answer.json().get("metrics", [])
        assert all(point["value"] == point["step"] / 2 for point in found)
        return [point["step"] for point in found]


@contextmanager
def clients(server: ServerProcess, number: int) -> Iterator[list[Writer]]:
    with ExitStack() as stack:
        writers = [Writer(server, stack) for _ in range(number)]
        yield writers


def together(writers: list[Writer], work: Callable[[Writer], None]) -> None:
    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(work, writers))


def test_kill_minus_9_loses_no_acknowledged_batch_and_keeps_no_half_of_one(own_server: ServerProcess) -> None:
    with clients(own_server, 8) as writers:
        enough = threading.Event()

        def log(writer: Writer) -> None:
            while True:
                try:
                    assert writer.log().status_code == 200
                except httpx.TransportError:
                    return
                if sum(one.acknowledged for one in writers) >= 100:
                    enough.set()

        threads = [threading.Thread(target=log, args=(writer,)) for writer in writers]
        for thread in threads:
            thread.start()
        assert enough.wait(SECONDS)
        own_server.kill()
        for thread in threads:
            thread.join(SECONDS)
        own_server.start()
        for writer in writers:
            # One more may have been kept without anybody hearing of it: the one that was under way.
            assert writer.acknowledged <= writer.batches() <= writer.acknowledged + 1
            writer.acknowledged = writer.batches()
            assert writer.log().status_code == 200
            assert writer.batches() == writer.acknowledged


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own with 24 MiB, which only root can make."""
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="zaffre-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("This machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_is_said_in_mlflows_words_and_the_server_goes_on_when_there_is_room(small_disk: Path) -> None:
    server = ServerProcess(small_disk / "home").start()
    try:
        with clients(server, 4) as writers:
            filler = small_disk / "filler"
            _fill(filler, leave=500_000)
            refused: list[httpx.Response] = []

            def log_until_full(writer: Writer) -> None:
                for _ in range(5_000):
                    answer = writer.log()
                    if answer.status_code != 200:
                        refused.append(answer)
                        return

            together(writers, log_until_full)
            assert len(refused) == len(writers)
            for answer in refused:
                assert answer.status_code == 507
                assert set(answer.json()) == {"error_code", "message"}
                assert answer.json()["error_code"] == "RESOURCE_EXHAUSTED"
                assert (
                    "is full, so nothing was written. Free some space there and try again" in answer.json()["message"]
                )
            assert [writer.batches() for writer in writers] == [writer.acknowledged for writer in writers]
            filler.unlink()
            assert [writer.log().status_code for writer in writers] == [200] * len(writers)
            server.kill()
            server.start()
            assert [writer.batches() for writer in writers] == [writer.acknowledged for writer in writers]
    finally:
        server.stop()


def _fill(filler: Path, leave: int) -> None:
    """Let the file take the disk but for ``leave`` bytes."""
    free = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        file.write(bytes(free.f_bavail * free.f_frsize - leave))


def test_two_hundred_clients_at_once_lose_no_point(own_server: ServerProcess) -> None:
    with clients(own_server, CLIENTS) as writers:
        failures: list[str] = []

        def log(writer: Writer) -> None:
            for _ in range(3):
                answer = writer.log()
                if answer.status_code != 200:
                    failures.append(answer.text)

        together(writers, log)
        assert failures == []
        assert [writer.batches() for writer in writers] == [3] * CLIENTS
        assert "Traceback" not in own_server.output()


def test_a_batch_that_is_sent_again_is_read_once(own_server: ServerProcess) -> None:
    """As clients do whose connection broke before the answer came."""
    with clients(own_server, 1) as (writer,):
        assert writer.log().status_code == 200
        writer.acknowledged = 0
        assert writer.log().status_code == 200
        assert writer.batches() == 1
