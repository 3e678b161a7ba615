"""What people say of runs and experiments: in Markdown, and the same for MLflow's clients."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import findings
from tests.e2e.browser import Studio, Workspace

NOTE = "mlflow.note.content"
TEXT = (
    "# Baseline\n\nThe **dice** loss, see [the paper](https://example.org/p).\n\n"
    "| fold | dice |\n|---|---|\n| 1 | 0.9 |\n"
)


def test_a_note_of_mlflow_is_the_description_and_is_changed_for_both(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run(tags={NOTE: TEXT + "\n<script>document.title = 'taken'</script> [x](javascript:alert(1))"})
    studio.open(f"/runs/{run}")
    card = studio.page.get_by_role("region", name="Description")
    expect(card.get_by_role("heading", name="Baseline")).to_be_visible()
    expect(card.get_by_role("cell", name="0.9")).to_be_visible()
    expect(card.get_by_role("link", name="the paper")).to_have_attribute("rel", "noopener noreferrer")
    expect(card.get_by_role("link")).to_have_count(1)
    expect(card).to_contain_text("<script>")
    assert findings(studio.page) == []
    card.get_by_role("button", name="Edit").click()
    card.get_by_label("Description").fill("*New*")
    card.get_by_role("button", name="Save").click()
    expect(card.locator("em")).to_have_text("New")
    changed = workspace.call("GET", f"/runs/{run}")
    assert (changed["description"], changed["tags"][NOTE]) == ("*New*", "*New*")


@pytest.mark.parametrize("before", ["", "Old"])
def test_an_experiment_is_described_on_its_page(workspace: Workspace, studio: Studio, before: str) -> None:
    workspace.run("described")
    if before:
        workspace.call("PATCH", "/experiments/described", {"tags": {NOTE: before}})
    studio.open("/experiments/described")
    studio.page.get_by_role("button", name="Edit description").click()
    dialog = studio.page.get_by_role("dialog")
    expect(dialog.get_by_label("Description")).to_have_value(before)
    dialog.get_by_label("Description").fill("Which **loss** is best?")
    dialog.get_by_role("button", name="Save").click()
    shown = studio.page.get_by_role("region", name="Description")
    expect(shown.locator("strong")).to_have_text("loss")
    assert findings(studio.page) == []
    assert workspace.call("GET", "/experiments/described")["tags"][NOTE] == "Which **loss** is best?"
