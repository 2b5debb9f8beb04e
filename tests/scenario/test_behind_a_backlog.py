"""A new warning does not stand in line behind the thousands of villages of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.engine.acts import Act

RED_CITY = "12379-red-rain-city.xml"


def test_leaders_are_called_while_more_villages_are_due_than_fit_a_turn(town: Callable[..., Any]) -> None:
    """Of a backlog some that came due last are looked at in every turn: the leaders of the new call-out among them."""
    place = town(counties=4, townships=4, villages=4)
    place.engine = place.stage.engine = place.build_engine(10)
    place.warning(RED_CITY)
    place.act(Act.OPEN_GATE)
    for _ in range(4):  # everybody above the villages has been looked at
        place.engine.turn(place.clock.now())
    place.clock.advance_to(place.clock.now() + 1_000)
    raw = place.message(RED_CITY).replace(b"11B03", b"11B04").replace("暴雨".encode(), "暴雪".encode())
    place.take_in(raw)
    place.engine.turn(place.clock.now())
    place.engine.turn(place.clock.now())
    backlog = "SELECT count(*) FROM callee WHERE callout_id = 1 AND next_at <= ?"
    assert place.query(backlog, place.clock.now())[0][0] > 20
    first = "SELECT count(*) FROM attempt WHERE callout_id = 2 AND state > 1"
    assert place.query(first)[0][0] > 0
