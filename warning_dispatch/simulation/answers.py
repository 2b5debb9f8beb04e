"""Who has answered which call-out, as the people themselves know it.

The network's people act on this: nobody taps a link that is settled. The tests judge by it: a hand-over to
somebody who had answered is noted with the moment of the answer and the moment we were told of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from warning_dispatch.model.states import ASKING, Means
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch


@dataclass(slots=True)
class Answer:
    """The first answer of an address in a call-out.

    `at`: when the person acted. `attempt_id`: the call or message that brought it about. `told_at`: when
    the network first passed word of it on; None while it has not (a lost or late report).
    """

    at: int
    attempt_id: int
    means: Means
    told_at: int | None = None


@dataclass(frozen=True, slots=True)
class RangAfterAnswer:
    """A hand-over to an address that had answered the same call-out more than the grace before.

    Not always a fault: with `told_at` None nobody could know, and a person who answers for two units may be
    called about the other one. `answered_attempt` lets a test compare the callees of both attempts.
    """

    attempt_id: int
    callout_id: int
    channel: Channel
    address: str
    rang_at: int
    answered_at: int
    told_at: int | None
    answered_attempt: int
    means: Means


@dataclass(slots=True)
class Thread:
    """One address in one call-out: its first answer and the links it was sent."""

    answer: Answer | None = None
    answered_at: int | None = None
    """The latest answer by key or reply; it settles every message that was under way by then."""
    links: list[str] = field(default_factory=list)


class Answers:
    """The threads of all addresses, and the links that are settled."""

    def __init__(self, grace: int, remembers: int | None = None) -> None:
        """`grace` in ms: a hand-over this soon after an answer is not noted. `remembers`: threads kept; None: all."""
        self._grace = grace
        self._remembers = remembers
        self._threads: dict[tuple[str, int], Thread] = {}
        self._holders: dict[str, list[Thread]] = {}
        self._settled: set[str] = set()
        self.rang_after_answer: list[RangAfterAnswer] = []

    def handed(self, dispatch: Dispatch, now: int) -> None:
        """Note a hand-over: its link, and whether the address had answered before."""
        self._forget()
        key = (dispatch.address, dispatch.callout_id)
        thread = self._threads.get(key)
        if thread is not None and thread.answer is not None and dispatch.purpose in ASKING:
            self._judge(dispatch, thread.answer, now)
        if not dispatch.link:
            return
        if thread is None:
            thread = self._threads[key] = Thread()
        if dispatch.link not in thread.links:
            thread.links.append(dispatch.link)
            self._holders.setdefault(dispatch.link, []).append(thread)

    def _forget(self) -> None:
        """Let the oldest threads go, where a network runs for months; a night that is judged remembers all."""
        if self._remembers is None or len(self._threads) <= self._remembers:
            return
        for key in list(islice(self._threads, len(self._threads) - self._remembers)):
            thread = self._threads.pop(key)
            for link in thread.links:
                holders = [one for one in self._holders.pop(link, ()) if one is not thread]
                if holders:
                    self._holders[link] = holders
                else:
                    self._settled.discard(link)
        del self.rang_after_answer[: -self._remembers]

    def wants(self, dispatch: Dispatch, accepted_at: int) -> bool:
        """Whether a person still acts on a message that was handed over at `accepted_at`."""
        if dispatch.purpose not in ASKING or dispatch.link in self._settled:
            return False
        thread = self._threads.get((dispatch.address, dispatch.callout_id))
        return thread is None or thread.answered_at is None or thread.answered_at < accepted_at

    def by_word(self, dispatch: Dispatch, at: int, means: Means) -> Answer:
        """A key or a reply: it settles everything this address had been sent in this call-out."""
        key = (dispatch.address, dispatch.callout_id)
        thread = self._threads.get(key)
        if thread is None:
            thread = self._threads[key] = Thread()
        thread.answered_at = at
        self._settled.update(thread.links)
        if thread.answer is None:
            thread.answer = Answer(at, dispatch.attempt_id, means)
        return thread.answer

    def by_link(self, dispatch: Dispatch, at: int) -> Answer:
        """A tap: it settles that link wherever it was sent, and nothing else."""
        self._settled.add(dispatch.link)
        answer = Answer(at, dispatch.attempt_id, Means.LINK)
        own = self._threads.get((dispatch.address, dispatch.callout_id))
        if own is not None and own.answer is not None:
            answer = own.answer
        for thread in self._holders.get(dispatch.link, ()):
            if thread.answer is None:
                thread.answer = answer
        return answer

    def _judge(self, dispatch: Dispatch, answer: Answer, now: int) -> None:
        """Note a hand-over that comes later than an answer and the grace."""
        if now > answer.at + self._grace:
            self.rang_after_answer.append(
                RangAfterAnswer(
                    attempt_id=dispatch.attempt_id,
                    callout_id=dispatch.callout_id,
                    channel=dispatch.channel,
                    address=dispatch.address,
                    rang_at=now,
                    answered_at=answer.at,
                    told_at=answer.told_at,
                    answered_attempt=answer.attempt_id,
                    means=answer.means,
                )
            )
