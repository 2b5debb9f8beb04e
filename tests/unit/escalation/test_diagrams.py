"""The page with the state diagrams is drawn from the tables."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from by_path import loaded

from warning_dispatch.escalation import callee, callout
from warning_dispatch.model.states import CalleeState, CallOutState

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "make_state_diagrams.py"


@pytest.fixture(scope="module")
def diagrams() -> ModuleType:
    """The script, loaded by its path: docs/ is no package."""
    return loaded("make_state_diagrams", SCRIPT)


def test_the_committed_page_is_up_to_date(diagrams: ModuleType) -> None:
    """docs/callee.md says what the tables say; run docs/make_state_diagrams.py after changing one."""
    assert diagrams.PAGE.read_text(encoding="utf-8") == diagrams.page()


def test_the_page_shows_every_state_and_move(diagrams: ModuleType) -> None:
    """No state without its sentence, no move left out."""
    page = diagrams.page()
    for enum in (CalleeState, CallOutState):
        words = diagrams.sentences(enum)
        for state in enum:
            assert f"| {state.name} |" in page
            if state.name in words:
                assert words[state.name] in page
    moves = len(callee.TABLE) + len(callout.TABLE)
    rows = page.count("\n| ") - 2 * 5 - len(CalleeState) - len(CallOutState)
    assert rows >= moves
