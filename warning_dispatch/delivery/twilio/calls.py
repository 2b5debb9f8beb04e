"""What we know of the calls we made: their SIDs, how far they came, and whether a machine picked up.

Only for as long as a call may be under way, and only to end what rings and to name its end well: after a restart Twilio's
callbacks bring it back, and what nobody knows any more ends by its attempt's own deadline.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from warning_dispatch.delivery.kinds import ChannelTools
from warning_dispatch.ports import Report

STAGES = {"queued": 0, "initiated": 1, "ringing": 2, "in-progress": 3, "answered": 3}
"""A call only moves forward."""
ENDINGS = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
ENDED = 4
PICKED_UP = STAGES["in-progress"]
REMEMBERED = 20_000
"""Calls remembered."""


@dataclass(slots=True)
class Call:
    """A call that may still be under way."""

    sid: str = ""
    stage: int = 0
    machine: bool = False
    """A machine picked up, as Twilio took it."""


class CallBook:
    """The calls by their attempts, and what is told of them."""

    def __init__(self, tools: ChannelTools) -> None:
        """Who hears, and what time it is."""
        self._hear = tools.hear
        self._now: Callable[[], int] = tools.now
        self._hook_url = tools.hook_url
        self._calls: OrderedDict[int, Call] = OrderedDict()

    def find(self, attempt_id: int) -> Call | None:
        """A call if we know it."""
        return self._calls.get(attempt_id)

    def known(self, attempt_id: int) -> Call:
        """A call that we know from now on."""
        call = self._calls.setdefault(attempt_id, Call())
        self._calls.move_to_end(attempt_id)
        if len(self._calls) > REMEMBERED:
            self._calls.popitem(last=False)
        return call

    def sids(self) -> Iterable[str]:
        """Of all calls."""
        return {call.sid for call in self._calls.values()}

    def end(self, attempt_id: int, outcome: str, at: int) -> None:
        """It is over: told once, whoever says so first."""
        call = self.known(attempt_id)
        if call.stage != ENDED:
            call.stage = ENDED
            self._hear(Report(attempt_id, outcome, at))

    def pressed(self, attempt_id: int, *, called_back: bool) -> None:
        """The one answer there is: it counts whenever it comes."""
        self._hear(Report(attempt_id, "key_pressed", self._now(), called_back))

    def address(self, kind: str, attempt_id: int, **carried: str) -> str:
        """Where Twilio is to tell something of an attempt: the attempt and the moment travel in it."""
        query = urlencode({"at": str(self._now()), **carried})
        return f"{self._hook_url}/{kind}/{attempt_id}?{query}"
