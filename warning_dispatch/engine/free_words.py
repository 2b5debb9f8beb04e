"""回复: what somebody writes back that is neither an answer nor 退订 is a human's to read, and is kept until it was.

It answers nothing and stops nothing: what acknowledges is short and listed (answers.py), because a wrong "received"
leaves a village asleep, while a missing one costs a call more. So it is with "收到，桥断了" too: the phone rings on, the
words are read, and the officer records the answer.

The words are sealed, as 反馈 about the person's units; journal, alarm and log have the ids. Every message is a fact of
its own: who has claimed one has not read the next. Carriers and mailboxes that were not answered tell one twice: it is
one. One with a word of danger rings the bureau; the others stand on the list, since a bell that rings for every "谢谢" is
not heard when a village cries.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.escalation.help_words import cries_for_help
from warning_dispatch.model.feedback import LONGEST_REPLY, MOST_REPLIES, Feedback
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Reply

HEARD_FOR: Final = 3 * 86_400_000
"""ms after the end of a call-out in which what its people write is still put to it."""
TOLD_TWICE: Final = 600_000
"""ms before a message was written in which the same words of the same person are that message."""
TOLD_LATE: Final = 3_600_000
"""ms for which a message is believed to have been on its way: a carrier's clock that is further behind is wrong."""
LOOKED_AT: Final = 20
"""Messages of a person with which a new one is compared."""


def keep_to_read(ledger: Ledger, reply: Reply, blind_index: bytes) -> None:
    """Counted; and of a person whose unit is (or lately was) in a call-out the words are kept, and somebody is told.

    What the same person has just written in the same words is the same message, told again by its carrier. Of a stranger
    only the count is kept, and of a key on the telephone: it says nothing more. Beyond `MOST_REPLIES` of one person about
    one unit it is somebody at play.
    """
    ledger.note_system({"k": "reply.other", "on": reply.channel.key})
    words = _readable(reply.text)
    if not words or reply.channel is Channel.VOICE:
        return
    feedback = ledger.tx.feedback
    senders = feedback.senders(blind_index, ledger.now - HEARD_FOR)
    posts: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for one in senders:
        posts[one.callout_id, one.receiver_id].append(one.callee_id)
    kept: set[int] = set()
    since = max(reply.at, ledger.now - TOLD_LATE) - TOLD_TWICE
    for (callout_id, receiver_id), callee_ids in posts.items():
        if words in feedback.last_replies(callee_ids, receiver_id, since, LOOKED_AT):
            continue
        if feedback.count(callee_ids, receiver_id, replies=True) >= MOST_REPLIES:
            continue
        feedback.add(callee_ids, receiver_id, ledger.now, Feedback(replied=words))
        ledger.note(callout_id, {"k": "reply.kept", "receiver": receiver_id, "callees": callee_ids})
        kept.update(callee_ids)
    kind = "help_asked" if cries_for_help(words) else "reply_to_read"
    for one in senders:
        if one.callee_id in kept:
            ledger.alarm(kind, "", one.callout_id, one.unit_id, about=str(ledger.now))


def _readable(text: str) -> str:
    """Without what cannot be seen, and no longer than a human reads."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return shown if len(shown) <= LONGEST_REPLY else shown[: LONGEST_REPLY - 1] + "…"
