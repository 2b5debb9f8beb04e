"""The walk through the standard (docs/asvs.md) is whole, adds up, and points at what is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATES = ("yes", "proxy's", "n/a", "open, argued")
# Sections of ASVS 5.0.0, and of each requirement in its order the level; "-" is level 3, which is not asked for here.
SECTIONS = """
1.1:22 1.2:111112222 1.3:11222222222 1.4:222 1.5:12 2.1:122 2.2:112 2.3:1222 2.4:2 3.2:11 3.3:1222 3.4:112222
3.5:11122 3.7:22 4.1:122 4.2:2 4.3:22 4.4:1222 5.1:2 5.2:112 5.3:11 5.4:222 6.1:122 6.2:111111112222 6.3:1122
6.4:1122 6.5:22222 6.6:222 6.8:2222 7.1:222 7.2:1111 7.3:22 7.4:11222 7.5:22 7.6:22 8.1:12 8.2:112 8.3:1 8.4:2
9.1:111 9.2:1222 10.1:22 10.2:22 10.3:2222 10.4:11111222222 10.5:22222 10.6:22 10.7:222 11.1:22 11.2:222
11.3:112 11.4:1222 11.5:2 11.6:2 12.1:122 12.2:11 12.3:2222 13.1:2 13.2:22222 13.3:22 13.4:12222 14.1:22
14.2:1222 14.3:122 15.1:122 15.2:122 15.3:1222222 16.1:2 16.2:22222 16.3:2222 16.4:222 16.5:222 17.1:2
17.2:2222 17.3:22
"""
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
PATH = re.compile(r"`([A-Za-z_.][\w./@-]*)`")
TOP = ("warning_dispatch", "tests", "docs", "config", "contacts", "systemd", "packaging", "benchmarks")
FILES = ("pyproject.toml", "requirements.lock", "Makefile", "SECURITY.md")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")


@pytest.fixture(scope="module")
def walk() -> str:
    """The document."""
    return (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")


def asked() -> Iterator[tuple[str, str]]:
    """Every requirement of levels 1 and 2, with its level."""
    for section in SECTIONS.split():
        name, _, levels = section.partition(":")
        yield from ((f"{name}.{at}", level) for at, level in enumerate(levels, 1) if level != "-")


def test_every_requirement_stands_there_once(walk: str) -> None:
    """All 253 of levels 1 and 2, in their order and with their level, and no other."""
    assert [(found[1], found[2]) for found in ROW.finditer(walk)] == list(asked())
    assert len(list(asked())) == 253


def test_no_row_is_open_without_a_reason(walk: str) -> None:
    """A state is one of four; what is not done says why at some length; every row has its evidence."""
    for found in ROW.finditer(walk):
        number, _, words, state, evidence = found.groups()
        assert state in STATES, number
        assert PATH.search(evidence) or LINK.search(evidence), f"{number}: no evidence"
        assert state != "open, argued" or len(words) > 60, f"{number}: not argued"


def test_every_path_is_there(walk: str) -> None:
    """What is named as evidence exists, code and tests, and so does what is linked to, headings too."""
    named = [one for one in PATH.findall(walk) if one.split("/")[0] in TOP or one in FILES]
    assert len(named) > 300
    assert [one for one in named if not (ROOT / one).exists()] == []
    headings = {
        "#" + re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in walk.splitlines()
        if line.startswith("#")
    }
    for file, heading in LINK.findall(walk):
        assert (ROOT / "docs" / file).exists(), file
        assert file or heading in headings, heading


def test_the_summary_adds_up(walk: str) -> None:
    """Rows by chapter and state, as they are."""
    counts: Counter[tuple[str, str]] = Counter()
    for found in ROW.finditer(walk):
        counts[found[1].split(".")[0], found[4]] += 1
        counts["all", found[4]] += 1
    said = {
        name: [int(one) for one in numbers.split("|")]
        for name, numbers in re.findall(r"^\| (V\d+|all)(?: [^|]+)? \| ([\d |]+) \|$", walk, re.MULTILINE)
    }
    for name, numbers in said.items():
        real = [counts[name.lstrip("V"), state] for state in STATES]
        assert numbers == [*real, sum(real)], name
    assert len(said) == len({section.split(".")[0] for section in SECTIONS.split()}) + 1
