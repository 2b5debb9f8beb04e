"""The words of the configuration files: durations, colours, roles, channels … as pydantic types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Gate, Next, TierRule
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel
from warning_dispatch.tomlfiles import Shape, both

NEVER = "never"
NONE = "none"
UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_DURATION = re.compile(r"(?:\d+(?:ms|s|m|h))+")
_PART = re.compile(r"(\d+)(ms|s|m|h)")


def parse_duration(text: str) -> int:
    """Milliseconds of "90s", "5m", "2h" or "1h30m". ValueError for anything else."""
    if not _DURATION.fullmatch(text):
        raise ValueError(text)
    return sum(int(amount) * UNITS_MS[unit] for amount, unit in _PART.findall(text))


def duration_text(ms: int | None) -> str:
    """Milliseconds as a person writes them: "90s", "5m"; None is "never"."""
    if ms is None:
        return NEVER
    for unit in ("h", "m", "s"):
        if ms and ms % UNITS_MS[unit] == 0 and not (unit == "m" and ms < 2 * UNITS_MS["m"]):
            return f"{ms // UNITS_MS[unit]}{unit}"
    return f"{ms}ms" if ms else "0s"


def _duration(*, without: str = "") -> Callable[[object], int | None]:
    def read(value: object) -> int | None:
        if without and value == without:
            return None
        try:
            return parse_duration(value) if isinstance(value, str) else parse_duration("")
        except ValueError:
            also = f', "{without}"' if without else ""
            message = both(
                f'应为时长,如 "90s"、"5m"、"2h"{also}', f'expected a duration such as "90s", "5m", "2h"{also}'
            )
            raise PydanticCustomError("ours_duration", "{message}", {"message": message}) from None

    return read


def _need(value: object) -> int:
    """How many receivers must answer: any is 1, all is 0 (as the model has it)."""
    if value in ("any", "all"):
        return 1 if value == "any" else 0
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    message = both('应为 "any"、"all" 或不小于 1 的整数', 'expected "any", "all" or a number from 1')
    raise PydanticCustomError("ours_need", "{message}", {"message": message})


def _positive(value: int) -> int:
    if value <= 0:
        message = both("时长应大于 0", "the duration must be longer than 0")
        raise PydanticCustomError("ours_positive", "{message}", {"message": message})
    return value


def _some(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Looked at after the entries: pydantic's own minimum leaves out wrong ones and calls a list of them empty."""
    if not value:
        raise PydanticCustomError(
            "ours_some", "{message}", {"message": both("至少要有一项", "needs at least one entry")}
        )
    return value


def word(chinese: str, english: str, words: Mapping[str, Any]) -> BeforeValidator:
    """A closed list of words."""

    def read(value: object) -> object:
        if isinstance(value, str) and value in words:
            return words[value]
        expected = ", ".join(words)
        message = both(f"未知的{chinese},应为 {expected} 之一", f"unknown {english}, expected one of {expected}")
        raise PydanticCustomError("ours_word", "{message}", {"message": message})

    return BeforeValidator(read)


DurationMs = Annotated[int, BeforeValidator(_duration())]
"""A duration, 0 allowed."""
SpanMs = Annotated[int, BeforeValidator(lambda value: _positive(_duration()(value) or 0))]
"""A duration longer than 0."""
HoldMs = Annotated[int | None, BeforeValidator(_duration(without=NEVER))]
"""How long a gate waits; "never": only an answer or an officer opens it."""
TargetMs = Annotated[int | None, BeforeValidator(_duration(without=NONE))]
"""The latest moment promised; "none" promises nothing."""

NeedWord = Annotated[int, BeforeValidator(_need)]
"""How many of a unit's receivers must answer."""
ColourWord = Annotated[Colour, word("颜色", "colour", {one.key: one for one in Colour})]
RoleWord = Annotated[Role, word("角色", "role", {one.key: one for one in Role})]
ChannelWord = Annotated[Channel, word("渠道", "channel", {one.key: one for one in Channel})]
LevelWord = Annotated[UnitLevel, word("层级", "level", {one.name.lower(): one for one in UnitLevel})]
IssuerWord = Annotated[
    UnitLevel,
    word("发布单位层级", "issuer level", {"city": UnitLevel.CITY, "county": UnitLevel.COUNTY}),
]
KindWord = Annotated[UnitKind, word("单位类别", "unit kind", {one.value: one for one in UnitKind})]
RuleWord = Annotated[TierRule, word("应答规则", "rule", {one.value: one for one in TierRule})]
GateWord = Annotated[Gate, word("开闸方式", "gate", {one.value: one for one in Gate})]
NextWord = Annotated[Next, word("后续动作", "next step", {one.value: one for one in Next})]
MsgTypeWord = Annotated[
    MsgType,
    word("消息类型", "message type", {one.value: one for one in (MsgType.ALERT, MsgType.UPDATE)}),
]
"""Only these two can start a call-out."""
KEY_PATTERN = r"^[a-z][a-z0-9_-]*$"
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
"""A name used inside the configuration."""
Some = AfterValidator(_some)
"""A list that must not be empty."""
Filled = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Bilingual(Shape):
    """A text in both languages."""

    zh_CN: Filled  # noqa: N815 - the name of the locale, as everywhere in the product
    en: Filled
