"""OASIS CAP 1.2, 1.1 and 1.0, with any prefix, every info block kept.

Several infos are languages of one event or different events; which, the engine decides. The colour is told by a colour
parameter, the headline, a MeteoAlarm awareness level or the severity, and the highest of them counts. Version 1.0 has
its named values as one text (`name=value`), a password that is never read, and references without a time.
"""

from __future__ import annotations

import re

from warning_dispatch.ingest.areas import read_code, split_list, without_repeats
from warning_dispatch.ingest.colours import Claim, colour_in_value, headline_claims, settle, severity_claim
from warning_dispatch.ingest.elements import Element, children, full_text, inherits, local_name, namespace_of
from warning_dispatch.ingest.envelope import (
    CN_IDENTIFIER,
    SENDER_CODE,
    look_over,
    msg_type_of,
    required_line,
    scope_of,
    status_of,
)
from warning_dispatch.ingest.headlines import event_in, lifts
from warning_dispatch.ingest.leaves import block, line
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.ingest.references import triple_references
from warning_dispatch.ingest.shapes import circles_of, rings_of
from warning_dispatch.ingest.structure import report
from warning_dispatch.ingest.times import OASIS_FORM, optional_time, required_time
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.source_rules import ColourPlace

VERSIONS = {
    "urn:oasis:names:tc:emergency:cap:1.2": "cap-1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "cap-1.1",
    "http://www.incident.com/cap/1.0": "cap-1.0",
    "urn:oasis:names:tc:emergency:cap:1.0": "cap-1.0",
}
"""Namespace to dialect."""
DIALECT = "cap-1.2"
"""The version that a message without a namespace is read as."""

_FORBIDDEN = re.compile(r"[\s,<&]")
_COLOUR_NAME = re.compile(r"colou?r|颜色", re.IGNORECASE)
_AWARENESS = "awareness_level"
_EVENT_TYPE = re.compile(r"[0-9]{2}[A-Z][0-9]{2}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_FOREIGN_CODES = re.compile(
    r"layer:|profile:|same|fips|ugc|zone|emma|nuts|iso ?3166|warncellid|ars|ags|clc|cap-cp|sgc|amoc|nws|taiwan|hkgov|inspee?",
    re.IGNORECASE,
)
"""Beginnings of names of schemes whose codes are digits too, and mean other places."""
_MIN_CODE = 6


def recognises(root: Element) -> bool:
    """Whether this is an OASIS CAP alert of a version that is read."""
    if local_name(root) != "alert":
        return False
    if namespace_of(root) in VERSIONS:
        return True
    if namespace_of(root) and not inherits(root):
        return False
    return bool(children(root, "sent")) and not children(root, "sendTime")


def parse(root: Element, notes: Notes) -> Alert:
    """Read a CAP message. Raises UnreadableAlertError with every refusal when it has no identity."""
    dialect = VERSIONS.get(namespace_of(root), DIALECT)
    if namespace_of(root) not in VERSIONS:
        notes.odd(Odd.NAMESPACE_MISSING, root)
    report(root, notes)
    identifier = required_line(root, "identifier", notes)
    if _FORBIDDEN.search(identifier):
        notes.odd(Odd.IDENTIFIER_FORM, root, "identifier", identifier)
    sender = required_line(root, "sender", notes)
    sent = required_time(root, "sent", OASIS_FORM, notes)
    msg_type = msg_type_of(root, notes)
    references = triple_references(root, notes, slashed=dialect == "cap-1.0")
    infos = tuple(_info(info, notes, update=msg_type is MsgType.UPDATE) for info in children(root, "info"))
    status, scope = status_of(root, notes), scope_of(root, notes)
    notes.stop_if_refused()
    alert = Alert(
        dialect=dialect,
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
    return alert


def _sender_code(identifier: str, sender: str) -> str:
    """The 14-digit issuer code inside a Chinese identifier, or the sender when it is one; else empty."""
    stamped = CN_IDENTIFIER.fullmatch(identifier)
    if stamped:
        return stamped[1]
    return sender if SENDER_CODE.fullmatch(sender) else ""


def _info(info: Element, notes: Notes, *, update: bool) -> AlertInfo:
    headline = line(info, "headline", notes)
    severity = line(info, "severity", notes)
    urgency = line(info, "urgency", notes)
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
        urgency=urgency,
        certainty=line(info, "certainty", notes),
        lifts=_over(info, urgency if update else "", headline),
    )


def _over(info: Element, urgency: str, headline: str) -> bool:
    """Whether the info says that its event is over: AllClear, 解除, and in an Update also Past.

    In an Alert, Past is the time of an event that nobody could foresee (an earthquake).
    """
    responses = {full_text(found).strip().lower() for found in children(info, "responseType")}
    return "allclear" in responses or urgency.lower() == "past" or lifts(headline)


def _language(info: Element, headline: str, notes: Notes) -> str:
    """The language as given. The standard's default en-US is wrong for a headline in Chinese."""
    language = line(info, "language", notes)
    if language:
        return language
    notes.odd(Odd.LANGUAGE_MISSING, info, "language")
    return "zh-CN" if _CHINESE.search(headline or line(info, "event", notes)) else "en-US"


def _named_values(info: Element, name: str, notes: Notes) -> list[tuple[str, str]]:
    """The (name, value) pairs of an info's parameter or eventCode elements; version 1.0 has them as one text."""
    return [_named_value(pair, notes) for pair in children(info, name)]


def _named_value(pair: Element, notes: Notes) -> tuple[str, str]:
    if len(pair):
        return line(pair, "valueName", notes), line(pair, "value", notes)
    name, equals, value = full_text(pair).strip().partition("=")
    return (name.strip(), value.strip()) if equals else ("", name.strip())


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
    """Claims in the source's order of precedence; the highest counts."""
    parameters = _named_values(info, "parameter", notes)
    severe = severity_claim(severity)
    claims = {
        ColourPlace.PARAMETER: _parameter_claims(info, parameters, notes),
        ColourPlace.HEADLINE: headline_claims(headline),
        ColourPlace.AWARENESS: [
            Claim(_AWARENESS, colour)
            for name, value in parameters
            if name.lower() == _AWARENESS and (colour := colour_in_value(value))
        ],
        ColourPlace.SEVERITY: [severe] if severe else [],
    }
    return settle([claim for place in notes.rules.colours for claim in claims[place]], info, notes)


def _parameter_claims(info: Element, parameters: list[tuple[str, str]], notes: Notes) -> list[Claim]:
    claims = []
    for name, value in parameters:
        if _COLOUR_NAME.search(name):
            colour = colour_in_value(value)
            if colour:
                claims.append(Claim(f"parameter {name}", colour))
            else:
                notes.odd(Odd.COLOUR_WORD_UNKNOWN, info, "parameter", f"{name}={value}")
    return claims


def _area(area: Element, notes: Notes) -> AlertArea:
    """One area with every geocode value that is a division code, and its shapes."""
    codes: dict[str, None] = {}
    for scheme, value in _named_values(area, "geocode", notes):
        if _FOREIGN_CODES.match(scheme):
            notes.odd(Odd.AREA_CODE_FOREIGN, area, "geocode", scheme)
            continue
        for item in split_list(value):
            code = read_code(item, area, notes) if item else None
            if code and len(code) >= _MIN_CODE:
                codes[code] = None
            elif code:
                notes.odd(Odd.AREA_CODE_IGNORED, area, value=code)
    if not codes:
        notes.odd(Odd.AREA_WITHOUT_CODE, area)
    return AlertArea(
        line(area, "areaDesc", notes),
        tuple(codes),
        rings_of(area, notes, lines=False),
        circles_of(area, notes, metres=False),
    )
