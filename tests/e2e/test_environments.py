"""Environments: what was asked, what it resolved to, and who used it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace, confirm, until
from tests.e2e.furnishing import furnish


def test_the_packages_of_a_lock_beside_what_was_asked(workspace: Workspace, studio: Studio) -> None:
    furnish(workspace)
    page = studio.page
    studio.open("/environments/train?tab=packages")
    table = page.get_by_role("table", name="Packages")
    row = table.get_by_role("row", name="scikit-learn")
    expect(row.get_by_role("cell").nth(1)).to_have_text("1.5.0")
    expect(row.get_by_role("cell").nth(2)).to_have_text("scikit-learn")
    expect(table.get_by_role("row", name="threadpoolctl")).to_contain_text("Brought along")
    expect(table.get_by_role("row", name="tzdata")).to_contain_text("https://channel.test/forge")
    page.get_by_role("searchbox", name="Search packages").fill("numpy")
    expect(table.locator("tbody tr")).to_have_count(1)
    page.get_by_role("searchbox", name="Search packages").fill("absent")
    expect(page.get_by_text("No packages match")).to_be_visible()


def test_who_used_an_environment_and_how_it_was_prepared(workspace: Workspace, studio: Studio) -> None:
    room = furnish(workspace)
    page = studio.page
    studio.open("/environments/train")
    page.get_by_role("tab", name="Used by").click()
    row = page.get_by_role("table", name="Uses").get_by_role("row", name="logistic-regression")
    expect(row).to_contain_text("Built in 12 s")
    row.get_by_role("link", name="logistic-regression").click()
    page.get_by_role("tab", name="Environment").click()
    expect(page.get_by_text("made for another Python")).to_be_visible()
    expect(page.get_by_role("table", name="Packages")).to_contain_text("2.1.0")
    expect(page.get_by_role("link", name="train:1")).to_be_visible()
    studio.open(f"/runs/{room.live}?tab=environment")
    expect(page.get_by_text("This run was not submitted")).to_be_visible()


def test_a_version_that_nothing_used_says_how_to_see_its_packages(workspace: Workspace, studio: Studio) -> None:
    definition = {"name": "idle", "condaDependencies": {"dependencies": ["python=3.11"]}}
    workspace.call("POST", "/environments/idle", {"definition": definition})
    studio.open("/environments/idle?tab=packages")
    expect(studio.page.get_by_text("zaffre environment build idle")).to_be_visible()


def register(workspace: Workspace, name: str, *pip: str, **more: object) -> str:
    document = {"dependencies": [{"pip": list(pip)}]}
    definition = {"name": name, "python": {"condaDependencies": document}, **more}
    return str(workspace.call("POST", f"/environments/{name}", {"definition": definition})["version"])


def test_curated_environments_are_marked_and_open(workspace: Workspace, studio: Studio) -> None:
    register(workspace, "mine", "six==1.16.0")
    page = studio.page
    studio.open("/environments")
    table = page.get_by_role("table", name="Environments")
    expect(table.locator("tbody tr").first).to_contain_text("This workspace")
    row = table.get_by_role("row", name="AzureML-Minimal")
    expect(row).to_contain_text("Curated")
    row.get_by_role("link", name="AzureML-Minimal").click()
    expect(page.get_by_label("Conda file", exact=True)).to_contain_text("azureml-defaults")
    expect(page.get_by_role("button", name="Delete version")).to_be_disabled()


def test_two_versions_are_compared(workspace: Workspace, studio: Studio) -> None:
    register(workspace, "grown", "six==1.15.0", "idna")
    register(workspace, "grown", "six==1.16.0", "attrs", environmentVariables={"LR": "0.1"})
    register(workspace, "grown", "six==1.16.0", "attrs")
    page = studio.page
    studio.open("/environments/grown?tab=versions")
    changes = page.get_by_role("region", name="What is asked for")
    expect(changes.get_by_role("row")).to_have_count(2)  # the head, and one that is gone
    expect(changes.get_by_role("row", name="environmentVariables.LR")).to_contain_text("removed")
    page.get_by_label("From").select_option("1")
    expect(changes.get_by_role("row", name="idna")).to_contain_text("removed")
    expect(changes.get_by_role("row", name="attrs")).to_contain_text("not there")
    expect(changes.get_by_role("row", name="six")).to_contain_text("six==1.15.0")
    assert "against=1" in page.url.replace("%22", "")
    page.get_by_label("To").select_option("1")
    expect(page.get_by_text("Both ask for the same.")).to_be_visible()


def test_a_build_from_the_page_shows_its_log_as_it_grows(workspace: Workspace, studio: Studio) -> None:
    register(workspace, "built", "toolz==1.0.0")  # which no other test asks for: it is not built yet
    page = studio.page
    studio.open("/environments/built?tab=builds")
    expect(page.get_by_text("Not resolved on this machine yet")).to_be_visible()
    page.get_by_role("button", name="Build version 1").click()
    page.get_by_role("dialog").get_by_role("checkbox").check()
    page.get_by_role("dialog").get_by_role("button", name="Build", exact=True).click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("Built environment", timeout=120_000)
    card = page.get_by_role("region", name="Build of version 1")
    expect(card).to_contain_text("Completed", timeout=60_000)
    expect(page.get_by_text("Built: the next use finds it.")).to_be_visible()
    expect(page.get_by_role("region", name="On the server's machine")).to_contain_text("are its own")
    expect(page.get_by_role("list", name="Where the time went")).to_contain_text("Install with pip")
    card.get_by_role("link", name="Open the run").click()
    expect(page.get_by_role("list", name="Where the time went")).to_contain_text("Resolve to a lock")
    expect(page.get_by_role("table", name="Packages")).to_contain_text("1.0.0")
    expect(page.get_by_role("log")).to_contain_text("Built environment")
    studio.open("/environments/built?tab=uses")
    expect(page.get_by_role("table", name="Uses").get_by_role("link", name="built:1")).to_be_visible()


def test_a_build_that_fails_keeps_its_log_on_the_page_and_on_its_run(workspace: Workspace, studio: Studio) -> None:
    register(workspace, "broken", "zaffre-has-no-such-package==1.0")
    run = workspace.call("POST", "/environments/broken/builds", {})["id"]
    page = studio.page
    studio.open("/environments/broken?tab=builds")
    card = page.get_by_role("region", name="Build of version 1")
    expect(card).to_contain_text("Failed", timeout=120_000)
    expect(card.get_by_role("log")).to_contain_text("zaffre-has-no-such-package")
    studio.open(f"/runs/{run}?tab=environment")
    expect(page.get_by_role("region", name="Asked for")).to_contain_text("zaffre-has-no-such-package==1.0")
    expect(page.get_by_role("log")).to_contain_text("zaffre-has-no-such-package")


def test_what_is_removed_from_the_disk_is_said_before(workspace: Workspace, studio: Studio) -> None:
    name = f"goes-{workspace.name}"
    register(workspace, name, "six==1.14.0")
    run = workspace.call("POST", f"/environments/{name}/builds", {})["id"]
    until(lambda: workspace.call("GET", f"/runs/{run}")["status"] == "Completed" or None, 120)
    page = studio.page
    studio.open("/environments?tab=disk")
    page.get_by_role("searchbox", name="Search disk use").fill(name)
    row = page.get_by_role("table", name="Disk use").get_by_role("row", name=name)
    expect(row).to_contain_text("KiB")
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("come back")
    expect(dialog.get_by_role("region", name="What goes")).to_contain_text(name)
    dialog.get_by_role("button", name="Keep").click()
    expect(row).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    dialog.get_by_role("button", name="Remove", exact=False).click()
    expect(dialog).to_have_count(0, timeout=60_000)  # while it is there, what stands behind it is hidden
    expect(row).to_have_count(0, timeout=60_000)
    keys = [one["what"] for one in workspace.call("GET", "//disk/environments")["items"]]
    assert not any(name in what for what in keys)


def test_labels_are_set_and_a_version_deleted_after_a_question(workspace: Workspace, studio: Studio) -> None:
    register(workspace, "kept", "six==1.15.0")
    register(workspace, "kept", "six==1.16.0")
    page = studio.page
    studio.open("/environments/kept?version=1")
    page.get_by_role("button", name="Label").click()
    page.get_by_role("dialog").get_by_label("Labels").fill("stable, production")
    page.get_by_role("dialog").get_by_role("button", name="Label").click()
    expect(page.get_by_role("region", name="Details")).to_contain_text("production, stable")
    page.get_by_role("button", name="Delete version").click()
    confirm(page, "Delete")
    expect(page.get_by_role("button", name="Version 2")).to_be_visible()
    assert [one["version"] for one in workspace.call("GET", "/environments/kept/versions")["items"]] == ["2"]
