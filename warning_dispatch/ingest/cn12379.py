"""The 12379 profile (国家突发事件预警信息发布系统, GB/T 35965.1 in practice): CAP-like, and not valid CAP.

No namespace or http://com.icss.amp. sendTime for sent, eventType for event, colour words for severities, areas as
parallel comma lists, references as the bare identifier of the chain's first message. The elements `code` (texts and
audiences per channel, with telephone numbers) and `phone` are never read.
"""

from __future__ import annotations

from warning_dispatch.ingest.areas import paired_areas, without_repeats
from warning_dispatch.ingest.colours import (
    Claim,
    colour_in_value,
    colour_of_word,
    headline_claims,
    settle,
    severity_claim,
)
from warning_dispatch.ingest.elements import Element, children, inherits, local_name, namespace_of
from warning_dispatch.ingest.envelope import (
    CN_IDENTIFIER,
    SENDER_CODE,
    look_over,
    msg_type_of,
    require_short,
    required_line,
    scope_of,
    status_of,
)
from warning_dispatch.ingest.headlines import event_in, level_in, lifts
from warning_dispatch.ingest.leaves import block, line
from warning_dispatch.ingest.notes import Notes, Odd
from warning_dispatch.ingest.references import bare_references
from warning_dispatch.ingest.times import CN12379_FORM, optional_time, required_time
from warning_dispatch.model.alert import CN12379, Alert, AlertArea, AlertInfo
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.source_rules import ColourPlace

DIALECT = CN12379
NAMESPACES = ("", "http://com.icss.amp")


def recognises(root: Element) -> bool:
    """Whether this is a 12379 message. One producer names the root after the status, so the children count too."""
    if namespace_of(root) not in NAMESPACES and not inherits(root):
        return False
    return (local_name(root) == "alert" and not inherits(root)) or bool(
        children(root, "senderCode") and children(root, "sendTime")
    )


def parse(root: Element, notes: Notes) -> Alert:
    """Read a 12379 message. Raises UnreadableAlertError with every refusal when it has no identity."""
    if local_name(root) != "alert":
        notes.odd(Odd.ROOT_NAME, root)
    identifier = required_line(root, "identifier", notes)
    if identifier and not CN_IDENTIFIER.fullmatch(identifier):
        notes.odd(Odd.IDENTIFIER_FORM, root, "identifier", identifier)
    sender, sender_code = _issuer(root, identifier, notes)
    sent = required_time(root, "sendTime", CN12379_FORM, notes)
    msg_type = msg_type_of(root, notes)
    references = bare_references(root, notes)
    infos = tuple(_info(info, notes) for info in children(root, "info"))
    status, scope = status_of(root, notes), scope_of(root, notes)
    notes.stop_if_refused()
    alert = Alert(
        dialect=DIALECT,
        identifier=identifier,
        sender=sender,
        sender_code=sender_code,
        sent=sent,
        status=status,
        msg_type=msg_type,
        scope=scope,
        classification=line(root, "secClassification", notes),
        note=block(root, "note", notes),
        references=references,
        infos=infos,
    )
    look_over(root, alert, notes)
    return alert


def _issuer(root: Element, identifier: str, notes: Notes) -> tuple[str, str]:
    """Name and code of the issuer. One of them suffices; a missing code is taken from the identifier."""
    sender, code = line(root, "sender", notes), line(root, "senderCode", notes)
    require_short(root, "sender", sender, notes)
    require_short(root, "senderCode", code, notes)
    if not sender and not code:
        notes.refuse(
            root,
            "sender",
            "缺少 sender 和 senderCode / sender and senderCode are both missing",
            "补全发布单位 / fill in the issuer",
        )
    elif not sender:
        notes.odd(Odd.SENDER_MISSING, root, "sender")
    if code and not SENDER_CODE.fullmatch(code):
        notes.odd(Odd.SENDER_CODE_FORM, root, "senderCode", code)
    stamped = CN_IDENTIFIER.fullmatch(identifier)
    if stamped and not code:
        notes.odd(Odd.SENDER_CODE_DERIVED, root, "senderCode", stamped[1])
        return sender, stamped[1]
    if stamped and code != stamped[1]:
        notes.odd(Odd.SENDER_CODE_DIFFERS, root, "senderCode", code)
    return sender, code


def _info(info: Element, notes: Notes) -> AlertInfo:
    headline = line(info, "headline", notes)
    event_code, event_name = line(info, "eventType", notes), event_in(headline)
    if not event_code:
        notes.odd(Odd.EVENT_CODE_MISSING, info, "eventType")
    if not event_name:
        notes.odd(Odd.EVENT_NAME_MISSING, info, "headline", headline)
    severity = line(info, "severity", notes)
    return AlertInfo(
        language=line(info, "language", notes) or "zh-CN",
        event_code=event_code,
        event_name=event_name,
        colour=_colour(info, severity, headline, notes),
        severity=severity,
        headline=headline,
        description=block(info, "description", notes),
        instruction=block(info, "instruction", notes),
        sender_name=line(info, "senderName", notes),
        effective=optional_time(info, "effective", CN12379_FORM, notes),
        onset=optional_time(info, "onset", CN12379_FORM, notes, blank_is_usual=True),
        expires=optional_time(info, "expires", CN12379_FORM, notes, blank_is_usual=True),
        areas=_areas(info, notes),
        urgency=line(info, "urgency", notes),
        certainty=line(info, "certainty", notes),
        lifts=lifts(headline),
    )


def _colour(info: Element, severity: str, headline: str, notes: Notes) -> Colour | None:
    """The severity's colour word first, the headline's else; the higher one when they disagree."""
    exact = colour_of_word(severity)
    word = exact or colour_in_value(severity) or level_in(severity)
    claim = Claim(f"severity {severity}", word) if word else severity_claim(severity)
    if exact is None and severity.lower() != "unknown":
        notes.odd(Odd.SEVERITY_FORM, info, "severity", severity)
    told = headline_claims(headline)
    if claim is None and told:
        notes.odd(Odd.COLOUR_FROM_HEADLINE, info, "severity", severity)
    claims = {ColourPlace.SEVERITY: [claim] if claim else [], ColourPlace.HEADLINE: told}
    return settle([one for place in notes.rules.colours for one in claims.get(place, ())], info, notes)


def _areas(info: Element, notes: Notes) -> tuple[AlertArea, ...]:
    areas = [
        area
        for element in children(info, "area")
        for area in paired_areas(line(element, "areaDesc", notes), line(element, "geocode", notes), element, notes)
    ]
    return without_repeats(areas, info, notes)
