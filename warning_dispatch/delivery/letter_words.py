"""更新备案函件的用语: what a letter of the yearly refresh may say, and how the engine's letters get their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from warning_dispatch.engine.storage_renewal import LetterRecord
from warning_dispatch.model.renewal import LetterKind
from warning_dispatch.model.texts import FrozenText
from warning_dispatch.model.unit import Channel

LETTER_PLACEHOLDERS: Mapping[str, str] = {
    "title": "what the campaign is called 更新备案名称",
    "unit": "as which the person is addressed 收信单位",
    "count": "how many units the person has to file, or to approve 待报或待审单位数",
    "due": "the day due, in few characters 截止日: 4月20日",
    "days": "days left; negative when it is over 还剩几天",
    "link": "the person's own link 链接",
}
"""Every name that a letter's template may use."""
LETTER_TRIALS: Sequence[Mapping[str, object]] = tuple(
    {
        "title": "2027年度更新备案",
        "unit": unit,
        "count": count,
        "due": due,
        "days": days,
        "link": "https://jy.example.cn/f/ABCDEFGHIJKLMNOP",
    }
    for unit, count, due, days in (
        ("吕梁经济技术开发区田家会街道", 128, "12月20日", 14),
        ("临县", 1, "4月2日", -7),
        ("", 0, "", 0),
    )
)
"""What letters are tried with: long, short, and with nothing to say."""
KIND_WORDS: Mapping[LetterKind, str] = {
    LetterKind.ASK: "renewal_ask",
    LetterKind.REMIND: "renewal_remind",
    LetterKind.RETURN: "renewal_return",
    LetterKind.PROVE: "renewal_prove",
    LetterKind.APPROVE: "renewal_approve",
}


class Templates(Protocol):
    """The part of the text book that is needed here."""

    def letter(self, kind: str, language: str, channel: str, values: Mapping[str, object]) -> FrozenText:
        """A letter's text."""
        ...


class LetterWords:
    """engine.letters.ComposeLetter."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def __call__(self, letter: LetterRecord, link: str, days: int) -> tuple[str, str]:
        """Subject and body."""
        values = {
            "title": letter.title,
            "unit": letter.unit_name,
            "count": letter.units,
            "due": _short_day(letter.due, letter.language),
            "days": days,
            "link": link,
        }
        channel = Channel(letter.channel).key
        text = self._templates.letter(KIND_WORDS[letter.kind], letter.language, channel, values)
        return text.subject, text.body


def _short_day(day: str, language: str) -> str:
    if not day:
        return ""
    found = date.fromisoformat(day)
    return f"{found.month}月{found.day}日" if language.startswith("zh") else f"{found:%b} {found.day}"
