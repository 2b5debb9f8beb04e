"""Which facts ring the bureau, how urgently, and what is said of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warning_dispatch.escalation.alarms import (
    QUIET_AFTER_CLAIM,
    TOLD_ONCE,
    URGENCY,
    WIDEN_AFTER,
    Cause,
    Told,
    Urgency,
    colour_of,
    looked_at_again,
    to_tell,
    told_already,
    widened,
    widens_at,
)
from warning_dispatch.model.colour import Colour
from warning_dispatch.web.alarm_words import ALARMS

PACKAGE = Path(__file__).parents[3] / "warning_dispatch"
RUNBOOK = Path(__file__).parents[3] / "docs" / "runbook.zh-CN.md"
R, O, Y, B = Colour.RED, Colour.ORANGE, Colour.YELLOW, Colour.BLUE  # noqa: E741 - orange
RAISED = re.compile(r"""(?:\.alarm\(\s*|RaiseAlarm\(|alarm=)"([a-z_]+)\"""")


def test_every_kind_that_is_raised_has_its_urgency_and_its_words() -> None:
    """One table, complete: nothing rings by accident, and the duty officer can read what it is."""
    raised = {kind for file in PACKAGE.rglob("*.py") for kind in RAISED.findall(file.read_text("utf-8"))}
    assert {"quarantined", "area_unknown", "no_contact", "untriggered", "route_down"} <= raised
    assert raised <= set(URGENCY)
    assert set(URGENCY) <= set(ALARMS)


def test_the_runbook_says_what_to_do_for_each() -> None:
    """Every kind stands in the duty officer's book by the name that the list shows."""
    book = RUNBOOK.read_text("utf-8")
    assert [kind for kind in URGENCY if f"| {ALARMS[kind][0]} |" not in book] == []


@pytest.mark.parametrize("warning", [R, O, Y, B])
def test_as_urgent_as_the_warning(warning: Colour) -> None:
    """Red rings as red, orange as orange; yellow and blue only stand on the list."""
    assert colour_of("quarantined", warning) is (warning if warning >= O else None)


def test_what_cannot_be_told_counts_as_red() -> None:
    """It may be the worst."""
    assert colour_of("quarantined", None) is R
    assert colour_of("conflict", None) is R


def test_a_conflict_is_never_less_than_orange() -> None:
    """A red that now reads as blue: somebody must say which one counts."""
    assert [colour_of("conflict", one) for one in (B, O, R)] == [O, O, R]


def test_fixed_urgencies() -> None:
    """A county that does not answer a red is red; the machine's own troubles are orange; a row rings nobody."""
    assert colour_of("county_silent", O) is R
    assert colour_of("route_down", None) is O
    assert colour_of("night_limit", R) is None
    assert colour_of("downgraded", R) is None


def test_what_nobody_has_thought_of_rings_as_orange() -> None:
    """A new kind of alarm that is not in the table yet is put before a human all the same."""
    assert colour_of("comet", None) is O


def test_practice_rings_nobody() -> None:
    """Whatever the kind."""
    assert {colour_of(kind, R, rings=False) for kind in URGENCY} == {None}


def test_the_same_fact_is_quiet_while_somebody_is_at_work_on_it() -> None:
    """Unclaimed: it rings anyway. Claimed: quiet for half an hour, then it is a new fact."""
    assert told_already(None, 10)
    assert told_already(0, QUIET_AFTER_CLAIM - 1)
    assert not told_already(0, QUIET_AFTER_CLAIM)


def test_what_is_told_once_is_looked_at_when_the_quiet_is_over() -> None:
    """Begun anew since its claim; what is reported again and again by itself, and what nobody has claimed, need no look."""
    assert set(URGENCY) > TOLD_ONCE
    assert {looked_at_again(kind, 5) for kind in TOLD_ONCE} == {5 + QUIET_AFTER_CLAIM}
    assert looked_at_again("route_down", None) is None
    assert looked_at_again("quarantined", 5) is None


def test_red_is_told_first_and_the_newest_before_the_old() -> None:
    """A call has room for few sentences; several of one kind make one."""
    causes = [
        Cause("route_down", O, 1),
        Cause("quarantined", R, 2),
        Cause("no_contact", R, 3, "白文镇"),
        Cause("no_contact", R, 4, "克虎镇"),
        Cause("source_silent", O, 5),
    ]
    told, left = to_tell(causes, 3)
    assert told == (Told("no_contact", 2, "克虎镇"), Told("quarantined", 1, ""), Told("source_silent", 1, ""))
    assert left == 1


def test_only_a_red_unknown_area_is_looked_at_again() -> None:
    """Three minutes."""
    assert widens_at("area_unknown", R, 5) == 5 + WIDEN_AFTER
    assert widens_at("area_unknown", O, 5) is None
    assert widens_at("quarantined", R, 5) is None


def test_an_unknown_code_widens_to_its_county() -> None:
    """The other codes stay; a county that is named already is not named twice."""
    known = {"1411", "141121", "141122", "141122100"}
    assert widened(["141121100999", "141122100000"], ["141121100999"], known) == ("141121", "141122100000")
    assert widened(["141121100998", "141121100999"], ["141121100998", "141121100999"], known) == ("141121",)


def test_what_has_no_known_county_stays() -> None:
    """Nothing to widen to: a human decides."""
    assert widened(["141199100000"], ["141199100000"], {"1411", "141121"}) is None
    assert widened(["141121000000"], [], {"141121"}) is None


def test_every_urgency_is_used() -> None:
    """No member of the enum is dead."""
    assert set(URGENCY.values()) == set(Urgency)
