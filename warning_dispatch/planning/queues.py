"""谁先打: the queue of calls and the numbers' budgets within one storm, by the rules of the engine (escalation/order, budgets)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

from warning_dispatch.escalation.budgets import allowed, bearable
from warning_dispatch.escalation.order import first_turn
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose
from warning_dispatch.planning.question import Lines


class CallQueue:
    """Seats that wait for a line: rank by rank, within a rank in turns dealt between counties."""

    def __init__(self) -> None:
        """Empty."""
        self._waiting: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._last: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._serial = 0
        self._ticket: dict[int, tuple[int, int, int]] = {}
        """Seat → (rank, turn, serial) while it has a place."""

    def add(self, seat: int, ranked: int, county: str) -> None:
        """At the end of the county's turns."""
        served = self._served(ranked)
        if served is None:
            self._last[ranked].clear()
        turn = first_turn(self._last[ranked].get(county, 0), served)
        self._last[ranked][county] = turn
        self._serial += 1
        self._ticket[seat] = (ranked, turn, self._serial)
        heappush(self._waiting[ranked], (turn, self._serial, seat))

    def back(self, seat: int) -> None:
        """A seat that was taken out of the line for a while stands where it stood."""
        if seat in self._ticket:
            ranked, turn, serial = self._ticket[seat]
            heappush(self._waiting[ranked], (turn, serial, seat))

    def leave(self, seat: int) -> None:
        """It waits no longer."""
        self._ticket.pop(seat, None)

    def holds(self, seat: int) -> bool:
        """Whether it has a place."""
        return seat in self._ticket

    def draw(self) -> Iterator[int]:
        """Those in the line, one after the other, each taken out of it; its place is kept until it leaves."""
        for ranked in sorted(self._waiting):
            line = self._waiting[ranked]
            while line:
                turn, serial, seat = heappop(line)
                if self._ticket.get(seat) == (ranked, turn, serial):
                    yield seat

    def _served(self, ranked: int) -> int | None:
        """The turn of the first that waits in a rank."""
        line = self._waiting[ranked]
        while line and self._ticket.get(line[0][2]) != (ranked, line[0][0], line[0][1]):
            heappop(line)
        return line[0][0] if line else None


class CallLog:
    """When numbers were called, and when they may be again."""

    def __init__(self, lines: Lines, colour: Colour) -> None:
        """The budgets of the lines, for calls of that colour."""
        self._lines = lines
        self._colour = colour
        self._at: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, number: int, now: int) -> int:
        """A call; which one to this number it is, from 1."""
        self._at[number].append(now)
        return len(self._at[number])

    def opens(self, number: int, now: int) -> int:
        """When the number may be called: `now`, or the earliest moment after it."""
        calls = self._at.get(number)
        if not calls:
            return now
        if self._lines.night is not None:
            night = bearable(calls, now, self._lines.night, Purpose.CALL)
            if night.not_before is not None:
                return night.not_before
        return allowed(calls, now, self._lines.per_number, self._colour, Purpose.CALL).not_before or now
