"""Promise 8: the journal is complete. Folding it gives the stored state, and nothing that contradicts itself folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.engine.fold import Folded, FoldedAttempt, FoldedBranch, FoldError, differences, fold
from warning_dispatch.model.states import ANSWERED, FINISHED, UNREACHED, AttemptState, CalleeState, CallOutState

Entry = Mapping[str, object]

LEADER, FIRST_VILLAGE, LAST_VILLAGE = 1, 2, 4
LEADERS, VILLAGES, EMPTY = 10, 11, 12
START: tuple[Entry, ...] = (
    {"k": "callout.started", "id": 7, "plan": "city", "hazard": "rainstorm", "colour": "RED", "alert": 3, "round": 1},
    {"k": "branch.filled", "id": LEADERS, "tier": 0, "total": 1, "first": LEADER, "last": LEADER, "digest": "aa"},
    {
        "k": "branch.filled",
        "id": VILLAGES,
        "tier": 1,
        "superior_callee": LEADER,
        "total": 3,
        "first": FIRST_VILLAGE,
        "last": LAST_VILLAGE,
        "digest": "bb",
    },
    {"k": "branch.filled", "id": EMPTY, "tier": 2, "total": 0, "first": 0, "last": 0, "digest": "cc"},
)


def opened(branch: int, count: int) -> Entry:
    """A gate opened."""
    return {"k": "branch.opened", "branch": branch, "tier": 0, "count": count, "why": "first_tier"}


def callee(key: int, before: str, after: object) -> Entry:
    """A callee moved."""
    return {"k": "callee", "id": key, "from": before, "to": after, "why": "answered"}


def queued(key: object, channel: str = "voice", callee_id: int = LEADER) -> Entry:
    """An attempt was queued."""
    return {"k": "attempt.queued", "id": key, "callee": callee_id, "on": channel, "roles": 1}


def attempt(kind: str, key: int, **more: object) -> Entry:
    """An attempt moved."""
    return {"k": f"attempt.{kind}", "id": key, **more}


def all_dropped(count: int, *, voice_only: bool) -> Entry:
    """Everything queued was dropped at once."""
    return {"k": "attempts.dropped", "count": count, "voice_only": voice_only, "why": "paused"}


def moved(before: str, after: str) -> Entry:
    """The call-out moved."""
    return {"k": "callout", "from": before, "to": after, "by": "x", "actor": "engine", "why": "x"}


def folded(*entries: Entry) -> Folded:
    """The fold of the start and what follows."""
    return fold([*START, *entries])


# --- what a journal tells ---------------------------------------------------------------------------------


def test_the_start_leaves_everybody_waiting() -> None:
    """The account of what was filled names every callee, behind a shut gate."""
    result = folded()
    assert result.state is CallOutState.RUNNING
    assert result.callees == dict.fromkeys((1, 2, 3, 4), CalleeState.WAITING)
    assert result.branches[VILLAGES] == FoldedBranch(False, False, 3, 0, 0, 0, "bb")
    assert result.branches[EMPTY] == FoldedBranch(False, False, 0, 0, 0, 0, "cc")
    assert (result.total, result.finished, result.attempts, result.answers) == (4, 0, {}, ())


def test_a_gate_that_opens_calls_those_who_still_wait() -> None:
    """Who answered before the gate opened is not called: one entry per branch speaks of the others only."""
    result = folded(callee(3, "WAITING", "ACKNOWLEDGED"), opened(VILLAGES, 2))
    assert result.callees[2] is result.callees[4] is CalleeState.CALLING
    assert result.callees[3] is CalleeState.ACKNOWLEDGED
    assert result.branches[VILLAGES].open
    assert not result.branches[LEADERS].open


def test_counts_are_counted_from_the_callees() -> None:
    """A branch's counts come from its callees' states, so a kept count that drifted cannot hide."""
    result = folded(
        opened(VILLAGES, 3),
        callee(2, "CALLING", "ACKNOWLEDGED"),
        callee(3, "CALLING", "UNANSWERED"),
        callee(4, "CALLING", "DUTY_ANSWERED"),
        {"k": "branch.answered", "branch": VILLAGES, "tier": 1},
    )
    assert result.branches[VILLAGES] == FoldedBranch(True, True, 3, answered=2, unreached=1, finished=1, digest="bb")
    assert result.finished == 1


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], FoldedAttempt(AttemptState.READY, None)),
        ([attempt("claimed", 1)], FoldedAttempt(AttemptState.CLAIMED, None)),
        ([attempt("claimed", 1), attempt("handed", 1)], FoldedAttempt(AttemptState.HANDED, None)),
        (
            [attempt("claimed", 1), attempt("handed", 1), attempt("handed", 1), attempt("ended", 1, outcome="busy")],
            FoldedAttempt(AttemptState.ENDED, "busy"),
        ),
        (
            [attempt("claimed", 1), attempt("ended", 1, outcome="provider_down"), attempt("requeued", 1, avoid="a")],
            FoldedAttempt(AttemptState.READY, None),
        ),
        (
            [attempt("claimed", 1), attempt("requeued", 1, repeat=True), attempt("ended", 1, outcome="no_answer")],
            FoldedAttempt(AttemptState.ENDED, "no_answer"),
        ),
        ([attempt("dropped", 1, why="answered")], FoldedAttempt(AttemptState.DROPPED, "answered")),
    ],
    ids=["queued", "claimed", "handed", "receipt twice", "other route", "late report", "dropped"],
)
def test_the_life_of_an_attempt(entries: list[Entry], expected: FoldedAttempt) -> None:
    """Every way an attempt can go, lost claims and late reports included."""
    assert folded(queued(1), *entries).attempts == {1: expected}


def test_a_pause_drops_queued_calls_and_leaves_texts() -> None:
    """A bulk entry names no ids: what it dropped follows from the channels and states so far."""
    result = folded(
        queued(1), queued(2, "sms"), queued(3), attempt("claimed", 3), queued(4), all_dropped(2, voice_only=True)
    )
    states = {key: one.state.name for key, one in result.attempts.items()}
    assert states == {1: "DROPPED", 2: "READY", 3: "CLAIMED", 4: "DROPPED"}
    assert result.attempts[1].outcome == "paused"


def test_an_end_withdraws_the_unfinished_and_what_comes_after_it_stands() -> None:
    """Order within one transaction counts: all-clear messages queued after the drop are not dropped by it."""
    result = folded(
        opened(VILLAGES, 3),
        queued(1, "sms", 2),
        callee(2, "CALLING", "ACKNOWLEDGED"),
        moved("RUNNING", "CANCELLED"),
        all_dropped(1, voice_only=False),
        {"k": "callees.withdrawn", "into": "STOPPED", "count": 3, "why": "lifted"},
        queued(2, "sms", 2),
    )
    assert result.state is CallOutState.CANCELLED
    assert result.callees[2] is CalleeState.ACKNOWLEDGED
    assert {result.callees[key] for key in (1, 3, 4)} == {CalleeState.STOPPED}
    assert [result.attempts[key].state.name for key in (1, 2)] == ["DROPPED", "READY"]
    assert result.finished == 4


def test_answers_are_kept_whether_they_counted_or_not() -> None:
    """Promise 2: every human answer stands in the record, with its worth."""
    answer = {"k": "answer", "means": "key", "role": 1, "receiver": 5, "attempt": 1, "actor": ""}
    result = folded({**answer, "callee": 2, "counted": True}, {**answer, "callee": 1, "counted": False})
    assert result.answers == ((1, "key", False), (2, "key", True))


def test_causes_and_consequences_move_nothing() -> None:
    """An officer's act, an alarm, a finding and an attached message are told beside what they moved."""
    neutral = [{"k": kind} for kind in ("act", "alarm", "finding", "attached")]
    assert folded(*neutral) == folded()


def test_a_call_of_another_call_out_moves_nothing_here() -> None:
    """Its life is in its home's journal; here it is told whom of this call-out it named, and what became of it."""
    shared = {"k": "shared.claimed", "id": 5, "home": 3, "callees": [2, 3]}
    on = [{"k": f"shared.{what}", "id": 5, "home": 3} for what in ("handed", "requeued", "ended")]
    assert folded(shared, *on) == folded()


# --- what does not fold -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"k": "callee.eaten", "id": 1}, "unknown kind 'callee.eaten'"),
        ({"id": 1}, "unknown kind 'None'"),
        (START[0], "a second start"),
        (START[1], "a second branch 10"),
        ({**START[1], "id": 13}, "shares callees"),
        ({**START[2], "id": 13, "first": 20, "last": 21}, "3 callees do not have the ids 20 to 21"),
        (opened(99, 0), "there is no branch 99"),
        (opened(VILLAGES, 2), "it speaks of 2, there were 3"),
        ({"k": "branch.opened", "branch": VILLAGES}, "no 'count'"),
        (callee(9, "WAITING", "CALLING"), "there is no callee 9"),
        (callee(1, "CALLING", "ACKNOWLEDGED"), "from CALLING, but it is WAITING"),
        (callee(1, "WAITING", "GONE"), "no 'GONE'"),
        (callee(1, "WAITING", 3), "to is no text"),
        ({"k": "callees.withdrawn", "into": "STOPPED", "count": 9, "why": ""}, "it speaks of 9, there were 4"),
        (moved("PAUSED", "RUNNING"), "from PAUSED, but it is RUNNING"),
        (attempt("claimed", 1), "there is no attempt 1"),
        (queued("1"), "id is no number"),
        (queued(1, "pigeon"), "unknown channel 'pigeon'"),
        (queued(1, "voice", 9), "there is no callee 9"),
        (all_dropped(1, voice_only=True), "it speaks of 1, there were 0"),
        ({"k": "shared.claimed", "id": 5, "home": 3, "callees": [1, 9]}, "there is no callee 9"),
        ({"k": "shared.claimed", "id": 5, "home": 3, "callees": []}, "it names nobody"),
    ],
)
def test_an_entry_that_contradicts_what_came_before_is_named(entry: Entry, words: str) -> None:
    """A journal that cannot be true is not folded into something; the entry is named by its position."""
    with pytest.raises(FoldError, match=words) as caught:
        folded(entry)
    assert caught.value.position == len(START) + 1
    assert str(caught.value).startswith("entry 5: ")


@pytest.mark.parametrize(
    "entries",
    [
        [attempt("handed", 1)],
        [attempt("requeued", 1)],
        [attempt("dropped", 1, why="x"), attempt("claimed", 1)],
        [attempt("claimed", 1), attempt("claimed", 1)],
        [attempt("claimed", 1), attempt("dropped", 1, why="x")],
        [attempt("ended", 1, outcome="x"), attempt("ended", 1, outcome="x")],
        [queued(1)],
        [{"k": "shared.claimed", "id": 1, "home": 3, "callees": [2]}],
        [opened(LEADERS, 1), opened(LEADERS, 0)],
        [{"k": "branch.answered", "branch": LEADERS}, {"k": "branch.answered", "branch": LEADERS}],
    ],
)
def test_a_move_that_does_not_exist_is_refused(entries: list[Entry]) -> None:
    """Promise 4 can be read from the record: nothing is claimed twice, opened twice or ended twice."""
    with pytest.raises(FoldError):
        folded(queued(1), *entries)


def test_without_a_start_there_is_nothing_to_fold() -> None:
    """An empty journal, or one whose beginning is gone, is not a running call-out."""
    with pytest.raises(FoldError, match="start"):
        fold([])
    with pytest.raises(FoldError, match="but it is not started"):
        fold([moved("RUNNING", "PAUSED")])


# --- comparing --------------------------------------------------------------------------------------------


def test_every_difference_is_named_with_both_sides() -> None:
    """Whoever reads the report sees the thing, what the journal says and what the rows say."""
    journal = folded(opened(LEADERS, 1), queued(1), attempt("dropped", 1, why="answered"))
    rows = replace(
        journal,
        state=CallOutState.PAUSED,
        finished=2,
        branches={**journal.branches, VILLAGES: replace(journal.branches[VILLAGES], open=True, met=True, answered=1)},
        callees={**journal.callees, 3: CalleeState.ACKNOWLEDGED},
        attempts={2: FoldedAttempt(AttemptState.READY, None)},
        answers=((3, "key", True),),
    )
    assert list(differences(journal, rows)) == [
        "the call-out's state: the journal says RUNNING, the rows say PAUSED",
        "the call-out's finished: the journal says 0, the rows say 2",
        (
            "branch 11: the journal says shut, 0 answered, 0 unreached, 0 finished of 3 (units bb), "
            "the rows say open, answered, 1 answered, 0 unreached, 0 finished of 3 (units bb)"
        ),
        "callee 3: the journal says WAITING, the rows say ACKNOWLEDGED",
        "attempt 1: the journal says DROPPED (answered), the rows say nothing of it",
        "attempt 2: the journal says nothing of it, the rows say READY",
        "answers of callee 3 by key, counted: the journal says 0, the rows say 1",
    ]


def test_equal_states_do_not_differ() -> None:
    """No noise: the same journal folded twice is the same state."""
    assert not list(differences(folded(opened(VILLAGES, 3)), folded(opened(VILLAGES, 3))))


@given(st.data())
def test_folding_follows_any_walk_of_the_callees(data: Any) -> None:
    """Whatever moves are told, in any order, the fold is where they lead, and the counts are those of the states."""
    states = dict.fromkeys(range(FIRST_VILLAGE, LAST_VILLAGE + 1), CalleeState.WAITING)
    entries: list[Entry] = []
    is_open = False
    for _ in range(data.draw(st.integers(0, 12))):
        key = data.draw(st.sampled_from([0, *states]))
        if key == 0:
            if is_open:
                continue
            is_open = True
            waiting = [one for one, state in states.items() if state is CalleeState.WAITING]
            entries.append(opened(VILLAGES, len(waiting)))
            states.update(dict.fromkeys(waiting, CalleeState.CALLING))
            continue
        after = data.draw(st.sampled_from(CalleeState))
        entries.append(callee(key, states[key].name, after.name))
        states[key] = after
    result = folded(*entries)
    assert {key: result.callees[key] for key in states} == states
    branch = result.branches[VILLAGES]
    counted = [sum(state in group for state in states.values()) for group in (ANSWERED, UNREACHED, FINISHED)]
    assert [branch.answered, branch.unreached, branch.finished] == counted
    assert branch.open is is_open
