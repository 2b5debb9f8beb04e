"""What both dialects share: the message's head, and the last look at the whole."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.leaves import line, raw_text
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.model.alert import Alert, AlertInfo, AlertStatus, MsgType

CN_IDENTIFIER = re.compile(r"([0-9]{14})_[0-9]{14}(?:_[0-9])?")
"""14-digit sender code, 14-digit time of entry, and by a later rule one digit more."""
SENDER_CODE = re.compile(r"[0-9]{14}")
"""6 digits region, 3 agency (416 is meteorology), 3 sub-unit, 2 extension."""

LONGEST_IDENTITY, MOST_BYTES = 500, 800
"""Characters, and bytes in UTF-8, of an identifier or a sender; what is longer is no name for anything.

Three of them make a key of the database, which takes some 2,700 bytes.
"""
FAR_AHEAD = 7 * 86_400_000
"""ms after which the end of a warning is doubted."""

_Word = TypeVar("_Word", bound=StrEnum)


def required_line(root: Element, name: str, notes: Notes) -> str:
    """A text without which there is no identity; empty after noting a refusal."""
    text = line(root, name, notes)
    if not text:
        notes.refuse(
            root,
            name,
            f"缺少 {name} / {name} is missing",
            f"补全 {name} 后重新发送 / fill it in, send again",
        )
    else:
        require_short(root, name, text, notes)
    return text


def is_too_long(text: str) -> bool:
    """Whether a text is too long for an identifier or a sender."""
    return len(text) > LONGEST_IDENTITY or len(text.encode("utf-8", "replace")) > MOST_BYTES


def require_short(root: Element, name: str, text: str, notes: Notes) -> None:
    """Refuse a message whose identifier or sender is none."""
    if is_too_long(text):
        notes.refuse(
            root,
            name,
            f"{name} 长 {len(text)} 字，不是标识 / {name} has {len(text)} characters, which is no name",
            f"不超过 {LONGEST_IDENTITY} 字（{MOST_BYTES} 字节）/ {LONGEST_IDENTITY} at most ({MOST_BYTES} bytes)",
        )


def status_of(root: Element, notes: Notes) -> AlertStatus:
    """The status; UNKNOWN, which never dials, for a word that is none."""
    return _word(root, "status", AlertStatus, (Odd.STATUS_FORM, Odd.STATUS_UNKNOWN), notes) or AlertStatus.UNKNOWN


def msg_type_of(root: Element, notes: Notes) -> MsgType:
    """The message type; UNKNOWN for a word that is none."""
    return _word(root, "msgType", MsgType, (Odd.MSG_TYPE_FORM, Odd.MSG_TYPE_UNKNOWN), notes) or MsgType.UNKNOWN


def _word(root: Element, name: str, words: type[_Word], kinds: tuple[Odd, Odd], notes: Notes) -> _Word | None:
    """A word of a closed list, whatever its case and the blanks around it. `kinds`: unusual spelling, unknown."""
    text = raw_text(root, name, notes) or ""
    unusual, unknown = kinds
    for word in words:
        if word.lower() == text.strip().lower() and word != "Unknown":
            if word != text:
                notes.odd(unusual, root, name, repr(text))
            return word
    notes.odd(unknown, root, name, text)
    return None


def scope_of(root: Element, notes: Notes) -> str:
    """Public, Restricted or Private as given; its absence is noted."""
    scope = line(root, "scope", notes)
    if not scope:
        notes.odd(Odd.SCOPE_MISSING, root, "scope")
    return scope


def look_over(root: Element, alert: Alert, notes: Notes) -> None:
    """Note what the whole lacks, and where it contradicts itself."""
    if alert.msg_type in (MsgType.UPDATE, MsgType.CANCEL) and not alert.references:
        notes.odd(Odd.REFERENCES_MISSING, root, "references")
    if alert.identifier in alert.references:
        notes.odd(Odd.REFERENCES_SELF, root, "references")
    _look_at_times(root, alert, notes)
    if alert.msg_type is MsgType.CANCEL and any(_goes_on(info) for info in alert.infos):
        notes.odd(Odd.CANCEL_CONTRADICTS, root, "info")
    if alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE):
        return
    if not alert.infos:
        notes.odd(Odd.INFO_MISSING, root)
        return
    if all(info.colour is None for info in alert.infos):
        notes.odd(Odd.COLOUR_UNKNOWN, root, "info")
    if not any(area.geocodes for info in alert.infos for area in info.areas):
        notes.odd(Odd.AREA_MISSING, root, "info")
    over = [info.lifts for info in alert.infos]
    if any(over):
        notes.odd(Odd.LIFTED_WITHOUT_CANCEL if all(over) else Odd.LIFTED_IN_PART, root, "info")


def _goes_on(info: AlertInfo) -> bool:
    """Whether an info says outright that its event is happening."""
    return info.certainty.lower() == "observed" and not info.lifts


def _look_at_times(root: Element, alert: Alert, notes: Notes) -> None:
    """Note an end that cannot be: before the message or its event, or weeks ahead."""
    for info in alert.infos:
        if info.expires is None:
            continue
        if info.expires < alert.sent:
            notes.odd(Odd.EXPIRES_BEFORE_SENT, root, "info")
        elif info.onset is not None and info.expires < info.onset:
            notes.odd(Odd.EXPIRES_BEFORE_ONSET, root, "info")
        if info.expires > alert.sent + FAR_AHEAD:
            notes.odd(Odd.EXPIRES_FAR, root, "info")
