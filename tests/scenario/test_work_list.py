"""人工叫应: leaders are phoned by a person. What the work list shows, what an officer does, and when the machine goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Role
from warning_dispatch.model.views import TaskRow
from warning_dispatch.store.readings import TableReadings

RED_CITY = "12379-red-rain-city.xml"
LEADER = "1411-L1"
A, B = Role.PRIMARY, Role.DEPUTY
LIMIT = 120
RUNG = 120
"""Seconds after which the machine rings a leader by the shipped red ladder."""


@pytest.fixture
def place(town: Callable[..., Any]) -> Any:
    """A red warning; the leaders' tasks stand on the list."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=5)
    return place


def work_list(place: Any) -> Sequence[TaskRow]:
    """What the duty officer sees."""
    read = TableReadings(place.database, place.sealer, place.configuration.hazards.names(), reached=frozenset())
    return read.tasks()


def task_of(place: Any, unit: str = LEADER) -> int:
    """The number of a leader's task."""
    code = {str(name): str(code) for code, name in place.query("SELECT code, name FROM unit")}
    return next(one.attempt_id for one in work_list(place) if code[one.units[0]] == unit)


def do(place: Any, act: Callable[[Any], Any]) -> Any:
    """An act, now; what it hangs up is hung up."""
    done = place.engine.once(place.clock.now(), act)
    place.network.hang_up(done.hang_up, place.clock.now())
    return done.result


def take(place: Any, task: int, actor: str = "李") -> int:
    """我来打."""
    return int(do(place, lambda ledger: place.engine.tasks.take(ledger, task, actor=actor)))


def finish(place: Any, task: int, result: TaskResult, actor: str = "李") -> None:
    """One touch."""
    do(place, lambda ledger: place.engine.tasks.finish(ledger, task, result, actor=actor))


def test_the_list_has_everything_to_ring_somebody(place: Any) -> None:
    """Who, in what warning, with a masked number, what to say, since when; nothing in it is a mark or a number in clear."""
    rows = work_list(place)
    assert len(rows) == 2
    for row in rows:
        assert row.role is A
        assert "向您报告" in row.script
        assert row.units[0] in row.script
        assert "{" not in row.script
        assert "*" in row.phone
        assert (row.taken_until, row.taken_by) == (None, "")
        assert place.clock.now() - 5_000 <= row.since <= place.clock.now()
        assert row.next_at is not None


def test_without_an_officer_the_machine_rings_at_its_rung(place: Any) -> None:
    """A task nobody takes delays nothing: the ladder goes on as it stands."""
    place.play(seconds=RUNG + 20)
    assert place.rings(LEADER, A)[0] == pytest.approx(RUNG, abs=2)


def test_an_answer_heard_by_the_officer_counts(place: Any) -> None:
    """本人应答 by hand: recorded with the actor, the machine never rings, the task is gone, the gate below opens."""
    task = task_of(place)
    take(place, task)
    place.play(seconds=40)
    finish(place, task, TaskResult.ANSWERED)
    assert place.state(LEADER) is CalleeState.ACKNOWLEDGED
    assert place.answers(LEADER) == [(Means.OPERATOR, True)]
    assert all(one.attempt_id != task for one in work_list(place))
    place.play(seconds=600)
    assert place.rings(LEADER, A) == []
    assert place.query("SELECT actor, attempt_id FROM acknowledgement") == [("李", task)]


def test_a_task_in_hand_delays_the_machine_by_its_limit_and_no_longer(place: Any) -> None:
    """The officer is called away: the leader is rung by the machine all the same, the limit after the taking."""
    place.play(seconds=95)
    until = take(place, task_of(place))
    assert until == place.clock.now() + LIMIT * 1_000
    place.play(seconds=LIMIT + 60)
    assert place.rings(LEADER, A)[0] == pytest.approx(100 + LIMIT, abs=3)
    held = [one for one in place.journal_entries() if one["k"] == "attempt.held"]
    assert {one["why"] for one in held} == {"in_hand"}


def test_taking_it_again_and_again_keeps_nobody_asleep(place: Any) -> None:
    """The limit counts from the first taking: whoever presses the button for ever delays the machine once."""
    place.play(seconds=95)
    task = task_of(place)
    until = take(place, task)
    for _ in range(8):
        place.play(seconds=20)
        assert take(place, task) == until
    assert place.rings(LEADER, A)[0] == pytest.approx(100 + LIMIT, abs=3)


def test_other_units_are_not_kept_waiting(place: Any) -> None:
    """Who is not in hand is rung when it is due."""
    place.play(seconds=95)
    take(place, task_of(place))
    place.play(seconds=60)
    assert place.rings(LEADER, A) == []
    assert place.rings("1411-L2", A)[0] == pytest.approx(RUNG, abs=2)


@pytest.mark.parametrize("result", [TaskResult.NO_ANSWER, TaskResult.BUSY])
def test_no_answer_lets_the_machine_go_on_at_once(place: Any, result: TaskResult) -> None:
    """One touch, and the rung that has waited goes; the task is off the list and nothing has been answered."""
    place.play(seconds=95)
    task = task_of(place)
    take(place, task)
    place.play(seconds=60)
    finish(place, task, result)
    place.play(seconds=10)
    assert place.rings(LEADER, A)[0] == pytest.approx(160, abs=3)
    assert place.answers(LEADER) == []
    assert all(one.attempt_id != task for one in work_list(place))


def test_a_wrong_number_is_a_finding_and_not_dialled_again(place: Any) -> None:
    """打错了人: the machine does not ring a stranger at night; the register has it to mend, and B is called."""
    finish(place, task_of(place), TaskResult.WRONG_NUMBER)
    assert place.findings() == [(LEADER, A, "wrong_number")]
    place.play(seconds=400)
    assert place.rings(LEADER, A) == []
    assert place.rings(LEADER, B) != []


def test_the_deputy_was_told(place: Any) -> None:
    """告知副职: recorded as what it is, by the unit's own rule."""
    finish(place, task_of(place), TaskResult.TOLD_DEPUTY)
    [(means, counted)] = place.answers(LEADER)
    assert means is Means.OPERATOR
    assert counted == (place.state(LEADER) is CalleeState.ACKNOWLEDGED)
    assert place.query("SELECT role FROM acknowledgement") == [(int(B),)]


def test_one_officer_at_a_time(place: Any) -> None:
    """A second officer is told who is dialling; the first may go on, and after the limit anybody may."""
    task = task_of(place)
    take(place, task, "李")
    with pytest.raises(RefusedError, match="李 正在打"):
        take(place, task, "王")
    place.play(seconds=10)
    take(place, task, "李")
    place.play(seconds=LIMIT - 5)
    take(place, task, "王")
    assert next(one for one in work_list(place) if one.attempt_id == task).taken_by == "王"


def test_a_number_is_opened_for_one_who_asks_and_the_journal_says_so(place: Any) -> None:
    """Numbers stay private: in clear to the officer who clicks, with his name in the journal, and the number not."""
    task = task_of(place)
    number = do(place, lambda ledger: place.engine.tasks.number(ledger, task, actor="李"))
    assert number == place.numbers[LEADER, A]
    [entry] = [one for one in place.journal_entries() if one["k"] == "task.number"]
    assert entry == {**entry, "id": task, "actor": "李"}
    assert number not in str(place.journal_entries())


def test_what_is_over_takes_no_act_but_an_answer(place: Any) -> None:
    """A task that has a result, or whose call-out was lifted, is over; an answer counts whenever it comes."""
    task = task_of(place)
    finish(place, task, TaskResult.NO_ANSWER)
    for act in (
        lambda: take(place, task),
        lambda: finish(place, task, TaskResult.BUSY),
        lambda: do(place, lambda ledger: place.engine.tasks.number(ledger, task, actor="李")),
    ):
        with pytest.raises(RefusedError, match="已结束"):
            act()
    finish(place, task, TaskResult.ANSWERED)
    assert place.state(LEADER) is CalleeState.ACKNOWLEDGED


@pytest.mark.parametrize(("task", "actor", "error"), [(0, "李", NotFoundError), (1, " ", RefusedError)])
def test_a_task_that_is_none_or_an_act_of_nobody_is_refused(
    place: Any, task: int, actor: str, error: type[Exception]
) -> None:
    """Every act has an actor, and is about a task."""
    with pytest.raises(error):
        take(place, task_of(place) if task else 999_999, actor)


def test_an_answer_by_another_way_takes_the_task_off_the_list(place: Any) -> None:
    """The leader replied to the message meanwhile: nobody need ring."""
    task = task_of(place)
    assert place.reply(LEADER, A, "收到") == 1
    assert all(one.attempt_id != task for one in work_list(place))


def test_the_journal_folds_to_what_is_stored(place: Any, kept: Callable[[Any], None]) -> None:
    """Promise 8 holds over everything an officer does with a task."""
    task = task_of(place)
    take(place, task)
    finish(place, task, TaskResult.NO_ANSWER)
    finish(place, task, TaskResult.ANSWERED)
    place.play(seconds=200)
    kept(place)
