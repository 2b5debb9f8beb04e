"""Every command that the handbook shows exists, with every option it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer

from warning_dispatch.cli import build_app

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```\w*(?: \w+)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_WORD = re.compile(r"[a-z][a-z-]*$")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")


@cache
def tree() -> Any:
    """The command and everything below it."""
    return typer.main.get_command(build_app())


def is_group(command: object) -> bool:
    """Whether there are commands below it."""
    return hasattr(command, "commands")


def shown() -> Iterator[tuple[str, str]]:
    """Every command in a page, with the page: whole ones, and short ones such as `callout ack` where a group is named."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = _FENCE.findall(text)
        lines = [line.split(" #")[0] for block in blocks for line in block.replace("\\\n", " ").splitlines()]
        for line in [*lines, *_SPAN.findall(_FENCE.sub("", text))]:
            for part in re.split(r"warning-dispatch (?=[a-z-])", line)[1:]:
                yield page.name, part
            words = line.split()
            if len(words) > 1 and is_group(tree().commands.get(words[0])) and _WORD.match(words[1]):
                yield page.name, line


def trouble(line: str) -> str:
    r"""What is wrong with a command; empty: nothing. README's table puts commands of a group side by side: ` \\| `."""
    first, *others = re.split(r" \\\| ", line)
    words = first.split()
    command = tree()
    for at, word in enumerate(words):
        if not is_group(command) or word.startswith(("-", "…")):
            break
        found = command.commands.get(word.strip("，。；）)"))
        if found is None:
            return f"no command {' '.join(words[: at + 1])}"
        group, command = command, found
        if not is_group(command):
            gone = [one.split()[0] for one in others if one.strip() and one.split()[0] not in group.commands]
            if gone:
                return f"no commands {gone} beside {word}"
    known = {
        name
        for one in (tree(), command)
        for parameter in one.params
        for name in parameter.opts + parameter.secondary_opts
    }
    strange = [option for option in _OPTION.findall(first) if option not in {*known, "--help", "--version"}]
    return f"{' '.join(words[:2])} has no {', '.join(strange)}" if strange else ""


def test_every_command_and_option_that_is_shown_exists() -> None:
    """The officer types what the page says, and it works."""
    found = sorted({f"{page}: {what}" for page, line in shown() if (what := trouble(line))})
    assert found == []


def test_the_pages_show_commands_at_all() -> None:
    """The look above sees something."""
    assert len(list(shown())) > 300
    assert trouble("callout ack 17 141124100203 --raeson x") == "callout ack has no --raeson"
    assert trouble("callout akc 17") == "no command callout akc"
