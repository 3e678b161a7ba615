"""The links that MLflow's clients print after a run open the pages of the Studio."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace


@pytest.mark.parametrize("slash", ["", "/"])
def test_links_of_a_workspace(studio: Studio, workspace: Workspace, slash: str) -> None:
    run_id = workspace.run()
    run = workspace.call("GET", f"/runs/{run_id}")
    experiment = f"{workspace.url}/workspaces/{workspace.name}{slash}#/experiments/{run['experiment_id']}"
    pages = {
        f"{experiment}/runs/{run_id}": f"runs/{run_id}",
        experiment: f"experiments/{run['experiment_name']}",
    }
    for link, page in pages.items():
        studio.page.goto("about:blank")
        studio.page.goto(link)
        expect(studio.page).to_have_url(re.compile(rf".*/ws/{workspace.name}/{page}$"))
    expect(studio.page.get_by_role("heading", name=run["experiment_name"])).to_be_visible()


def test_links_without_a_workspace_are_the_default_ones(studio: Studio, workspace: Workspace) -> None:
    studio.page.goto(f"{workspace.url}/#/experiments/0")
    expect(studio.page).to_have_url(re.compile(r".*/ws/default/experiments/Default$"))
    studio.page.goto("about:blank")
    studio.page.goto(f"{workspace.url}/#/experiments/0/runs/nobody?workspace={workspace.name}")
    expect(studio.page).to_have_url(re.compile(rf".*/ws/{workspace.name}/runs/nobody$"))
