"""What a superior's own page shows: the units below it that have not answered, with the numbers to dial."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Role
from warning_dispatch.model.views import LinkView


@dataclass(frozen=True, slots=True)
class DialledPerson:
    """Somebody to be dialled, in clear: for the superior alone, after the step."""

    role: Role
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class OwnUnit:
    """A unit of a superior's list that has not answered. `people` in the order in which they are tried."""

    callee_id: int
    name: str
    path: str
    state: CalleeState
    people: tuple[DialledPerson, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnList:
    """The lists that the person behind a link holds, a page of them.

    `step_needed`: the last four digits are asked for once (ports of superior_ports); before that there are counts only.
    `answered` 本人应答 and `told` 代报 are counted apart; `total` have not answered and are listed, `coming` are still
    being called or wait for their gate.
    """

    link: LinkView
    step_needed: bool
    answered: int
    told: int
    total: int
    coming: int
    units: tuple[OwnUnit, ...] = ()
    codes: tuple[str, ...] = ()
    """Of the superiors whose lists they are."""
