"""Simple checks of a page for people who do not see it, or not well, or use no mouse. Each finding is a sentence."""

from __future__ import annotations

import time
from typing import Final

from playwright.sync_api import Page

_REST_SECONDS: Final = 10.0

# Runs in the page. A name is what assistive technology would say; contrast is WCAG's, for text as it is drawn.
_CHECKS = """
() => {
  const found = [];
  const shown = (node) => {
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && !node.closest("[aria-hidden=true]");
  };
  const what = (node) => node.outerHTML.slice(0, 140);
  const labelled = (node) => (node.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean)
    .map((id) => document.getElementById(id)?.textContent || "").join(" ").trim();
  const name = (node) => (node.getAttribute("aria-label") || "").trim() || labelled(node)
    || (node.labels && [...node.labels].map((label) => label.textContent).join(" ").trim())
    || node.textContent.trim() || (node.getAttribute("title") || "").trim()
    || node.querySelector("img[alt]:not([alt=''])")?.alt || "";

  for (const node of document.querySelectorAll("button, a[href], input, select, textarea, [role=button], [role=tab], "
      + "[role=treeitem], [role=combobox], [role=switch], [role=separator][tabindex], [role=region]")) {
    if (shown(node) && !name(node)) found.push(`has no name: ${what(node)}`);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) found.push(`has no alt: ${what(image)}`);
  if (document.documentElement.lang !== "en") found.push("the page says no language");
  if (!document.title) found.push("the page has no title");
  const headings = [...document.querySelectorAll("h1")].filter(shown);
  if (headings.length !== 1) found.push(`the page has ${headings.length} main headings`);
  if (document.querySelectorAll("main").length !== 1) found.push("the page has not one main part");
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((one, i) => ids.indexOf(one) !== i))) found.push(`two have the id ${id}`);
  for (const node of document.querySelectorAll("[tabindex]")) {
    if (node.tabIndex > 0) found.push(`jumps the order of the page: ${what(node)}`);
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const color = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((part, i) => part * top[3] + below[i] * (1 - top[3]));
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const layer = color(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (parts) => {
    const [r, g, b] = parts.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !node || !shown(node)) continue;
    if (node.closest("[disabled], [aria-disabled=true], script, style, noscript")) continue;
    const style = getComputedStyle(node);
    const below = behind(node);
    const [a, b] = [light(over(color(style.color), below)), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`has a contrast of ${ratio.toFixed(2)}: ${what(node)}`);
  }
  return found;
}
"""


def findings(page: Page) -> list[str]:
    """What is wrong with the page as it stands; empty for a good one."""
    return list(page.evaluate(_CHECKS))


_CLIPPED = """
() => {
  const named = "button, a, h1, h2, h3, dt, dd, label, [role=tab]";
  const cut = [...document.querySelectorAll(named)].filter((node) => {
    const style = getComputedStyle(node);
    return node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0 && style.overflowX === "hidden"
      && style.textOverflow !== "ellipsis";
  });
  const reached = (node) => {
    for (let at = node.parentElement; at; at = at.parentElement) {
      const scrolls = ["auto", "scroll"].includes(getComputedStyle(at).overflowX);
      if (scrolls && at.scrollWidth > at.clientWidth) return true;
      if (at.getAttribute("role") === "toolbar") return true; // what finds no room there is in its menu
    }
    return false;
  };
  const beyond = [...document.querySelectorAll("main *")].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.right > window.innerWidth + 1 && !reached(node);
  });
  return [...cut, ...beyond].map((node) => node.outerHTML.slice(0, 140));
}
"""


def clipped(page: Page) -> list[str]:
    """Texts that their box cuts without an ellipsis or a scroll bar, and parts that stand beyond the window's edge.

    A page whose window has just become another is drawn for the old one still: it has time to come to rest.
    """
    deadline = time.monotonic() + _REST_SECONDS
    while (found := list(page.evaluate(_CLIPPED))) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    return found
