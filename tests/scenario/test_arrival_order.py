"""Whatever the order in which the messages of a night arrive, the same warnings are in force at its end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warning_dispatch.clock import iso_text
from warning_dispatch.model.alert import Disposition

SENDER = "14110041600000"
COUNTIES = ("141121000000", "141122000000")
WORDS = {"Red": "红色", "Orange": "橙色", "Yellow": "黄色", "Blue": "蓝色"}
START = 1_784_727_180_000
ALERT = "12379-red-rain-city.xml"


@dataclass(frozen=True)
class Sent:
    """One message: sent `at` seconds before the night, with `refers` as places in the list of messages."""

    place: int
    kind: str
    at: int
    colour: str
    areas: tuple[str, ...]
    refers: tuple[int, ...]

    @property
    def identifier(self) -> str:
        """Unlike any other."""
        return f"{SENDER}_202607222{self.place:05d}"

    def raw(self, place: Any) -> bytes:
        """Its bytes."""
        text = f"吕梁市气象台发布暴雨{WORDS[self.colour]}预警信号"
        if self.kind == "AllClear":
            text = f"吕梁市气象台解除暴雨{WORDS[self.colour]}预警信号"
        known = [f"{SENDER}_202607222{one:05d}" for one in self.refers]
        return bytes(
            place.message(
                ALERT,
                identifier=self.identifier,
                sendTime=iso_text(START - self.at * 1000).replace("T", " "),
                msgType="Update" if self.kind == "AllClear" else self.kind,
                severity=self.colour,
                headline=text,
                description=text,
                references=",".join(known),
                geocode=",".join(self.areas),
                areaDesc=",".join("x" for _ in self.areas),
            )
        )


def in_force(place: Any) -> list[tuple[object, ...]]:
    """What is in force: the message that counts, its colour, whom it wants called."""
    return sorted(
        place.query(
            """SELECT m.identifier, k.colour, k.hazard, k.coverage FROM alert_chain k JOIN alert m ON m.id = k.alert_id
            WHERE k.state = 1 AND k.plan_name <> ''"""
        )
    )


def outcome(town: Callable[..., Any], messages: Sequence[Sent]) -> list[tuple[object, ...]]:
    """The state after these messages in this order, one of them twice."""
    place = town(counties=2, townships=1, villages=1)
    for message in messages:
        place.take_in(message.raw(place))
    assert place.take_in(messages[0].raw(place)).callouts == ()
    return in_force(place)


@st.composite
def nights(draw: st.DrawFn) -> list[Sent]:
    """An Alert and what follows: Updates of the first, the latest, of both, of what never came; perhaps the end."""
    found = [Sent(0, "Alert", 3_000, draw(st.sampled_from(list(WORDS))), COUNTIES[:1], ())]
    for place in range(1, draw(st.integers(1, 4)) + 1):
        kind = draw(st.sampled_from(["Update", "Update", "Update", "Alert", "Cancel", "AllClear"]))
        earlier = [one.place for one in found]
        refers = draw(st.lists(st.sampled_from([*earlier, 90, place]), min_size=1, max_size=3, unique=True))
        colour = draw(st.sampled_from(list(WORDS)))
        areas = draw(st.sampled_from([COUNTIES, COUNTIES[:1], COUNTIES[1:]]))
        at = 3_000 - place * draw(st.sampled_from([0, 1, 60]))
        found.append(Sent(place, kind, at, colour, areas, () if kind == "Alert" else tuple(refers)))
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(night=nights(), data=st.data())
def test_any_order_comes_to_the_same(town: Callable[..., Any], night: list[Sent], data: st.DataObject) -> None:
    """Permuted, and one of them doubled: the same warnings in force, at the same colour, over the same units."""
    shuffled = data.draw(st.permutations(night))
    assert outcome(town, shuffled) == outcome(town, night)


CHAIN = [
    Sent(0, "Alert", 900, "Orange", COUNTIES[:1], ()),
    Sent(1, "Update", 600, "Red", COUNTIES[:1], (0,)),
    Sent(2, "Update", 300, "Red", COUNTIES, (1,)),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_chain_by_the_latest_in_any_order(town: Callable[..., Any], order: tuple[int, ...]) -> None:
    """Each Update refers to the one before: the newest is in force alone, though its parents came after it."""
    place = town(counties=2, townships=1, villages=1)
    for one in order:
        place.take_in(CHAIN[one].raw(place))
    assert [row[:2] for row in in_force(place)] == [(CHAIN[2].identifier, 4)]
    assert place.query("SELECT count(DISTINCT chain_id) FROM alert") == [(1,)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_cycle_ends(town: Callable[..., Any], order: tuple[int, ...]) -> None:
    """Messages that refer to each other in a ring are one chain, and nothing loops."""
    ring = [Sent(n, "Update", 900 - n * 100, "Red", COUNTIES[:1], ((n + 1) % 3, n)) for n in range(3)]
    place = town(counties=2, townships=1, villages=1)
    for one in order:
        place.take_in(ring[one].raw(place))
    assert [row[:2] for row in in_force(place)] == [(ring[2].identifier, 4)]


def test_a_higher_colour_that_seems_older_is_told(town: Callable[..., Any]) -> None:
    """An upgrade by a sender whose clock is a minute behind: not dropped in silence; a late lower original is."""
    place = town(counties=1, townships=1)
    place.take_in(Sent(0, "Alert", 300, "Orange", COUNTIES[:1], ()).raw(place))
    upgrade = place.take_in(Sent(1, "Update", 360, "Red", COUNTIES[:1], (0,)).raw(place))
    assert "older_than_its_chain" in upgrade.reasons
    assert place.alarms() == ["untriggered"]
    other = town(counties=1, townships=1)
    other.take_in(CHAIN[1].raw(other))
    assert "older_than_its_chain" in other.take_in(CHAIN[0].raw(other)).reasons
    assert other.alarms() == []


def test_an_ack_changes_nothing(town: Callable[..., Any]) -> None:
    """An acknowledgement that repeats the whole warning neither lowers nor ends its chain."""
    place = town(counties=1, townships=1)
    place.take_in(CHAIN[1].raw(place))
    before = in_force(place)
    ack = Sent(7, "Ack", 10, "Blue", COUNTIES[:1], (1,))
    result = place.take_in(ack.raw(place))
    assert (result.disposition, result.callouts) == (Disposition.STORED, ())
    assert in_force(place) == before
    assert place.alarms() == []


def test_reissued_every_ten_minutes(town: Callable[..., Any]) -> None:
    """Six messages an hour with only the text changed: one call-out, and nobody who answered is called again."""
    place = town(counties=1, townships=1)
    for number in range(6):
        raw = place.message(ALERT, description=f"雨量 {number}")
        assert place.take_in(raw).disposition is Disposition.ACCEPTED
        place.play(seconds=600)
    assert place.query("SELECT count(*) FROM callout") == [(1,)]
