"""How a unit stood when its call-out was lifted or closed, as an expression: what was answered is not counted away afterwards.

An end stops whoever is still open, and so an office whose duty room had answered: the machine has nothing more to do with it.
Its answer stands all the same, and nothing else leaves a moment of answering with a stopped callee.
"""

from __future__ import annotations

from typing import Final

from warning_dispatch.model.states import CalleeState


def duty_stood(callee: str) -> str:
    """The condition that a callee was stopped after its duty room had answered. `callee`: the table's name there."""
    return f"{callee}.state = {CalleeState.STOPPED.value} AND {callee}.answered_at IS NOT NULL"


def stood(callee: str) -> str:
    """The state of a callee, that of an ended one as it stood before; a state that was read so stays what it is."""
    return f"CASE WHEN {duty_stood(callee)} THEN {CalleeState.DUTY_ANSWERED.value} ELSE {callee}.state END"


STOOD: Final = stood("c")

UNOPENED: Final = f"c.state = {CalleeState.STOPPED.value} AND c.answered_at IS NULL AND c.opened_at IS NULL"
"""The end came before its gate opened: nobody called it, and so it had nothing to answer."""
