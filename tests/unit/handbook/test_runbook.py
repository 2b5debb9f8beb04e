"""The duty officer's runbook: both languages have the same sections, and each of them fits one screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
RUNBOOKS = ("runbook.zh-CN.md", "runbook.en.md")
GUIDES = (RUNBOOKS, ("registrar.zh-CN.md", "registrar.md"), ("quickstart.zh-CN.md", "quickstart.md"))
SCREEN = 25
"""Lines of a section: what is seen at once, without rolling, when somebody is in a hurry."""
_CODE = re.compile(r"```\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_COMMAND = re.compile(
    r"(?:warning-dispatch |^|\n)((?:alarm|alert|callout|campaign|contacts|db|drill|journal|key|outlet|report|route|source|task|user)"
    r" [a-z][a-z-]+|warning-dispatch (?:check|run|init|demo|simulate))"
)


def sections(name: str) -> Iterator[tuple[str, list[str]]]:
    """Headings with the lines below them."""
    head: str | None = None
    lines: list[str] = []
    for line in (DOCS / name).read_text(encoding="utf-8").splitlines():
        if re.match(r"#{1,4} ", line):
            if head is not None:
                yield head, lines
            head, lines = line, []
        else:
            lines.append(line)
    yield head or "", lines


def commands(lines: list[str]) -> set[str]:
    """Commands that a section tells somebody to use."""
    text = "\n".join(lines)
    return {
        one.removeprefix("warning-dispatch ").strip()
        for block, inline in _CODE.findall(text)
        for one in _COMMAND.findall(block or inline)
    }


@pytest.mark.parametrize("name", RUNBOOKS)
def test_each_situation_fits_one_screen(name: str) -> None:
    """Nobody rolls back and forth at three in the morning: split what is longer by ###."""
    long = [f"{head}: {len(lines)}" for head, lines in sections(name) if len(lines) > SCREEN]
    assert long == []


@pytest.mark.parametrize("pair", GUIDES)
def test_both_languages_have_the_same_sections(pair: tuple[str, str]) -> None:
    """Section for section, of the same depth: what is added to one page is added to the other."""
    for chinese, english in zip_longest(sections(pair[0]), sections(pair[1]), fillvalue=("", [])):
        assert chinese[0].partition(" ")[0] == english[0].partition(" ")[0], f"{chinese[0]!r} is not {english[0]!r}"


@pytest.mark.parametrize("pair", GUIDES)
def test_both_languages_tell_the_same_commands(pair: tuple[str, str]) -> None:
    """Whoever reads either section does the same."""
    for chinese, english in zip(sections(pair[0]), sections(pair[1]), strict=True):
        assert commands(chinese[1]) == commands(english[1]), chinese[0]


@pytest.mark.parametrize("pair", GUIDES)
def test_lists_and_tables_are_as_long(pair: tuple[str, str]) -> None:
    """No step and no row is missing in either language."""
    for chinese, english in zip(sections(pair[0]), sections(pair[1]), strict=True):
        for mark in (r"^\| ", r"^\d+\. "):
            counts = [sum(bool(re.match(mark, line)) for line in lines) for lines in (chinese[1], english[1])]
            assert counts[0] == counts[1], f"{chinese[0]} {mark}"
