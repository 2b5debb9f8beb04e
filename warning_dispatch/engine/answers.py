"""Answers: a key, a tap, a reply, an operator's or a superior's record. Committed before anything else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import NewAcknowledgement
from warning_dispatch.escalation.moves import Answered
from warning_dispatch.escalation.reasons import Reason
from warning_dispatch.model.states import Means
from warning_dispatch.model.unit import Role

POSITIVE_REPLIES = frozenset({"1", "收到", "已收到", "好", "好的", "收到了", "知道了", "y", "yes", "ok", "received"})
"""What counts as "received" in a reply; compared after `plain_reply`."""
THANKS = frozenset({
    "谢谢", "谢谢您", "谢谢你", "多谢", "感谢", "辛苦了", "thanks", "thankyou", "thx", "👍", "👌", "🙏",
})  # fmt: skip
"""What may stand beside it, and says nothing by itself; compared likewise."""
LONGEST_POSITIVE = 24
"""Characters of a reply that says received: whoever writes more says more."""

OPT_OUT_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "td", "t", "退订"})
"""What asks for no more messages, in the words that carriers have taught people."""
OPT_IN_WORDS = frozenset({"start", "unstop", "恢复"})

_WORDS, _BESIDE = ("|".join(sorted(map(re.escape, one), key=len, reverse=True)) for one in (POSITIVE_REPLIES, THANKS))
_THANKED = rf"(?:{_BESIDE})[\ufe0f\U0001f3fb-\U0001f3ff]?[.。!,~、]*"
"""With what a picture of a hand may have behind it."""
_SAID = rf"(?:{_WORDS})[.。!,~、]*"
_NOTHING_ELSE = re.compile(rf"(?!.*1.*1)(?:{_THANKED})*{_SAID}(?:{_SAID}|{_THANKED})*")
_COUNTED = frozenset({Reason.ANSWERED, Reason.RECORDED, Reason.DUTY_ANSWERED, Reason.ANSWERED_PARTLY})


@dataclass(frozen=True, slots=True)
class Answer:
    """A human said received for one callee. `role` None: recorded for the unit as a whole."""

    callee_id: int
    means: Means
    role: Role | None = None
    receiver_id: int | None = None
    attempt_id: int | None = None
    actor: str = ""
    reason: str = ""
    told_alarm: int | None = None
    """Of the bureau's own call: the newest alarm that the page showed, or that whoever wrote can have read by then."""


def plain_reply(text: str) -> str:
    """A reply without blanks, full-width forms and trailing punctuation: " １。" → "1"."""
    narrow = unicodedata.normalize("NFKC", text)
    return "".join(narrow.split()).strip(".。!！,，~、").lower()


def is_positive(text: str) -> bool:
    """Whether a reply says received, in these words alone, once or twice or with thanks. Anything else is a human's to read.

    A second 1 may be the beginning of another number.
    """
    plain = plain_reply(text)
    return len(plain) <= LONGEST_POSITIVE and _NOTHING_ELSE.fullmatch(plain) is not None


def is_opt_out(text: str) -> bool:
    """Whether a reply asks for no more messages."""
    return plain_reply(text) in OPT_OUT_WORDS


def is_opt_in(text: str) -> bool:
    """Whether a reply takes that back."""
    return plain_reply(text) in OPT_IN_WORDS


def take_answers(ledger: Ledger, answers: Sequence[Answer]) -> int:
    """Record answers in a batch; how many counted. Unknown callees are ignored (an old database, a forged id).

    What is answered in an old round is recorded there, and counts for the newest round that took the callee over.
    """
    answers = [*answers, *_carried_over(ledger, answers)]
    records = ledger.tx.callees.load(list({answer.callee_id for answer in answers}))
    ledger.load_callouts([record.callout_id for record in records.values()])
    counted = 0
    for answer in answers:
        record = records.get(answer.callee_id)
        if record is None:
            continue
        decision = ledger.take(record, Answered(answer.means, answer.role, answer.receiver_id))
        valid = decision.reason in _COUNTED
        counted += valid
        ledger.acknowledge(
            NewAcknowledgement(
                callout_id=record.callout_id,
                callee_id=record.id,
                at=ledger.now,
                means=answer.means,
                role=answer.role,
                receiver_id=answer.receiver_id,
                attempt_id=answer.attempt_id,
                actor=answer.actor,
                reason=answer.reason or decision.reason,
                counted=valid,
                told_alarm=answer.told_alarm,
            )
        )
    return counted


def _carried_over(ledger: Ledger, answers: Sequence[Answer]) -> list[Answer]:
    """The same answers for the callees of the newest rounds; one that was given there as well is not given twice."""
    newest = ledger.tx.callees.newest(list({answer.callee_id for answer in answers}))
    given = {(answer.callee_id, answer.means, answer.receiver_id) for answer in answers}
    found = []
    for answer in answers:
        callee_id = newest.get(answer.callee_id)
        if callee_id is None or (callee_id, answer.means, answer.receiver_id) in given:
            continue
        given.add((callee_id, answer.means, answer.receiver_id))
        found.append(replace(answer, callee_id=callee_id))
    return found
