"""人工发起: a warning written at the keyboard, as a 12379 message that goes the way of every other.

So observed rain or a call from upstairs is kept, judged, frozen and journalled like a message that came in, and a
later one can refer to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from warning_dispatch.clock import beijing_text, iso_text
from warning_dispatch.configuration import Configuration
from warning_dispatch.engine.reading import read_facts
from warning_dispatch.errors import Finding, FindingsError, RefusedError
from warning_dispatch.ingest import read_message
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.model.unit import CODE_LENGTH
from warning_dispatch.routing.areas import level_of, trim
from warning_dispatch.routing.triggers import chosen_by_hand, match
from warning_dispatch.tomlfiles import both

PADDED = 12
"""Digits of a division code in a message."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the officer says. `areas`: division codes with their names; `issuer`: 14 digits."""

    hazard: Hazard
    colour: Colour
    areas: Sequence[tuple[str, str]]
    headline: str
    description: str
    instruction: str
    issuer: str
    issuer_name: str
    actor: str
    reason: str


def usual_headline(issuer_name: str, hazard: Hazard, colour: Colour) -> str:
    """The headline of a warning nobody worded."""
    return f"{issuer_name}发布{hazard.name}{colour.chinese}色预警信号"


def plan_by_hand(order: Order, now: int, chains: Sequence[CallChain]) -> CallChain | None:
    """By which plan the warning would call; None when no plan would."""
    issuer = level_of(trim(order.issuer[:6]))
    if issuer is None:
        return None
    found = match(read_message(compose(order, now))[0].alert, order.hazard.key, order.colour, issuer, chains)
    return chosen_by_hand(found, order.colour, issuer, chains).chain


def compose(order: Order, now: int) -> bytes:
    """The message, issued at `now` (ms). Status Actual: this calls real people."""
    root = etree.Element("alert")
    _add(
        root,
        identifier=f"{order.issuer}_{beijing_text(now, '%Y%m%d%H%M%S')}",
        sender=order.issuer_name,
        senderCode=order.issuer,
        sendTime=_moment(now),
        status="Actual",
        msgType="Alert",
        scope="Public",
        secClassification="None",
        note=f"人工发起 / begun by hand: {order.actor}: {order.reason}",
        references="",
    )
    info = etree.SubElement(root, "info")
    _add(
        info,
        language="zh-CN",
        eventType=order.hazard.codes[0] if order.hazard.codes else "",
        urgency="Unknown",
        severity=order.colour.key.capitalize(),
        certainty="Unknown",
        effective=_moment(now),
        onset="",
        expires="",
        senderName=order.issuer_name,
        headline=order.headline,
        description=order.description or order.headline,
        instruction=order.instruction,
    )
    for code, name in order.areas:
        _add(etree.SubElement(info, "area"), areaDesc=name, geocode=code.ljust(PADDED, "0"))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def require_meaning(raw: bytes, order: Order, configuration: Configuration, within: str) -> None:
    """RefusedError when the words of the headline would make another warning of it than was asked for."""
    facts = read_facts(read_message(raw)[0].alert, within)
    hazard, _ = configuration.hazards.find(facts.event_code, facts.event_name, facts.headline)
    if hazard == order.hazard and facts.colour is order.colour:
        return
    understood = f"{hazard.name if hazard else '?'}{facts.colour.chinese if facts.colour else '?'}"
    asked = f"{order.hazard.name}{order.colour.chinese}"
    what = both(
        f"标题会被读成{understood},与{asked}不符",
        f"the headline would be read as {understood}, not {asked}",
    )
    raise RefusedError(f"--headline: {what} → {usual_headline(order.issuer_name, order.hazard, order.colour)}")


def named_areas(codes: Sequence[str], names: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The areas with their names from the register. FindingsError names every code that is none."""
    findings = []
    areas = []
    for code in codes:
        short = trim(code) if code.isascii() and code.isdigit() else ""
        if len(short) not in CODE_LENGTH.values() or short not in names:
            what = both(f"名册里没有区划 {code}", f"the register has no division {code}")
            findings.append(Finding("--area", what, both("编码见 divisions.csv", "codes are in divisions.csv")))
        else:
            areas.append((short, names[short]))
    if findings:
        raise FindingsError(findings)
    return tuple(dict.fromkeys(areas))


def _moment(now: int) -> str:
    """The time as the 12379 profile writes it."""
    return iso_text(now).replace("T", " ")


def _add(parent: etree._Element, **leaves: str) -> None:
    for name, text in leaves.items():
        etree.SubElement(parent, name).text = text or None
