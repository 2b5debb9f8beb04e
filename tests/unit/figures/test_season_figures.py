"""A season: sums are sums of its call-outs, false alarms are of those judged, fatigue is of people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.figures.season import SeasonFigures, SeasonNames, season_figures
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.record_views import SeasonCallOut, SeasonGroup, SeasonQuery, SeasonReading, Verdict
from warning_dispatch.model.states import CalleeState, CallOutState

START = 1_785_000_000_000
NAMES = SeasonNames(lambda names: names["zh_CN"], lambda at: str(at % 3), "市本级", {"water": "水利"})
COUNTIES = {"141123": "兴县", "141124": "临县"}
S = CalleeState
GROUPS = st.lists(
    st.builds(
        SeasonGroup,
        callout_id=st.integers(1, 3),
        tier=st.sampled_from(["counties", "villages"]),
        county=st.sampled_from(["", *COUNTIES]),
        sector=st.sampled_from(["", "water", "transport"]),
        state=st.sampled_from([one for one in S if one is not S.SUPERSEDED]),
        delay=st.none() | st.integers(0, 4_000),
        units=st.integers(1, 50),
        unopened=st.booleans(),
    ),
    max_size=30,
)


def callout(key: int, **changes: object) -> SeasonCallOut:
    """A red rainstorm that kept its target."""
    values: dict[str, object] = {
        "callout_id": key,
        "round": 1,
        "hazard": "rainstorm" if key < 3 else "snow",
        "hazard_name": {"zh_CN": "暴雨" if key < 3 else "暴雪"},
        "colour": Colour.RED,
        "state": CallOutState.CLOSED,
        "started_at": START + key,
        "ended_at": None,
        "target": 300_000,
        "last_opened": 200_000,
        "verdict": None,
    }
    return SeasonCallOut(**{**values, **changes})  # type: ignore[arg-type]


def reading(
    groups: list[SeasonGroup], *callouts: SeasonCallOut, called: tuple[tuple[int, int], ...] = ()
) -> SeasonReading:
    """A season of them."""
    return SeasonReading(
        query=SeasonQuery(START, START + 9),
        callouts=callouts or tuple(callout(key) for key in (1, 2, 3)),
        groups=tuple(groups),
        tiers={"counties": {"zh_CN": "县"}, "villages": {"zh_CN": "村"}},
        counties=COUNTIES,
        called=called,
        night_calls=3,
        false_calls=5,
        most=(),
        silent=(),
        silent_total=0,
    )


def figures(*arguments: object, **named: object) -> SeasonFigures:
    """Of such a season."""
    return season_figures(reading(*arguments, **named), NAMES)  # type: ignore[arg-type]


@given(groups=GROUPS)
def test_every_table_adds_up_to_the_season(groups: list[SeasonGroup]) -> None:
    """By call-out, tier, county, hazard and month: the same units, counted once each."""
    found = figures(groups)
    for lines in (found.callouts, found.tiers, found.counties, found.hazards, found.months):
        for name in ("asked", "answered", "unreached"):
            assert sum(getattr(line.share, name) for line in lines) == getattr(found.whole, name)
    assert {line.key for line in found.departments} == {one.sector for one in groups if one.sector}


@given(groups=GROUPS)
def test_times_lie_between_the_quickest_and_the_slowest(groups: list[SeasonGroup]) -> None:
    """Half within the median, nine of ten within the other."""
    whole = figures(groups).whole
    if whole.median is not None:
        assert whole.slow is not None
        assert whole.median <= whole.slow
    assert whole.rate is None or 0 <= whole.rate <= 1


def test_a_false_alarm_rate_is_of_those_judged() -> None:
    """Two hits, one false, one by mistake, one not judged: half of what was judged."""
    said = (Verdict.HIT, Verdict.HIT, Verdict.FALSE, Verdict.MISTAKE, None)
    found = figures([], *(callout(key, verdict=one) for key, one in enumerate(said, 1))).verdicts
    assert (found.hits, found.false, found.mistakes, found.open, found.false_rate) == (2, 1, 1, 1, 0.5)
    assert figures([]).verdicts.false_rate is None


def test_targets_are_counted_where_there_are_any() -> None:
    """A plan without a target, or one whose last tier never opened, is neither kept nor missed."""
    found = figures(
        [], callout(1), callout(2, last_opened=300_001), callout(3, target=None), callout(4, last_opened=None)
    )
    assert (found.on_time, found.timed) == (1, 2)
    assert [line.on_time for line in found.callouts] == [True, False, None, None]


@given(called=st.dictionaries(st.integers(1, 30), st.integers(1, 100), max_size=12))
def test_fatigue_is_calls_over_people(called: dict[int, int]) -> None:
    """Mean, median, most: of everybody who was called at all."""
    found = figures([], called=tuple(called.items())).fatigue
    assert found.people == sum(called.values())
    assert found.calls == sum(often * people for often, people in called.items())
    assert found.most == max(called, default=0)
    if found.mean is not None:
        assert found.mean * found.people == found.calls or abs(found.mean * found.people - found.calls) < 1e-6
        assert found.median is not None
        assert found.often is not None
        assert found.median <= found.often <= found.most
