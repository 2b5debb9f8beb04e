"""What the bureau's people are told when the bureau calls itself: the causes that are open now, in words.

The frame of each text is frozen when the self-call starts; what happened is filled in at the moment of sending, so that
an alarm that joins is heard in the next ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warning_dispatch.escalation.alarms import Cause, Told, to_tell
from warning_dispatch.model.texts import CAUSE_MARK, CAUSES_MARK, COUNT_MARK, UNIT_MARK, FrozenText, FrozenTexts
from warning_dispatch.model.unit import Channel

MOST_SAID = {Channel.VOICE: 3, Channel.SMS: 2}
"""Kinds of cause that fit a call of twenty seconds and a message of two parts; the rest is counted."""
MOST_WRITTEN = 30


def with_causes(
    text: FrozenText, texts: FrozenTexts, language: str, channel: Channel, causes: Sequence[Cause]
) -> FrozenText:
    """The text with what happened filled in; unit and link stay marks."""
    said = sentences(texts, language, causes, MOST_SAID.get(channel, MOST_WRITTEN))
    between = "\n" if channel in (Channel.EMAIL, Channel.OPERATOR) else _word(texts, language, "between")
    count = str(len(causes))
    return replace(
        text,
        subject=text.subject.replace(COUNT_MARK, count),
        body=text.body.replace(COUNT_MARK, count).replace(CAUSES_MARK, between.join(said)),
    )


def sentences(texts: FrozenTexts, language: str, causes: Sequence[Cause], most: int = MOST_WRITTEN) -> list[str]:
    """One sentence per kind of cause, red first; what is left over is counted in one more."""
    told, left = to_tell(causes, most)
    said = [_sentence(texts, language, one) for one in told]
    if left:
        said.append(_word(texts, language, "more").replace(COUNT_MARK, str(left)))
    return said


def _sentence(texts: FrozenTexts, language: str, told: Told) -> str:
    try:
        words = _word(texts, language, told.kind)
    except KeyError:
        words = _word(texts, language, "other")
    said = words
    if UNIT_MARK in words:
        said = words.replace(UNIT_MARK, told.unit_name or _word(texts, language, "somebody"))
    if told.count == 1:
        return said
    several = _word(texts, language, "several")
    return several.replace(CAUSE_MARK, said).replace(COUNT_MARK, str(told.count))


def _word(texts: FrozenTexts, language: str, key: str) -> str:
    return texts.get(language, "cause", key).body
