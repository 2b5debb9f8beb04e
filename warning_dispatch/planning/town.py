"""推演的地方: who would be called, in which branch, behind whom. PURE: what a call-out is filled with, as one value.

`Town` is made once for a question and played by every storm. It says what store/filling.py writes, unit by unit
(tests/scenario/test_planning_against_the_engine.py compares the two).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warning_dispatch.escalation.gate import needed
from warning_dispatch.escalation.order import place
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.plan import CallChain, Gate, Tier
from warning_dispatch.model.unit import CODE_LENGTH, EndpointView, Unit, UnitKind, UnitLevel, reach_bit
from warning_dispatch.planning.question import Question
from warning_dispatch.routing.areas import Affected, affected_area
from warning_dispatch.routing.selection import TierSelection, select, wanted


@dataclass(frozen=True, slots=True)
class Seat:
    """One unit that is called. `wing`: its branch; `below`: the branches that wait for it."""

    unit: str
    tier: int
    wing: int
    county: str
    endpoints: tuple[EndpointView, ...]
    reach: int
    answerers: int
    below: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wing:
    """One branch: its seats, how many must answer, and what it waits for: a seat, a whole branch, or nothing.

    `before`: the branch whose opening starts its hold.
    """

    tier: int
    seats: tuple[int, ...]
    needed: int
    superior: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody who is called."""

    seats: tuple[Seat, ...]
    wings: tuple[Wing, ...]
    places: tuple[int, ...]
    """Where each tier of the chain stands in every queue."""
    numbers: Mapping[int, str]
    by_number: Mapping[int, tuple[int, ...]]
    """Number → the seats that can be reached by it, in their order."""

    def count(self, tier: int) -> int:
        """How many units a tier calls."""
        return sum(seat.tier == tier for seat in self.seats)


@dataclass(slots=True)
class _Draft:
    """A branch as it is gathered."""

    tier: int
    superior: int | None
    before: int | None
    units: list[Unit]


def town_of(question: Question, book: Phonebook) -> Town:
    """Who is called for a question. Nobody where the area has no units; notices ask for no answer and are left out."""
    chain = question.chain
    affected = area_of(question, book)
    active = tuple(
        index for index, tier in enumerate(chain.tiers) if question.colour in tier.ladders and not tier.notice
    )
    drafts: list[_Draft] = []
    seated: set[str] = set()
    order: list[tuple[Unit, int]] = []
    for selection in select(chain, question.hazard, affected, active):
        taken = [unit for unit in book.units if wanted(unit, selection) and unit.code not in seated]
        for draft in _drafts(chain, selection, taken, drafts, tuple(order), active):
            order.extend((unit, len(drafts)) for unit in draft.units)
            seated.update(unit.code for unit in draft.units)
            drafts.append(draft)
    return _assembled(chain, book, drafts, order)


def area_of(question: Question, book: Phonebook) -> Affected:
    """The affected area of a question in this phone book."""
    known = {unit.area for unit in book.units if unit.kind is UnitKind.DIVISION}
    return affected_area(question.areas, known.__contains__, question.within)


def _drafts(
    chain: CallChain,
    selection: TierSelection,
    units: Sequence[Unit],
    drafts: Sequence[_Draft],
    order: Sequence[tuple[Unit, int]],
    active: Sequence[int],
) -> list[_Draft]:
    """The branches of one tier, as store/filling.py cuts them."""
    tier = chain.tiers[selection.tier]
    positions = {one.name: index for index, one in enumerate(chain.tiers)}
    before = positions.get(tier.opens_after) if tier.opens_after else None
    before = before if before in active else None
    listed = sorted(units, key=lambda unit: unit.code)
    if before is None or tier.gate is not Gate.BRANCH:
        above = next((number for number, one in enumerate(drafts) if one.tier == before), None)
        return [_Draft(selection.tier, None, above, listed)]
    called = {unit.code: (seat, wing) for seat, (unit, wing) in enumerate(order) if drafts[wing].tier == before}
    by_superior: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in listed:
        by_superior[unit.superior or ""].append(unit)
    found = []
    for code, members in by_superior.items():
        superior, wing = called.get(code, (None, None))
        found.append(_Draft(selection.tier, superior, wing, members))
    return found


def _assembled(chain: CallChain, book: Phonebook, drafts: Sequence[_Draft], order: Sequence[tuple[Unit, int]]) -> Town:
    wings: list[Wing] = []
    below: defaultdict[int, list[int]] = defaultdict(list)
    first = 0
    for number, draft in enumerate(drafts):
        tier, total = chain.tiers[draft.tier], len(draft.units)
        seats = tuple(range(first, first + total))
        first += total
        wings.append(Wing(draft.tier, seats, needed(total, tier.rule, tier.quorum), draft.superior, draft.before))
        if draft.superior is not None:
            below[draft.superior].append(number)
    seats_ = tuple(
        _seat(unit, wing, chain.tiers[drafts[wing].tier], drafts[wing].tier, book, tuple(below[index]))
        for index, (unit, wing) in enumerate(order)
    )
    by_number: defaultdict[int, dict[int, None]] = defaultdict(dict)
    for index, seat in enumerate(seats_):
        for one in seat.endpoints:
            by_number[one.number_id][index] = None
    places = tuple(place(chain.tiers, index) for index in range(len(chain.tiers)))
    return Town(seats_, tuple(wings), places, book.numbers, {key: tuple(one) for key, one in by_number.items()})


def _seat(unit: Unit, wing: int, tier: Tier, position: int, book: Phonebook, below: tuple[int, ...]) -> Seat:
    endpoints = book.endpoints.get(unit.code, ())
    reach = 0
    for one in endpoints:
        reach |= reach_bit(one.role, one.channel)
    answerers = {one.receiver_id for one in endpoints if one.role & tier.answering}
    county = unit.area[: CODE_LENGTH[UnitLevel.COUNTY]]
    return Seat(unit.code, position, wing, county, endpoints, reach, max(1, len(answerers)), below)
