"""OASIS CAP 1.2 in the forms that senders really write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.errors import UnreadableAlertError
from warning_dispatch.ingest import read_message
from warning_dispatch.model.alert import ReadAlert
from warning_dispatch.model.colour import Colour

Sample = Callable[..., bytes]
CITY = "cap12-red-rain-city"
COLOUR_PARAMETER = """<parameter>
      <valueName>ColorCode</valueName>
      <value>Red</value>
    </parameter>"""
REFERENCE = "<scope>Public</scope>\n  <references>{}</references>"


def read(raw: bytes) -> ReadAlert:
    """The one alert of a message."""
    (only,) = read_message(raw)
    return only


def codes(found: ReadAlert) -> set[str]:
    """The codes of what is odd."""
    return {problem.code for problem in found.problems}


def colours(found: ReadAlert) -> list[Colour | None]:
    """The colour of each info."""
    return [info.colour for info in found.alert.infos]


def test_any_prefix(sample: Sample) -> None:
    """A prefix on every element changes nothing."""
    text = sample(CITY).decode().replace("<alert xmlns=", "<alert xmlns:q=")
    declaration, _, body = text.partition("-->")
    prefixed = body.replace("</", "\0").replace("<", "<q:").replace("\0", "</q:")
    assert read((declaration + "-->" + prefixed).encode()) == read(sample(CITY))


def test_foreign_element_never_poses_as_ours(sample: Sample) -> None:
    """An extension in another namespace with our names is not read."""
    foreign = '<x:status xmlns:x="urn:x">Test</x:status><status>Actual</status>'
    assert read(sample(CITY, ("<status>Actual</status>", foreign))) == read(sample(CITY))


def test_missing_head_is_told_at_once(sample: Sample) -> None:
    """Identifier, sender and sent are all named when all are missing."""
    raw = sample(
        CITY,
        ("<identifier>14110041600000_20260722220611</identifier>", "<identifier/>"),
        ("<sender>吕梁市气象台</sender>", ""),
        ("<sent>2026-07-22T22:06:11+08:00</sent>", "<sent>?</sent>"),
    )
    with pytest.raises(UnreadableAlertError) as caught:
        read_message(raw)
    assert [finding.where for finding in caught.value.findings] == ["/alert/identifier", "/alert/sender", "/alert/sent"]


@pytest.mark.parametrize(
    ("severity", "colour"),
    [
        ("Extreme", Colour.RED),
        ("Severe", Colour.ORANGE),
        ("Moderate", Colour.YELLOW),
        ("Minor", Colour.BLUE),
        ("Unknown", None),
    ],
)
def test_severity_alone(sample: Sample, severity: str, colour: Colour | None) -> None:
    """Without colour words the severity tells the colour."""
    raw = sample(CITY, (COLOUR_PARAMETER, ""), (">Extreme<", f">{severity}<"), ("红色预警信号[Ⅰ级/特别严重]", "预警"))
    found = read(raw)
    assert colours(found) == [colour, colour]
    assert ("colour-unknown" in codes(found)) == (colour is None)


def test_parameter_alone(sample: Sample) -> None:
    """A colour parameter tells the colour when nothing else does."""
    raw = sample(CITY, (">Extreme<", ">Unknown<"), ("红色预警信号[Ⅰ级/特别严重]", "预警"), (">Red<", ">橙色<"))
    assert colours(read(raw)) == [Colour.ORANGE, Colour.ORANGE]


def test_awareness_level(sample: Sample) -> None:
    """The European awareness level holds a colour word."""
    level = "<parameter><valueName>awareness_level</valueName><value>3; orange; Severe</value></parameter>"
    raw = sample(CITY, (COLOUR_PARAMETER, level), (">Extreme<", ">Severe<"), ("红色预警信号[Ⅰ级/特别严重]", "预警"))
    assert colours(read(raw)) == [Colour.ORANGE, Colour.ORANGE]
    assert codes(read(raw)) == set()


def test_disagreement_counts_the_higher(sample: Sample) -> None:
    """A lower severity never takes a red back; the disagreement is noted once per info."""
    found = read(sample(CITY, (">Extreme<", ">Minor<")))
    assert colours(found) == [Colour.RED, Colour.RED]
    assert [(problem.code, problem.path) for problem in found.problems] == [
        ("colour-conflict", "/alert/info[1]/severity"),
        ("colour-conflict", "/alert/info[2]/severity"),
    ]
    assert not any(problem.essential for problem in found.problems)


def test_unreadable_colour_parameter_is_noted(sample: Sample) -> None:
    """A colour parameter that cannot be read is noted, and the rest tells the colour."""
    found = read(sample(CITY, (">Red<", ">#FF0000<")))
    assert colours(found) == [Colour.RED, Colour.RED]
    assert codes(found) == {"colour-word-unknown"}


@pytest.mark.parametrize("value_name", ["CPEAS Geographic Code", "whatever", ""])
def test_geocode_whatever_its_name(sample: Sample, value_name: str) -> None:
    """Digits are a division code whatever the sender calls them."""
    found = read(sample(CITY, ("CPEAS Geographic Code", value_name)))
    assert found.alert.infos[0].areas[0].geocodes == ("141100000000",)


@pytest.mark.parametrize("value", ["IT003", "12345", "123456789012345"])
def test_other_geocodes_are_left_out(sample: Sample, value: str) -> None:
    """Codes of other schemes are noted; no division code at all needs a human."""
    found = read(sample(CITY, ("<value>141100000000<", f"<value>{value}<")))
    assert found.alert.infos[0].areas[0].geocodes == ()
    assert codes(found) == {"area-code-ignored", "area-without-code", "area-missing"}


@pytest.mark.parametrize(
    ("written", "references", "noted"),
    [
        ("a@b.example,ID1,2026-07-22T18:38:00+08:00", ("ID1",), set()),
        (
            "a@b.example,ID1,2026-07-22T18:38:00+08:00\n  c@d.example,ID2,2026-07-22T19:00:00+08:00",
            ("ID1", "ID2"),
            set(),
        ),
        ("14110041600000_20260722184007", ("14110041600000_20260722184007",), {"references-form"}),
        (
            "吕梁市气象台,14110041600000_20260722184007,2026-07-22 18:38:00+08:00",
            ("14110041600000_20260722184007",),
            {"references-form"},
        ),
    ],
)
def test_references(sample: Sample, written: str, references: tuple[str, ...], noted: set[str]) -> None:
    """Triples become bare identifiers; their times are not believed."""
    found = read(sample(CITY, ("<scope>Public</scope>", REFERENCE.format(written))))
    assert found.alert.references == references
    assert codes(found) == noted


@pytest.mark.parametrize(
    ("written", "noted"),
    [
        ("2026-07-22T22:06:11+08:00", set()),
        ("2026-07-22T14:06:11Z", {"time-form"}),
        ("2026-07-22T22:06:11.000+08:00", {"time-form"}),
        ("2026-07-22 22:06:11+0800", {"time-form"}),
        ("2026-07-22T14:06:11-00:00", set()),
        ("2026-07-22T22:06:11", {"time-zone-assumed"}),
        ("2026/07/22 22:06:11", {"time-zone-assumed"}),
    ],
)
def test_time_of_sending(sample: Sample, written: str, noted: set[str]) -> None:
    """Every way of writing one instant is that instant."""
    found = read(sample(CITY, ("<sent>2026-07-22T22:06:11+08:00", f"<sent>{written}")))
    assert found.alert.sent == read(sample(CITY)).alert.sent
    assert codes(found) == noted


def test_missing_language_is_told_by_the_headline(sample: Sample) -> None:
    """The standard's default is wrong for a Chinese headline."""
    found = read(sample(CITY, ("<language>zh-CN</language>", ""), ("<language>en-US</language>", "")))
    assert [info.language for info in found.alert.infos] == ["en-US", "zh-CN"]
    assert codes(found) == {"language-missing"}


def test_event_without_its_colour(sample: Sample) -> None:
    """A colour that a sender wrote behind the event is no part of its name; the headline fills a gap."""
    assert read(sample(CITY, ("<event>暴雨<", "<event>暴雨红色预警<"))).alert.infos[1].event_name == "暴雨"
    assert read(sample(CITY, ("<event>暴雨</event>", ""))).alert.infos[1].event_name == "暴雨"


def test_all_clear_without_a_cancel_lifts(sample: Sample) -> None:
    """AllClear lifts under any type, Past in an Update; in an Alert Past is when an earthquake was."""
    clear = read(sample(CITY, ("<urgency>Immediate", "<responseType>AllClear</responseType><urgency>Immediate")))
    past = sample(CITY, (">Immediate<", ">Past<"))
    assert codes(clear) == {"lifted-without-cancel"}
    assert "lifted-without-cancel" in codes(read(past.replace(b">Alert<", b">Update<")))
    assert codes(read(past)) == set()


def test_identifier_with_forbidden_characters_is_noted(sample: Sample) -> None:
    """What could break a reference is noted."""
    assert "identifier-form" in codes(read(sample(CITY, ("<identifier>1411", "<identifier>a,b 1411"))))
