"""人工叫应: what the duty officer does with a task of the work list. Each act has an actor, and is journalled.

A task is an attempt of the operator channel. Once handed over it stands on the list until its units have answered, it has
a result, or its call-out is over. *Taking* it tells the machine to leave the unit alone for a while and no longer: an officer
who is called away must never keep a leader asleep. A number is opened for whoever asks, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from warning_dispatch.engine.answers import Answer, take_answers
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import AttemptRecord
from warning_dispatch.engine.reports import Reports
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.states import LIVE_CALLOUT, AttemptState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.ports import Report


class TaskResult(StrEnum):
    """What came of dialling by hand: one touch."""

    ANSWERED = "answered"
    """本人明确答“收到”: the person said so."""
    TOLD_DEPUTY = "told-deputy"
    """告知了副职: the deputy said so. It counts by the unit's rule: else the unit is told and still open."""
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong-number"
    """A finding: nobody dials that number any more until it is mended."""


_OUTCOMES: Mapping[TaskResult, str] = {
    TaskResult.ANSWERED: "spoken",
    TaskResult.TOLD_DEPUTY: "told_deputy",
    TaskResult.NO_ANSWER: "no_answer",
    TaskResult.BUSY: "busy",
    TaskResult.WRONG_NUMBER: "wrong_number",
}
_OPEN = (AttemptState.CLAIMED, AttemptState.HANDED)


class Tasks:
    """Carries them out."""

    def __init__(self, reports: Reports, in_hand: int) -> None:
        """`in_hand`: ms for which the machine waits for a task that somebody has taken."""
        self._reports = reports
        self._in_hand = in_hand

    def take(self, ledger: Ledger, attempt_id: int, *, actor: str) -> int:
        """我来打: the machine leaves the unit alone until the moment that is returned.

        The limit counts from the first taking, whoever takes it again: nobody keeps the machine from a unit for longer.
        """
        task = _open_task(ledger, attempt_id, actor)
        until, holder = ledger.tx.attempts.taken(attempt_id) or (ledger.now + self._in_hand, actor)
        if holder != actor and until > ledger.now:
            raise RefusedError(f"{holder} 正在打这个电话 / {holder} is dialling this one already")
        ledger.tx.attempts.take_in_hand(attempt_id, until, actor)
        ledger.note(task.callout_id, {"k": "task.taken", "id": attempt_id, "actor": actor, "until": until})
        ledger.wake_at(until)
        return until

    def number(self, ledger: Ledger, attempt_id: int, *, actor: str) -> str:
        """The number in clear, for whoever dials it; the journal says who asked."""
        task = _open_task(ledger, attempt_id, actor)
        if task.number_id is None:
            raise NotFoundError("这个任务没有号码 / this task has no number")
        ledger.note(task.callout_id, {"k": "task.number", "id": attempt_id, "actor": actor})
        return ledger.tx.endpoints.addresses([task.number_id])[task.number_id].clear

    def finish(self, ledger: Ledger, attempt_id: int, result: TaskResult, *, actor: str, note: str = "") -> None:
        """What came of it. An answer counts whenever it comes; without one the machine goes on at once."""
        answered = result in (TaskResult.ANSWERED, TaskResult.TOLD_DEPUTY)
        task = _task(ledger, attempt_id, actor) if answered else _open_task(ledger, attempt_id, actor)
        told = {"k": "task.result", "id": attempt_id, "result": result.value, "actor": actor}
        ledger.note(task.callout_id, {**told, "why": note} if note else told)
        self._reports.take_reports(ledger, [Report(attempt_id, _OUTCOMES[result], ledger.now)])
        if answered:
            take_answers(ledger, [_answer(task, callee, result, actor, note) for callee in task.callee_ids])
        else:
            ledger.tx.attempts.look_again(list(task.callee_ids), ledger.now)
            ledger.wake_at(ledger.now + 1)


def _answer(task: AttemptRecord, callee_id: int, result: TaskResult, actor: str, note: str) -> Answer:
    """By the role of whoever said it: the one the task was for, or the deputy, who is not looked up."""
    himself = result is TaskResult.ANSWERED
    role = task.role if himself else Role.DEPUTY
    receiver = task.receiver_id if himself else None
    return Answer(callee_id, Means.OPERATOR, role, receiver, task.id, actor=actor, reason=note)


def _task(ledger: Ledger, attempt_id: int, actor: str) -> AttemptRecord:
    if not actor.strip():
        raise RefusedError("须写明操作人 / an act needs an actor (--actor)")
    task = ledger.tx.attempts.load([attempt_id]).get(attempt_id)
    if task is None or task.channel is not Channel.OPERATOR:
        raise NotFoundError(f"没有人工任务 {attempt_id} / there is no task {attempt_id}")
    return task


def _open_task(ledger: Ledger, attempt_id: int, actor: str) -> AttemptRecord:
    task = _task(ledger, attempt_id, actor)
    live = ledger.tx.callouts.load([task.callout_id])[task.callout_id].state in LIVE_CALLOUT
    if task.state not in _OPEN or not live:
        raise RefusedError(f"人工任务 {attempt_id} 已结束 / the task {attempt_id} is over")
    return task
