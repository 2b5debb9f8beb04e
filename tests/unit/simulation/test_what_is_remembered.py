"""A network that runs for months does not remember every call-out; one that is judged remembers all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.model.states import Means
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch
from warning_dispatch.simulation.answers import Answers

Make = Callable[..., Dispatch]
MANY = 50


@pytest.mark.parametrize(("remembers", "kept"), [(None, MANY), (5, 6)])
def test_the_oldest_threads_go(make: Make, remembers: int | None, kept: int) -> None:
    """With everything that hangs on them: links, holders, what was settled."""
    answers = Answers(1_000, remembers)
    for number in range(1, MANY + 1):
        sms = make(number, channel=Channel.SMS, callout_id=number, link=f"link{number}")
        answers.handed(sms, number)
        answers.by_word(sms, number, Means.REPLY)
    assert len(answers._threads) == len(answers._holders) == len(answers._settled) == kept


def test_a_recent_answer_is_not_forgotten(make: Make) -> None:
    """Whoever has just answered does not answer once more."""
    answers = Answers(1_000, 5)
    for number in range(1, MANY + 1):
        sms = make(number, channel=Channel.SMS, callout_id=number, link=f"link{number}")
        answers.handed(sms, number)
        answers.by_word(sms, number, Means.REPLY)
    assert not answers.wants(make(MANY, channel=Channel.SMS, callout_id=MANY, link=f"link{MANY}"), MANY)
