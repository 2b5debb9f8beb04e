"""Under hold = "never" only an answer, `waive` or `open-gate` opens; UNREACHED never does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.states import BranchState, CalleeState
from warning_dispatch.model.unit import Role
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
COUNTY, OTHER = "141121", "141122"
HOUR = 3_600


@pytest.fixture
def strict(town: Callable[..., Any], configuration: Configuration) -> Any:
    """A prefecture that has chosen the strict chain, under a red warning."""
    chain = replace(configuration.chain("strict"), triggers=configuration.chain("city").triggers)
    place = town(chains=[chain], townships=1, villages=1)
    place.warning(RED_CITY)
    return place


def shut(place: Any) -> int:
    """How many gates are shut."""
    return int(place.query("SELECT count(*) FROM branch WHERE state = ?", BranchState.WAITING.value)[0][0])


def test_without_an_answer_nothing_opens(strict: Any) -> None:
    """The leaders are UNANSWERED for hours, and below them nobody has been called."""
    strict.play(seconds=3 * HOUR)
    assert strict.state("1411-L1") is CalleeState.UNANSWERED
    assert strict.state("1411-L2") is CalleeState.UNANSWERED
    assert strict.opened(COUNTY) is None
    assert strict.rings(COUNTY) == []
    assert strict.state(f"{COUNTY}100200") is CalleeState.WAITING


def test_who_is_silent_goes_on_being_called(strict: Any) -> None:
    """Strict does not mean forgotten (promise 1)."""
    strict.play(seconds=3 * HOUR)
    assert max(strict.rings("1411-L1")) > 3 * HOUR - 1_260


def test_answers_open_level_by_level(strict: Any) -> None:
    """Leader → both counties; one county → its townships only; its township → its village."""
    strict.person("1411-L2", Role.DUTY, VoiceHabit.ANSWERS)
    strict.person(COUNTY, Role.DUTY, VoiceHabit.ANSWERS)
    strict.person(f"{COUNTY}100", Role.PRIMARY, VoiceHabit.ANSWERS)
    strict.play(seconds=HOUR)
    assert strict.opened_by(COUNTY) == strict.opened_by(OTHER) == "tier_answered"
    assert strict.opened_by(f"{COUNTY}100") == "superior_answered"
    assert strict.opened_by(f"{COUNTY}100200") == "superior_answered"
    assert strict.opened(f"{OTHER}100") is None
    assert strict.state(OTHER) is CalleeState.UNANSWERED


def test_waive_opens_what_waits_below_the_unit(strict: Any) -> None:
    """免叫 of one leader is enough for "the first"; of a county for its townships."""
    strict.play(seconds=60)
    strict.act(Act.WAIVE, unit="1411-L1", reason="在省里开会")
    assert strict.opened_by(COUNTY) == "tier_answered"
    strict.act(Act.WAIVE, unit=COUNTY, reason="线路中断，已派人")
    assert strict.opened_by(f"{COUNTY}100") == "waived"
    assert strict.opened(f"{OTHER}100") is None
    assert strict.state(COUNTY) is CalleeState.WAIVED


def test_open_gate_below_one_unit(strict: Any) -> None:
    """An officer opens the townships of a silent county; the county itself goes on being called."""
    strict.record_answer("1411-L1")
    strict.play(seconds=30)
    strict.act(Act.OPEN_GATE, unit=OTHER, reason="县值班电话不通")
    assert strict.opened_by(f"{OTHER}100") == "forced"
    assert strict.opened(f"{COUNTY}100") is None
    assert strict.state(OTHER) is CalleeState.CALLING


def test_open_gate_everywhere(strict: Any) -> None:
    """Without a unit every gate opens: the night in which nobody wants to wait."""
    strict.play(seconds=60)
    strict.act(Act.OPEN_GATE, reason="实况雨量已达红色")
    assert shut(strict) == 0
    assert strict.opened(f"{COUNTY}100200") == strict.opened(f"{OTHER}100200") == 60
    strict.play(seconds=5)
    assert strict.rings(f"{COUNTY}100200") == [60]


def test_a_gate_opens_once(strict: Any) -> None:
    """There is nothing to open twice, and the second officer is told."""
    strict.act(Act.OPEN_GATE, reason="实况雨量已达红色")
    with pytest.raises(RefusedError, match="no shut gate"):
        strict.act(Act.OPEN_GATE, reason="再开一次")


@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("officer", ""), (" ", "why"), ("officer", "  ")])
def test_opening_needs_an_actor_and_a_reason(strict: Any, actor: str, reason: str) -> None:
    """Both go into the record; without them nothing happens."""
    for act, unit in ((Act.OPEN_GATE, ""), (Act.WAIVE, "1411-L1")):
        with pytest.raises(RefusedError, match="actor and a reason"):
            strict.engine.act(strict.clock.now(), act, 1, actor=actor, reason=reason, unit_code=unit)
    assert strict.opened(COUNTY) is None
    assert strict.state("1411-L1") is CalleeState.CALLING
