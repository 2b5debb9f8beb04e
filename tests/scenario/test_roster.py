"""值班表: on a given day the roster says who of a role is called; a roster can never make a unit unreachable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
COUNTY = "141121"
VILLAGE = "141121100200"
OPENED = 300
HOUR = 3_600_000
OTHER = f"{VILLAGE}/b"


def rostered(place: Any, *shifts: tuple[str, int, int]) -> None:
    """The roster of the village: (whose number, from, until), in hours from the start."""
    with place.storage.writing() as tx:
        sql = tx.endpoints._sql
        for post, begins, ends in shifts:
            number = place.sealer.blind_index(place.numbers[post, Role.PRIMARY])
            unit_id, receiver_id = sql.one(
                """SELECT e.unit_id, e.receiver_id FROM endpoint e JOIN number n ON n.id = e.number_id
                WHERE n.blind_index = ?""",
                number,
            )
            now = place.clock.now()
            sql.run(
                "INSERT INTO duty_shift (unit_id, receiver_id, begins_at, ends_at) VALUES (?, ?, ?, ?)",
                unit_id,
                receiver_id,
                now + begins * HOUR,
                now + ends * HOUR,
            )


def two_heads(town: Callable[..., Any]) -> Any:
    """A village with two people in A, and a county that answers at once, so that villages ring soon."""
    return town(counties=1, townships=1, villages=1, two_of=[(VILLAGE, Role.PRIMARY)])


def calls(place: Any, post: str, channel: Channel = Channel.VOICE) -> int:
    """How often that person's number was called or written to."""
    return len(place.dispatches(post, Role.PRIMARY, channel))


def test_without_a_roster_both_are_called(town: Callable[..., Any]) -> None:
    """Roles decide."""
    place = two_heads(town)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    assert calls(place, VILLAGE) > 0
    assert calls(place, OTHER) > 0


def test_who_is_on_duty_is_called_and_the_other_sleeps(town: Callable[..., Any]) -> None:
    """Neither call nor message to the one whose turn it is not; B is called as ever."""
    place = two_heads(town)
    rostered(place, (OTHER, -2, 10), (VILLAGE, 10, 22))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    assert calls(place, OTHER) > 1
    assert calls(place, OTHER, Channel.SMS) == 1
    assert calls(place, VILLAGE) == calls(place, VILLAGE, Channel.SMS) == 0
    assert len(place.rings(VILLAGE, Role.DEPUTY)) > 0


def test_the_watch_changes_in_mid_storm(town: Callable[..., Any]) -> None:
    """From the hour on the other one is called; an answer of whoever has gone home still counts."""
    place = two_heads(town)
    rostered(place, (VILLAGE, -1, 1), (OTHER, 1, 12))
    place.warning(RED_CITY)
    place.play(seconds=3_600)
    assert (calls(place, VILLAGE) > 0, calls(place, OTHER)) == (True, 0)
    before = calls(place, VILLAGE)
    place.play(seconds=5_400)
    assert calls(place, OTHER) > 0
    assert calls(place, VILLAGE) == before
    assert place.reply(VILLAGE, Role.PRIMARY, "收到") == 1
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED


def test_a_gap_in_the_roster_calls_both(town: Callable[..., Any]) -> None:
    """Nobody is on duty by the roster: nobody may be left asleep by it."""
    place = two_heads(town)
    rostered(place, (VILLAGE, -12, -1), (OTHER, 8, 20))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    assert calls(place, VILLAGE) > 0
    assert calls(place, OTHER) > 0


def test_when_the_number_of_the_one_on_duty_is_empty_the_other_is_called(town: Callable[..., Any]) -> None:
    """The number is given up, and with it the roster's word."""
    place = two_heads(town)
    rostered(place, (OTHER, -2, 10), (VILLAGE, 10, 22))
    place.person(OTHER, Role.PRIMARY, VoiceHabit.EMPTY)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 2_400)
    assert calls(place, VILLAGE) > 0


def test_an_old_roster_counts_no_more(town: Callable[..., Any]) -> None:
    """Who last stood in it more than a week ago is called by role, though another one is on duty."""
    place = two_heads(town)
    rostered(place, (OTHER, -2, 10), (VILLAGE, -400, -390))
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 900)
    assert calls(place, VILLAGE) > 0
