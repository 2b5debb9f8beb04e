"""Draw the state machines from their tables into docs/callee.md: the diagram is the code.

Run it after changing a table: `.venv/bin/python -m docs.make_state_diagrams`. A test compares the file with it.
"""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from itertools import pairwise
from pathlib import Path

from warning_dispatch import escalation, routing
from warning_dispatch.escalation import callee, callout, moves
from warning_dispatch.model.states import (
    ANSWERED,
    FINISHED,
    LIVE_CALLOUT,
    UNREACHED,
    CalleeState,
    CallOutState,
)

PAGE = Path(__file__).with_name("callee.md")

HEAD = """# 叫应对象与叫应的状态 / States of a callee and of a call-out

本页由 `docs/make_state_diagrams.py` 从代码中的转移表生成，请改代码，不要改本页。
Drawn by `docs/make_state_diagrams.py` from the tables in `escalation/callee.py` and `escalation/callout.py`: change the
table, not this page. A move that is not here does not exist; `step` and `move` refuse it.
"""


def sentences(enum: type[Enum]) -> Mapping[str, str]:
    """The sentence that stands below each member of an enum in its source."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(enum)).body if isinstance(node, ast.ClassDef))
    found = {}
    for member, text in pairwise(body):
        if (
            isinstance(member, ast.Assign)
            and isinstance(member.targets[0], ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[member.targets[0].id] = str(text.value.value)
    return found


def diagram(arrows: Mapping[tuple[str, str], list[str]], start: str, ends: list[str]) -> str:
    """A mermaid state diagram; arrows between the same two states share one line.

    An event that leads from every state that is no end to the same state is one arrow from all of them together.
    """
    inner = list(dict.fromkeys(before for before, _ in arrows))
    shared = {
        (name, after): [before for before in inner if name in arrows.get((before, after), ())]
        for (_, after), names in arrows.items()
        for name in names
    }
    common = [key for key, befores in shared.items() if len(befores) == len(inner) > 1]
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start}"]
    lines += ["    state still_open {", *(f"        {state}" for state in inner), "    }"] if common else []
    for (before, after), names in arrows.items():
        own = [name for name in names if (name, after) not in common]
        lines += [f"    {before} --> {after}: {', '.join(own)}"] if own else []
    lines += [f"    still_open --> {after}: {name}" for name, after in common]
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join([*lines, "```"])


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def callee_part() -> str:
    """The callee: diagram (without moves that stay where they are), states, events, every move."""
    arrows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (before, event), results in callee.TABLE.items():
        for after in sorted(results):
            if after is not before:
                arrows[before.name, after.name].append(event.__name__)
    words = sentences(CalleeState)
    states = [(state.name, words.get(state.name, ""), _groups(state)) for state in CalleeState]
    events = list(dict.fromkeys(event for _, event in callee.TABLE))
    told = [
        (event.__name__, _one_line(inspect.getdoc(event))) for event in events if event.__module__ == moves.__name__
    ]
    every = [
        (before.name, event.__name__, ", ".join(after.name for after in sorted(results)))
        for (before, event), results in sorted(callee.TABLE.items(), key=lambda item: (item[0][0], item[0][1].__name__))
    ]
    return "\n\n".join(
        [
            "## 叫应对象 / Callee",
            diagram(arrows, CalleeState.WAITING.name, [state.name for state in CalleeState if state in FINISHED]),
            table(("state", "meaning", "counts as"), states),
            table(("event", "meaning"), told),
            "### 全部转移 / Every move",
            table(("state", "event", "may become"), every),
        ]
    )


def callout_part() -> str:
    """The call-out as a whole."""
    arrows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (before, event), after in callout.TABLE.items():
        arrows[before.name, after.name].append(event.value)
    words = sentences(CallOutState)
    leaving = {before for before, _ in callout.TABLE}
    states = [
        (state.name, words.get(state.name, ""), "live" if state in LIVE_CALLOUT else "") for state in CallOutState
    ]
    every = [(before.name, event.value, after.name) for (before, event), after in sorted(callout.TABLE.items())]
    return "\n\n".join(
        [
            "## 叫应 / Call-out",
            diagram(arrows, CallOutState.RUNNING.name, [state.name for state in CallOutState if state not in leaving]),
            table(("state", "meaning", ""), states),
            "### 全部转移 / Every move",
            table(("state", "event", "becomes"), every),
        ]
    )


def _groups(state: CalleeState) -> str:
    groups = {"answered": ANSWERED, "unreached": UNREACHED, "finished": FINISHED}
    return ", ".join(name for name, members in groups.items() if state in members)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def sizes_part() -> str:
    """The modules of the pure core with their size in tens of lines: it must go on reading in one sitting."""
    rows = []
    for package in (escalation, routing):
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            text = path.read_text(encoding="utf-8")
            lines = -(-len(text.splitlines()) // 10) * 10
            if path.name != "__init__.py":
                theme = (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]
                rows.append(f"| `{package.__name__.rpartition('.')[2]}/{path.name}` | {lines} | {theme} |")
    head = "## 核心模块的大小 / Sizes of the core\n\n| module | lines, to the next ten | is about |\n|---|---|---|"
    return "\n".join([head, *rows])


def page() -> str:
    """The whole page."""
    return f"{HEAD.rstrip()}\n\n{callee_part()}\n\n{callout_part()}\n\n{sizes_part()}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
