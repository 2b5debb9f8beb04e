"""What a record counts: every unit once, in every grouping the same, whatever became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.figures.callout import Tally, figures_of, late_units, tally
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.record_views import (
    Answer,
    JournalMark,
    RecordFeedback,
    RecordForm,
    RecordHead,
    RecordTier,
    RecordUnit,
    Unreached,
)
from warning_dispatch.model.states import UNREACHED, CalleeState, CallOutState, Means, Purpose
from warning_dispatch.model.unit import UnitKind, UnitLevel

START = 1_785_000_000_000
COUNTIES = (("141123", "兴县"), ("141124", "临县"))
TIERS = (
    RecordTier("counties", {"zh_CN": "县"}, 300_000, False),
    RecordTier("villages", {"zh_CN": "村"}, 600_000, False),
)
HEAD = RecordHead(
    callout_id=7, round=1, rounds=(), purpose=Purpose.CALL, state=CallOutState.CANCELLED, hazard_name={"zh_CN": "暴雨"},
    colour=Colour.RED, headline="", identifier="id-1", issuer="台", sent=START, started_at=START, ended_at=START + 9,
    area_names=(), plan_title={"zh_CN": "方案"}, tiers=TIERS, target=300_000, seen_at=None, seen_by="", verdict=None,
    verdict_by="", verdict_at=None,
)  # fmt: skip
S = CalleeState


def unit(place: int, **changes: Any) -> RecordUnit:
    """A village that is being called."""
    county = COUNTIES[place % 2]
    made = RecordUnit(
        callee_id=place, code=f"{county[0]}{place:06}", name=f"村{place}", kind=UnitKind.DIVISION,
        level=UnitLevel.VILLAGE, area=f"{county[0]}{place:06}", sector="", county=county, township=(f"{county[0]}100", "镇"), tier=place % 2,
        state=S.CALLING, opened_at=START + 1_000, answered_at=None, answer=None, voice=1, texts=1, mails=0, tasks=0,
        first_at=START, delivered=False, repeated=0, last_outcome="", unreached=None, feedback=0,
    )  # fmt: skip
    return replace(made, **changes)


@st.composite
def units(draw: st.DrawFn) -> list[RecordUnit]:
    """Any number of units in any states, answered in any way or none."""
    made = []
    for place in range(draw(st.integers(0, 25))):
        state = draw(st.sampled_from(list(S)))
        means = draw(st.none() | st.sampled_from(list(Means)))
        answer = None if means is None else Answer(START, means, None, "", "", "", "", "")
        answered = state in (S.ACKNOWLEDGED, S.DUTY_ANSWERED, S.WAIVED)
        made.append(
            unit(
                place,
                state=state,
                answer=answer,
                answered_at=START + draw(st.integers(0, 900_000)) if answered else None,
                opened_at=draw(st.none() | st.just(START + 60_000)),
                voice=draw(st.integers(0, 4)),
                texts=draw(st.integers(0, 2)),
                unreached=draw(st.none() | st.just(Unreached(START, (S.UNCALLED,)))),
            )
        )
    return made


def form(listed: list[RecordUnit], *feedback: RecordFeedback) -> RecordForm:
    """A record of them."""
    mark = JournalMark(1, "ab", START, buried=False)
    return RecordForm(HEAD, tuple(listed), feedback, (), 0, 0, mark)


@given(listed=units())
def test_every_unit_is_counted_once(listed: list[RecordUnit]) -> None:
    """A tally's parts add up to its whole."""
    one = tally(listed)
    assert one.units + one.taken_over == len(listed)
    assert one.asked + one.excused + one.informed + one.unopened == one.units
    assert one.asked == one.answered + one.unreached + one.open + one.stopped
    assert one.answered == one.in_person + one.recorded + one.relayed + one.otherwise
    assert one.reached_late <= one.ever_unreached
    assert one.delivered <= one.units
    assert one.rate is None or 0 <= one.rate <= 1
    if one.median is not None:
        assert one.slow is not None
        assert one.slowest is not None
        assert one.median <= one.slow <= one.slowest


@given(listed=units())
def test_every_grouping_has_the_same_sums(listed: list[RecordUnit]) -> None:
    """Tiers and counties each add up to the whole, column by column."""
    figures = figures_of(form(listed), ["县", "村"], "市本级", {})
    for lines in (figures.tiers, figures.counties):
        for name in Tally.__dataclass_fields__:
            if name not in ("median", "slow", "slowest"):
                parts = sum(getattr(line.tally, name) for line in lines)
                assert parts == getattr(figures.whole, name), name


@given(listed=units())
def test_the_curve_rises_to_all_who_answered(listed: list[RecordUnit]) -> None:
    """It never falls, and ends at the number of units asked that answered."""
    figures = figures_of(form(listed), ["县", "村"], "市本级", {})
    heights = [units for _, units in figures.curve]
    assert heights == sorted(heights)
    assert (heights or [0])[-1] == figures.whole.answered


@given(listed=units())
def test_the_list_of_the_unreached_is_whoever_once_was(listed: list[RecordUnit]) -> None:
    """Those still open first; nobody whom a newer round has taken over."""
    late = late_units(listed)
    wanted = {one.callee_id for one in listed if one.counts and (one.unreached or one.state in UNREACHED)}
    assert {one.callee_id for one in late} == wanted
    assert [one.answered for one in late] == sorted(one.answered for one in late)


def test_an_answer_before_the_gate_took_no_time() -> None:
    """It counts whenever it comes; a delay is never negative."""
    early = unit(0, state=S.ACKNOWLEDGED, answered_at=START, opened_at=START + 60_000)
    never_opened = replace(early, opened_at=None)
    assert early.delay == never_opened.delay == 0
    assert unit(1).delay is None


@pytest.mark.parametrize(("latest", "held"), [(299_999, True), (300_000, True), (300_001, False)])
def test_the_target_is_held_up_to_its_last_moment(latest: int, held: bool) -> None:
    """The last tier must ring so long after the start at the latest."""
    listed = [unit(1, opened_at=START + latest), unit(3, opened_at=START)]
    target = figures_of(form(listed), ["县", "村"], "市", {}).targets[0]
    assert (target.key, target.actual, target.held) == ("opening", latest, held)


def test_a_tier_is_held_against_its_own_limit() -> None:
    """Of those asked, how many answered before they would have counted as unreached."""
    quick = unit(0, state=S.ACKNOWLEDGED, answered_at=START + 301_000)
    slow = unit(2, state=S.ACKNOWLEDGED, answered_at=START + 301_001)
    target = figures_of(form([quick, slow]), ["县", "村"], "市", {}).targets[-1]
    assert (target.key, target.actual, target.held) == ("within:300000", 0.5, False)


def test_people_moved_are_counted_once_however_many_units_one_report_speaks_of() -> None:
    """One person's word about three villages is of the same people; two persons' is of two groups. An office speaks for all."""
    listed = [unit(place) for place in (1, 3, 5)]
    one = [RecordFeedback(place, None, 2, Feedback(moved=37), receiver_id=8) for place in (1, 3, 5)]
    two = [*one[:2], replace(one[2], receiver_id=9)]
    code = COUNTIES[1][0]
    office = unit(7, level=UnitLevel.COUNTY, kind=UnitKind.DEPARTMENT, code=f"{code}-water", area=code)

    def moved(units: list[RecordUnit], *said: RecordFeedback) -> int:
        return figures_of(form(units, *said), ["县", "村"], "市", {}).feedback.moved

    assert moved(listed, *one) == 37
    assert moved(listed, *two) == 74
    assert moved([*listed, office], *two, RecordFeedback(7, None, 3, Feedback(moved=70), receiver_id=4)) == 74
    assert moved([*listed, office], *two, RecordFeedback(7, None, 3, Feedback(moved=90), receiver_id=4)) == 90
    gone = [replace(one, state=S.SUPERSEDED) for one in listed[2:]]
    assert moved([*listed[:2], *gone], *two) == 37, "whom a newer round took over is counted there"


def test_people_moved_are_the_latest_word_of_each_unit() -> None:
    """Somebody who reports ten, then twelve, has moved twelve."""
    said = [
        RecordFeedback(1, None, 3, Feedback(moved=12)),
        RecordFeedback(1, None, 2, Feedback(moved=10, on_post=True)),
        RecordFeedback(2, None, 2, Feedback(dangers="积水")),
        RecordFeedback(1, None, 4, Feedback(measures="转移")),
    ]
    found = figures_of(form([unit(1), unit(2)], *said), ["县", "村"], "市", {}).feedback
    assert (found.reports, found.units, found.moved, found.on_post, found.measures, found.dangers) == (
        4,
        2,
        12,
        1,
        1,
        1,
    )
