"""多一条线、一级阶梯、一个渠道能换来什么: the questions that differ from one question in one thing. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.unit import Channel
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import units_of
from warning_dispatch.planning.town import town_of
from warning_dispatch.simulation.superiors import NOBODY_WORKS

FEWER_MORE = (0.5, 1.5, 2.0)
"""Lines are compared at so many times those that there are."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different: `chinese` and `english` say what."""

    question: Question
    chinese: str
    english: str


def changes(question: Question, book: Phonebook) -> list[Change]:
    """The question itself, and what differs from it in one thing.

    Other lines; each rung of the largest tier's ladder left out, the last one first; each channel left out; the superiors
    left out. What one of them brings is what is lost without it.
    """
    return [
        Change(question, "现在的设置", "as it is"),
        *_lines(question),
        *_rungs(question, book),
        *_channels(question),
        Change(
            replace(question, habits=replace(question.habits, superiors=NOBODY_WORKS)),
            "上级不逐个落实",
            "superiors leave their lists alone",
        ),
    ]


def _lines(question: Question) -> list[Change]:
    lines = question.lines.voice
    if lines is None:
        return []
    others = sorted({max(1, round(lines * factor)) for factor in FEWER_MORE} - {lines})
    return [Change(question.with_lines(one), f"{one} 条线", f"{one} lines") for one in others]


def _rungs(question: Question, book: Phonebook) -> list[Change]:
    """Of the tier that calls most units: only the first rungs, one fewer each time."""
    units = units_of(question, town_of(question, book))
    names = [name for name in units if name]
    if not names:
        return []
    largest = max(names, key=lambda name: units[name])
    tier = question.chain.tier(largest)
    rungs = len(tier.ladders[question.colour].rungs)
    title, english = tier.title.get("zh_CN", largest), tier.title.get("en", largest)
    return [
        Change(
            question.with_rungs(largest, count),
            f"{title}只用前 {count} 级呼叫",
            f"{english}: only the first {count} rungs",
        )
        for count in range(rungs - 1, 0, -1)
    ]


def _channels(question: Question) -> Sequence[Change]:
    used = {
        channel
        for tier in question.chain.tiers
        for ladder in tier.ladders.values()
        for rung in ladder.rungs
        for channel in rung.channels
    }
    words = {
        Channel.VOICE: ("不打电话", "no calls"),
        Channel.SMS: ("不发短信", "no SMS"),
        Channel.EMAIL: ("不发邮件", "no mail"),
    }
    return [Change(question.without_channel(channel), *words[channel]) for channel in words if channel in used]
