"""An endpoint's page: how it was deployed, a test call, code to paste, its log."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace


class Scorer(BaseHTTPRequestHandler):
    """Answers the sum of the numbers it is sent, and 400 for anything else."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            status, answer = 200, json.dumps({"sum": sum(json.loads(body)["data"])})
        except (ValueError, KeyError):
            status, answer = 400, "the body has no data"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def scorer() -> Iterator[int]:
    """The port of a small scoring server."""
    with HTTPServer(("127.0.0.1", 0), Scorer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def deploy(workspace: Workspace, name: str, **report: object) -> None:
    snapshot = workspace.call("POST", "/snapshots", {"files": []})["id"]
    spec = {"entry_script": "score.py", "source_name": "service", "snapshot_id": snapshot, "environment": {}}
    workspace.call("PUT", f"/services/{name}", {"spec": spec})
    now = int(time.time() * 1000)
    steps = [
        {"name": "environment", "started_at": now - 3000, "ended_at": now - 1000, "detail": "reused"},
        {"name": "init", "started_at": now - 1000, "ended_at": now},
    ]
    workspace.call("POST", f"/services/{name}/report", {"revision": 1, "steps": steps, **report})


def test_a_request_is_sent_and_its_answer_shown(workspace: Workspace, studio: Studio, scorer: int) -> None:
    deploy(workspace, "adder", state="running", scoring_uri=f"http://127.0.0.1:{scorer}/score", port=scorer)
    studio.open("/endpoints/adder")
    expect(studio.page.locator("header [data-state]")).to_have_text("Running")
    studio.page.get_by_role("tab", name="Test").click()
    studio.page.get_by_label("Body").fill('{"data": [1, 2, 39]}')
    studio.page.get_by_role("button", name="Test").click()
    expect(studio.page.get_by_label("Response body")).to_contain_text('"sum": 42')
    expect(studio.page.get_by_role("status")).to_contain_text("200")
    latency = float(studio.page.locator("[data-latency]").get_attribute("data-latency") or "nan")
    assert 0 < latency < 30_000


def test_a_refused_request_shows_the_refusal(workspace: Workspace, studio: Studio, scorer: int) -> None:
    deploy(workspace, "adder", state="running", scoring_uri=f"http://127.0.0.1:{scorer}/score", port=scorer)
    studio.open("/endpoints/adder")
    studio.page.get_by_role("tab", name="Test").click()
    studio.page.get_by_label("Body").fill("{}")
    studio.page.get_by_role("button", name="Test").click()
    expect(studio.page.get_by_role("status")).to_contain_text("400")
    expect(studio.page.get_by_label("Response body")).to_contain_text("the body has no data")


def test_the_snippets_hold_the_address_and_the_last_body(workspace: Workspace, studio: Studio, scorer: int) -> None:
    address = f"http://127.0.0.1:{scorer}/score"
    deploy(workspace, "adder", state="running", scoring_uri=address, port=scorer)
    studio.open("/endpoints/adder")
    studio.page.get_by_role("tab", name="Test").click()
    studio.page.get_by_label("Body").fill('{"data": [7]}')
    studio.page.get_by_role("tab", name="Consume").click()
    code = studio.page.locator("pre")
    expect(code).to_contain_text(f"curl -X POST '{address}'")
    expect(code).to_contain_text('{"data": [7]}')
    studio.page.get_by_role("tab", name="Azure ML SDK").click()
    expect(code).to_contain_text(f'Webservice(Workspace.get("{workspace.name}"), "adder")')


def test_a_failed_deployment_names_the_step_and_the_reason(workspace: Workspace, studio: Studio) -> None:
    error = {"code": "DeploymentFailed", "message": "init() raised ModuleNotFoundError: No module named 'sklearn'"}
    deploy(workspace, "broken", state="failed", error=error)
    studio.open("/endpoints/broken")
    expect(studio.page.get_by_text("The step “init” failed")).to_be_visible()
    expect(studio.page.get_by_text("No module named 'sklearn'")).to_be_visible()


def test_a_revision_that_was_rolled_back_is_told(workspace: Workspace, studio: Studio) -> None:
    deploy(workspace, "adder", state="running")
    now = int(time.time() * 1000)
    ready = {"name": "ready", "started_at": now - 9000, "ended_at": now - 8990}
    rule = "is watched for 120 s: it goes back to revision 1 when more than 50% of its answers are errors"
    bake = {"name": "bake", "started_at": now - 8990, "detail": rule}
    workspace.call("POST", "/services/adder/report", {"revision": 1, "state": "running", "steps": [ready, bake]})
    studio.open("/endpoints/adder")
    expect(studio.page.get_by_text("goes back to revision 1 when")).to_be_visible()
    expect(studio.page.get_by_label("Watched")).to_be_visible()
    ended = {**bake, "ended_at": now, "detail": "19 of 20 answers were errors (95%; the limit is 50%)"}
    back = {"name": "roll-back", "started_at": now, "ended_at": now + 700, "detail": "to revision 1"}
    error = {
        "code": "UserError",
        "message": "Revision 2 was rolled back after 9 s, because 19 of 20 answers failed. Revision 1 serves again.",
        "details": {"step": "bake", "reason": "RolledBack", "revision": 2, "serving_revision": 1},
    }
    report = {"revision": 1, "state": "running", "steps": [ready, ended, back], "error": error}
    workspace.call("POST", "/services/adder/report", report)
    expect(studio.page.get_by_text("Revision 2 was rolled back", exact=True)).to_be_visible()
    expect(studio.page.get_by_text("Revision 1 serves again.")).to_be_visible()
    expect(studio.page.get_by_label("Failed", exact=True)).to_have_count(1)
    expect(studio.page.locator("header [data-state]")).to_have_text("Running")


def test_the_log_is_live_and_deleting_asks_first(workspace: Workspace, studio: Studio) -> None:
    deploy(workspace, "adder", state="running")
    workspace.send("/services/adder/logs", b"loading the model\n", "PATCH", offset=0)
    studio.open("/endpoints/adder")
    studio.page.get_by_role("tab", name="Logs").click()
    log = studio.page.get_by_role("log")
    expect(log).to_contain_text("loading the model")
    workspace.send("/services/adder/logs", b"ready\n", "PATCH", offset=18)
    expect(log).to_contain_text("ready")
    studio.page.get_by_role("button", name="Delete").click()
    dialog = studio.page.get_by_role("alertdialog")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    assert workspace.call("GET", "/services/adder")["state"] != "deleted"
    studio.page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(studio.page.locator("h1")).to_have_text("Endpoints")
