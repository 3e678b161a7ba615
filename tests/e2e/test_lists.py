"""Lists of runs: searched, sorted, with chosen columns, compared; and the acts on what is selected."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace, until


@pytest.fixture
def three(workspace: Workspace) -> dict[str, str]:
    """Three runs that differ in accuracy, by name."""
    runs = {}
    for name, accuracy in (("amber", 0.7), ("beryl", 0.9), ("coral", 0.8)):
        runs[name] = workspace.run(display_name=name, tags={"color": name})
        workspace.log(runs[name], "accuracy", accuracy / 2, accuracy)
        workspace.call("PATCH", f"/runs/{runs[name]}", {"status": "Completed"})
    return runs


def names(studio: Studio) -> list[str]:
    """The names in the table, from the top."""
    return studio.page.locator('tbody tr td a[href*="/runs/"]').all_inner_texts()


def shows(studio: Studio, *expected: str) -> None:
    until(lambda: names(studio) == list(expected) or None)


@pytest.mark.usefixtures("three")
def test_words_look_in_names_and_expressions_are_filters(studio: Studio) -> None:
    studio.open("/runs")
    shows(studio, "coral", "beryl", "amber")
    search = studio.page.get_by_role("searchbox", name="Search runs")
    search.fill("ery")
    shows(studio, "beryl")
    search.fill("metrics.accuracy > 0.75")
    shows(studio, "coral", "beryl")
    studio.page.reload()
    shows(studio, "coral", "beryl")
    expect(search).to_have_value("metrics.accuracy > 0.75")
    search.press("Escape")
    shows(studio, "coral", "beryl", "amber")


@pytest.mark.usefixtures("three")
def test_tags_and_states_narrow_the_list(studio: Studio) -> None:
    studio.open("/runs")
    studio.page.get_by_role("searchbox", name="Tag").fill("color=beryl")
    shows(studio, "beryl")
    studio.page.get_by_role("combobox", name="Status").click()
    studio.page.get_by_role("option", name="Failed").click()
    expect(studio.page.get_by_text("No run matches")).to_be_visible()


@pytest.mark.usefixtures("three")
def test_a_filter_that_is_wrong_says_why(studio: Studio) -> None:
    studio.open("/runs")
    studio.page.get_by_role("searchbox", name="Search runs").fill("metrics.accuracy > = 1")
    expect(studio.page.get_by_role("alert")).to_contain_text("Invalid")


@pytest.mark.usefixtures("three")
def test_columns_are_chosen_and_sorted_by_the_server(studio: Studio) -> None:
    studio.open("/runs")
    studio.page.get_by_role("button", name="Edit columns").click()
    studio.page.get_by_role("dialog").get_by_label("accuracy").check()
    studio.page.get_by_role("button", name="Done").click()
    header = studio.page.get_by_role("columnheader", name="accuracy")
    header.get_by_role("button").click()
    until(lambda: header.get_attribute("aria-sort"))
    shows(
        studio,
        *(
            ("amber", "coral", "beryl")
            if header.get_attribute("aria-sort") == "ascending"
            else ("beryl", "coral", "amber")
        ),
    )
    before = header.get_attribute("aria-sort")
    header.get_by_role("button").click()
    until(lambda: header.get_attribute("aria-sort") not in (None, before) or None)


@pytest.mark.usefixtures("three")
def test_a_column_is_resized_by_keyboard_and_keeps_its_width(studio: Studio) -> None:
    studio.open("/runs")
    header = studio.page.get_by_role("columnheader", name="Status")
    before = header.bounding_box()
    handle = studio.page.get_by_role("separator", name="Width of Status")
    handle.focus()
    for _ in range(4):
        handle.press("ArrowRight")
    after = header.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] - before["width"] == pytest.approx(64, abs=3)
    studio.page.reload()
    studio.settle()
    again = header.bounding_box()
    assert again is not None
    assert again["width"] == pytest.approx(after["width"], abs=3)


def test_selected_runs_are_compared(studio: Studio, three: dict[str, str]) -> None:
    studio.open("/runs")
    for name in ("amber", "beryl"):
        studio.page.get_by_role("checkbox", name=f"Select {three[name]}").check()
    studio.page.get_by_role("button", name="Compare").click()
    expect(studio.page.locator("h1")).to_have_text("Compare 2 runs")
    expect(studio.page.get_by_role("row", name="accuracy")).to_contain_text("0.7")
    expect(studio.page.locator('figure[data-metric="accuracy"] canvas')).to_be_visible()


def test_deleting_asks_first(workspace: Workspace, studio: Studio, three: dict[str, str]) -> None:
    studio.open("/runs")
    studio.page.get_by_role("checkbox", name=f"Select {three['coral']}").check()
    studio.page.get_by_role("button", name="Delete").click()
    dialog = studio.page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Delete the run coral?")
    dialog.get_by_role("button", name="Delete").click()
    shows(studio, "beryl", "amber")
    assert len(workspace.call("GET", "/runs")["items"]) == 2


def test_tags_are_added_and_removed(workspace: Workspace, studio: Studio, three: dict[str, str]) -> None:
    run = three["amber"]
    studio.open(f"/runs/{run}")
    studio.page.get_by_role("button", name="Add tag").click()
    studio.page.get_by_label("Key").fill("stage")
    studio.page.get_by_label("Value").fill("candidate")
    studio.page.get_by_label("Value").press("Enter")
    expect(studio.page.get_by_text("stage: candidate")).to_be_visible()
    studio.page.get_by_role("button", name="Remove the tag color").click()
    expect(studio.page.get_by_text("color: amber")).to_have_count(0)
    assert workspace.call("GET", f"/runs/{run}")["tags"] == {"stage": "candidate"}


def test_thousands_of_rows_cost_a_screenful(workspace: Workspace, studio: Studio) -> None:
    workspace.run()
    for _ in range(3):
        workspace.call("POST", f"/runs/{workspace.run()}/children", {"count": 100})
    studio.open("/runs?children=true")
    table = studio.page.get_by_role("table", name="Runs")
    expect(studio.page.get_by_text("100 runs loaded")).to_be_visible()
    for _ in range(12):
        table.hover()
        studio.page.mouse.wheel(0, 3000)
        studio.page.wait_for_timeout(100)
    expect(studio.page.get_by_text("304 runs")).to_be_visible()
    assert studio.page.locator("tbody tr").count() < 60


def rows(studio: Studio) -> list[str]:
    """The first words of the rows, from the top."""
    return studio.page.locator("tbody tr td:first-child").all_inner_texts()


def test_a_table_keeps_its_order_and_its_search_in_the_address(workspace: Workspace, studio: Studio) -> None:
    for name in ("beryl-one", "amber-one", "coral-two"):
        workspace.call("PUT", f"/experiments/{name}")
    page = studio.page
    studio.open("/experiments")
    header = page.get_by_role("columnheader", name="Name")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    until(lambda: rows(studio) == ["amber-one", "beryl-one", "coral-two"] or None)
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    page.get_by_role("searchbox", name="Search experiments").fill("one")
    until(lambda: rows(studio) == ["beryl-one", "amber-one"] or None)
    page.reload()
    until(lambda: rows(studio) == ["beryl-one", "amber-one"] or None)
    expect(page.get_by_role("searchbox", name="Search experiments")).to_have_value("one")
    page.get_by_role("link", name="amber-one").click()
    expect(page.locator("h1")).to_have_text("amber-one")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Experiments")
    until(lambda: rows(studio) == ["beryl-one", "amber-one"] or None)


def test_the_order_of_one_tab_is_not_that_of_another(workspace: Workspace, studio: Studio) -> None:
    workspace.call("POST", "/environments/train", {"definition": {"name": "train"}})
    workspace.call("POST", "/environments/train", {"definition": {"name": "train", "docker": {"baseImage": "a"}}})
    page = studio.page
    studio.open("/environments/train?tab=versions")
    header = page.get_by_role("table", name="Versions").get_by_role("columnheader", name="Version")
    expect(header).to_have_attribute("aria-sort", "descending")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("tab", name="Definition").click()
    page.get_by_role("tab", name="Versions").click()
    expect(header).to_have_attribute("aria-sort", "descending")


def test_lists_grow_while_they_are_looked_at(workspace: Workspace, studio: Studio) -> None:
    page = studio.page
    studio.open("/models")
    expect(page.get_by_text("No models yet")).to_be_visible()
    run = workspace.run("late")
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", b"x")
    workspace.call("POST", "/models", {"name": "late", "run_id": run, "run_path": "outputs/model.pkl"})
    expect(page.get_by_role("link", name="late", exact=True)).to_be_visible()
    page.get_by_role("link", name="Experiments", exact=True).click()
    expect(page.get_by_role("table", name="Experiments").get_by_role("link", name="late")).to_be_visible()
    workspace.call("PUT", "/experiments/later")
    expect(page.get_by_role("table", name="Experiments").get_by_role("link", name="later")).to_be_visible()


def test_an_experiment_shows_what_its_runs_logged_until_columns_are_chosen(
    workspace: Workspace, studio: Studio
) -> None:
    for accuracy in (0.5, 0.75):
        run = workspace.run("tuned", display_name=f"run-{accuracy}")
        workspace.log(run, "accuracy", accuracy)
    workspace.run("other", display_name="elsewhere")
    studio.open("/experiments/tuned")
    header = studio.page.get_by_role("columnheader", name="accuracy")
    expect(header).to_be_visible()
    expect(studio.page.get_by_role("row", name="run-0.75")).to_contain_text("0.75")
    expect(studio.page.get_by_role("columnheader", name="Compute")).to_have_count(0)
    studio.page.get_by_role("button", name="Edit columns").click()
    studio.page.get_by_role("dialog").get_by_label("accuracy").uncheck()
    studio.page.get_by_role("button", name="Done").click()
    expect(header).to_have_count(0)
    studio.page.reload()
    expect(studio.page.get_by_role("columnheader", name="Duration")).to_be_visible()
    expect(header).to_have_count(0)
    studio.page.get_by_role("button", name="Edit columns").click()
    studio.page.get_by_role("button", name="Reset").click()
    studio.page.get_by_role("button", name="Done").click()
    expect(header).to_be_visible()
    studio.open("/runs")
    expect(studio.page.get_by_role("columnheader", name="Experiment")).to_be_visible()
    expect(header).to_have_count(0)
