"""Odd and hostile messages, one test for each kind that the field has met. Numbers are those of docs/hostile-input.md."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

import pytest

from warning_dispatch.clock import stopwatch
from warning_dispatch.ingest import read_parts
from warning_dispatch.ingest.peek import peek_colour
from warning_dispatch.ingest.stream import DocumentStream
from warning_dispatch.model.alert import AlertStatus, Circle, MsgType, ReadAlert
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.source_rules import USUAL, ColourPlace, RadiusUnit, SourceRules

Sample = Callable[..., bytes]
CN, CAP = "12379-red-rain-city", "cap12-red-rain-city"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
ID = "14110041600000_20260722220506"
MENDS = SourceRules(mends=True)


def only(raw: bytes, rules: SourceRules = USUAL) -> ReadAlert:
    """The one alert of a message of which nothing is unreadable."""
    message = read_parts(raw, rules)
    assert message.unread == (), message.unread
    (found,) = message.alerts
    return found


def refused(raw: bytes, rules: SourceRules = USUAL) -> str:
    """Why nothing could be read; Chinese first, and with something to do."""
    message = read_parts(raw, rules)
    assert message.alerts == ()
    findings = [finding for part in message.unread for finding in part.findings]
    assert findings
    assert all(finding.what[0] > "\u2e80" or " / " in finding.what for finding in findings)
    assert all(finding.remedy for finding in findings)
    return " ".join(str(finding) for finding in findings)


def codes(found: ReadAlert) -> set[str]:
    """What is odd."""
    return {problem.code for problem in found.problems}


def essentials(found: ReadAlert) -> set[str]:
    """What keeps it from calling by itself."""
    return {problem.code for problem in found.problems if problem.essential}


def bare(raw: bytes) -> bytes:
    """A document without its declaration and what stands before the root."""
    return raw[raw.index(b"<alert") :]


def test_row_01_doctype(sample: Sample) -> None:
    """A DOCTYPE anywhere is refused before a value is read, with or without entities, in a wrapped alert too."""
    for doctype in ("<!DOCTYPE alert>", '<!DOCTYPE alert [<!ENTITY a "x">]>'):
        assert "DOCTYPE" in refused(sample(CN, (DECLARATION, DECLARATION + doctype)))
        assert "DOCTYPE" in refused(sample(CN, (DECLARATION, DECLARATION + doctype)), MENDS)
    inside = sample(CN).decode().replace(DECLARATION, "<!DOCTYPE alert>").replace("&", "&amp;").replace("<", "&lt;")
    assert "DOCTYPE" in refused(
        f"<rss><channel><item><description>{inside}</description></item></channel></rss>".encode()
    )


def test_row_02_bombs(sample: Sample) -> None:
    """Entities that multiply, 300 levels, a node of 10 MB, 200 000 attributes: quickly, in bounded memory, without a trace."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bombs = [
        f'<!DOCTYPE alert [<!ENTITY e0 "ha">{levels}]><alert><identifier>&e11;</identifier></alert>'.encode(),
        b"<alert>" + b"<a>" * 300 + b"</a>" * 300 + b"</alert>",
        b"<alert><note>" + b"x" * 11_000_000 + b"</note></alert>",
        b"<alert " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>",
        b"<alert>" + b"<a/>" * 100_000 + b"</alert>",
    ]
    tracemalloc.start()
    started = stopwatch()
    for bomb in bombs:
        refused(bomb)
    assert stopwatch() - started < 10
    assert tracemalloc.get_traced_memory()[1] < 200 * 1024 * 1024
    tracemalloc.stop()
    assert codes(only(sample(CN))) == set()


@pytest.mark.parametrize(
    "many",
    [
        b"<a></a>" * 300_000 + b"<?xml version='1.0'?><a></a>",
        b"<alerts>" + b"<alert/>" * 49_000 + b"</alerts>",
        b"<alerts>" + b"<x/>" * 40_000 + b"<alert/>" * 9_000 + b"</alerts>",
        b"<feed>" + b"<d>&lt;alert&gt;</d>" * 49_000 + b"</feed>",
    ],
    ids=["a row of documents", "an envelope of alerts", "alerts behind many others", "an envelope of texts"],
)
def test_row_02_very_many_small_ones(many: bytes) -> None:
    """Some hundred thousand documents, alerts, or alerts as text: the first thousand are looked at, and it is said."""
    started = stopwatch()
    message = read_parts(many)
    assert stopwatch() - started < 8
    assert len(message.unread) == 1_001
    assert "1000" in str(message.unread[-1].findings)


def test_row_02_where_one_of_many_stands() -> None:
    """An alert is numbered among its likes; behind a thousand others it is said that there are more."""
    paths = [part.where for part in read_parts(b"<alerts>" + b"<alert/><x/>" * 600 + b"</alerts>").unread]
    assert paths[:2] == ["/alerts/alert[1]", "/alerts/alert[2]"]
    assert paths[499] == "/alerts/alert[500]"
    assert paths[599] == "/alerts/alert[501+]"


def test_row_03_too_large_or_packed(sample: Sample) -> None:
    """More bytes than the limit are refused unread, and what is packed is never unpacked."""
    assert "上限" in refused(sample(CN, ("<note/>", f"<note>{'x' * 9_000_000}</note>")))
    assert "压缩" in refused(gzip.compress(b"\0" * 10_000_000))


@pytest.mark.parametrize("label", ["GB18030", "GBK", "UTF-16", "UTF-8"])
def test_row_04_encodings(sample: Sample, label: str) -> None:
    """What is declared is read; a mark is nothing odd."""
    raw = sample(CN).decode().replace('"UTF-8"', f'"{label}"').encode(label)
    assert only(raw).alert == only(sample(CN)).alert
    assert only(b"\xef\xbb\xbf" + sample(CN)).problems == ()


def test_row_04_mislabelled(sample: Sample) -> None:
    """Bytes that contradict their declaration are read in the encoding that the source is known for, once; else refused."""
    raw = sample(CN).decode().encode("gb18030")
    assert "编码" in refused(raw)
    known = only(raw, SourceRules(encoding="GB18030"))
    assert codes(known) == {"encoding-overridden"}
    assert known.alert == only(sample(CN)).alert
    assert "编码" in refused(raw, SourceRules(encoding="UTF-8"))


@pytest.mark.parametrize("before", [b"\n", b"\r\n\r\n \t", b"\xef\xbb\xbf\n"])
def test_row_05_blank_before_the_declaration(sample: Sample, before: bytes) -> None:
    """Stripped, and noted."""
    assert codes(only(before + sample(CN))) == {"leading-blank"}


def test_row_06_bare_markup(sample: Sample) -> None:
    """From an unknown source refused; from one that is known to break its markup mended, noted, and never without a human."""
    raw = sample(CN, ("我市大部分", "A&B 1 < 2 我市大部分"))
    assert "&" in refused(raw)
    mended = only(raw, MENDS)
    assert essentials(mended) == {"markup-mended"}
    assert "A&B 1 < 2" in mended.alert.infos[0].description
    assert mended.alert.identifier == ID
    assert "截断" in refused(raw[:900], MENDS)


def test_row_07_namespaces(sample: Sample) -> None:
    """An illegal declaration of a known producer is taken out; no namespace is read by its shape; an unknown version is refused."""
    illegal = sample(CN, ("<alert>", '<alert xmlns:xmlns="http://x">'))
    refused(illegal)
    assert codes(only(illegal, MENDS)) == {"namespace-mended"}
    assert only(sample(CN, ("<alert>", '<alert xmlns="http://com.icss.amp">'))).problems == ()
    none = only(sample(CAP, (' xmlns="urn:oasis:names:tc:emergency:cap:1.2"', "")))
    assert codes(none) == {"namespace-missing"}
    assert "cap:1.9" in refused(sample(CAP, ("cap:1.2", "cap:1.9")))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_row_08_older_versions(sample: Sample, version: str) -> None:
    """Each is its own dialect; 1.0 has its named values as one text and its references without a time."""
    if version == "1.1":
        raw = sample(CAP, ("cap:1.2", "cap:1.1"))
    else:
        raw = sample(
            CAP,
            ("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0"),
            ("<status>", "<password>secret</password><status>"),
            ("<scope>Public</scope>", "<scope>Public</scope><references>吕梁市气象台/14110041600000_1</references>"),
            ("<valueName>ColorCode</valueName>\n      <value>Red</value>", "ColorCode=Red"),
            ("<valueName>CPEAS Geographic Code</valueName>\n        <value>141100000000</value>", "CPEAS=141100000000"),
        )
    found = only(raw)
    assert found.alert.dialect == f"cap-{version}"
    assert [info.colour for info in found.alert.infos] == [Colour.RED, Colour.RED]
    assert found.alert.infos[0].areas[0].geocodes == ("141100000000",)
    assert found.alert.references == (("14110041600000_1",) if version == "1.0" else ())
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    "envelope",
    [
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="text/xml">{}</content></entry>{}</feed>',
        "<rss><channel><item><description>x</description>{}</item><item>{}</item></channel></rss>",
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><a>{}</a>{}</EDXLDistribution>',
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}{}</s:Body></s:Envelope>',
        "<alerts>{}{}</alerts>",
    ],
)
def test_row_09_envelopes(sample: Sample, envelope: str) -> None:
    """Several alerts in whatever carries them, each by itself: one that is broken loses none of the others."""
    broken = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x</identifier></alert>'
    message = read_parts(envelope.format(bare(sample(CAP)).decode(), broken).encode())
    assert [one.alert.identifier for one in message.alerts] == ["14110041600000_20260722220611"]
    assert len(message.unread) == 1
    assert "sender" in str(message.unread[0].findings)
    assert "目录" in refused(b"<feed><entry><title>a red warning</title></entry></feed>")


def test_row_09_escaped_in_a_feed(sample: Sample) -> None:
    """An alert that a feed carries as text is read like any other."""
    text = sample(CAP).decode().replace("&", "&amp;").replace("<", "&lt;")
    found = only(f"<rss><channel><item><description>{text}</description></item></channel></rss>".encode())
    assert "escaped" in codes(found)
    assert found.alert == only(sample(CAP)).alert


def test_row_10_documents_on_a_stream(sample: Sample) -> None:
    """Cut anywhere, between the bytes of a character too, with bytes that only keep the line alive in between."""
    sent = sample(CN) + b"\0\n \n" + sample(CAP) + b"\n"
    for size in (1, 7, 1000):
        stream = DocumentStream()
        found = [one for start in range(0, len(sent), size) for one in stream.feed(sent[start : start + size])]
        assert [only(one).alert.dialect for one in found] == ["12379", "cap-1.2"]
        assert stream.rest() == b""
    message = read_parts(sample(CN) + sample(CAP) + b'<?xml version="1.0"?><alert><a>')
    assert [one.alert.dialect for one in message.alerts] == ["12379", "cap-1.2"]
    assert len(message.unread) == 1


def test_row_11_order_and_extensions(sample: Sample) -> None:
    """Out of order, unknown, foreign, a signature before the infos: read all the same, and reported."""
    foreign = '<x:status xmlns:x="urn:x">Test</x:status><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/><odd/>'
    raw = sample(CAP, ("<scope>Public</scope>", ""), ("<status>", f"<scope>Public</scope>{foreign}<status>"))
    found = only(raw)
    assert codes(found) == {"structure-order", "structure-unknown"}
    assert not essentials(found)
    assert found.alert.status is AlertStatus.ACTUAL


@pytest.mark.parametrize("written", [f"<!-- x -->{ID}", f"{ID[:9]}<?x y?>{ID[9:]}", f"<![CDATA[{ID}]]>"])
def test_row_12_leaves_are_read_whole(sample: Sample, written: str) -> None:
    """No comment, instruction or CDATA cuts an identifier short."""
    assert only(sample(CN, (ID, written))).alert.identifier == ID


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-07-22T14:03:00Z", "time-form"),
        ("2026-07-22T22:03:00.123+08:00", "time-form"),
        ("2026-07-22T22:03:00", "time-zone-assumed"),
        ("2026-07-22 24:00:00+08:00", "time-form"),
        ("2026-07-22 22:03:60+08:00", "time-form"),
        ("2026-07-22 22:03:00null+08:00", "time-form"),
    ],
)
def test_row_13_times(sample: Sample, written: str, code: str) -> None:
    """Whatever can be understood is, and noted."""
    assert codes(only(sample(CN, ("2026-07-22 22:03:00+08:00", written)))) == {code}


@pytest.mark.parametrize("written", ["", "+08:00", "null+08:00", "0001-01-01 00:00:00+08:00", "soon"])
def test_row_13_unusable_time_of_sending(sample: Sample, written: str) -> None:
    """Without a time of sending there is no identity."""
    assert "发布时间" in refused(sample(CN, ("2026-07-22 22:03:00+08:00", written)))


def test_row_13_zone_of_the_source(sample: Sample) -> None:
    """A time without a zone is in the source's own."""
    raw = sample(CAP, ("<sent>2026-07-22T22:06:11+08:00", "<sent>2026-07-22T14:06:11"))
    assert only(raw, SourceRules(zone=UTC)).alert.sent == only(sample(CAP)).alert.sent


@pytest.mark.parametrize(
    ("expires", "code"),
    [("2026-07-22T20:00:00+08:00", "expires-before-sent"), ("2026-08-22T20:00:00+08:00", "expires-far")],
)
def test_row_15_ends_that_cannot_be(sample: Sample, expires: str, code: str) -> None:
    """Before the message, or weeks ahead: noted; whether it dials is judged by the clock."""
    assert code in codes(only(sample(CAP, ("2026-07-23T22:06:11+08:00", expires))))


def test_row_17_references(sample: Sample) -> None:
    """Bare, as triples, forty of them, to itself: identifiers, each once, and it ends."""
    many = " ".join(f"s,id{n},2026-07-22T22:06:11+08:00" for n in range(40))
    found = only(sample(CAP, ("<scope>Public</scope>", f"<scope>Public</scope><references>{many}</references>")))
    assert len(found.alert.references) == 40
    own = only(sample(CN, ("<references/>", f"<references>{ID}</references>")))
    assert "references-self" in codes(own)


def test_row_18_cancel_with_a_red_info(sample: Sample) -> None:
    """A Cancel may repeat the whole red text: it is a Cancel."""
    assert only(sample(CN, (">Alert<", ">Cancel<"))).alert.msg_type is MsgType.CANCEL


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<urgency>Immediate", "<responseType>AllClear</responseType><urgency>Immediate"),
        ("<urgency>Immediate", "<urgency>Past"),
    ],
)
def test_row_19_all_clear_without_cancel(sample: Sample, old: str, new: str) -> None:
    """AllClear, Past, 解除: the end, whatever the type; and the opposite is noted."""
    found = only(sample(CAP, (old, new), ("<msgType>Alert", "<msgType>Update")))
    assert "lifted-without-cancel" in codes(found)
    assert all(info.lifts for info in found.alert.infos)
    contrary = only(sample(CAP, ("<certainty>Likely", "<certainty>Observed"), ("<msgType>Alert", "<msgType>Cancel")))
    assert "cancel-contradicts" in codes(contrary)


@pytest.mark.parametrize("kind", ["Ack", "Error"])
def test_row_20_acks_and_errors(sample: Sample, kind: str) -> None:
    """They are what they say."""
    assert only(sample(CAP, ("<msgType>Alert", f"<msgType>{kind}"))).alert.msg_type.value == kind


@pytest.mark.parametrize(
    ("written", "status", "essential"),
    [
        ("Test", AlertStatus.TEST, False),
        (" actual ", AlertStatus.ACTUAL, False),
        ("EXERCISE", AlertStatus.EXERCISE, False),
        ("System", AlertStatus.SYSTEM, False),
        ("Draft", AlertStatus.DRAFT, False),
        ("Live", AlertStatus.UNKNOWN, True),
        ("", AlertStatus.UNKNOWN, True),
    ],
)
def test_row_21_status(sample: Sample, written: str, status: AlertStatus, *, essential: bool) -> None:
    """Whatever the case and the blanks; an unknown one is never taken for Actual."""
    found = only(sample(CN, ("<status>Actual", f"<status>{written}")))
    assert found.alert.status is status
    assert ("status-unknown" in essentials(found)) is essential


def test_row_22_no_info(sample: Sample) -> None:
    """Legal for a Cancel, noted for an Alert."""
    head = sample(CAP).decode().partition("<info>")[0]
    assert "info-missing" in codes(only((head + "</alert>").encode()))
    cancel = only((head.replace(">Alert<", ">Cancel<") + "</alert>").encode())
    assert "info-missing" not in codes(cancel)


def test_row_23_languages(sample: Sample) -> None:
    """Every info is kept; a missing language is what the headline is written in."""
    found = only(sample(CAP, ("<language>zh-CN</language>", "")))
    assert [info.language for info in found.alert.infos] == ["en-US", "zh-CN"]


@pytest.mark.parametrize(
    ("severity", "colour"),
    [("RED", Colour.RED), ("红色", Colour.RED), ("Blue", Colour.RED), ("", Colour.RED), ("Unknown", Colour.RED)],
)
def test_row_24_colours(sample: Sample, severity: str, colour: Colour) -> None:
    """A colour word in any form; where places disagree the higher counts, and that is noted."""
    found = only(sample(CN, ("<severity>Red", f"<severity>{severity}")))
    assert found.alert.infos[0].colour is colour
    assert ("colour-conflict" in codes(found)) == (severity == "Blue")


def test_row_24_order_of_precedence(sample: Sample) -> None:
    """Places that a source's rules leave out are not asked; MeteoAlarm's level is."""
    raw = sample(
        CAP, (">Extreme<", ">Minor<"), ("ColorCode", "awareness_level"), ("<value>Red<", "<value>3; orange; Severe<")
    )
    assert {info.colour for info in only(raw).alert.infos} == {Colour.RED, Colour.ORANGE}
    asked = SourceRules(colours=(ColourPlace.AWARENESS, ColourPlace.SEVERITY))
    found = only(raw, asked)
    assert [info.colour for info in found.alert.infos] == [Colour.ORANGE, Colour.ORANGE]
    assert "colour-conflict" in codes(found)


def test_row_25_code_and_title(sample: Sample) -> None:
    """The code for "other" with the hazard only in the title, a level instead of a colour: never a lost red."""
    raw = sample(
        CN,
        ("11B03", "11B99"),
        ("<severity>Red", "<severity>Unknown"),
        ("暴雨红色预警信号[Ⅰ级/特别严重]", "暴雨Ⅰ级预警"),
    )
    info = only(raw).alert.infos[0]
    assert (info.event_code, info.event_name, info.colour) == ("11B99", "暴雨", Colour.RED)


@pytest.mark.parametrize(
    ("text", "points", "code"),
    [
        ("37.1,111.1 37.2,111.1 37.2,111.2 37.1,111.1", 4, ""),
        ("37.1,111.1 37.2,111.1 37.2,111.2", 4, "shape-repaired"),
        ("111.1,37.1 111.1,37.2 111.2,37.2 111.1,37.1", 4, "shape-swapped"),
        ("(37.1,111.1)\n\t(37.2,111.1);(37.2,111.2) (37.1,111.1)", 4, ""),
        ("37.1,111.1 37.2,111.1", 0, "shape-ignored"),
        ("37.1,NaN 37.2,111.1 37.2,111.2 37.1,111.1", 0, "shape-ignored"),
        ("37.1,111.1 37.2", 0, "shape-ignored"),
        ("95,191 96,192 97,193 95,191", 0, "shape-ignored"),
        ("37.1,111.1 " * 11_000, 0, "shape-ignored"),
        ("179.0,10 -179.0,10", 0, "shape-ignored"),
    ],
)
def test_row_26_polygons(sample: Sample, text: str, points: int, code: str) -> None:
    """Mended or left out, and noted; the area keeps its codes."""
    raw = sample(CAP, ("</areaDesc>", f"</areaDesc><polygon>{text}</polygon>"))
    found = only(raw)
    area = found.alert.infos[0].areas[0]
    assert [len(ring) for ring in area.polygons] == ([points] if points else [])
    assert area.geocodes == ("141100000000",)
    assert {one for one in codes(found) if one.startswith("shape")} == ({code} if code else set())
    assert all(110 < longitude < 112 for ring in area.polygons for longitude, _ in ring)


def test_row_26_a_line_in_12379(sample: Sample) -> None:
    """There an unclosed ring is a line, and stays one."""
    raw = sample(CN, ("<polygon/>", "<polygon>111.1,37.1 111.2,37.2</polygon>"))
    ring = only(raw).alert.infos[0].areas[0].polygons
    assert ring == () or ring[0][0] != ring[0][-1]


@pytest.mark.parametrize(
    ("text", "rules", "metres"),
    [
        ("37.5,111.1 5", USUAL, 5_000.0),
        ("37.5,111.1 0", USUAL, 0.0),
        ("37.5,111.1 5km", USUAL, 5_000.0),
        ("111.1,37.5 800", SourceRules(radius=RadiusUnit.METRES), 800.0),
        ("37.5,111.1 99999", USUAL, None),
        ("37.5,111.1 -3", USUAL, None),
        ("37.5 111.1", USUAL, None),
    ],
)
def test_row_27_circles(sample: Sample, text: str, rules: SourceRules, metres: float | None) -> None:
    """Kilometres in CAP, unless the source or the text says otherwise; what is no circle is left out and noted."""
    raw = sample(CAP, ("</areaDesc>", f"</areaDesc><circle>{text}</circle>"))
    circles = only(raw, rules).alert.infos[0].areas[0].circles
    assert circles == (() if metres is None else (Circle(111.1, 37.5, metres),))


def test_row_27_metres_in_12379(sample: Sample) -> None:
    """There a radius is in metres."""
    raw = sample(
        CN,
        ("<areaDesc>吕梁市</areaDesc>", "<areaDesc>a</areaDesc>"),
        ("<circle/>", "<circle>37.5,111.1 5000</circle>"),
        ("141100000000", ""),
    )
    assert only(raw).alert.infos[0].areas[0].circles == (Circle(111.1, 37.5, 5000.0),)


@pytest.mark.parametrize(
    ("geocode", "codes_read"),
    [
        ("141102000000，141128000000", ("141102000000", "141128000000")),
        ("141102000000,141102000000", ("141102000000",)),
        ("14110200000000", ("14110200000000",)),
        ("１４１１０２", ("141102",)),
        ("140000", ("140000",)),
        ("141102 001", ("141102001",)),
    ],
)
def test_row_28_areas(sample: Sample, geocode: str, codes_read: tuple[str, ...]) -> None:
    """Lists with any comma, the same twice, 6 to 14 digits, full-width digits."""
    areas = only(sample(CN, ("141100000000", geocode))).alert.infos[0].areas
    assert tuple(dict.fromkeys(code for area in areas for code in area.geocodes)) == codes_read


def test_row_28_codes_of_other_countries(sample: Sample) -> None:
    """SAME, FIPS or Warncell codes are digits too, and mean other places."""
    found = only(sample(CAP, ("CPEAS Geographic Code", "SAME"), ("141100000000", "141102")))
    assert [area.geocodes for info in found.alert.infos for area in info.areas] == [(), ()]
    assert "area-code-foreign" in codes(found)


def test_row_29_resources(sample: Sample) -> None:
    """An attachment of megabytes, a wrong digest, an address inside our network: never read, never fetched, nowhere kept."""
    resource = (
        "<resource><resourceDesc>x</resourceDesc><mimeType>audio/mpeg</mimeType><size>84k</size>"
        f"<uri>http://127.0.0.1:1/secret</uri><derefUri>{'QUJD' * 1_000_000}</derefUri><digest>0</digest></resource>"
    )
    found = only(sample(CAP, ("<area>", f"{resource}<area>")))
    assert "QUJD" not in str(found)
    assert "127.0.0.1" not in str(found)
    assert found.alert == only(sample(CAP)).alert


def test_row_30_texts(sample: Sample) -> None:
    """Marks that turn or hide text are taken out; markup, emoji and templates stay the plain text that they are."""
    marks = "\u202e\u200b\ufeff"
    text = "&lt;b&gt;红&lt;/b&gt; {{ phone }} 🌧 １３８"
    found = only(sample(CN, ("<instruction>", f"<instruction>{marks}{text}")))
    assert "text-marks" in codes(found)
    assert found.alert.infos[0].instruction.startswith("<b>红</b> {{ phone }} 🌧 １３８")
    long = only(sample(CN, ("<headline>", "<headline>" + "雨" * 20_000)))
    assert long.alert.infos[0].colour is Colour.RED


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b,c", "%s%s%n", "a&lt;b"])
def test_row_31_names_that_are_paths(sample: Sample, name: str) -> None:
    """An identifier is a text and nothing else; it is noted, and one of kilobytes is none."""
    assert "identifier-form" in codes(only(sample(CN, (ID, name))))
    assert "identifier" in refused(sample(CN, (ID, "x" * 4096)))


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"<!DOCTYPE html><html><body>login</body></html>", "网页"),
        (b"<html><body/></html>", "网页"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "目录"),
        (b"<rss><channel/></rss>", "目录"),
        (b"", "空"),
        (b'{"features": []}', "JSON"),
    ],
)
def test_row_33_what_a_feed_says_instead(raw: bytes, word: str) -> None:
    """A login page, an empty list, nothing at all: each is named for what it is, and none is a warning."""
    assert word in refused(raw)


def test_row_35_red_before_the_rest(sample: Sample) -> None:
    """A flood is put in order by a look at its bytes: red first, and what cannot be told before what is known to be low."""
    red, junk = sample(CN), b"junk"
    blue = sample(CN).replace("红色".encode(), "蓝色".encode()).replace(b">Red<", b">Blue<")
    assert peek_colour(sample(CN).decode().replace("UTF-8", "GB18030").encode("gb18030")) is Colour.RED
    assert peek_colour(sample(CAP)) is Colour.RED
    order = sorted([blue, junk, red], key=lambda raw: -(peek_colour(raw) or Colour.ORANGE))
    assert order == [red, junk, blue]
    assert replace(USUAL, name="x").name == "x"
