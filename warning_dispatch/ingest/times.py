"""Times as senders write them, as milliseconds UTC.

Two strict forms (OASIS with T, 12379 with a blank) pass silently; what else can be understood is read and noted.
A time without a zone is in the source's, Beijing unless its rules say another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.leaves import raw_text
from warning_dispatch.ingest.notes import Notes, Odd, clip
from warning_dispatch.model.source_rules import BEIJING

OASIS_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
"""2026-07-22T21:33:00+08:00."""
CN12379_FORM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
"""2026-07-22 21:33:00+08:00."""

_LENIENT = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?:[Tt]|\s{1,4})"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s{0,4}(?:null)?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_ZONE_ALONE = re.compile(r"(?:null)?(?:[Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_MAX_ZONE_MINUTES = 14 * 60
_YEARS = range(2000, 2100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_HOUR = 24
_LEAP_SECOND = 60


@dataclass(frozen=True, slots=True)
class ReadTime:
    """A time as read: `moment` in ms UTC or None, and what was unusual about it."""

    moment: int | None
    oddities: tuple[Odd, ...] = ()


def read_time(text: str, form: re.Pattern[str], zone: tzinfo = BEIJING) -> ReadTime:
    """Read a time; silent when it has the given form, noted when it has another that can be understood."""
    text = text.strip()
    if _ZONE_ALONE.fullmatch(text):
        return ReadTime(None, (Odd.TIME_BLANK,))
    match = _LENIENT.fullmatch(text)
    moment = _moment(match, zone) if match else None
    if match is None or moment is None:
        return ReadTime(None, (Odd.TIME_UNREADABLE,))
    if not match["zone"]:
        return ReadTime(moment, (Odd.TIME_ZONE_ASSUMED,))
    rolled = int(match["hour"]) == _LAST_HOUR or match["second"] == str(_LEAP_SECOND)
    return ReadTime(moment, () if form.fullmatch(text) and not rolled else (Odd.TIME_FORM,))


def _moment(match: re.Match[str], assumed: tzinfo) -> int | None:
    """The moment that the parts name, None when they name none. 24:00:00 and second 60 roll over."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    zone = _zone_minutes(match["zone"]) if match["zone"] else 0
    past_midnight = hour == _LAST_HOUR and (minute or second)
    if zone is None or hour > _LAST_HOUR or past_midnight or minute > 59 or second > _LEAP_SECOND:  # noqa: PLR2004 - a clock face
        return None
    try:
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=UTC)
    except ValueError:
        return None
    if day.year not in _YEARS:
        return None
    seconds = (day - _EPOCH).days * 86_400 + hour * 3600 + (minute - zone) * 60 + second
    if not match["zone"]:
        seconds -= _east_of_utc(seconds, assumed)
    return seconds * 1000 + int(((match["fraction"] or "") + "000")[:3])


def _east_of_utc(clock_seconds: int, zone: tzinfo) -> int:
    """Seconds by which a clock of the zone is ahead of UTC while it shows this time."""
    shown = (_EPOCH + timedelta(seconds=clock_seconds)).replace(tzinfo=zone)
    ahead = shown.utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds())


def _zone_minutes(zone: str) -> int | None:
    """Minutes east of UTC; None when there is no such zone."""
    if zone in "Zz":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    if minutes > _MAX_ZONE_MINUTES:
        return None
    return -minutes if zone[0] == "-" else minutes


def optional_time(
    parent: Element, name: str, form: re.Pattern[str], notes: Notes, *, blank_is_usual: bool = False
) -> int | None:
    """A time that may be absent, ms UTC. Every leniency is noted, a blank one only where blanks are not the custom."""
    text = raw_text(parent, name, notes)
    if text is None or (blank_is_usual and not text.strip()):
        return None
    read = read_time(text, form, notes.rules.zone)
    for kind in read.oddities:
        notes.odd(kind, parent, name, text)
    return read.moment


def required_time(parent: Element, name: str, form: re.Pattern[str], notes: Notes) -> int:
    """A time without which there is no identity, ms UTC; 0 after noting a refusal."""
    text = raw_text(parent, name, notes) or ""
    read = read_time(text, form, notes.rules.zone)
    if read.moment is None:
        notes.refuse(
            parent,
            name,
            f"发布时间缺失或无法读取 / the time of sending is missing or unreadable: {clip(text)}",
            "例如 2026-07-22 21:33:00+08:00 / for example 2026-07-22T21:33:00+08:00",
        )
        return 0
    for kind in read.oddities:
        notes.odd(kind, parent, name, text)
    return read.moment
