"""What is passed on is CAP 1.2 in the shape of its schema, means what came in, and names nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from warning_dispatch.engine.outward import wants
from warning_dispatch.engine.storage_sources import Referred
from warning_dispatch.ingest import read_message
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, AlertStatus, Circle, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import OutletRule
from warning_dispatch.outward.cap import cap_of

SAMPLES = sorted((Path(__file__).resolve().parents[3] / "config" / "samples").glob("*.xml"))
RAIN = {"zh_CN": "暴雨", "en": "Rainstorm"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
WORDS = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Met"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
TIMES = {"sent", "effective", "onset", "expires"}
PAIRS = {"eventCode", "parameter", "geocode"}
# name, least, most; in the order in which the schema wants them
MANY = 10_000
ALERT = (
    ("identifier", 1, 1),
    ("sender", 1, 1),
    ("sent", 1, 1),
    ("status", 1, 1),
    ("msgType", 1, 1),
    ("source", 0, 1),
    ("scope", 1, 1),
    ("restriction", 0, 1),
    ("addresses", 0, 1),
    ("code", 0, MANY),
    ("note", 0, 1),
    ("references", 0, 1),
    ("incidents", 0, 1),
    ("info", 0, MANY),
)
INFO = (
    ("language", 0, 1),
    ("category", 1, MANY),
    ("event", 1, 1),
    ("responseType", 0, MANY),
    ("urgency", 1, 1),
    ("severity", 1, 1),
    ("certainty", 1, 1),
    ("audience", 0, 1),
    ("eventCode", 0, MANY),
    ("effective", 0, 1),
    ("onset", 0, 1),
    ("expires", 0, 1),
    ("senderName", 0, 1),
    ("headline", 0, 1),
    ("description", 0, 1),
    ("instruction", 0, 1),
    ("web", 0, 1),
    ("contact", 0, 1),
    ("parameter", 0, MANY),
    ("resource", 0, MANY),
    ("area", 0, MANY),
)
AREA = (("areaDesc", 1, 1), ("polygon", 0, MANY), ("circle", 0, MANY), ("geocode", 0, MANY), ("altitude", 0, 1))
PAIR = (("valueName", 1, 1), ("value", 1, 1))


def faults(root: etree._Element, shape: Sequence[tuple[str, int, int]] = ALERT) -> list[str]:
    """What the schema of CAP 1.2 would not have: names, order, how many, words of closed lists, forms of times."""
    found = [f"{one.tag}" for one in root if not str(one.tag).startswith("{urn:oasis:names:tc:emergency:cap:1.2}")]
    names = [etree.QName(one).localname for one in root]
    order = [name for name, _, _ in shape]
    found += [f"unknown {name}" for name in names if name not in order]
    places = [order.index(name) for name in names if name in order]
    found += [f"order {names}"] if places != sorted(places) else []
    found += [f"{name} × {names.count(name)}" for name, least, most in shape if not least <= names.count(name) <= most]
    for one, name in zip(root, names, strict=True):
        if name in ("info", "area") or name in PAIRS:
            found += faults(one, {"info": INFO, "area": AREA}.get(name, PAIR))
            continue
        text = one.text or ""
        found += [f"{name}={text}"] if name in WORDS and text not in WORDS[name] else []
        found += [f"{name}={text}"] if name in TIMES and not TIME.fullmatch(text) else []
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_whatever_came_in_goes_out_in_the_shape_of_the_schema(path: Path) -> None:
    """Both dialects; and our own reader finds the same colour, areas, code and kind of message in it."""
    (read,) = read_message(path.read_bytes())
    text = cap_of(read.alert, RAIN, Colour.RED)
    assert faults(etree.fromstring(text)) == []
    (again,) = read_message(text.encode())
    before, after = read.alert, again.alert
    assert (after.identifier, after.sent, after.msg_type) == (before.identifier, before.sent, before.msg_type)
    assert after.sender_code == before.sender_code
    assert [info.colour for info in after.infos] == [info.colour for info in before.infos]
    assert [info.event_code for info in after.infos] == [info.event_code for info in before.infos]
    assert [[area.geocodes for area in info.areas] for info in after.infos] == [
        [area.geocodes for area in info.areas] for info in before.infos
    ]
    assert not [problem for problem in again.problems if problem.essential]


def test_where_it_is_and_how_sure_goes_along() -> None:
    """Shapes latitude first, radii in kilometres, codes that were found; words of CAP's lists, and nothing else."""
    ring = ((111.1, 37.5), (111.2, 37.5), (111.2, 37.6), (111.1, 37.5))
    area = AlertArea("x", polygons=(ring, ring[:3]), circles=(Circle(111.0, 37.25, 1_500.0),), resolved=("141124",))
    one = info(areas=(area,), urgency="immediate", certainty="Very Likely")
    text = cap_of(alert(sent=1_784_716_800_000, infos=(one, info(urgency="soon", lifts=True))), RAIN, Colour.RED)
    root = etree.fromstring(text)
    assert faults(root) == []
    (first, second) = root.findall("{*}info")
    assert (
        first.findtext("{*}area/{*}polygon")
        == "37.50000,111.10000 37.50000,111.20000 37.60000,111.20000 37.50000,111.10000"
    )
    assert len(first.findall("{*}area/{*}polygon")) == 1  # an open one is a line
    assert first.findtext("{*}area/{*}circle") == "37.25000,111.00000 1.5"
    assert first.findtext("{*}area/{*}geocode/{*}value") == "141124"
    assert (first.findtext("{*}urgency"), first.findtext("{*}certainty")) == ("Immediate", "Likely")
    assert (second.findtext("{*}urgency"), second.findtext("{*}responseType")) == ("Unknown", "AllClear")
    (again,) = read_message(text.encode())
    assert again.alert.infos[0].areas[0].polygons == (ring,)
    assert again.alert.infos[0].areas[0].circles == area.circles
    assert [one.lifts for one in again.alert.infos] == [False, True]


def test_each_event_of_a_message_is_a_warning_of_its_own() -> None:
    """Two warnings under one name would be taken for a repeat; references lead to the same event."""
    known = [Referred("i", "s", 0), Referred("i", "s", 0, "rainstorm/3")]
    names = []
    for part, one in (("", known[0]), ("rainstorm/3", known[1])):
        root = etree.fromstring(cap_of(alert(part=part), RAIN, Colour.RED, [one]))
        names.append((root.findtext("{*}identifier"), (root.findtext("{*}references") or "").split(",")[1]))
    assert names == [("i", "i"), ("i-rainstorm-3", "i-rainstorm-3")]


def test_nobody_is_named() -> None:
    """12379 names the officer who signed, and numbers in its code block; neither goes out, the agency does."""
    path = next(one for one in SAMPLES if one.name == "12379-red-rain-counties.xml")
    raw = path.read_text(encoding="utf-8").replace("<audenceprt>,<", "<audenceprt>13800000000,<")
    (read,) = read_message(raw.encode())
    text = cap_of(read.alert, RAIN, Colour.RED)
    assert "张某" in raw
    assert "张某" not in text
    assert "13800000000" not in text
    assert etree.fromstring(text).findtext("{*}info/{*}senderName") == "吕梁市气象台"


def test_references_are_the_triples_of_the_standard() -> None:
    """12379 refers by bare identifiers; others want sender, identifier and time, as far as they are known here."""
    path = next(one for one in SAMPLES if one.name == "12379-red-rain-counties.xml")
    (read,) = read_message(path.read_bytes())
    known = [Referred("14110041600000_20260722184007", "14110041600000", 1_784_716_800_000)]
    root = etree.fromstring(cap_of(read.alert, RAIN, Colour.RED, known))
    assert root.findtext("{*}references") == "14110041600000,14110041600000_20260722184007,2026-07-22T18:40:00+08:00"
    assert faults(root) == []


def info(**changes: object) -> AlertInfo:
    """An info block."""
    words = {"language": "zh-CN", "event_code": "11B03", "event_name": "暴雨", "colour": Colour.RED, "severity": "Red"}
    texts = {"headline": "h", "description": "d", "instruction": "i", "sender_name": "某人"}
    rest = {"effective": 1, "onset": None, "expires": 2, "areas": (AlertArea("离石区", ("141102000000",)),)}
    return AlertInfo(**{**words, **texts, **rest, **changes})


def alert(**changes: object) -> Alert:
    """An alert."""
    facts = {
        "dialect": "12379",
        "identifier": "i",
        "sender": "吕梁市气象台",
        "sender_code": "14110041600000",
        "sent": 1,
    }
    kind = {
        "status": AlertStatus.ACTUAL,
        "msg_type": MsgType.ALERT,
        "scope": "Public",
        "classification": "",
        "note": "",
    }
    return Alert(**{**facts, **kind, "references": (), "infos": (info(),), **changes})


@given(
    st.builds(
        alert,
        identifier=st.text(min_size=1),
        sender=st.text(),
        infos=st.lists(
            st.builds(
                info,
                language=st.text(),
                event_name=st.text(),
                event_code=st.text(),
                headline=st.text(),
                description=st.text(),
                colour=st.sampled_from([None, *Colour]),
                expires=st.one_of(st.none(), st.integers(0, 4_000_000_000_000)),
                areas=st.lists(st.builds(AlertArea, st.text(), st.tuples(st.text()))).map(tuple),
            )
        ).map(tuple),
    )
)
def test_no_text_breaks_the_document(one: Alert) -> None:
    """Control characters, marks, quotes, anything: what goes out is well-formed and in the schema's shape."""
    assert faults(etree.fromstring(cap_of(one, RAIN, None))) == []


def test_what_is_inner_or_restricted_does_not_leave() -> None:
    """Inner messages and those for named addressees stay; what a 12379 message leaves out is public."""
    assert alert().public
    assert alert(scope="", classification="None").public
    assert not alert(scope="", dialect="cap-1.2").public
    assert not alert(classification="Inner").public
    assert not alert(classification="机密").public
    assert not alert(scope="Restricted").public
    assert not alert(scope=" private ").public


def test_an_outlet_gets_what_it_asked_for() -> None:
    """By colour and area; what cannot be told is posted rather than kept back."""
    orange_in_linxian = OutletRule("radio", Colour.ORANGE, ("141124",))
    assert wants(orange_in_linxian, Colour.RED, {"141124100"})
    assert wants(orange_in_linxian, Colour.ORANGE, {"1411"})
    assert not wants(orange_in_linxian, Colour.YELLOW, {"141124"})
    assert not wants(orange_in_linxian, Colour.RED, {"141121"})
    assert wants(orange_in_linxian, None, set())
    assert wants(OutletRule("tv"), Colour.BLUE, {"14"})
