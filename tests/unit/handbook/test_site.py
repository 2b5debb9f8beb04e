"""The handbook builds as a site: every link and anchor leads somewhere, and nothing outside is asked for."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
_FETCHED = re.compile(r"<(?:script|img|iframe|source|embed)\b[^>]*\bsrc=\"([^\"]+)\"|<link\b[^>]*\bhref=\"([^\"]+)\"")
_LINK = re.compile(r"<a\b[^>]*\bhref=\"([^\"]+)\"")
_ID = re.compile(r"\bid=\"([^\"]+)\"")
PAIRS = (
    "quickstart",
    "installation",
    "configuration",
    "runbook",
    "registrar",
    "adding-a-channel",
    "adding-a-source",
    "api",
    "architecture",
    "index",
)
"""What there is in both languages."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make docs`, elsewhere."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)]  # --quiet would not count warnings
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, str]:
    """Every page that was built."""
    return {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}


def test_every_page_is_built(site: Path) -> None:
    """No page of docs/ is left out."""
    sources = [path for path in DOCS.glob("**/*.md") if path.name != "0000-template.md"]
    assert [path for path in sources if not (site / path.relative_to(DOCS)).with_suffix(".html").is_file()] == []


def test_nothing_outside_is_asked_for(site: Path, pages: dict[Path, str]) -> None:
    """The duty room has no internet, and a stick has no server: whatever a page loads lies beside it."""
    for path, text in pages.items():
        for found in _FETCHED.findall(text):
            target = next(one for one in found if one)
            assert not re.match(r"(?:[a-z]+:)?//", target), f"{path.name}: {target}"
            assert (path.parent / unquote(target)).is_file(), f"{path.name}: {target}"
        assert "<style" not in text
    for sheet in site.rglob("*.css"):
        assert "url(" not in sheet.read_text(encoding="utf-8")
        assert "@import" not in sheet.read_text(encoding="utf-8")


def test_every_link_leads_to_a_page_and_an_anchor(pages: dict[Path, str]) -> None:
    """Also the theme's own: contents, languages, the list on the page."""
    anchors = {path.resolve(): set(map(unescape, _ID.findall(text))) for path, text in pages.items()}
    broken = []
    for path, text in pages.items():
        for link in map(unescape, _LINK.findall(text)):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            page = (path.parent / unquote(target)).resolve() if target else path.resolve()
            if page not in anchors or (anchor and unquote(anchor) not in anchors[page]):
                broken.append(f"{path.name}: {link}")
    assert broken == []


@pytest.mark.parametrize("name", PAIRS)
def test_there_is_a_page_in_either_language_and_they_lead_to_each_other(pages: dict[Path, str], name: str) -> None:
    """A reader of either finds the other by one click on top."""
    by_name = {path.name: text for path, text in pages.items()}
    english = f"{name}.en.html" if name == "runbook" else f"{name}.html"
    assert f'<a lang="en" href="{english}"' in by_name[f"{name}.zh-CN.html"]
    assert f'<a lang="zh-CN" href="{name}.zh-CN.html"' in by_name[english]
    assert '<html lang="zh-CN">' in by_name[f"{name}.zh-CN.html"]
    assert '<html lang="en">' in by_name[english]


def test_search_knows_every_section(site: Path) -> None:
    """What the officer types is found without a network: the index is a script beside the pages."""
    index = (site / "assets" / "search-index.js").read_text(encoding="utf-8")
    for words in ("疑似断网", "suspected blackout", "callout ack", "config_dir"):
        assert words in index.lower()
