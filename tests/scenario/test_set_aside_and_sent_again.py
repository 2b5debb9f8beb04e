"""A message that was set aside for our own mistake (the clock, the list of senders) is acted upon when it comes again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.alert import Disposition


def test_a_message_from_the_future_starts_once_the_clock_is_right(town: Callable[..., Any]) -> None:
    """Sent an hour ahead by our wrong clock: stored and alarmed. The same bytes an hour later call."""
    place = town()
    place.clock.advance_to(place.clock.now() + 3_600_000)
    raw = place.message("12379-red-rain-city.xml")
    early = place.engine.take_in(place.clock.now() - 3_600_000, raw, "test").result
    assert (early.disposition, early.callouts) == (Disposition.STORED, ())
    again = place.take_in(raw)
    assert (again.disposition, again.callouts) == (Disposition.ACCEPTED, (1,))
    assert place.take_in(raw).disposition is Disposition.DUPLICATE
