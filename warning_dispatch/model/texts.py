"""Texts frozen into a call-out: rendered once at its start, filled per receiver at the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import UnitLevel

UNIT_MARK = "{unit}"
"""Stands in a frozen text where the called unit's name goes."""
LINK_MARK = "{link}"
"""Stands in a frozen text where the receiver's own link goes."""
CAUSES_MARK = "{causes}"
"""Stands in a text of the bureau's own call where the open causes go; see engine/causes.py."""
COUNT_MARK = "{count}"
"""Stands there where it says how many they are."""
CAUSE_MARK = "{cause}"
"""Stands in the words for several causes of one kind where their sentence goes."""

VALUES = ("issuer", "time", "time_short", "issued", "hazard", "colour", "level", "area", "area_short")
"""What is frozen beside the texts, for providers that fill approved templates of their own."""
DRILL, DRILL_SPOKEN = "drill", "drill_spoken"
"""Frozen likewise: the mark of a drill, written and spoken; empty when it is none."""
SIGNAL = "signal"
"""The value of hazard and colour in one, 暴雨红色; of several warnings each hazard with its own colour."""
TIMES = ("time", "time_short")
"""Of several warnings the newest one's."""
NAMES_BETWEEN = "、"
"""Stands between the names of a value that holds several."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What a text may say about a warning. Times in ms UTC; `expires` is the message's own, None when it has none.

    `area_names` are the affected divisions as people call them. `drill` marks every text 【演练】. `hazard_key`: of the
    catalogue, by which templates are chosen.
    """

    issuer: str
    sent: int
    hazard: str
    hazard_english: str
    colour: Colour
    msg_type: MsgType
    headline: str
    description: str
    instruction: str
    advice: Mapping[str, str]
    area_names: tuple[str, ...]
    expires: int | None
    drill: bool = False
    hazard_key: str = ""
    measures_for: tuple[str, ...] = ()
    """Tiers whose units have measures to tick."""


@dataclass(frozen=True, slots=True)
class FrozenText:
    """One text with its marks still in it.

    `shorter`: the same said in fewer words, step by step, for a message that would take too many parts with the name and
    link that are filled in.
    """

    subject: str
    body: str
    shorter: tuple[str, ...] = ()

    def fill(self, unit: str, link: str) -> tuple[str, str]:
        """Subject and body for one receiver; `unit` names every unit the message is about."""
        return (
            self.subject.replace(UNIT_MARK, unit),
            self.body.replace(LINK_MARK, link).replace(UNIT_MARK, unit),  # a name is filled in last: it forges no mark
        )


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit as a text names it. `level` None for an office; `superiors` as (id, name), the nearest first."""

    name: str
    level: UnitLevel | None
    superiors: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TextPart:
    """What one call-out says to a receiver: its text, and the units it is about."""

    text: FrozenText
    units: tuple[NamedUnit, ...]


@dataclass(frozen=True, slots=True)
class FrozenTexts:
    """All texts of a call-out by "language/channel/purpose", e.g. "zh_CN/sms/call"; those of a tier or role as `particular`.

    `values`: what providers with templates of their own fill in, by language and name.
    """

    by_key: Mapping[str, FrozenText]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def get(self, language: str, channel: str, purpose: str, tier: str = "", role: str = "") -> FrozenText:
        """The text in the receiver's language, else in Chinese. KeyError when the call-out has neither.

        For a tier or a role that has a text of its own it is that one; of one that is for both, both.
        """
        for spoken in (language, "zh_CN"):
            plain = f"{spoken}/{channel}/{purpose}"
            for key in (particular(plain, tier, role), particular(plain, tier), particular(plain, "", role), plain):
                found = self.by_key.get(key)
                if found is not None:
                    return found
        raise KeyError(f"zh_CN/{channel}/{purpose}")

    def values_in(self, language: str) -> Mapping[str, str]:
        """VALUES in the receiver's language, else in Chinese; nothing where none were frozen."""
        return self.values.get(language) or self.values.get("zh_CN", {})


def particular(key: str, tier: str = "", role: str = "") -> str:
    """The key of a text that is for one tier or role: "zh_CN/sms/call@villages+duty"."""
    return f"{key}@{tier}+{role}" if tier or role else key
