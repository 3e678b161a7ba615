"""Every page, wide and narrow, by day and by night: nothing runs over the edge, everything has a name and contrast."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import clipped, findings
from tests.e2e.browser import NARROW, WIDE, Studio, Workspace, rgb, signed_in
from tests.e2e.furnishing import furnish


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.timeout(600)
def test_every_page_is_fit_to_be_seen(
    browser: Browser, workspace: Workspace, scheme: str, size: tuple[int, int]
) -> None:
    room = furnish(workspace)
    wrong: dict[str, object] = {}
    with signed_in(browser, workspace, size, color_scheme=scheme) as studio:
        for name, path in room.pages().items():
            studio.open(path)
            trouble = [*findings(studio.page), *clipped(studio.page)]
            if over := studio.overflow():
                trouble.append(f"runs {over} px over the edge")
            if trouble:
                wrong[name] = trouble
        assert wrong == {}
        assert studio.problems == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_empty_workspace_says_what_to_do_next(browser: Browser, workspace: Workspace, size: tuple[int, int]) -> None:
    rooms = ("", "/experiments", "/runs", "/models", "/endpoints", "/environments", "/compute")
    wrong: dict[str, object] = {}
    with signed_in(browser, workspace, size) as studio:
        for path in rooms:
            studio.open(path)
            expect(studio.page.locator("pre").first).to_be_visible()
            if trouble := [*findings(studio.page), *clipped(studio.page)]:
                wrong[path] = trouble
        assert wrong == {}


def test_the_sign_in_page_is_fit_to_be_seen(browser: Browser, workspace: Workspace) -> None:
    profile = browser.new_context(viewport={"width": NARROW[0], "height": NARROW[1]}, color_scheme="dark")
    page = profile.new_page()
    page.goto(workspace.url)
    expect(page.get_by_role("heading", name="Sign in to Zaffre Studio")).to_be_visible()
    assert findings(page) == []
    profile.close()


def background(studio: Studio) -> int:
    """How light the page is, 0 to 255."""
    color = studio.page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    return sum(rgb(color)) // 3


def test_the_theme_follows_the_system_until_one_is_chosen(browser: Browser, workspace: Workspace) -> None:
    with signed_in(browser, workspace, color_scheme="dark") as studio:
        studio.open("")
        assert background(studio) < 60
        studio.page.emulate_media(color_scheme="light")
        expect(studio.page.locator("html")).to_have_attribute("data-theme", "light")
        assert background(studio) > 200
        studio.page.get_by_role("button", name="Theme").click()
        studio.page.get_by_role("menuitemradio", name="Dark").click()
        expect(studio.page.locator("html")).to_have_attribute("data-theme", "dark")
        studio.page.reload()
        studio.settle()
        assert background(studio) < 60
        assert studio.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_the_narrow_navigation_opens_as_a_drawer(browser: Browser, workspace: Workspace) -> None:
    with signed_in(browser, workspace, NARROW) as studio:
        studio.open("")
        expect(studio.page.get_by_role("navigation", name="Workspace")).to_have_count(0)
        studio.page.get_by_role("button", name="Open navigation").click()
        studio.page.get_by_role("link", name="Endpoints", exact=True).click()
        expect(studio.page.locator("h1")).to_have_text("Endpoints")
        expect(studio.page.get_by_role("navigation", name="Workspace")).to_have_count(0)


OVERLAPS = """
(nodes) => {
  const boxes = nodes.map((node) => node.getBoundingClientRect()).filter((box) => box.width > 0);
  return boxes.filter((box, i) => i > 0 && box.left < boxes[i - 1].right - 1).length;
}
"""


def test_long_names_in_the_path_of_a_page_give_way(browser: Browser, workspace: Workspace) -> None:
    run = workspace.run("an-experiment-whose-name-is-far-longer-than-a-phone-is-wide", display_name="first")
    with signed_in(browser, workspace, NARROW) as studio:
        studio.open(f"/runs/{run}")
        crumbs = studio.page.get_by_role("navigation", name="Breadcrumb")
        assert crumbs.locator("a, [aria-current=page]").evaluate_all(OVERLAPS) == 0
        for whole in ("Experiments", "first"):
            word = crumbs.get_by_text(whole, exact=True)
            assert word.evaluate("node => node.scrollWidth <= node.clientWidth + 1 || node.clientWidth === 0")
        assert crumbs.evaluate("node => node.scrollWidth <= node.clientWidth + 1")


def test_still_pages_for_who_wants_no_motion(browser: Browser, workspace: Workspace) -> None:
    run = workspace.run()
    with signed_in(browser, workspace, reduced_motion="reduce") as studio:
        studio.open(f"/runs/{run}")
        moving = studio.page.evaluate(
            "document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations === Infinity).length"
        )
        assert moving == 0


BAD_PAGE = """
<title></title><main style="overflow: hidden"><h1>a</h1><h1>b</h1><div style="width: 5000px">wide</div></main>
<main></main>
<img src="data:,"><button></button><input><a href="#" id="x">link</a><i id="x">i</i>
<p style="color: #999; background: #fff">faint</p><p tabindex="3">first</p>
<button style="width: 20px; overflow: hidden; white-space: nowrap">a long label</button>
"""


def test_the_checks_find_what_is_wrong(browser: Browser) -> None:
    profile = browser.new_context()
    page = profile.new_page()
    page.set_content(BAD_PAGE)
    found = "\n".join(findings(page))
    for sentence in (
        "has no alt",
        "has no name: <button",
        "has no name: <input",
        "says no language",
        "has no title",
        "2 main headings",
        "not one main part",
        "two have the id x",
        "has a contrast of 2.85",
        "jumps the order",
    ):
        assert sentence in found
    assert len(clipped(page)) == 2
    profile.close()
