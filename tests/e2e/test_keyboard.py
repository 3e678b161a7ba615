"""The Studio without a mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace, until
from tests.e2e.furnishing import furnish


def focused(studio: Studio) -> str:
    """What the focus is on: its label or text."""
    return str(
        studio.page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText.trim()"
        )
    )


def ring(studio: Studio) -> bool:
    """Whether one sees where the focus is: an outline on it, or a frame that its focus draws."""
    return bool(
        studio.page.evaluate(
            """() => {
              const node = document.activeElement;
              const drawn = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
                || style.boxShadow !== "none" || (style.content !== "none" && style.content !== "normal"
                  && parseFloat(style.borderTopWidth) > 0);
              return drawn(getComputedStyle(node)) || drawn(getComputedStyle(node, "::after"))
                || drawn(getComputedStyle(node.parentElement, "::after"))
                || node.hasAttribute("data-fui-focus-visible");
            }"""
        )
    )


def tab_to(studio: Studio, label: str, most: int = 60) -> None:
    for _ in range(most):
        studio.page.keyboard.press("Tab")
        assert ring(studio), f"the focus on {focused(studio)!r} is not seen"
        if focused(studio) == label:
            return
    raise AssertionError(f"{label!r} is not reached with {most} tabs")


def test_from_the_skip_link_to_a_run(workspace: Workspace, studio: Studio) -> None:
    workspace.run(display_name="reached")
    studio.open("/runs")
    studio.page.keyboard.press("Tab")
    assert focused(studio) == "Skip to content"
    studio.page.keyboard.press("Enter")
    tab_to(studio, "reached")
    studio.page.keyboard.press("Enter")
    expect(studio.page.locator("h1")).to_have_text("reached")


def test_the_navigation_and_its_collapse(studio: Studio) -> None:
    studio.open("")
    tab_to(studio, "Collapse navigation")
    studio.page.keyboard.press("Enter")
    expect(studio.page.get_by_role("button", name="Expand navigation")).to_be_visible()
    tab_to(studio, "Models")
    studio.page.keyboard.press("Enter")
    expect(studio.page.locator("h1")).to_have_text("Models")


def test_tabs_and_the_tree_of_files(workspace: Workspace, studio: Studio) -> None:
    room = furnish(workspace)
    studio.open(f"/runs/{room.run}")
    tab_to(studio, "Overview")
    for _ in range(10):
        if focused(studio) == "Outputs + logs":
            break
        studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("Enter")
    tree = studio.page.get_by_role("tree", name="Outputs and logs")
    expect(tree).to_be_visible()
    studio.page.get_by_role("treeitem", name="azureml-logs").focus()
    studio.page.keyboard.press("ArrowLeft")
    expect(tree.get_by_role("treeitem", name="70_driver_log.txt")).to_have_count(0)
    studio.page.keyboard.press("ArrowDown")
    until(lambda: focused(studio).startswith("outputs") or None)
    studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("Enter")
    expect(studio.page.get_by_text("No preview")).to_be_visible()


def test_a_dialog_keeps_the_focus_and_escape_leaves_it(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run(display_name="kept")
    studio.open(f"/runs/{run}")
    studio.page.get_by_role("button", name="Delete").focus()
    studio.page.keyboard.press("Enter")
    expect(studio.page.get_by_role("alertdialog")).to_be_visible()
    for _ in range(5):
        studio.page.keyboard.press("Tab")
        assert studio.page.evaluate("document.activeElement.closest('[role=alertdialog]') !== null")
    studio.page.get_by_role("button", name="Keep").focus()
    studio.page.keyboard.press("Enter")
    expect(studio.page.get_by_role("alertdialog")).to_have_count(0)
    until(lambda: focused(studio) == "Delete" or None)
