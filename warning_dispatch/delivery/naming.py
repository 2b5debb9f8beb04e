"""One message that names several units: all of them while there is room, else where they lie and how many they are.

Names are said as people say them. Where two of a list sound alike, each is told apart by its township (or county). A
list that would make a text too long is cut to "白文镇郝家墕村、李家村等40个村"; the receiver's page lists all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from warning_dispatch.delivery.lengths import SPEECH_LIMIT, fits_segments, segment_limit, speech_seconds
from warning_dispatch.delivery.speech import Speech
from warning_dispatch.delivery.wording import WORDINGS
from warning_dispatch.model.texts import LINK_MARK, UNIT_MARK, FrozenText, NamedUnit, TextPart
from warning_dispatch.model.unit import Channel, UnitLevel


class Composer:
    """What a receiver is told: each call-out's text with its units, said for the ear or short enough for the phone.

    A spoken or written part keeps its limit by itself. A call says the key within its first seconds, because its first part
    does. An SMS that would take too many parts with its route's signature is sent in fewer words, and only then with fewer
    units by name; nothing is ever cut off, least of all a link.
    """

    def __init__(self, speech: Speech | None = None, signatures: Mapping[str, str] | None = None) -> None:
        """`speech`: how names are said; `signatures`: what an SMS route puts in front of a message, by route."""
        self._say = (speech or Speech()).say
        self._signatures = signatures or {}

    def __call__(
        self, parts: Sequence[TextPart], language: str, channel: Channel, link: str, route: str = ""
    ) -> tuple[str, str]:
        """Subject and body of one message: what each call-out says, one after the other."""
        signature = self._signatures.get(route, "")
        filled = [self._filled(part, language, channel, link, signature) for part in parts]
        between = "" if language.startswith("zh") else " "
        return filled[0][0], between.join(body for _, body in filled)

    def _filled(self, part: TextPart, language: str, channel: Channel, link: str, signature: str) -> tuple[str, str]:
        if channel is Channel.SMS:
            return "", _written(part, language, link, signature)
        if len(part.units) == 1:
            name = part.units[0].name
            return part.text.fill(self._say(name, language) if channel is Channel.VOICE else name, link)
        if channel is not Channel.VOICE:
            return part.text.fill(name_units(part.units, language, lambda _: True), link)
        names = name_units(part.units, language, lambda names: self._is_said(part.text, names, link, language))
        return part.text.fill(self._say(names, language), link)

    def _is_said(self, text: FrozenText, names: str, link: str, language: str) -> bool:
        return speech_seconds(text.fill(self._say(names, language), link)[1], language) <= SPEECH_LIMIT


def _written(part: TextPart, language: str, link: str, signature: str) -> str:
    limit = segment_limit(language)
    whole = part.units[0].name if len(part.units) == 1 else name_units(part.units, language, lambda _: True)
    body = fitting_message(part.text, whole, link, language, signature)
    if len(part.units) == 1 or fits_segments(signature + body, limit):
        return body
    shortest = FrozenText("", (part.text.body, *part.text.shorter)[-1])
    names = name_units(
        part.units, language, lambda names: fits_segments(signature + shortest.fill(names, link)[1], limit)
    )
    return shortest.fill(names, link)[1]


def fitting_message(text: FrozenText, unit: str, link: str, language: str, signature: str = "") -> str:
    """The fullest form of an SMS that keeps to its parts; the shortest where none does."""
    limit, body = segment_limit(language), ""
    for form in (text.body, *text.shorter):
        body = form.replace(LINK_MARK, link).replace(UNIT_MARK, unit)
        if fits_segments(signature + body, limit):
            return body
    return body


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
