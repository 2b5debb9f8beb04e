"""The handbook of installation: both languages give the same commands, and those of the version that lies here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```sh(?: \w+)?\n(.*?)```", re.DOTALL)
STEP = re.compile(r"^### (\d+)\. ", re.MULTILINE)
MOST_STEPS = 15


def handbook(name: str) -> str:
    """One of them."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_both_languages_give_the_same_commands() -> None:
    """Whoever reads either does the same; `make installation` carries out the Chinese one."""
    assert BLOCK.findall(handbook("installation.md")) == BLOCK.findall(handbook("installation.zh-CN.md"))


def test_from_nothing_to_another_machine_in_fifteen_steps() -> None:
    """Counted, in order, and none left out."""
    steps = [int(one) for one in STEP.findall(handbook("installation.zh-CN.md"))]
    assert steps == list(range(1, MOST_STEPS + 1))


def test_it_names_the_version_that_lies_here() -> None:
    """The first package it installs is the one that `make deb` makes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"warning-dispatch_{project['version']}_amd64.deb" in handbook("installation.zh-CN.md").split("### 2.")[0]


def test_it_installs_every_unit() -> None:
    """What lies in systemd/ is named by the block for the wheel, so that no unit is forgotten."""
    kinds = {path.suffix for path in (ROOT / "systemd").iterdir() if path.is_file()}
    for kind in kinds:
        assert f"systemd/*{kind}" in handbook("installation.md") or f"systemd/warning-dispatch{kind}" in handbook(
            "installation.md"
        )
