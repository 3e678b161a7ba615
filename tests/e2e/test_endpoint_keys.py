"""The keys of an endpoint: hidden until they are asked for, replaced only after a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.docker_engine import BASE
from tests.e2e.browser import Studio, Workspace, confirm
from tests.server_process import ServerProcess
from zaffre.docker.engine import Engine
from zaffre.sdk import workspace as sdk
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_aci import AciWebservice

SECONDS = 300.0  # generous: the machine may be busy with other tests
HIDDEN = "•" * 24


@pytest.fixture
def workspace(
    docker: Engine, own_server: ServerProcess, workspace_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """A workspace of a server that finds the engine, with the service ``keyed`` in a container."""
    assert docker.address
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    (tmp_path / "score.py").write_text("def init(): pass\ndef run(data): return data\n")
    monkeypatch.chdir(tmp_path)
    mine = Workspace(own_server.url, own_server.token, workspace_name)
    environment = Environment.from_docker_image("plain", BASE)
    config = AciWebservice.deploy_configuration(cpu_cores=0.5, memory_gb=1, auth_enabled=True)
    there = sdk.Workspace("sub", "group", workspace_name)
    service = Model.deploy(there, "keyed", [], InferenceConfig("score.py", environment=environment), config)
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        yield mine
    finally:
        service.delete()
        mine.close()


def test_keys_are_shown_on_demand_and_replaced_after_a_question(workspace: Workspace, studio: Studio) -> None:
    keys = workspace.call("POST", "/services/keyed/keys/list", {})
    page = studio.page
    studio.open("/endpoints/keyed")
    expect(page.get_by_role("main")).to_contain_text("Container on the server (ACI)")
    expect(page.get_by_role("main")).to_contain_text(f"/services/{workspace.name}/keyed/score")
    page.get_by_role("tab", name="Test").click()
    page.get_by_label("Body").fill("[1]")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_role("status")).to_contain_text("200")  # the server sends a key for who may work here
    page.get_by_role("tab", name="Consume").click()
    primary, secondary = page.locator("[data-key=Primary]"), page.locator("[data-key=Secondary]")
    expect(primary).to_have_text(HIDDEN)
    assert keys["primary_key"] not in page.content()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(primary).to_have_text(keys["primary_key"])
    expect(secondary).to_have_text(keys["secondary_key"])
    expect(page.get_by_role("button", name="Copy the primary key")).to_be_visible()
    page.get_by_role("button", name="Regenerate the primary key").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("It does not come back.")
    page.get_by_role("button", name="Keep").click()
    expect(primary).to_have_text(keys["primary_key"])
    page.get_by_role("button", name="Regenerate the primary key").click()
    confirm(page, "Regenerate")
    expect(primary).not_to_have_text(keys["primary_key"])
    expect(secondary).to_have_text(keys["secondary_key"])
    after = workspace.call("POST", "/services/keyed/keys/list", {})
    expect(primary).to_have_text(after["primary_key"])
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(primary).to_have_text(HIDDEN)
