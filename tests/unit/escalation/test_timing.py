"""When villages ring at the latest, and how often one phone rings in an hour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.escalation.ladder import Position, due_at
from warning_dispatch.escalation.timing import HOUR, LateTier, busiest_hour, late_tiers, latest_ring
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Ladder, Repeat, Rung, Tier
from warning_dispatch.model.unit import Channel, Role

SECOND, MINUTE = 1_000, 60_000
MOST = {Colour.RED: 5, Colour.ORANGE: 3}
"""Voice calls an hour for one number."""
NOTHING = Repeat((), ())
R, O = Colour.RED, Colour.ORANGE  # noqa: E741 - read as letters of a timetable


@pytest.mark.parametrize(
    ("name", "colour", "moments"),
    [
        ("city", R, {"leaders": 0, "departments": 60, "counties": 60, "townships": 180, "villages": 300}),
        ("city", O, {"leaders": 0, "departments": 180, "counties": 180, "townships": 480, "villages": 900}),
        (
            "county",
            R,
            {
                "leaders": 0,
                "county_office": 0,
                "departments": 60,
                "townships": 120,
                "villages": 240,
                "city_emergency": 0,
                "city_notice": 0,
            },
        ),
        (
            "county",
            O,
            {"leaders": 0, "county_office": 0, "departments": 180, "townships": 300, "villages": 720, "city_notice": 0},
        ),
        ("strict", R, {"leaders": 0, "departments": None, "counties": None, "townships": None, "villages": None}),
        ("strict", O, {"leaders": 0, "departments": None, "counties": None, "townships": None, "villages": None}),
    ],
)
def test_the_latest_moment_of_every_tier(
    configuration: Configuration, name: str, colour: Colour, moments: dict[str, int | None]
) -> None:
    """A silent leader never keeps a village asleep: 5 min on red, 15 on orange; strict opens by answers only.

    Key units ring with their neighbours: those of a county with its townships, the others with the villages.
    """
    expected = {tier: None if at is None else at * SECOND for tier, at in moments.items()}
    townships, villages = expected["townships"], expected["villages"]
    expected |= {"key_units_county": townships, "key_units_township": villages, "key_units_village": villages}
    expected |= {} if name == "strict" else {"outlets": 0}
    assert latest_ring(configuration.chain(name), colour) == expected


def behind_the_townships(latest: int | None) -> tuple[LateTier, ...]:
    """Whatever opens when a township has answered, late by the target of red."""
    tiers = ("villages", "key_units_township", "key_units_village")
    return tuple(LateTier(tier, latest, 5 * MINUTE) for tier in tiers)


@pytest.mark.parametrize("colour", [R, O])
@pytest.mark.parametrize("name", ["city", "county", "strict"])
def test_the_shipped_chains_keep_their_targets(configuration: Configuration, name: str, colour: Colour) -> None:
    """What a chain promises itself holds when nobody above answers at all; strict promises nothing."""
    chain = configuration.chain(name)
    assert late_tiers(chain, colour) == ()
    assert chain.target[colour] == (None if name == "strict" else {R: 5, O: 15}[colour] * MINUTE)


@pytest.mark.parametrize("colour", [Colour.BLUE, Colour.YELLOW])
def test_a_colour_without_ladders_calls_nobody(configuration: Configuration, colour: Colour) -> None:
    """Blue and yellow have no moment, and so none that is late."""
    assert latest_ring(configuration.chain("city"), colour) == {}
    assert late_tiers(configuration.chain("city"), colour) == ()


def with_holds(chain: CallChain, **holds: int | None) -> CallChain:
    """The chain with other red holds (ms)."""
    tiers = tuple(replace(tier, hold={R: holds[tier.name]}) if tier.name in holds else tier for tier in chain.tiers)
    return replace(chain, tiers=tiers)


def test_a_hold_too_long_is_late_for_all_below(configuration: Configuration) -> None:
    """Each tier is named with its moment; one millisecond over the target is over it."""
    city = configuration.chain("city")
    target = 5 * MINUTE
    assert late_tiers(with_holds(city, townships=120 * SECOND), R) == ()
    assert late_tiers(with_holds(city, townships=120 * SECOND + 1), R) == behind_the_townships(target + 1)
    late = {one.tier: one.latest for one in late_tiers(with_holds(city, counties=6 * MINUTE), R)}
    with_townships, with_villages = 7 * MINUTE, 9 * MINUTE
    assert late == {
        "townships": with_townships,
        "key_units_county": with_townships,
        "villages": with_villages,
        "key_units_township": with_villages,
        "key_units_village": with_villages,
    }


def test_never_and_missing_holds_are_later_than_any_target(configuration: Configuration) -> None:
    """A gate that time never opens breaks every target, for all that lies behind it."""
    city = configuration.chain("city")
    assert late_tiers(with_holds(city, townships=None), R) == behind_the_townships(None)
    forgotten = replace(city, tiers=tuple(replace(tier, hold={}) for tier in city.tiers))
    late = {one.tier for one in late_tiers(forgotten, R)}
    assert late == {tier.name for tier in city.tiers if not tier.notice} - {"leaders"}


def test_a_notice_promises_nothing(configuration: Configuration) -> None:
    """Who is only told may be told late."""
    city = with_holds(configuration.chain("city"), leaders=10 * MINUTE)
    told = replace(city.tier("departments"), notice=True)
    tiers: tuple[Tier, ...] = tuple(told if tier.name == told.name else tier for tier in city.tiers)
    assert "departments" not in [late.tier for late in late_tiers(replace(city, tiers=tiers), R)]
    assert "departments" in [late.tier for late in late_tiers(city, R)]


def test_a_name_that_leads_nowhere_is_an_error(configuration: Configuration) -> None:
    """The loader refuses it; the core does not answer with a moment."""
    city = configuration.chain("city")
    lost = replace(city.tier("villages"), opens_after="nowhere", gate=Gate.TIER)
    with pytest.raises(KeyError, match="nowhere"):
        latest_ring(replace(city, tiers=(lost,)), R)


def ladders_of(configuration: Configuration) -> list[tuple[str, Colour, Ladder]]:
    """Every shipped ladder with the colour it is used for."""
    return [
        (f"{chain.name}.{tier.name}", colour, ladder)
        for chain in configuration.chains
        for tier in chain.tiers
        for colour, ladder in tier.ladders.items()
    ]


def test_no_phone_rings_too_often(configuration: Configuration) -> None:
    """Red at most five calls an hour for one number (the budget), orange three: nights are long."""
    for name, colour, ladder in ladders_of(configuration):
        most = busiest_hour(ladder)
        assert max(most.values(), default=0) <= MOST[colour], (name, colour, most)


def voice_moments(ladder: Ladder, role: Role, *, slow_from: int | None = None) -> list[int]:
    """When a role's phone rings in three hours; after `slow_from` only by the slow track."""
    end = 3 * HOUR if slow_from is None else slow_from
    moments = [rung.after for rung in ladder.rungs if rung.roles & role and Channel.VOICE in rung.channels]
    moments += repeated(ladder, ladder.repeat, role, 0, slow=False)
    moments = [moment for moment in moments if moment <= end]
    if slow_from is not None:
        moments += repeated(ladder, ladder.slow, role, slow_from, slow=True)
    limit = 3 * HOUR if ladder.voice_for is None else ladder.voice_for
    return [moment for moment in moments if moment < limit]


def repeated(ladder: Ladder, repeat: Repeat, role: Role, origin: int, *, slow: bool) -> list[int]:
    """The voice rungs of a repeat for a role, twelve rounds of it."""
    return [
        moment
        for cycle in range(1, 13)
        for index, rung in enumerate(repeat.rungs)
        if rung.roles & role and Channel.VOICE in rung.channels
        if (moment := due_at(ladder, Position(cycle, index), origin, slow=slow)) is not None
    ]


def most_in_any_hour(moments: list[int]) -> int:
    """By looking at every window that begins with a call."""
    return max((sum(start <= moment < start + HOUR for moment in moments) for start in moments), default=0)


def test_busiest_hour_counts_what_the_rungs_say(configuration: Configuration) -> None:
    """Counted a second time, from the due times themselves."""
    for name, _, ladder in ladders_of(configuration):
        counted = {role: most_in_any_hour(voice_moments(ladder, role)) for role in Role}
        assert busiest_hour(ladder, within=3 * HOUR) == {role: n for role, n in counted.items() if n}, name


def test_the_slow_calls_keep_the_limit_whenever_the_duty_room_answers(configuration: Configuration) -> None:
    """A's fast calls before and slow calls after the duty room's answer are one phone's calls."""
    for name, colour, ladder in ladders_of(configuration):
        for answered in range(0, HOUR, 10 * SECOND):
            most = most_in_any_hour(voice_moments(ladder, Role.PRIMARY, slow_from=answered))
            assert most <= MOST[colour], (name, colour, answered)


def test_only_voice_counts() -> None:
    """A text or an operator's task rings no phone."""
    ladder = Ladder(
        rungs=(
            Rung(0, Role.PRIMARY | Role.DEPUTY, (Channel.SMS, Channel.OPERATOR)),
            Rung(0, Role.DUTY | Role.DEPUTY, (Channel.EMAIL, Channel.VOICE)),
        ),
        repeat=NOTHING,
        slow=NOTHING,
        unreached_after=MINUTE,
    )
    assert busiest_hour(ladder) == {Role.DEPUTY: 1, Role.DUTY: 1}


def test_an_hour_is_any_hour() -> None:
    """The window glides: three calls within 60 min count although a full hour on the clock has two; 60:00 is outside."""
    rungs = tuple(Rung(minute * MINUTE, Role.PRIMARY, (Channel.VOICE,)) for minute in (0, 50, 70, 109))
    ladder = Ladder(rungs=rungs, repeat=NOTHING, slow=NOTHING, unreached_after=HOUR)
    assert busiest_hour(ladder) == {Role.PRIMARY: 3}
    assert busiest_hour(replace(ladder, rungs=(rungs[0], replace(rungs[1], after=HOUR)))) == {Role.PRIMARY: 1}


def test_voice_that_ends_is_counted_to_its_end() -> None:
    """What falls after `voice_for` is never dialled."""
    rung = (Rung(0, Role.PRIMARY, (Channel.VOICE,)),)
    endless = Ladder(rungs=rung, repeat=Repeat((10 * MINUTE,), rung), slow=NOTHING, unreached_after=MINUTE)
    assert busiest_hour(endless) == {Role.PRIMARY: 6}
    assert busiest_hour(replace(endless, voice_for=25 * MINUTE)) == {Role.PRIMARY: 3}
    assert busiest_hour(endless, within=15 * MINUTE) == {Role.PRIMARY: 2}
