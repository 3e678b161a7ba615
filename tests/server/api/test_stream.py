"""The event stream of a real server: what is committed is seen, in order, and nothing twice."""

from __future__ import annotations

import base64
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.server_process import ServerProcess
from zaffre.sdk.client import Client, Event, events


class Page:
    """What a page that follows something was told so far."""

    def __init__(self, server: ServerProcess, workspace: str, last: str = "", sent: str = "", **wanted: object) -> None:
        self.heard: list[Event] = []
        self.arrived: queue.SimpleQueue[Event] = queue.SimpleQueue()
        headers = {"Authorization": sent or f"Bearer {server.token}", **({"Last-Event-ID": last} if last else {})}
        self.client = httpx.Client(base_url=server.url, headers=headers, timeout=60)
        path = f"/api/v1/workspaces/{workspace}/stream"
        request = self.client.build_request("GET", path, params=wanted)  # type: ignore[arg-type]
        self.answer = self.client.send(request, stream=True)
        if self.answer.is_error:
            self.client.close()
        self.answer.raise_for_status()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        try:
            for event in events(self.answer.iter_lines()):
                self.arrived.put(event)
        except (httpx.HTTPError, httpx.StreamError):
            return

    def until(self, holds: Callable[[Event], bool]) -> Event:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                event = self.arrived.get(timeout=1)
            except queue.Empty:
                continue
            self.heard.append(event)
            if holds(event):
                return event
        raise AssertionError(self.heard)

    def until_the_end(self) -> None:
        """Wait until the server ends the stream, whatever it sends before."""
        self.thread.join(timeout=60)
        assert not self.thread.is_alive()

    def values(self, name: str) -> list[Any]:
        found: list[Any] = []
        for event in self.heard:
            if event.event == "metrics":
                found += json.loads(event.data).get(name, {"values": []})["values"]
        return found

    def text(self) -> str:
        return "".join(json.loads(event.data)["text"] for event in self.heard if event.event == "log")


class Lab:
    def __init__(self, server: ServerProcess, workspace: str) -> None:
        self.server, self.workspace = server, workspace
        self.client = Client(server.url, server.token)
        self.root = self.client.ws(workspace)
        self.client.get(self.root, dict[str, Any], create=True)
        self.client.put(f"{self.root}/experiments/exp", dict[str, Any])
        self.run = str(self.client.post(f"{self.root}/experiments/exp/runs", dict[str, Any], {})["id"])

    def log(self, *values: float | str, start: int = 0) -> None:
        steps = list(range(start, start + len(values)))
        series = [{"name": "loss", "steps": steps, "timestamps": steps, "values": list(values)}]
        self.client.post(f"{self.root}/runs/{self.run}/metrics", dict[str, Any], {"series": series})

    def append(self, text: str | bytes, offset: int) -> None:
        data = text.encode() if isinstance(text, str) else text
        self.client.upload(f"{self.root}/runs/{self.run}/artifacts/logs/a.txt", data, method="PATCH", offset=offset)

    def user(self) -> tuple[str, str]:
        """A new user: the name, and what the user sends as Authorization."""
        name, password = f"u-{uuid4().hex[:8]}", "correct horse"
        self.client.post("/api/v1/users", dict[str, Any], {"name": name, "password": password, "role": "user"})
        return name, "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()

    @contextmanager
    def page(self, last: str = "", sent: str = "", **wanted: object) -> Iterator[Page]:
        page = Page(self.server, self.workspace, last, sent, **wanted)
        try:
            yield page
        finally:
            page.answer.close()
            page.client.close()


@pytest.fixture
def lab(server: ServerProcess, workspace_name: str) -> Lab:
    return Lab(server, workspace_name)


def test_a_page_is_told_how_things_are_and_what_changes(lab: Lab) -> None:
    lab.log(1.0, "NaN")
    with lab.page(run=lab.run) as page:
        page.until(lambda event: event.event == "run")
        assert page.values("loss") == [1.0, "NaN"]
        lab.log(3.0, start=2)
        page.until(lambda event: event.event == "metrics")
        assert page.values("loss") == [1.0, "NaN", 3.0]
        lab.client.patch(f"{lab.root}/runs/{lab.run}", dict[str, Any], {"status": "Completed"})
        last = page.until(lambda event: event.event == "run" and "Completed" in event.data)
        assert json.loads(last.data)["id"] == lab.run


def test_a_point_is_seen_well_within_a_second(lab: Lab) -> None:
    with lab.page(run=lab.run) as page:
        page.until(lambda event: event.event == "run")
        waited = []
        for step in range(5):
            lab.log(float(step), start=step)
            began = time.monotonic()
            page.until(lambda event: event.event == "metrics")
            waited.append(time.monotonic() - began)
        assert sorted(waited)[2] < 1.0, waited
        assert page.values("loss") == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_stream_goes_on_where_it_broke(lab: Lab) -> None:
    lab.log(1.0)
    lab.append("one\n", 0)
    with lab.page(run=lab.run, log="logs/a.txt") as page:
        last = page.until(lambda event: event.event == "run")
    assert page.text() == "one\n"
    lab.log(2.0, start=1)
    lab.append("two\n", 4)
    with lab.page(last.id, run=lab.run, log="logs/a.txt") as page:
        page.until(lambda event: event.event == "run")
    assert page.values("loss") == [2.0]
    assert page.text() == "two\n"


def test_a_log_comes_whole_whatever_its_pieces(lab: Lab) -> None:
    text = "Zäffre → 💙 blue\n" * 200
    data = text.encode()
    with lab.page(run=lab.run, log="logs/a.txt") as page:
        page.until(lambda event: event.event == "run")
        for at in range(0, len(data), 997):  # cuts within characters
            lab.append(data[at : at + 997], at)
        while page.text() != text:
            page.until(lambda event: event.event == "log")


def test_a_log_that_is_not_utf8_does_not_stop(lab: Lab) -> None:
    lab.append(b"\xff\xfe binary \xff\n", 0)
    with lab.page(run=lab.run, log="logs/a.txt") as page:
        page.until(lambda event: event.event == "log")
        assert "binary" in page.text()


def test_new_files_and_lists_are_announced(lab: Lab) -> None:
    with lab.page(run=lab.run, runs=True) as page:
        page.until(lambda event: event.event == "run")
        lab.client.upload(f"{lab.root}/runs/{lab.run}/artifacts/outputs/m", b"12")
        event = page.until(lambda event: event.event == "files")
        assert [(item["path"], item["size"]) for item in json.loads(event.data)["items"]] == [("outputs/m", 2)]
        lab.client.post(f"{lab.root}/experiments/exp/runs", dict[str, Any], {})
        page.until(lambda event: event.event == "runs")


def test_a_service_is_followed_to_its_end(lab: Lab) -> None:
    snapshot = lab.client.post(f"{lab.root}/snapshots", dict[str, Any], {"files": []})["id"]
    spec = {"entry_script": "s.py", "source_name": "s", "snapshot_id": snapshot, "environment": {}}
    service = f"{lab.root}/services/svc"
    lab.client.put(service, dict[str, Any], {"spec": spec})
    with lab.page(service="svc", log="log") as page:
        page.until(lambda event: event.event == "service")
        lab.client.upload(f"{service}/logs", b"started\n", method="PATCH", offset=0)
        page.until(lambda event: event.event == "log")
        assert page.text() == "started\n"
        lab.client.post(f"{service}/report", dict[str, Any], {"revision": 1, "state": "running"})
        page.until(lambda event: event.event == "service" and '"running"' in event.data)
        lab.client.delete(service)
        lab.client.post(f"{service}/report", dict[str, Any], {"revision": 1, "state": "deleted"})
        page.until(lambda event: event.event == "service" and '"deleted"' in event.data)


def test_what_is_not_there_cannot_be_followed(lab: Lab) -> None:
    for wanted in ({"run": "none"}, {"service": "none"}):
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            Page(lab.server, lab.workspace, **wanted)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        Page(lab.server, lab.workspace, "not-a-cursor!", run=lab.run)


def test_a_revoked_token_ends_its_stream(lab: Lab) -> None:
    made = lab.client.post("/api/v1/tokens", dict[str, Any], {"kind": "user"})
    with lab.page(sent=f"Bearer {made['token']}", run=lab.run) as page:
        page.until(lambda event: event.event == "run")
        lab.client.delete(f"/api/v1/tokens/{made['id']}")
        page.until_the_end()
    with pytest.raises(httpx.HTTPStatusError, match="401"), lab.page(sent=f"Bearer {made['token']}", run=lab.run):
        pass


def test_a_deleted_user_hears_nothing_more(lab: Lab) -> None:
    name, sent = lab.user()
    with lab.page(sent=sent, run=lab.run) as page:
        page.until(lambda event: event.event == "run")
        lab.client.delete(f"/api/v1/users/{name}")
        page.until_the_end()


def test_a_stream_ends_with_the_permission_to_read(lab: Lab) -> None:
    name, sent = lab.user()
    with lab.page(sent=sent, run=lab.run) as page, lab.page(run=lab.run) as other:
        page.until(lambda event: event.event == "run")
        other.until(lambda event: event.event == "run")
        experiment = f"{lab.root}/experiments/exp"
        lab.client.put(f"{experiment}/permissions/{name}", dict[str, Any], {"level": "NO_PERMISSIONS"})
        page.until_the_end()
        lab.log(1.0)
        other.until(lambda event: event.event == "metrics")
    with pytest.raises(httpx.HTTPStatusError, match="403"), lab.page(sent=sent, run=lab.run):
        pass
