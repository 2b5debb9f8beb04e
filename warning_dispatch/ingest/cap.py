"""OASIS CAP 1.2, with any prefix, every info block kept.

Several infos are languages of one event or different events; which, the engine decides. The colour is told by a colour
parameter, the Chinese headline, a MeteoAlarm awareness level or the severity, and the highest of them counts.
"""

from __future__ import annotations

import re

from warning_dispatch.ingest.areas import read_code, split_list, without_repeats
from warning_dispatch.ingest.colours import Claim, colour_in_value, headline_claims, settle, severity_claim
from warning_dispatch.ingest.elements import Element, children, full_text, local_name, namespace_of
from warning_dispatch.ingest.envelope import (
    CN_IDENTIFIER,
    SENDER_CODE,
    look_over,
    msg_type_of,
    required_line,
    scope_of,
    status_of,
)
from warning_dispatch.ingest.headlines import event_in
from warning_dispatch.ingest.leaves import block, line
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.ingest.references import triple_references
from warning_dispatch.ingest.times import OASIS_FORM, optional_time, required_time
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, MsgType
from warning_dispatch.model.colour import Colour

DIALECT = "cap-1.2"
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_FORBIDDEN = re.compile(r"[\s,<&]")
_COLOUR_NAME = re.compile(r"colou?r|颜色", re.IGNORECASE)
_AWARENESS = "awareness_level"
_EVENT_TYPE = re.compile(r"[0-9]{2}[A-Z][0-9]{2}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_MIN_CODE = 6


def recognises(root: Element) -> bool:
    """Whether this is an OASIS CAP 1.2 alert."""
    return namespace_of(root) == NAMESPACE and local_name(root) == "alert"


def parse(root: Element, notes: Notes) -> Alert:
    """Read a CAP 1.2 message. Raises UnreadableAlertError with every refusal when it has no identity."""
    identifier = required_line(root, "identifier", notes)
    if _FORBIDDEN.search(identifier):
        notes.odd(Odd.IDENTIFIER_FORM, root, "identifier", identifier)
    sender = required_line(root, "sender", notes)
    sent = required_time(root, "sent", OASIS_FORM, notes)
    msg_type = msg_type_of(root, notes)
    references = triple_references(root, notes)
    elements = children(root, "info")
    infos = tuple(_info(info, notes) for info in elements)
    status, scope = status_of(root, notes), scope_of(root, notes)
    notes.stop_if_refused()
    alert = Alert(
        dialect=DIALECT,
        identifier=identifier,
        sender=sender,
        sender_code=_sender_code(identifier, sender),
        sent=sent,
        status=status,
        msg_type=msg_type,
        scope=scope,
        classification="",
        note=block(root, "note", notes),
        references=references,
        infos=infos,
    )
    look_over(root, alert, notes)
    if msg_type in (MsgType.ALERT, MsgType.UPDATE):
        _look_for_all_clear(elements, notes)
    return alert


def _sender_code(identifier: str, sender: str) -> str:
    """The 14-digit issuer code inside a Chinese identifier, or the sender when it is one; else empty."""
    stamped = CN_IDENTIFIER.fullmatch(identifier)
    if stamped:
        return stamped[1]
    return sender if SENDER_CODE.fullmatch(sender) else ""


def _look_for_all_clear(infos: list[Element], notes: Notes) -> None:
    """A response type AllClear or an urgency Past inside an Alert or Update: a human decides."""
    for info in infos:
        words = [line(info, "urgency", notes), *(full_text(found) for found in children(info, "responseType"))]
        if {word.strip().lower() for word in words} & {"past", "allclear"}:
            notes.odd(Odd.LIFTED_WITHOUT_CANCEL, info)


def _info(info: Element, notes: Notes) -> AlertInfo:
    headline = line(info, "headline", notes)
    severity = line(info, "severity", notes)
    return AlertInfo(
        language=_language(info, headline, notes),
        event_code=_event_code(info, notes),
        event_name=_event_name(info, headline, notes),
        colour=_colour(info, severity, headline, notes),
        severity=severity,
        headline=headline,
        description=block(info, "description", notes),
        instruction=block(info, "instruction", notes),
        sender_name=line(info, "senderName", notes),
        effective=optional_time(info, "effective", OASIS_FORM, notes),
        onset=optional_time(info, "onset", OASIS_FORM, notes),
        expires=optional_time(info, "expires", OASIS_FORM, notes),
        areas=without_repeats([_area(area, notes) for area in children(info, "area")], info, notes),
    )


def _language(info: Element, headline: str, notes: Notes) -> str:
    """The language as given. The standard's default en-US is wrong for a headline in Chinese."""
    language = line(info, "language", notes)
    if language:
        return language
    notes.odd(Odd.LANGUAGE_MISSING, info, "language")
    return "zh-CN" if _CHINESE.search(headline) else "en-US"


def _named_values(info: Element, name: str, notes: Notes) -> list[tuple[str, str]]:
    """The (valueName, value) pairs of an info's parameter or eventCode elements."""
    return [(line(pair, "valueName", notes), line(pair, "value", notes)) for pair in children(info, name)]


def _event_code(info: Element, notes: Notes) -> str:
    """The event code of the 12379 form (11B03) when one is given, else the first; empty when there is none."""
    codes = [value for _, value in _named_values(info, "eventCode", notes) if value]
    return next((code for code in codes if _EVENT_TYPE.fullmatch(code)), codes[0] if codes else "")


def _event_name(info: Element, headline: str, notes: Notes) -> str:
    """The event as given, without a colour that a sender wrote behind it; from the headline when absent."""
    event = line(info, "event", notes)
    name = (event_in(event) if "预警" in event else event) or event or event_in(headline)
    if not name:
        notes.odd(Odd.EVENT_NAME_MISSING, info, "event")
    return name


def _colour(info: Element, severity: str, headline: str, notes: Notes) -> Colour | None:
    """Claims in order of precedence; the highest counts."""
    parameters = _named_values(info, "parameter", notes)
    claims: list[Claim] = []
    for name, value in parameters:
        if _COLOUR_NAME.search(name):
            colour = colour_in_value(value)
            if colour:
                claims.append(Claim(f"parameter {name}", colour))
            else:
                notes.odd(Odd.COLOUR_WORD_UNKNOWN, info, "parameter", f"{name}={value}")
    claims.extend(headline_claims(headline))
    awareness = [colour_in_value(value) for name, value in parameters if name.lower() == _AWARENESS]
    claims.extend(Claim(_AWARENESS, colour) for colour in awareness if colour)
    severe = severity_claim(severity)
    if severe:
        claims.append(severe)
    return settle(claims, info, notes)


def _area(area: Element, notes: Notes) -> AlertArea:
    """One area with every geocode value that is a division code, whatever its valueName."""
    codes: dict[str, None] = {}
    for _, value in _named_values(area, "geocode", notes):
        for item in split_list(value):
            code = read_code(item, area, notes) if item else None
            if code and len(code) >= _MIN_CODE:
                codes[code] = None
            elif code:
                notes.odd(Odd.AREA_CODE_IGNORED, area, value=code)
    if not codes:
        notes.odd(Odd.AREA_WITHOUT_CODE, area)
    return AlertArea(line(area, "areaDesc", notes), tuple(codes))
