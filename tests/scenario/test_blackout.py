"""疑似断网: a mast is down, and the duty officer hears of it while loudspeakers and satellite phones still help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.model.alarm_facts import facts_of
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.web.alarm_words import ALARMS
from warning_dispatch.web.catalogues import ENGLISH

RED_CITY = "12379-red-rain-city.xml"
TOWNSHIP, OTHER = "141121100", "141121101"
OPENED = 300
A, B, DUTY = Role.PRIMARY, Role.DEPUTY, Role.DUTY
DARK = VoiceHabit.OUT_OF_COVERAGE
KIND = "blackout_suspected"


def habit(place: Any, township: str, *voice: VoiceHabit, villages: int | None = None) -> None:
    """Everybody of a township (or of its first so many villages) does this."""
    below = [unit.code for unit in place.units if unit.superior == township][:villages]
    for code in below if villages is not None else [township, *below]:
        for role in (A, B, DUTY):
            if (code, role) in place.numbers:
                place.person(code, role, *voice)


def told(place: Any) -> list[tuple[str, str]]:
    """(township, what was said) of every such alarm."""
    sql = "SELECT u.code, m.detail FROM alarm m JOIN unit u ON u.id = m.unit_id WHERE m.kind = ? ORDER BY m.id"
    return [(str(code), str(detail)) for code, detail in place.query(sql, KIND)]


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """One county, two townships of six villages; nobody answers."""
    return town(counties=1, townships=2, villages=6)


def test_a_mast_that_is_down_is_noticed_within_a_minute(place: Any) -> None:
    """Once for the township, in words: which, how many of how many, and what to do. The neighbours are not named."""
    habit(place, TOWNSHIP, DARK)
    place.warning(RED_CITY)
    place.play(seconds=OPENED)
    assert told(place) == []
    place.play(seconds=60)
    ((code, said),) = told(place)
    assert code == TOWNSHIP
    assert facts_of(said) == {"minutes": 5, "units": 5, "dark": 5}
    (text,) = place.alarm_texts(KIND)
    for words in ("疑似断网", "县1乡1", "大喇叭", "卫星电话", "上门", "5 个单位"):
        assert words in f"{ALARMS[KIND][0]} {text}"
    assert "loudspeakers" in place.alarm_texts(KIND, ENGLISH)[0]
    place.play(seconds=1_200)
    assert len(told(place)) == 1
    assert [one["unit"] for one in place.journal_entries() if one.get("kind") == KIND] != [None]


def test_villages_go_on_being_called_all_the_same(place: Any) -> None:
    """The suspicion is for people; the machine tries again after its gap, and when the mast is back they answer."""
    habit(place, TOWNSHIP, DARK, DARK, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_000)
    assert len(told(place)) == 1
    answered = place.query(
        "SELECT count(*) FROM callee c JOIN unit u ON u.id = c.unit_id WHERE u.level = 4 AND c.state = 8"
    )
    assert answered == [(6,)]


def test_half_a_township_is_not_a_township(place: Any) -> None:
    """Three of six villages off, the others ring: those are people asleep."""
    habit(place, TOWNSHIP, DARK, villages=3)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_200)
    assert told(place) == []


def test_a_small_township_must_be_dark_altogether(town: Callable[..., Any]) -> None:
    """Two villages and the township: all three. Two of three are not enough."""
    place = town(counties=1, townships=2, villages=2)
    habit(place, TOWNSHIP, DARK)
    habit(place, OTHER, DARK, villages=2)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 600)
    assert [code for code, _ in told(place)] == [TOWNSHIP]


def test_it_is_said_again_after_half_an_hour(place: Any) -> None:
    """Still dark: the second alarm says so to whoever has taken over."""
    habit(place, TOWNSHIP, DARK)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 4_500)  # within the hour their numbers have had all the calls a provider allows
    assert [code for code, _ in told(place)] == [TOWNSHIP] * 2


def test_it_is_said_again_when_it_came_back_and_went(place: Any) -> None:
    """Dark, all phones ring, dark again within half an hour."""
    habit(place, TOWNSHIP, DARK)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 200)
    assert len(told(place)) == 1
    habit(place, TOWNSHIP, VoiceHabit.NEVER)
    place.play(seconds=500)
    assert len(told(place)) == 1
    habit(place, TOWNSHIP, DARK)
    place.play(seconds=1_000)
    assert len(told(place)) == 2


def test_a_restart_does_not_say_it_again(place: Any) -> None:
    """What was said is a row."""
    habit(place, TOWNSHIP, DARK)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 60)
    place.restart(phones_lost=True)
    place.play(seconds=600)
    assert len(told(place)) == 1


@pytest.mark.parametrize("outcome", ["provider_down", "number_limited", "over_concurrency"])
def test_a_providers_trouble_is_no_blackout(place: Any, outcome: str) -> None:
    """Nor is a missing report: they say nothing about the mast."""
    place.network.set_outage(Channel.VOICE, outcome)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_200)
    assert told(place) == []


def test_few_lines_are_enough(town: Callable[..., Any]) -> None:
    """Two lines for the whole prefecture: a dark phone is over in seconds, and five of them within five minutes tell."""
    place = town(counties=2, townships=2, villages=6, lines=2)
    for township in (TOWNSHIP, OTHER, "141122100", "141122101"):
        habit(place, township, DARK)
    place.warning(RED_CITY)
    place.play(seconds=OPENED + 1_500)
    assert {code for code, _ in told(place)} == {TOWNSHIP, OTHER, "141122100", "141122101"}
