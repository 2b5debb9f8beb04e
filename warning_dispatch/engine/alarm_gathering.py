"""Alarms of one transaction, each fact once, until it settles and the bureau is told of all of them together."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.records import NewAlarm
from warning_dispatch.escalation.alarms import Fact, colour_of, widens_at
from warning_dispatch.model.colour import Colour


class GatheredAlarms:
    """What rings the bureau's own people when the transaction settles."""

    def __init__(self) -> None:
        self._alarms: dict[Fact, NewAlarm] = {}
        self._ring_again = False

    def add(self, fact: Fact, detail: str, now: int, *, warning: Colour | None, rings: bool) -> None:
        """An alarm; the first word about a fact counts. `warning` and `rings`: see Ledger.alarm."""
        colour = colour_of(fact.kind, warning, rings=rings)
        self._alarms.setdefault(fact, NewAlarm(fact, detail, colour, widens_at(fact.kind, colour, now)))

    def ring_again(self) -> None:
        """Alarms lie there for which nobody rings: look at them when the transaction settles."""
        self._ring_again = True

    def __bool__(self) -> bool:
        """Whether there is anything to do when the transaction settles."""
        return bool(self._alarms) or self._ring_again

    def take(self) -> Sequence[NewAlarm] | None:
        """What was gathered since the last time, maybe only old ones to be looked at again; None: nothing to do."""
        if not self:
            return None
        alarms, self._alarms, self._ring_again = list(self._alarms.values()), {}, False
        return alarms
