"""What a Chinese headline tells: 吕梁市气象台变更发布暴雨红色预警信号[Ⅰ级/特别严重].

The verb stands before the hazard, the hazard before the colour. Where a headline names a change of colour
(由橙色升级为红色), the colour after the change counts. Only the first 300 characters are looked at.
"""

from __future__ import annotations

import re

from warning_dispatch.model.colour import Colour

_COLOUR = re.compile(r"(?P<colour>[红橙黄蓝])(?:色|(?=预警))")
_CHANGED_TO = re.compile(r"(?:升级|降级|升|降|变更|调整|更新|改)(?:发布)?(?:为|至|成)")
# Not 十四级: that is a wind force.
_LEVEL = re.compile(r"(?<!十)(?P<numeral>Ⅳ|Ⅲ|Ⅱ|Ⅰ|IV|III|II|I|[一二三四])级")
_LEVEL_COLOURS = {
    **dict.fromkeys(("Ⅰ", "I", "一"), Colour.RED),
    **dict.fromkeys(("Ⅱ", "II", "二"), Colour.ORANGE),
    **dict.fromkeys(("Ⅲ", "III", "三"), Colour.YELLOW),
    **dict.fromkeys(("Ⅳ", "IV", "四"), Colour.BLUE),
}
_COLOURS = {colour.chinese: colour for colour in Colour}
# What can stand directly before a hazard's name; longer forms first.
_BEFORE_NAME = re.compile(
    r"(?:升级|降级|变更|调整|更新)(?:发布)?(?:为|至|成)|发布|更新|变更|升级|降级|继续|续发|确认|解除|取消|撤销"
    r"|气象台|气象局|气象站|将|的|[:\uff1a]"
)
_NUMBERED = re.compile("^第?[0-9\uff10-\uff19〇一二三四五六七八九十百]+号")
_LIFTS = re.compile(r"解除|取消|撤销")
_ISSUES = re.compile(r"发布(?!的)|更新|变更|(?:升级|降级|调整)")
_MAX_NAME = 20
_MAX_HEADLINE = 300
_QUOTES = " \u3000“”\"'《》〔〕【】[]"


def colours_in(headline: str) -> tuple[Colour, ...]:
    """The colours a headline names, each once, the highest first; after a change only what it changed to."""
    headline = headline[:_MAX_HEADLINE]
    parts = _CHANGED_TO.split(headline)
    for part in (parts[-1], headline):
        found = {_COLOURS[match["colour"]] for match in _COLOUR.finditer(part)}
        if found:
            return tuple(sorted(found, reverse=True))
    return ()


def level_in(headline: str) -> Colour | None:
    """The colour of a level numeral (Ⅱ级), the highest of several; for headlines that name no colour."""
    found = [_LEVEL_COLOURS[match["numeral"]] for match in _LEVEL.finditer(headline[:_MAX_HEADLINE])]
    return max(found, default=None)


def event_in(headline: str) -> str:
    """The hazard's name between the verb and the colour word (or 预警); empty when it cannot be found."""
    headline = headline[:_MAX_HEADLINE]
    ends = [match.start() for match in _COLOUR.finditer(headline)] or [headline.find("预警")]
    for end in reversed(ends):
        name = _BEFORE_NAME.split(headline[: max(end, 0)])[-1].strip(_QUOTES)
        name = _LEVEL.sub("", _NUMBERED.sub("", name)).strip(_QUOTES)
        if name and len(name) <= _MAX_NAME:
            return name
    return ""


def lifts(headline: str) -> bool:
    """Whether a headline only ends a warning (解除, 取消) and issues none."""
    headline = headline[:_MAX_HEADLINE]
    return bool(_LIFTS.search(headline)) and not _ISSUES.search(headline)
