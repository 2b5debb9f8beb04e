"""What a drill was worth."""

from __future__ import annotations

from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from warning_dispatch.drilling.scoring import compare, is_in_time, report, score
from warning_dispatch.model.drills import CalleeFact, DrillReport, NumberFact

LIMIT = 600_000
UNIT = CalleeFact("141124104200", "甲村", "临县 白文镇", "villages", LIMIT, 1_000, None, "", "", 2, 1, "no_answer")
FACTS = st.lists(
    st.builds(
        CalleeFact,
        unit_code=st.text("0123456789", min_size=12, max_size=12),
        unit_name=st.just("村"),
        path=st.just(""),
        tier=st.sampled_from(("townships", "villages")),
        limit=st.just(LIMIT),
        opened_at=st.none() | st.integers(0, 10_000),
        answered_at=st.none() | st.integers(0, 2_000_000),
        means=st.sampled_from(("key", "link", "superior")),
        role=st.sampled_from(("primary", "deputy")),
        calls=st.integers(0, 3),
        texts=st.integers(0, 3),
        outcome=st.just(""),
        contact=st.booleans(),
    ),
    max_size=30,
)


@given(facts=FACTS)
def test_every_unit_is_counted_once(facts: list[CalleeFact]) -> None:
    """Asked are those in time, late and silent; the rest stood behind a shut gate; tiers add up to the whole."""
    found = report(facts, (), interrupted=False)
    assert found.in_time + found.late + found.silent == found.asked
    assert found.asked + found.unopened == len(facts)
    assert found.uncalled <= found.silent == len(found.failed)
    assert sum(one.asked for one in found.tiers) == found.asked
    assert sum(found.means.values()) == found.in_time + found.late
    assert (found.score is None) == (found.asked == 0)
    assert found.score is None or 0 <= found.score <= 100


def test_the_limit_counts_from_the_gate() -> None:
    """An answer at the limit is in time, one after it is not; one before the gate opened is."""
    assert is_in_time(replace(UNIT, answered_at=1_000 + LIMIT))
    assert not is_in_time(replace(UNIT, answered_at=1_001 + LIMIT))
    assert is_in_time(replace(UNIT, opened_at=None, answered_at=5))
    assert not is_in_time(UNIT)


def test_the_score_can_be_worked_out_by_hand() -> None:
    """Of ten, six in time and two late: 70. Of nobody: none."""
    assert score(6, 2, 10) == 70
    assert score(10, 0, 10) == 100
    assert score(0, 0, 0) is None


def test_an_interrupted_drill_has_no_score() -> None:
    """It says nothing about people; what it found is said all the same."""
    wrong = NumberFact("1", "甲村", "", "primary", "voice", "139****0001", "empty_number")
    found = report([UNIT], [wrong], interrupted=True)
    assert found.score is None
    assert (found.silent, found.mend) == (1, (wrong,))


def test_who_had_no_contact_is_told_apart() -> None:
    """Nobody could have called them."""
    found = report([replace(UNIT, contact=False, calls=0, texts=0)], (), interrupted=False)
    assert (found.uncalled, len(found.without)) == (1, 1)


def test_against_the_last_one() -> None:
    """Who is silent now and was not, and the other way round, by name."""
    other = replace(UNIT, unit_code="141124104201", unit_name="乙村")
    told = replace(other, answered_at=2_000, means="key", role="primary")
    old = report([replace(UNIT, answered_at=2_000), other], (), interrupted=False)
    new = report([UNIT, told], (), interrupted=False)
    found = compare(new, old, drill_id=3, title="上次", began_at=1)
    assert (found.worse, found.better) == (
        {"141124104200": "临县 白文镇 甲村"},
        {"141124104201": "临县 白文镇 乙村"},
    )
    assert (found.score, found.in_time, found.asked) == (old.score, 1, 2)


def test_only_who_was_in_both_drills_is_compared() -> None:
    """One county in spring, another now: nobody got worse or better. A unit behind a shut gate answered nothing either."""
    spring = [UNIT, replace(UNIT, unit_code="141124104201", answered_at=2_000)]
    now = [replace(one, unit_code=f"141123{one.unit_code[6:]}") for one in spring]
    shut = [replace(one, opened_at=None, answered_at=None) for one in spring]
    for before, after in ((spring, now), (spring, shut), (shut, spring)):
        new, old = (report(facts, (), interrupted=False) for facts in (after, before))
        found = compare(new, old, drill_id=3, title="上次", began_at=1)
        assert (found.worse, found.better) == ({}, {})


def test_a_report_from_before_says_nothing_of_who_answered() -> None:
    """It was kept without their codes: nobody is said to have got worse by it."""
    kept = {**asdict(report([replace(UNIT, answered_at=2_000)], (), interrupted=False))}
    del kept["answered"]
    old = TypeAdapter(DrillReport).validate_python(kept)
    found = compare(report([UNIT], (), interrupted=False), old, drill_id=3, title="上次", began_at=1)
    assert (found.worse, found.better) == ({}, {})
