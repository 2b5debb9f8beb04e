"""The built handbook in a real browser, from the disk as from a stick: whole, found, without barriers, asking nothing of anybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
SIZES = ((1366, 768), (360, 740))
PAGES = (
    "index.zh-CN.html",
    "index.html",
    "runbook.zh-CN.html",
    "runbook.en.html",
    "configuration.html",
    "architecture.zh-CN.html",
    "api.html",
    "adr/index.html",
)
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> str:
    """`make docs`, elsewhere; its address."""
    folder = tmp_path_factory.mktemp("handbook")
    words = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stdout + done.stderr
    return folder.as_uri()


def opened(browser: Browser, size: tuple[int, int], faults: list[str]) -> Page:
    """A page that notes what goes wrong, and whatever it asks of a network."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith("file:") else None)
    return page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_has_no_barrier(handbook: str, browser: Browser, name: str, barriers: Any) -> None:
    """On a laptop and an old phone: nothing beyond the edge, nothing asked for, nothing that a screen reader trips over."""
    faults: list[str] = []
    for size in SIZES:
        page = opened(browser, size, faults)
        page.goto(f"{handbook}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert faults == []
        assert barriers(page) == []  # axe fetches the sheet once more by itself, which a page from the disk may not
        page.close()
        faults.clear()


@pytest.mark.parametrize(
    ("start", "words", "found"),
    [
        ("runbook.zh-CN.html", "断网", "疑似断网"),
        ("adr/index.html", "callout ack", "Recording an answer by telephone"),
        ("index.html", "blackout", "Suspected blackout"),
    ],
)
def test_search_leads_to_the_section(handbook: str, browser: Browser, start: str, words: str, found: str) -> None:
    """A word and Enter: the officer is at the right section, from any page, without a network."""
    faults: list[str] = []
    page = opened(browser, SIZES[0], faults)
    page.goto(f"{handbook}/{start}")
    if start.startswith("adr"):
        page.locator("nav.languages a[lang=en]").click()
    page.fill("#find", words)
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash !== ''")
    target = page.evaluate("document.getElementById(decodeURIComponent(location.hash.slice(1))).textContent")
    assert found in target
    assert faults == []
    page.close()


def test_the_other_language_is_one_click_away(handbook: str, browser: Browser) -> None:
    """From the runbook to the runbook, there and back."""
    faults: list[str] = []
    page = opened(browser, SIZES[1], faults)
    page.goto(f"{handbook}/runbook.zh-CN.html")
    page.locator("nav.languages a").click()
    assert page.url.endswith("/runbook.en.html")
    page.locator("nav.languages a").click()
    assert page.url.endswith("/runbook.zh-CN.html")
    assert faults == []
    page.close()
