"""One message that names several units: all of them while there is room, else where they lie and how many they are.

Names are said as people say them. Where two of a list sound alike, each is told apart by its township (or county). A
list that would make a text too long is cut to "白文镇郝家墕村、李家村等40个村"; the receiver's page lists all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from warning_dispatch.delivery.lengths import SPEECH_LIMIT, segment_limit, sms_segments, speech_seconds
from warning_dispatch.delivery.wording import WORDINGS
from warning_dispatch.model.texts import NamedUnit, TextPart
from warning_dispatch.model.unit import Channel, UnitLevel


def merged_text(parts: Sequence[TextPart], language: str, channel: Channel, link: str) -> tuple[str, str]:
    """Subject and body of one message: what each call-out says, one after the other, each with its own units.

    Every part keeps the limit of its channel by itself (seconds of speech, segments); the first one says the key, so
    a call has said it within its first seconds.
    """
    filled = [_filled(part, language, channel, link) for part in parts]
    between = "" if language.startswith("zh") else " "
    return filled[0][0], between.join(body for _, body in filled)


def _filled(part: TextPart, language: str, channel: Channel, link: str) -> tuple[str, str]:
    fits = _ROOM.get(channel)
    names = name_units(
        part.units, language, lambda names: fits is None or fits(part.text.fill(names, link)[1], language)
    )
    return part.text.fill(names, link)


_ROOM: Mapping[Channel, Callable[[str, str], bool]] = {
    Channel.VOICE: lambda body, language: speech_seconds(body, language) <= SPEECH_LIMIT,
    Channel.SMS: lambda body, language: sms_segments(body).segments <= segment_limit(language),
}
"""Whether a body keeps the limit of its channel; the others have none."""


def name_units(units: Sequence[NamedUnit], language: str, fits: Callable[[str], bool]) -> str:
    """The units in words: as many by name as `fits` allows; the shortest form when even that does not."""
    names = told_apart(units)
    whole = WORDINGS[_known(language)].between.join(names)
    if len(names) == 1 or fits(whole):
        return whole
    count = _COUNTS[_known(language)]
    where, kind = nearest_common_superior(units), _kind(units)

    def cut(shown: int) -> str:
        return count(where, names[:shown], len(names), kind)

    too_many = bisect_left(range(1, len(names)), 1, key=lambda shown: int(not fits(cut(shown)))) + 1
    return cut(too_many - 1)


def told_apart(units: Sequence[NamedUnit]) -> list[str]:
    """Each unit's name; where names are the same, with as many superiors in front as it takes to tell them apart."""
    return [_apart(unit, units) for unit in units]


def _apart(unit: NamedUnit, units: Sequence[NamedUnit]) -> str:
    alike = [one for one in units if one.name == unit.name]
    depth = 0
    while len(alike) > 1 and depth < len(unit.superiors):
        depth += 1
        alike = [one for one in alike if _label(one, depth) == _label(unit, depth)]
    return _label(unit, depth)


def _label(unit: NamedUnit, depth: int) -> str:
    return "".join(name for _, name in reversed(unit.superiors[:depth])) + unit.name


def nearest_common_superior(units: Sequence[NamedUnit]) -> str:
    """The name of the nearest unit that all of them lie below; empty when there is none."""
    shared = set[tuple[int, str]](units[0].superiors).intersection(*(unit.superiors for unit in units[1:]))
    return next((name for key, name in units[0].superiors if (key, name) in shared), "")


def _kind(units: Sequence[NamedUnit]) -> UnitLevel | None:
    """Their level, when they are divisions of one level."""
    levels = Counter(unit.level for unit in units)
    return next(iter(levels)) if len(levels) == 1 else None


def _known(language: str) -> str:
    return language if language in _COUNTS else "zh_CN"


_CHINESE_KINDS = {UnitLevel.COUNTY: "县(市、区)", UnitLevel.TOWNSHIP: "乡镇", UnitLevel.VILLAGE: "村"}
_ENGLISH_KINDS = {
    UnitLevel.COUNTY: ("county", "counties"),
    UnitLevel.TOWNSHIP: ("township", "townships"),
    UnitLevel.VILLAGE: ("village", "villages"),
}


def _chinese_count(where: str, shown: Sequence[str], total: int, kind: UnitLevel | None) -> str:
    names = f"{'、'.join(shown)}等" if shown else ""
    return f"{where}{names}{total}个{_CHINESE_KINDS.get(kind, '单位') if kind else '单位'}"


def _english_count(where: str, shown: Sequence[str], total: int, kind: UnitLevel | None) -> str:
    one, many = _ENGLISH_KINDS.get(kind, ("unit", "units")) if kind else ("unit", "units")
    left = total - len(shown)
    of = f" of {where}" if where else ""
    if not shown:
        return f"{total} {many}{of}"
    return f"{', '.join(shown)} and {left} more {one if left == 1 else many}{of}"


_COUNTS: Mapping[str, Callable[[str, Sequence[str], int, UnitLevel | None], str]] = {
    "zh_CN": _chinese_count,
    "en": _english_count,
}
