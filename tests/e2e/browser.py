"""The Studio in a real Chromium, as the journeys and the screenshots use it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, expect

from zaffre.core.wire import API

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1280, 800)
NARROW = (390, 844)
PATIENCE_SECONDS = 30.0  # generous: the machine may be busy with other tests

T = TypeVar("T")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


def confirm(page: Page, action: str) -> None:
    """Answers the question with its action and waits until it is done: while it stands, all behind it is hidden."""
    question = page.get_by_role("alertdialog")
    question.get_by_role("button", name=action).click()
    expect(question).to_have_count(0, timeout=PATIENCE_SECONDS * 1000)


@dataclass
class Workspace:
    """A workspace of a running server, filled over the REST API."""

    url: str
    token: str
    name: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS)
        self.call("GET", "", create=True)

    def close(self) -> None:
        self.http.close()

    def call(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        """A request below the workspace, or below the server for a path that starts with two slashes."""
        prefix = API if path.startswith("//") else f"{API}/workspaces/{self.name}"
        answer = self.http.request(method, prefix + path.replace("//", "/", 1), json=body, params=query)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def send(self, path: str, data: bytes, method: str = "PUT", **query: Any) -> None:
        address = f"{API}/workspaces/{self.name}{path}"
        self.http.request(method, address, content=data, params=query).raise_for_status()

    def run(self, experiment: str = "digits", **fields: Any) -> str:
        """The id of a new run that is going on."""
        self.call("PUT", f"/experiments/{experiment}")
        return str(self.call("POST", f"/experiments/{experiment}/runs", fields)["id"])

    def log(self, run: str, name: str, *values: float, first_step: int = 0) -> None:
        steps = list(range(first_step, first_step + len(values)))
        now = int(time.time() * 1000)
        series = {"name": name, "steps": steps, "timestamps": [now + step for step in steps], "values": list(values)}
        self.call("POST", f"/runs/{run}/metrics", {"series": [series]})

    def ticket(self, path: str = "/") -> str:
        """A link that signs a browser in, once."""
        return str(self.call("POST", "//tickets", {"path": path})["url"])


@dataclass
class Studio:
    """A signed-in tab. ``problems`` gathers what the page complained about: errors, and broken security rules."""

    page: Page
    workspace: Workspace
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page.on("pageerror", self._error)
        self.page.on("console", self._console)

    def _error(self, error: Error) -> None:
        self.problems.append(str(error))

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal that the page shows is also noted by the browser; it is no fault of the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(message.text)

    def sign_in(self) -> None:
        self.page.goto(self.workspace.ticket(), wait_until="commit")

    def open(self, path: str) -> None:
        """A page of the workspace; ``path`` begins after its name."""
        self.page.goto(f"{self.workspace.url}/ws/{self.workspace.name}{path}", wait_until="domcontentloaded")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has its heading and nothing is loading; charts out of sight never begin to."""
        self.page.locator("h1").first.wait_for()
        waiting = 'main [role="progressbar"]:not([aria-hidden], figure *), tbody[aria-label="Loading"]'
        found = self.page.locator(waiting)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while found.count():
            assert time.monotonic() < deadline, (
                f"{self.page.url} still loads: {found.first.evaluate('n => n.outerHTML')}"
            )
            time.sleep(0.02)

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def heading(self) -> str:
        return self.page.locator("h1").first.inner_text()


@contextmanager
def signed_in(browser: Browser, workspace: Workspace, size: tuple[int, int] = WIDE, **context: Any) -> Iterator[Studio]:
    """A new browser profile that is signed in; ``context`` goes to Playwright (``color_scheme="dark"``, ...)."""
    profile = browser.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=True, **context)
    try:
        studio = Studio(profile.new_page(), workspace)
        studio.sign_in()
        yield studio
    finally:
        profile.close()


def until(probe: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """The first answer of ``probe`` that is not None; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = probe()
        if answer is not None:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not seen within {seconds:.0f} s")


def rgb(text: str) -> tuple[int, ...]:
    """``rgb(1, 2, 3)`` as numbers."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
