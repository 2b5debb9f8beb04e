"""Figures of a real night: what monitoring reads agrees with the rows, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.configuration.freezing import chain_from_json
from warning_dispatch.escalation.order import TURN_BITS, order_key, rank, ranked_by
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation.population import Population, VoiceHabit
from warning_dispatch.store.database import reading
from warning_dispatch.store.reading_watch import watch_figures
from warning_dispatch.store.sql import Sql
from warning_dispatch.watching.meters import ProcessMeters

RED_CITY = "12379-red-rain-city.xml"


@pytest.mark.parametrize("kind", ["worlds", "postgresql"])
def test_the_figures_of_a_night_agree_with_its_rows(
    town: Callable[..., Any], kind: str, request: pytest.FixtureRequest
) -> None:
    """Units by tier, what waits by rank, attempts by route and outcome, answers: to the unit."""
    meters = ProcessMeters()
    everyone = Population.everyone(VoiceHabit.ANSWERS)
    worlds = request.getfixturevalue(kind)
    place = town(
        counties=2, townships=2, villages=8, lines=3, population=everyone, worlds=worlds, observe=meters.observe
    )
    place.warning(RED_CITY)
    place.play(seconds=300)
    with reading(place.database) as connection:
        figures = watch_figures(Sql(connection), chain_from_json)
    asked = [one for one in figures.tiers if one.purpose is Purpose.CALL]
    [(units, answered)] = place.query("SELECT sum(total), sum(answered) FROM branch WHERE callout_id = 1")
    assert (sum(one.units for one in asked), sum(one.answered for one in asked)) == (units, answered)
    assert 0 < answered < units
    assert {"leaders", "counties", "townships", "villages"} <= {one.tier for one in asked}
    waiting = Counter(
        {
            Channel(channel): count
            for channel, count in place.query("SELECT channel, count(*) FROM attempt WHERE state = 1 GROUP BY channel")
        }
    )
    assert waiting == Counter(
        {
            one: sum(row.attempts for row in figures.queue if row.channel is one)
            for one in {row.channel for row in figures.queue}
        }
    )
    assert all(row.colour is Colour.RED for row in figures.queue)
    [(open_alarms,)] = place.query("SELECT count(*) FROM alarm WHERE claimed_at IS NULL")
    assert sum(one.count for one in figures.alarms) == open_alarms
    counted = meters.text().decode()
    for route, outcome, count in place.query(
        "SELECT route, outcome, count(*) FROM attempt WHERE outcome = 'key_pressed' GROUP BY route, outcome"
    ):
        assert f'attempts_ended_total{{outcome="{outcome}",route="{route}"}} {float(count)}' in counted
    [(claimed,)] = place.query(
        "SELECT count(*) FROM attempt WHERE claimed_at IS NOT NULL AND route = 'phones' AND purpose = 1"
    )
    assert f'attempts_claimed_total{{purpose="call",route="phones"}} {float(claimed)}' in counted


def test_a_rank_is_read_back_as_it_was_made() -> None:
    """Colour, place, tried and practice: what the key packs is what monitoring shows."""
    for colour in Colour:
        for at in (0, 5, 63):
            for tried in (False, True):
                for practice in (False, True):
                    key = order_key(rank(colour, at, tried=tried, practice=practice), 77)
                    found = ranked_by(key >> TURN_BITS)
                    assert (found.colour, found.place, found.tried, found.practice, found.own) == (
                        colour,
                        at,
                        tried,
                        practice,
                        False,
                    )
    assert ranked_by(order_key(rank(Colour.ORANGE, 0, tried=False, practice=False, own=True), 5) >> TURN_BITS).own
