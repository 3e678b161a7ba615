"""What a live page reads: the heads of metrics, and a stream that begins where the page stands."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx

from tests.server.rest import Rest
from tests.server_process import ServerProcess
from zaffre.core.wire import API

DEADLINE_SECONDS = 30.0


def points(name: str, *values: float, start: int = 0) -> dict[str, Any]:
    steps = list(range(start, start + len(values)))
    return {"name": name, "steps": steps, "timestamps": [1000 + step for step in steps], "values": list(values)}


def test_heads_carry_the_latest_point_and_how_many_there_are(rest: Rest) -> None:
    run = rest.run()
    record = {"name": "note", "kind": "scalar", "value": "hello"}
    rest.post(f"/runs/{run}/metrics", {"series": [points("loss", 3.0, 2.0, 1.0)], "records": [record]})
    answer = rest.get(f"/runs/{run}/metrics", latest=True)
    (loss,) = answer["series"]
    assert (loss["steps"], loss["values"], loss["total"]) == ([2], [1.0], 3)
    assert [one["value"] for one in answer["records"]] == ["hello"]
    assert rest.get(f"/runs/{run}/metrics", latest=True, name="other") == {"series": [], "records": [], "next": None}


def test_heads_of_a_family_are_refused(rest: Rest) -> None:
    status, code, _ = rest.refused("GET", f"/runs/{rest.run()}/metrics", latest=True, recursive=True)
    assert (status, code) == (400, "InvalidValue")


def test_a_stream_of_new_points_leaves_out_the_old(own_server: ServerProcess) -> None:
    with client(own_server) as http:
        run = new_run(http)
        log(http, run, points("loss", 3.0, 2.0))
        with http.stream("GET", "/stream", params={"run": run, "new_points": True}) as answer:
            events = read(answer)
            assert next(event for event, _ in events if event in ("run", "metrics")) == "run"
            log(http, run, points("loss", 1.0, start=2))
            data = next(data for event, data in events if event == "metrics")
    assert data["loss"]["values"] == [1.0]


def test_a_stream_begins_in_the_log_where_the_reader_stands(own_server: ServerProcess) -> None:
    with client(own_server) as http:
        run = new_run(http)
        http.patch(f"/runs/{run}/artifacts/logs/a.txt", params={"offset": 0}, content=b"first\nsecond\n")
        asked: dict[str, str | int] = {"run": run, "log": "logs/a.txt", "log_offset": 6}
        with http.stream("GET", "/stream", params=asked) as answer:
            data = next(data for event, data in read(answer) if event == "log")
    assert data == {"path": "logs/a.txt", "offset": 6, "text": "second\n"}


def client(server: ServerProcess) -> httpx.Client:
    return httpx.Client(
        base_url=f"{server.url}{API}/workspaces/default",
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=DEADLINE_SECONDS,
    )


def new_run(http: httpx.Client) -> str:
    http.put("/experiments/exp").raise_for_status()
    return str(http.post("/experiments/exp/runs", json={}).raise_for_status().json()["id"])


def log(http: httpx.Client, run: str, series: dict[str, Any]) -> None:
    http.post(f"/runs/{run}/metrics", json={"series": [series]}).raise_for_status()


def read(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Event and data, until the deadline."""
    answer.raise_for_status()
    deadline, event = time.monotonic() + DEADLINE_SECONDS, ""
    for line in answer.iter_lines():
        assert time.monotonic() < deadline
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))
