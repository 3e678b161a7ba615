"""An endpoint with two versions that really serve: what each answered, traffic moved and moved back, copies, logs."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.accessibility import clipped, findings
from tests.e2e.browser import NARROW, Studio, Workspace, confirm, until
from tests.server_process import ServerProcess
from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.workspace import Workspace as SdkWorkspace

SECONDS = 300.0  # generous: real processes start, and the machine may be busy
PATIENCE_MS = SECONDS * 1000
NAME = "shared"

SCRIPT = """
def init():
    print("loads", MARK)
def run(data):
    return {"from": MARK}
"""


def inference(folder: Path, mark: str) -> InferenceConfig:
    folder.mkdir()
    (folder / "score.py").write_text(f"{SCRIPT}MARK = {mark!r}\n")
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    return InferenceConfig("score.py", source_directory=str(folder), environment=environment)


@pytest.fixture
def endpoint(server: ServerProcess, workspace: Workspace, tmp_path: Path) -> Iterator[AksEndpoint]:
    """Two versions, of which the second gets a quarter, and copies of all that the first answers."""
    assert server.url == workspace.url
    known = SdkWorkspace("sub", "group", workspace.name)
    config = AksEndpoint.deploy_configuration(version_name="stable")
    made = Model.deploy(known, NAME, [], inference(tmp_path / "stable", "stable"), config)
    assert isinstance(made, AksEndpoint)
    made.wait_for_deployment(timeout_sec=SECONDS)
    made.create_version("canary", inference_config=inference(tmp_path / "canary", "canary"), traffic_percentile=25)
    made.wait_for_deployment(timeout_sec=SECONDS)
    made.set_mirror_traffic({"canary": 100})
    yield made
    made.delete()


def ask(endpoint: AksEndpoint, version: str, times: int) -> None:
    headers = {"authorization": f"Bearer {endpoint.get_keys()[0]}", "azureml-model-deployment": version}
    assert endpoint.direct_uri is not None
    with httpx.Client(headers=headers, timeout=SECONDS) as client:
        for number in range(times):
            assert client.post(endpoint.direct_uri, content=json.dumps(number)).status_code == 200


def ask_until_copied(endpoint: AksEndpoint) -> int:
    """How many requests it took until the router had heard that it shall copy them."""
    asked = 0

    def is_copied() -> bool | None:
        nonlocal asked
        ask(endpoint, "stable", 1)
        asked += 1
        time.sleep(0.2)  # a copy is sent after its answer
        return endpoint.shadow_report().different > 0 or None

    until(is_copied, SECONDS)
    return asked


def shares(workspace: Workspace) -> dict[str, int]:
    versions = workspace.call("GET", f"/endpoints/{NAME}")["versions"]
    return {one["name"]: one["traffic_percentile"] for one in versions}


def card(studio: Studio, name: str) -> Locator:
    return studio.page.get_by_role("region", name=name, exact=True)


@pytest.mark.timeout(1800)
def test_versions_are_watched_and_their_traffic_is_moved(
    workspace: Workspace, studio: Studio, endpoint: AksEndpoint
) -> None:
    asked = ask_until_copied(endpoint) + 20
    ask(endpoint, "stable", 20)
    studio.open(f"/endpoints/{NAME}")
    counters_fill(studio, asked)
    the_copies_are_reported(studio)
    shares_that_do_not_add_up_are_told(studio)
    traffic_is_moved_and_moved_back(workspace, studio)
    a_version_has_its_own_log_and_metrics(studio, asked)
    copying_is_stopped_and_begun(workspace, studio)
    a_key_is_shown_and_replaced(studio, endpoint)
    it_fits_a_narrow_window(studio)


def counters_fill(studio: Studio, asked: int) -> None:
    stable = studio.page.locator(f'[data-counted="{NAME}.stable"]')
    expect(stable).to_contain_text(f"{asked} requests · no errors · p50", timeout=PATIENCE_MS)
    expect(stable).to_contain_text(re.compile(r"p99 [\d.,]+ ms"))
    for version in ("stable", "canary"):
        steps = card(studio, f"Deployment of {version}")
        expect(steps.get_by_role("listitem").filter(has_text="Environment")).to_have_count(1)


def the_copies_are_reported(studio: Studio) -> None:
    shadow = card(studio, "Shadow traffic")
    expect(shadow).to_contain_text("100 % of the requests, to canary")
    expect(shadow).to_contain_text(re.compile(r"Different answer\s*[1-9]\d* \(100 %\)"), timeout=PATIENCE_MS)
    expect(shadow.locator("pre", has_text='"from": "stable"').first).to_be_visible()
    expect(shadow.locator("pre", has_text='"from": "canary"').first).to_be_visible()


def shares_that_do_not_add_up_are_told(studio: Studio) -> None:
    page = studio.page
    card(studio, "Versions and traffic").get_by_role("button", name="Edit traffic").click()
    dialog = page.get_by_role("dialog")
    save = dialog.get_by_role("button", name="Change traffic")
    status = dialog.get_by_role("status")
    dialog.get_by_label("canary").fill("40")
    expect(status).to_have_text("Together they get 115 %, which is 15 % too much.")
    expect(save).to_be_disabled()
    dialog.get_by_label("canary").fill("")
    expect(status).to_have_text("The share of canary must be a whole number from 0 to 100.")
    dialog.get_by_role("button", name="Undo changes").click()
    expect(dialog.get_by_label("canary")).to_have_value("25")
    dialog.get_by_label("canary").fill("40")
    dialog.get_by_role("button", name="Give stable the rest").click()
    expect(dialog.get_by_label("stable")).to_have_value("60")
    expect(status).to_contain_text("Together 100 %.")
    save.click()
    expect(dialog).to_have_count(0, timeout=PATIENCE_MS)


def traffic_is_moved_and_moved_back(workspace: Workspace, studio: Studio) -> None:
    versions = card(studio, "Versions and traffic")
    expect(versions.get_by_role("listitem", name="canary")).to_contain_text("40 %")
    assert shares(workspace) == {"stable": 60, "canary": 40}
    expect(versions).to_contain_text("Before: stable 75 %, canary 25 %")
    versions.get_by_role("button", name="Undo").click()
    expect(versions.get_by_role("listitem", name="canary")).to_contain_text("25 %", timeout=PATIENCE_MS)
    expect(versions).not_to_contain_text("Before:")
    assert shares(workspace) == {"stable": 75, "canary": 25}


def a_version_has_its_own_log_and_metrics(studio: Studio, asked: int) -> None:
    page = studio.page
    card(studio, "Versions and traffic").get_by_role("listitem", name="canary").get_by_role("link", name="Log").click()
    expect(page.get_by_role("log")).to_contain_text("loads canary", timeout=PATIENCE_MS)
    page.get_by_role("combobox", name="Version").click()
    page.get_by_role("option", name="The endpoint's router").click()
    expect(page.get_by_role("log")).to_contain_text("stable 75 %, canary 25 %", timeout=PATIENCE_MS)
    studio.open(f"/endpoints/{NAME}?tab=metrics&version=stable")
    expect(page.get_by_role("combobox", name="Version")).to_have_text("stable")
    expect(page.get_by_role("main")).to_contain_text(f"{asked} requests", timeout=PATIENCE_MS)
    expect(page.get_by_role("figure", name=re.compile("^Latency, ms: p50 "))).to_be_visible()


def copying_is_stopped_and_begun(workspace: Workspace, studio: Studio) -> None:
    studio.open(f"/endpoints/{NAME}")
    shadow = card(studio, "Shadow traffic")
    shadow.get_by_role("button", name="Stop").click()
    expect(shadow).to_contain_text("No requests are copied", timeout=PATIENCE_MS)
    shadow.get_by_role("button", name="Mirror requests").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Percentage of the requests").fill("30")
    dialog.get_by_role("button", name="Mirror").click()
    expect(dialog).to_have_count(0, timeout=PATIENCE_MS)
    expect(shadow).to_contain_text("30 % of the requests, to canary")
    until(lambda: workspace.call("GET", f"/endpoints/{NAME}")["mirror_traffic"] == {"canary": 30} or None)


def it_fits_a_narrow_window(studio: Studio) -> None:
    studio.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    studio.page.emulate_media(color_scheme="dark")
    studio.open(f"/endpoints/{NAME}")
    expect(card(studio, "Versions and traffic")).to_contain_text("canary")
    assert studio.overflow() == 0
    assert [*findings(studio.page), *clipped(studio.page)] == []


def a_key_is_shown_and_replaced(studio: Studio, endpoint: AksEndpoint) -> None:
    before = endpoint.get_keys()
    studio.open(f"/endpoints/{NAME}?tab=consume")
    keys = card(studio, "Keys")
    keys.get_by_role("button", name="Show").click()
    expect(keys.locator('[data-key="Primary"]')).to_have_text(before[0], timeout=PATIENCE_MS)
    keys.get_by_role("button", name="Regenerate the primary key").click()
    confirm(studio.page, "Regenerate")
    expect(keys.locator('[data-key="Primary"]')).not_to_have_text(before[0], timeout=PATIENCE_MS)
    expect(keys.locator('[data-key="Secondary"]')).to_have_text(before[1])
    assert endpoint.get_keys()[0] != before[0]
