"""What several warnings at once mean, worked out from the messages alone, and the promises that follow from it.

A tiny model beside the engine's: chains by issuer and identifier, each with a colour and areas; which units a plan asks;
the highest colour over all of them. Then what the tables say of each unit and hazard is compared with it.

    one        at most one unfinished callee carries a unit and hazard, over all call-outs that live
    highest    it is called at the highest colour in force that covers it, and by nothing when nothing does
    never left while something in force covers it, its newest callee is neither stopped nor superseded
    no false   nobody is told all-clear while something in force covers them
    once       who has answered is not asked again by an equal or lower colour
    not later  what a round before had opened is open at once, and no gate opens later than its old one would have
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Protocol

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import (
    FINISHED,
    LIVE_CALLOUT,
    AttemptState,
    BranchState,
    CalleeState,
    CallOutState,
    Purpose,
)
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel

from .messages import Bulletin

Obligation = tuple[str, str]
"""(unit's code, hazard)."""
AHEAD = 600_000
"""A message further in the future than that (ms) is not believed."""
LATE_GATE = 120_000
"""ms by which a gate may be late: a turn opens as many as its batch allows."""
_TRIGGERS = {"rainstorm": (Colour.ORANGE, Colour.RED), "thunderstorm_gale": (Colour.RED,)}
_CITY = frozenset(
    {
        (UnitKind.LEADER, UnitLevel.CITY),
        (UnitKind.DEPARTMENT, UnitLevel.CITY),
        *product((UnitKind.DIVISION,), (UnitLevel.COUNTY, UnitLevel.TOWNSHIP, UnitLevel.VILLAGE)),
    }
)
_COUNTY = frozenset(
    {
        (UnitKind.LEADER, UnitLevel.COUNTY),
        (UnitKind.DEPARTMENT, UnitLevel.COUNTY),
        *product((UnitKind.DIVISION,), (UnitLevel.COUNTY, UnitLevel.TOWNSHIP, UnitLevel.VILLAGE)),
    }
)


_LIFTED = (CallOutState.CLOSED, CallOutState.CANCELLED)
"""What was answered there is over: should it come back, with a larger area, everybody is asked anew. While that call-out is
filled piece by piece, the lifted one is still the newest that many a unit has."""


class Tables(Protocol):
    """Where the oracle looks."""

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Rows straight from the database."""
        ...


@dataclass(slots=True)
class Chain:
    """预警链 as its issuer means it. `holds`: it is in force at a colour that calls people."""

    sender: str
    hazard: str
    names: set[str]
    colour: Colour
    areas: tuple[str, ...]
    sent: int
    holds: bool = False
    ended: bool = False
    aside: bool = False
    """An officer lifted or closed it: it comes back only if it asks for more."""


def asked(unit: Unit, chain: Chain, sectors: Sequence[str]) -> bool:
    """Whether the shipped plan of the chain's issuer asks this unit for an answer."""
    by_city = chain.sender.startswith("141100")
    near = any(unit.area.startswith(area) or area.startswith(unit.area) for area in chain.areas)
    line = unit.kind is not UnitKind.DEPARTMENT or unit.sector in sectors
    if not (unit.callable and near):
        return False
    if by_city:
        return (unit.kind, unit.level) in _CITY and line
    emergency = unit.code == "1411-emergency" and chain.colour is Colour.RED
    return emergency or ((unit.kind, unit.level) in _COUNTY and line)


@dataclass(slots=True)
class Oracle:
    """Knows the messages, and nothing of the engine.

    `sectors`: hazard → lines that it concerns. `told_only`: (plan, tier) whose units are told without being asked.
    """

    units: Sequence[Unit]
    sectors: Mapping[str, Sequence[str]]
    told_only: AbstractSet[tuple[str, int]]
    chains: list[Chain] = field(default_factory=list)
    answered: dict[Obligation, Colour] = field(default_factory=dict)

    # --- what is in force ---------------------------------------------------------------------------------

    def hear(self, said: Bulletin, now: int) -> None:
        """A message has been taken in at `now` (wall time). Hearing one twice changes nothing."""
        if said.status != "Actual":
            return
        colour = Colour[said.colour.upper()]
        chain = self._chain_of(said)
        if said.kind == "Cancel":
            if chain is None:
                names = {said.refers or said.named}
                chain = Chain(said.sender, said.hazard, names, colour, (), said.sent)
                self.chains.append(chain)
            chain.names.add(said.named)
            chain.ended, chain.holds = True, False
            return
        triggers = colour in _TRIGGERS[said.hazard]
        if (colour >= Colour.ORANGE and not triggers) or (triggers and said.sent > now + AHEAD):
            return  # a human decides
        if chain is None:
            names = {said.refers or said.named}
            chain = Chain(said.sender, said.hazard, names, colour, (), said.sent)
            self.chains.append(chain)
        chain.names.add(said.named)
        if not chain.ended and said.sent >= chain.sent:
            self._moved(chain, said, colour, triggers=triggers)

    def _chain_of(self, said: Bulletin) -> Chain | None:
        for name in filter(None, (said.refers, said.named)):
            for chain in reversed(self.chains):
                if chain.sender == said.sender and name in chain.names:
                    return chain
        return None

    @staticmethod
    def _moved(chain: Chain, said: Bulletin, colour: Colour, *, triggers: bool) -> None:
        chain.sent = said.sent
        if chain.aside:
            further = any(not area.startswith(chain.areas) for area in said.areas)
            if not triggers:
                chain.colour = colour
            if not triggers or not (colour > chain.colour or further):
                return
        chain.aside, chain.colour, chain.areas, chain.holds = False, colour, said.areas, triggers

    def set_aside(self, tables: Tables) -> None:
        """An officer lifted or closed a call-out: which warnings that concerns is not for the oracle to say."""
        for (root,) in tables.rows("SELECT root FROM alert_chain WHERE state = 3"):
            for chain in self.chains:
                if root in chain.names and not chain.ended:
                    chain.aside, chain.holds = True, False

    def wanted(self) -> dict[Obligation, Colour]:
        """Every obligation and its colour."""
        found: dict[Obligation, Colour] = {}
        for chain in self.chains:
            if chain.holds:
                for unit in self.units:
                    if asked(unit, chain, self.sectors[chain.hazard]):
                        key = (unit.code, chain.hazard)
                        found[key] = max(chain.colour, found.get(key, chain.colour))
        return found

    # --- what the tables say ------------------------------------------------------------------------------

    def broken(self, tables: Tables, turned_at: int | None, claimed_at: int | None) -> list[str]:
        """What does not follow from the messages.

        `turned_at`: the last turn, None where times are no order. `claimed_at`: the present moment if a turn was the last
        thing that happened.
        """
        wanted = self.wanted()
        newest: dict[Obligation, Row] = {}
        unfinished: dict[Obligation, list[Row]] = {}
        closed: set[tuple[Obligation, int]] = set()
        for *values, plan, tier in tables.rows(_CALLEES):
            if (plan, tier) in self.told_only:
                continue
            row = Row(*values)
            newest[row.of] = row
            if row.callout_state == CallOutState.CLOSED:
                closed.add((row.of, row.colour))
            if row.state not in FINISHED and row.callout_state in LIVE_CALLOUT:
                unfinished.setdefault(row.of, []).append(row)
        self._remember_answers(wanted, newest.values())
        return [
            *_highest(wanted, unfinished, closed),
            *_never_left(wanted, newest, dict(tables.rows(_FILLING))),
            *self._once(unfinished),
            *_no_false_all_clear(tables, wanted, claimed_at),
            *_not_later(tables, turned_at),
        ]

    def _remember_answers(self, wanted: Mapping[Obligation, Colour], newest: Any) -> None:
        for row in newest:
            if row.callout_state in _LIFTED or row.of not in wanted:
                self.answered.pop(row.of, None)
            elif row.state in (CalleeState.ACKNOWLEDGED, CalleeState.WAIVED):
                self.answered[row.of] = max(Colour(row.colour), self.answered.get(row.of, Colour.BLUE))
            elif row.colour > self.answered.get(row.of, Colour.RED):
                del self.answered[row.of]  # asked for more: if that is lowered again it is asked for the lower one
            if row.of in self.answered:  # lowered, it has answered the lower one; raised again it is asked again
                self.answered[row.of] = min(self.answered[row.of], wanted[row.of])

    def _once(self, unfinished: Mapping[Obligation, Sequence[Row]]) -> Iterator[str]:
        for of, rows in unfinished.items():
            before = self.answered.get(of)
            if before is not None and rows[-1].colour <= before:
                yield f"several: {of} answered {before.name} and is asked again: {rows[-1]}"


@dataclass(frozen=True, slots=True)
class Row:
    """One callee that is asked for an answer."""

    callee: int
    code: str
    hazard: str
    state: int
    colour: int
    callout: int
    callout_state: int

    @property
    def of(self) -> Obligation:
        """Whose it is."""
        return self.code, self.hazard


def _highest(
    wanted: Mapping[Obligation, Colour],
    unfinished: Mapping[Obligation, Sequence[Row]],
    closed: AbstractSet[tuple[Obligation, int]],
) -> Iterator[str]:
    """`closed`: whom an officer closed at a colour is called at a lower one if that is asked later."""
    for of, rows in unfinished.items():
        if len(rows) > 1:
            yield f"several: {of} is called by more than one: {rows}"
        if of not in wanted:
            yield f"several: {of} is called, and no warning in force covers it: {rows[-1]}"
        elif rows[-1].colour != wanted[of].value and (of, wanted[of].value) not in closed:
            yield f"several: {of} is wanted at {wanted[of].name}: {rows[-1]}"


def _never_left(
    wanted: Mapping[Obligation, Colour], newest: Mapping[Obligation, Row], filling: Mapping[str, int]
) -> Iterator[str]:
    """`filling`: hazard → the call-out that has not reached everybody yet; whom it has not, it will with the next turns."""
    for of, colour in wanted.items():
        row = newest.get(of)
        if of[1] in filling and (row is None or row.callout != filling[of[1]]):
            continue
        if row is None:
            yield f"several: nobody calls {of}, which is wanted at {colour.name}"
        elif row.callout_state != CallOutState.CLOSED and row.state in (CalleeState.STOPPED, CalleeState.SUPERSEDED):
            yield f"several: {of} is left alone, though wanted at {colour.name}: {row}"


def _no_false_all_clear(tables: Tables, wanted: Mapping[Obligation, Colour], claimed_at: int | None) -> Iterator[str]:
    for attempt, code, hazard in tables.rows(_ALL_CLEARS, claimed_at) if claimed_at is not None else ():
        if (code, hazard) in wanted:
            yield f"several: {code} is told all-clear of {hazard} (attempt {attempt}), which goes on"


def _not_later(tables: Tables, turned_at: int | None) -> Iterator[str]:
    for old, new in tables.rows(_SHUT_AGAIN):
        yield f"several: callee {old} had been opened; in the new round {new} waits again"
    if turned_at is not None:
        for old, new in tables.rows(_LATER, turned_at - LATE_GATE):
            yield f"several: the gate of branch {old} would have opened; in the new round branch {new} is shut"


_LIVE = ", ".join(str(state.value) for state in LIVE_CALLOUT)
_WAITING = BranchState.WAITING.value
_CALLEES = f"""SELECT c.id, u.code, o.hazard, c.state, o.colour, o.id, o.state, o.plan_name, c.tier FROM callee c
    JOIN callout o ON o.id = c.callout_id JOIN unit u ON u.id = c.unit_id
    WHERE o.purpose = {Purpose.CALL.value} ORDER BY c.id"""
_FILLING = f"SELECT hazard, id FROM callout WHERE filling IS NOT NULL AND state IN ({_LIVE})"
_ALL_CLEARS = f"""SELECT a.id, u.code, o.hazard FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
    JOIN callee c ON c.id = ac.callee_id JOIN callout o ON o.id = c.callout_id JOIN unit u ON u.id = c.unit_id
    WHERE a.lease_until IS NOT NULL AND a.state = {AttemptState.CLAIMED.value} AND a.purpose = {Purpose.ALL_CLEAR.value}
    AND a.claimed_at = ?"""
"""On its way to the carrier at this moment."""
_BEFORE = f"JOIN callee o ON o.next_id = n.id JOIN callout b ON b.id = o.callout_id AND b.state <> {CallOutState.CLOSED.value}"
"""The callee of the round before; what an officer had closed is no round before."""
_SHUT_AGAIN = f"""SELECT o.id, n.id FROM callee n JOIN callout x ON x.id = n.callout_id {_BEFORE}
    WHERE x.state IN ({_LIVE}) AND n.state = {CalleeState.WAITING.value} AND o.opened_at IS NOT NULL
    AND o.state <> {CalleeState.STOPPED.value}"""
_LATER = f"""SELECT ob.id, nb.id FROM branch nb JOIN callout x ON x.id = nb.callout_id JOIN callee n ON n.branch_id = nb.id
    {_BEFORE} JOIN branch ob ON ob.id = o.branch_id
    WHERE x.state = {CallOutState.RUNNING.value} AND nb.state = {_WAITING} AND ob.state = {_WAITING}
    AND ob.gate_at < ?"""
