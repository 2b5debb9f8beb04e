"""The configuration that ships: the founding text's triggers and the default times, asserted literally."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.configuration.freezing import chain_from_json, chain_to_json
from warning_dispatch.escalation.timing import busiest_hour, latest_ring
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Ladder, Next, Repeat, Rung, TierRule
from warning_dispatch.model.unit import ALL_ROLES, Channel, Role, UnitKind, UnitLevel, roles_in

R, O = Colour.RED, Colour.ORANGE  # noqa: E741 - read as letters of a timetable
HOUR = 3_600
CHAINS = ("city", "county", "strict")
FOUNDING_TEXT = {("rainstorm", O), ("rainstorm", R), ("snowstorm", R), ("thunderstorm_gale", R)}
"""暴雨橙色、红色，暴雪红色，雷暴大风红色 (吕政办函〔2025〕23号)."""
SECTORED = {UnitKind.LEADER: "leader", UnitKind.DEPARTMENT: "office"}

Entry = tuple[int, str, str]
"""Seconds, who (A, B, D for the duty room), how."""
LADDERS: Mapping[tuple[str, Colour], tuple[Entry, ...]] = {
    ("leader", R): (
        (0, "AB", "sms"),
        (0, "A", "operator"),
        (0, "D", "voice"),
        (120, "A", "voice"),
        (240, "B", "voice"),
    ),
    ("leader", O): (
        (0, "AB", "sms"),
        (0, "A", "operator"),
        (0, "D", "voice"),
        (300, "A", "voice"),
        (480, "B", "voice"),
    ),
    ("office", R): (
        (0, "D", "voice"),
        (0, "AB", "sms"),
        (45, "A", "voice"),
        (105, "B", "voice"),
        (165, "D", "voice"),
        (225, "A", "voice"),
        (285, "B", "voice"),
    ),
    ("office", O): (
        (0, "D", "voice"),
        (0, "AB", "sms"),
        (120, "A", "voice"),
        (300, "B", "voice"),
        (480, "D", "voice"),
    ),
    ("village", R): (
        (0, "A", "voice"),
        (0, "AB", "sms"),
        (120, "A", "voice"),
        (180, "B", "voice"),
        (300, "A", "voice"),
        (420, "B", "voice"),
    ),
    ("village", O): ((0, "AB", "sms"), (180, "A", "voice"), (480, "B", "voice"), (720, "A", "voice")),
}
UNREACHED = {"leader": {R: 300, O: 600}, "office": {R: 300, O: 600}, "village": {R: 600, O: 1_200}}
EVERY = {
    ("leader", R): (600, 1_200),
    ("office", R): (600, 1_200),
    ("village", R): (1_200,),
    ("leader", O): (1_200,),
    # every 20 min, but for one pause that keeps any hour at three calls for one number
    ("office", O): (1_200, 2_400, 1_200),
    ("village", O): (1_200, 2_400, 1_200),
}
SLOW_EVERY = {R: (600, 1_200), O: (1_200,)}
HOLDS: Mapping[str, Mapping[str, Mapping[Colour, int | None]]] = {
    "city": {"leaders": {R: 60, O: 180}, "counties": {R: 120, O: 300}, "townships": {R: 120, O: 420}},
    "county": {"leaders": {R: 60, O: 180}, "county_office": {R: 120, O: 300}, "townships": {R: 120, O: 420}},
    "strict": {tier: {R: None, O: None} for tier in ("leaders", "counties", "townships")},
}
OPENS_AFTER = {
    "city": {
        "leaders": None, "departments": "leaders", "counties": "leaders", "townships": "counties",
        "villages": "townships", "key_units_county": "counties", "key_units_township": "townships",
        "key_units_village": "townships", "outlets": None,
    },
    "county": {
        "leaders": None, "county_office": None, "departments": "leaders", "townships": "county_office",
        "villages": "townships", "city_emergency": None, "city_notice": None,
        "key_units_county": "county_office", "key_units_township": "townships", "key_units_village": "townships",
        "outlets": None,
    },
    "strict": {
        "leaders": None, "departments": "leaders", "counties": "leaders", "townships": "counties",
        "villages": "townships", "key_units_county": "counties", "key_units_township": "townships",
        "key_units_village": "townships",
    },
}  # fmt: skip


KEY_UNITS = {"key_units_county", "key_units_township", "key_units_village"}


def kind_of(chain: CallChain, tier_name: str) -> str:
    """The sort of ladder a tier should have: leader, office or village."""
    select = chain.tier(tier_name).select
    if select.level is UnitLevel.VILLAGE and select.kind is UnitKind.DIVISION:
        return "village"
    return SECTORED.get(select.kind, "office")


def entries(rungs: tuple[Rung, ...]) -> tuple[Entry, ...]:
    """Rungs in the words of the design."""
    letters = {Role.PRIMARY: "A", Role.DEPUTY: "B", Role.DUTY: "D"}
    return tuple(
        (rung.after // 1_000, "".join(letters[role] for role in roles_in(rung.roles)), channel.key)
        for rung in rungs
        for channel in rung.channels
    )


def seconds(repeat: Repeat) -> tuple[int, ...]:
    """The pauses of a repeat."""
    return tuple(each // 1_000 for each in repeat.every)


def asked(chain: CallChain) -> list[tuple[str, Colour, Ladder]]:
    """Every ladder of the tiers that are asked for an answer."""
    return [
        (tier.name, colour, ladder)
        for tier in chain.tiers
        if not tier.notice
        for colour, ladder in tier.ladders.items()
    ]


def test_it_loads_with_its_three_chains(shipped: Configuration) -> None:
    """The shipped files have no finding; a bureau starts from something that works."""
    assert tuple(chain.name for chain in shipped.chains) == CHAINS
    assert len(shipped.hazards.hazards) >= 14  # the kinds of order 16
    with pytest.raises(StopIteration):
        shipped.chain("province")


def test_the_bureaus_own_call_of_the_design(shipped: Configuration) -> None:
    """值班员, 带班领导, 局长: red at 0, 60, 180 s, orange at 0, 180, 600 s; anybody's answer, no end by itself."""
    bureau = shipped.bureau
    assert bureau is not None
    assert bureau.triggers == ()
    assert list(latest_ring(bureau, R).values()) == [0, 60_000, 180_000]
    assert list(latest_ring(bureau, O).values()) == [0, 180_000, 600_000]
    for tier in bureau.tiers:
        assert (tier.select.kind, tier.answering, tier.gate_roles) == (UnitKind.BUREAU, ALL_ROLES, 0)
        for colour, most in ((R, 5), (O, 3)):
            ladder = tier.ladders[colour]
            assert ladder.voice_for is None
            assert ladder.repeat.rungs
            assert max(busiest_hour(ladder).values()) <= most


def test_the_triggers_are_the_founding_text(shipped: Configuration) -> None:
    """All hazards × colours × message types × issuers: exactly four, for Alert and Update, city and county."""
    for hazard, colour, msg_type, issuer in product(shipped.hazards.hazards, Colour, MsgType, UnitLevel):
        starting = [
            chain.name
            for chain in shipped.chains
            for trigger in chain.triggers
            if hazard in trigger.hazards
            and colour in trigger.colours
            and msg_type in trigger.msg_types
            and issuer is trigger.issuer
        ]
        meant = (
            (hazard, colour) in FOUNDING_TEXT
            and msg_type in (MsgType.ALERT, MsgType.UPDATE)
            and issuer in (UnitLevel.CITY, UnitLevel.COUNTY)
        )
        assert starting == ([issuer.name.lower()] if meant else []), (hazard, colour, msg_type, issuer)


def test_the_strict_chain_starts_by_hand_only(shipped: Configuration) -> None:
    """It ships beside the others; only a bureau that wants it gives it triggers."""
    assert shipped.chain("strict").triggers == ()


@pytest.mark.parametrize("name", CHAINS)
def test_what_waits_for_what(shipped: Configuration, name: str) -> None:
    """Leaders → departments ∥ counties → townships → villages; below the county gates open branch by branch."""
    chain = shipped.chain(name)
    assert {tier.name: tier.opens_after for tier in chain.tiers} == OPENS_AFTER[name]
    branches = {tier.name for tier in chain.tiers if tier.gate is Gate.BRANCH}
    assert branches == {"townships", "villages", *KEY_UNITS}
    first = {tier.name for tier in chain.tiers if tier.rule is TierRule.FIRST}
    assert first == {"leaders"}


@pytest.mark.parametrize("name", CHAINS)
def test_the_holds_of_the_design(shipped: Configuration, name: str) -> None:
    """Leaders 60 s (180), county 120 (300), township 120 (420); strict never opens by time."""
    in_ms = {
        tier: {colour: None if hold is None else hold * 1_000 for colour, hold in holds.items()}
        for tier, holds in HOLDS[name].items()
    }
    assert {tier.name: dict(tier.hold) for tier in shipped.chain(name).tiers if tier.hold} == in_ms


@pytest.mark.parametrize("name", CHAINS)
def test_the_ladders_of_the_design(shipped: Configuration, name: str) -> None:
    """The default times, rung by rung: whom, how, after how long."""
    chain = shipped.chain(name)
    for tier, colour, ladder in asked(chain):
        assert entries(ladder.rungs) == LADDERS[kind_of(chain, tier), colour], (tier, colour)


@pytest.mark.parametrize("name", CHAINS)
def test_the_limits_of_the_design(shipped: Configuration, name: str) -> None:
    """Unreached after 300 s (600), villages 600 (1,200); orange voice ends after 2 h, red voice never."""
    chain = shipped.chain(name)
    for tier, colour, ladder in asked(chain):
        assert ladder.unreached_after == UNREACHED[kind_of(chain, tier)][colour] * 1_000, (tier, colour)
        assert ladder.voice_for == (2 * HOUR * 1_000 if colour is O else None), (tier, colour)


@pytest.mark.parametrize("name", CHAINS)
def test_calling_goes_on(shipped: Configuration, name: str) -> None:
    """Promise 1: after the last rung come repeats, by voice, to whoever may answer; A stays on slow calls."""
    chain = shipped.chain(name)
    for tier, colour, ladder in asked(chain):
        kind = kind_of(chain, tier)
        assert seconds(ladder.repeat) == EVERY[kind, colour], (tier, colour)
        voiced = {
            role for rung in ladder.repeat.rungs if Channel.VOICE in rung.channels for role in roles_in(rung.roles)
        }
        assert {Role.PRIMARY, Role.DEPUTY} <= voiced
        if chain.tier(tier).gate_roles:
            assert seconds(ladder.slow) == SLOW_EVERY[colour]
            assert entries(ladder.slow.rungs) == ((0, "A", "voice"),)


@pytest.mark.parametrize("name", CHAINS)
def test_only_a_or_b_answers_for_a_village(shipped: Configuration, name: str) -> None:
    """A clerk's or a superior's "received" never counts as the village head's; offices open by their duty room."""
    chain = shipped.chain(name)
    for tier in chain.tiers:
        if tier.notice:
            continue
        everybody = tier.name == "city_emergency"  # told by its duty room, which is enough
        assert roles_in(tier.answering) == (
            (Role.PRIMARY, Role.DEPUTY, Role.DUTY) if everybody else (Role.PRIMARY, Role.DEPUTY)
        )
        village = tier.select.level is UnitLevel.VILLAGE and tier.select.kind is UnitKind.DIVISION
        duty_opens = not village and not everybody
        assert roles_in(tier.gate_roles) == ((Role.DUTY,) if duty_opens else ())
        assert tier.need == 1


def test_a_county_s_warning_tells_the_city_side(shipped: Configuration) -> None:
    """By SMS only; on red the emergency bureau's duty room is called as well."""
    chain = shipped.chain("county")
    notice, emergency = chain.tier("city_notice"), chain.tier("city_emergency")
    assert notice.notice
    for colour in (R, O):
        assert entries(notice.ladders[colour].rungs) == ((0, "AB", "sms"),)
        assert notice.ladders[colour].repeat.rungs == ()
    assert set(emergency.ladders) == {R}
    assert emergency.select.sectors == ("emergency",)
    assert [tier.name for tier in chain.tiers if tier.select.level is UnitLevel.CITY] == [
        "city_emergency",
        "city_notice",
    ]


@pytest.mark.parametrize("name", CHAINS)
def test_freezing_loses_nothing(shipped: Configuration, name: str) -> None:
    """A call-out runs by the plan it started with: JSON and back is the same value of the same types."""
    chain = shipped.chain(name)
    thawed = chain_from_json(chain_to_json(chain))
    assert thawed == chain
    assert repr(thawed) == repr(chain)
    assert chain_to_json(thawed) == chain_to_json(chain)


def test_only_a_key_answers(shipped: Configuration) -> None:
    """Promise 2: of all outcomes a carrier can report, one acknowledges; a delivery report is no end and no answer."""
    table = shipped.outcomes
    assert [key for key, one in table.items() if one.next is Next.ACKNOWLEDGE] == ["key_pressed"]
    assert [key for key, one in table.items() if not one.ends] == ["delivered"]
    assert all(one.key == key and one.chinese for key, one in table.items())


@pytest.mark.parametrize(
    ("key", "next_step", "gap"),
    [
        ("heard_no_key", Next.HEARD, 0),
        ("hung_up_early", Next.NEXT_RUNG, 0),
        ("voicemail", Next.NEXT_RUNG, 0),
        ("colour_ring", Next.NEXT_RUNG, 0),
        ("machine", Next.NEXT_RUNG, 0),
        ("no_answer", Next.NEXT_RUNG, 0),
        ("rejected", Next.NEXT_RUNG, 0),
        ("busy", Next.SAME_NUMBER, 60),
        ("switched_off", Next.OTHER_ENDPOINT, 300),
        ("out_of_coverage", Next.OTHER_ENDPOINT, 300),
        ("empty_number", Next.DOUBTFUL, 600),
        ("suspended", Next.DOUBTFUL, 600),
        ("invalid_number", Next.PERMANENT, 0),
        ("opted_out", Next.ROUTE_ONLY, 0),
        ("number_limited", Next.OTHER_ROUTE, 60),
        ("line_lost", Next.AGAIN, 5),
        ("no_line", Next.AGAIN, 5),
        ("provider_down", Next.ROUTE_DOWN, 60),
        ("credentials_refused", Next.ROUTE_DOWN, 60),
        ("balance_exhausted", Next.ROUTE_DOWN, 60),
        ("misconfigured", Next.ROUTE_DOWN, 60),
    ],
)
def test_the_outcome_table_of_the_design(shipped: Configuration, key: str, next_step: Next, gap: int) -> None:
    """Each outcome has the next step of the design; numbers that "do not exist" get their second try after 10 min."""
    assert (shipped.outcomes[key].next, shipped.outcomes[key].gap) == (next_step, gap * 1_000)


def sectors_of(root: Path, part: str) -> list[str]:
    """The sectors of the departments in contacts/offices.toml."""
    offices = tomllib.loads((root / "contacts" / "offices.toml").read_text(encoding="utf-8"))
    return [one["sector"] for one in offices[part]["departments"]]


def test_a_hazard_s_sectors_have_departments(shipped: Configuration, root: Path) -> None:
    """A sector without a department would be a line that nobody calls; one unknown here would never be called."""
    city, county = sectors_of(root, "city_offices"), sectors_of(root, "county_offices")
    assert set(city) == set(shipped.hazards.sectors)
    assert set(county) <= set(city)
    assert len(city) == len(set(city))
    for hazard in shipped.hazards.hazards.values():
        assert set(hazard.sectors) <= set(city), hazard.key
        assert set(hazard.sectors) & set(county), f"{hazard.key} concerns no county department"
        assert "emergency" in hazard.sectors


@pytest.mark.parametrize("name", CHAINS)
def test_key_units_are_called_with_what_lies_beside_them(shipped: Configuration, name: str) -> None:
    """Of a township with its villages, of a county with its townships; A or B must answer, nothing waits for them."""
    chain = shipped.chain(name)
    for tier_name in KEY_UNITS:
        tier = chain.tier(tier_name)
        assert tier.select.kind is UnitKind.KEY_UNIT
        assert tier.answering == Role.PRIMARY | Role.DEPUTY
        assert tier_name not in {one.opens_after for one in chain.tiers}
    for colour in (R, O):
        moments = latest_ring(chain, colour)
        assert moments["key_units_township"] == moments["key_units_village"] == moments["villages"]
        assert moments["key_units_county"] == moments["townships"]


@pytest.mark.parametrize("name", ["city", "county"])
def test_outlets_are_told_at_once_and_asked_for_nothing(shipped: Configuration, name: str) -> None:
    """They spread the warning; a notice at the start, by text."""
    tier = shipped.chain(name).tier("outlets")
    assert (tier.select.kind, tier.notice, tier.opens_after) == (UnitKind.OUTLET, True, None)
    assert {channel for ladder in tier.ladders.values() for rung in ladder.rungs for channel in rung.channels} == {
        Channel.SMS
    }
