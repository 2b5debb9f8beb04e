"""The observatories: which warnings come in a storm, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CallOutState, Purpose

from .messages import CITY, Bulletin, compose, county_sender

if TYPE_CHECKING:
    from .night import Storm

PRACTICE = ("Test", "Exercise", "System", "Draft", "Rehearsal")
MINUTE = 60_000
COUNTY_AREAS = (("141121",), ("141121",), ("141121100",))
CITY_AREAS = (("1411",), ("1411",), ("1411",), ("141121",), ("141121",), ("141121100",))
"""A city warns all of itself or one county, a county all of itself; either of them one township now and then."""


class Forecasters:
    """One observatory: the city's, or a county's under the plan "county"."""

    def __init__(self, storm: Storm) -> None:
        """They share the storm's random numbers."""
        self._storm = storm
        self._rng = storm.rng
        self._said: list[Bulletin] = []
        self._surge = storm.weather.surge

    def begin(self) -> None:
        """The warning that a storm begins with; a small one if it is to be raised, perhaps after its end."""
        if self._surge is None:
            self._send(self._bulletin("Alert", self._rng.choice(("Red", "Red", "Orange"))))
            return
        small = self._bulletin("Alert", "Orange")
        if self._rng.random() < 0.4:
            small = replace(small, expires=small.sent + self._rng.randint(1, 3) * MINUTE)
        self._send(small)

    def look_out(self) -> None:
        """Now and then another message."""
        if self._surge is not None and self._storm.town.clock.monotonic() >= self._surge:
            self._surge = None
            if self._rng.random() < 0.3:
                self._storm.people.pause()
            raised = self._bulletin("Update", "Red")
            area = raised.issuer_area
            self._send(replace(raised, areas=(area,), refers=self._said[0].named, expires=None))
        self._extend()
        if self._rng.random() >= self._storm.weather.message:
            return
        kind = self._rng.choice(("again", "practice", "practice", "cancel", "update", "update", "update", "alert"))
        colour = self._rng.choice(("Red", "Red", "Orange", "Yellow"))
        if kind == "again":
            self._take_in(self._rng.choice(self._said))
        elif kind == "practice":
            self._practise(colour)
        else:
            self._send(self._bulletin(kind.capitalize(), colour))

    def _extend(self) -> None:
        """Where a warning awaits lifting the forecaster may find that it goes on for another hour."""
        sql = "SELECT colour FROM callout WHERE state = ? ORDER BY id DESC LIMIT 1"
        waiting = self._storm.rows(sql, CallOutState.AWAITING_LIFT.value)
        if waiting and self._rng.random() < 0.1:
            again = self._bulletin("Update", Colour(waiting[0][0]).name.capitalize())
            self._send(replace(again, expires=again.sent + 60 * MINUTE))

    def putting_aside(self) -> None:
        """An officer is about to lift or close a call-out."""

    def broken_now(self, *, turned: bool) -> list[str]:  # noqa: ARG002 - see observatories.py
        """Promises about several warnings that are broken at this moment."""
        return []

    def _bulletin(self, kind: str, colour: str, status: str = "Actual") -> Bulletin:
        """A message of this moment; an Update or Cancel refers to an earlier one."""
        county = self._storm.plan == "county"
        now = self._storm.town.clock.now()
        refers = self._earlier() if kind != "Alert" and self._said else ""
        areas = self._rng.choice(COUNTY_AREAS if county else CITY_AREAS)
        bulletin = Bulletin(
            sender=county_sender("141121") if county else CITY,
            sent=now - now % 1_000,
            kind=kind,
            colour=colour,
            areas=areas,
            refers=refers,
            status=status,
            expires=now + self._rng.randint(-5, 25) * MINUTE if self._rng.random() < 0.5 else None,
        )
        if any(one.named == bulletin.named for one in self._said) and self._rng.random() < 0.9:
            stamp = beijing_text(bulletin.sent, "%Y%m%d%H%M%S")
            bulletin = replace(bulletin, identifier=f"{bulletin.sender}_{stamp}_{self._rng.randrange(1, 10)}")
        return bulletin

    def _earlier(self) -> str:
        """What a message refers to: mostly what the storm began with."""
        return (self._said[0] if self._rng.random() < 0.6 else self._rng.choice(self._said)).named

    def _send(self, bulletin: Bulletin) -> Any:
        self._said.append(bulletin)
        return self._take_in(bulletin)

    def _take_in(self, bulletin: Bulletin) -> Any:
        storm = self._storm
        storm.tell(str(bulletin))
        raw = compose(bulletin)
        result = storm.survive(lambda: storm.town.take_in(raw))
        if result is not None:
            storm.tell(f"message: {result.disposition} {result.callouts} {result.reasons}")
        return result

    def _practise(self, colour: str) -> None:
        status = self._rng.choice(PRACTICE)
        bulletin = self._bulletin(self._rng.choice(("Alert", "Update", "Cancel")), colour, status)
        self._said.append(bulletin)
        self._without_effect(bulletin)

    def _without_effect(self, bulletin: Bulletin) -> None:
        """Promise 5: whatever its type, a message that is not Actual starts, changes and ends nothing."""
        storm, status = self._storm, bulletin.status
        own = int(Purpose.SELF)  # one of unknown status may have been meant: the bureau is told
        question = f"SELECT id, state, alert_id, voice_until FROM callout WHERE purpose <> {own} ORDER BY id"
        before = storm.rows(question)
        with storm.nobody_beside():
            result = self._take_in(bulletin)
        storm.require(result is None or not result.callouts, f"5 practice: {status} concerned call-outs")
        storm.require(storm.rows(question) == before, f"5 practice: {status} changed call-outs")
