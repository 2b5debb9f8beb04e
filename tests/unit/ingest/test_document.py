"""Bytes that are hostile, mislabelled or merely clumsy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.errors import UnreadableAlertError
from warning_dispatch.ingest import read_message
from warning_dispatch.ingest.document import MAX_BYTES, MAX_ELEMENTS

Sample = Callable[..., bytes]
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
CITY = "12379-red-rain-city"


def codes(raw: bytes) -> set[str]:
    """The codes of what is odd about a readable message."""
    return {problem.code for problem in read_message(raw)[0].problems}


def refusal(raw: bytes) -> str:
    """The whole text of a refusal."""
    with pytest.raises(UnreadableAlertError) as caught:
        read_message(raw)
    assert all(finding.where and finding.what and finding.remedy for finding in caught.value.findings)
    return str(caught.value)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE alert>",
        '<!DOCTYPE alert SYSTEM "http://127.0.0.1/alert.dtd">',
        '<!DOCTYPE alert [<!ENTITY who SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_doctype_is_refused(sample: Sample, doctype: str) -> None:
    """A DOCTYPE is refused by name, whether or not it defines or fetches anything."""
    assert "DOCTYPE" in refusal(sample(CITY, (DECLARATION, DECLARATION + doctype)))


def test_entity_cannot_empty_an_identifier(sample: Sample) -> None:
    """An entity inside the identifier is a refusal, never an identifier that is silently shorter."""
    doctype = '<!DOCTYPE alert [<!ENTITY x "1">]>'
    raw = sample(CITY, (DECLARATION, DECLARATION + doctype), ("<identifier>", "<identifier>&x;"))
    assert "DOCTYPE" in refusal(raw)


def test_word_doctype_in_a_text_is_no_doctype(sample: Sample) -> None:
    """Only a real DOCTYPE is refused, not a text that mentions one."""
    raw = sample(CITY, ("<note/>", "<note><![CDATA[<!DOCTYPE x>]]></note>"))
    assert read_message(raw)[0].alert.note == "<!DOCTYPE x>"


def test_entity_bomb_is_refused() -> None:
    """Entities that multiply are refused before they do."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE alert [<!ENTITY e0 "ha">{levels}]><alert><identifier>&e11;</identifier></alert>'
    assert "DOCTYPE" in refusal(bomb.encode())


def test_entity_bomb_in_an_attribute_is_refused() -> None:
    """The same bomb inside an attribute value, where parsers expand at once."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE alert [<!ENTITY e0 "ha">{levels}]><alert a="&e11;"/>'
    assert "DOCTYPE" in refusal(bomb.encode())


def test_deep_nesting_is_refused() -> None:
    """Three hundred levels are no warning."""
    assert "XML" in refusal(b"<alert>" + b"<a>" * 300 + b"</a>" * 300 + b"</alert>")


def test_nine_megabytes_are_refused(sample: Sample) -> None:
    """The size is looked at before the content."""
    text = refusal(sample(CITY, ("<note/>", f"<note>{'x' * 9 * 1024 * 1024}</note>")))
    assert str(MAX_BYTES) in text


def test_flood_of_elements_is_refused(sample: Sample) -> None:
    """A small message may not become a large tree."""
    assert str(MAX_ELEMENTS) in refusal(sample(CITY, ("<note/>", "<a/>" * MAX_ELEMENTS)))


def test_hostile_message_leaves_no_trace(sample: Sample) -> None:
    """The message after a hostile one is read as if nothing had been."""
    refusal(b"<!DOCTYPE a [<!ENTITY x 'y'>]><alert>&x;</alert>")
    assert codes(sample(CITY)) == set()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  \r\n ",
        b"\x00",
        b"not xml",
        b"{}",
        b"<alert>",
        b"<alert/>trailing",
        b"<alert>a & b</alert>",
        b"\xff\xfea",
    ],
)
def test_what_is_no_xml_is_refused(raw: bytes) -> None:
    """Nothing that is not well-formed gets through, and the refusal says what to look at."""
    refusal(raw)


@pytest.mark.parametrize("raw", [b"<note/>", b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.3"/>', b"<Alarm/>"])
def test_unknown_dialect_names_the_known_ones(raw: bytes) -> None:
    """A message of another format is told which formats are read."""
    text = refusal(raw)
    assert "cap-1.2" in text
    assert "12379" in text


@pytest.mark.parametrize("label", ["GB18030", "GBK", "gb2312", "UTF-16", "Big5"])
def test_declared_encodings(sample: Sample, label: str) -> None:
    """Chinese encodings and UTF-16 are read when they are declared."""
    name = "cap12-red-rain-city" if label == "Big5" else CITY
    text = sample(name).decode().replace('"UTF-8"', f'"{label}"')
    raw = text.encode("gbk" if label == "gb2312" else label, errors="xmlcharrefreplace")
    expected = read_message(sample(name))[0].alert
    assert read_message(raw)[0].alert == expected


def test_gb2312_label_over_gbk_bytes(sample: Sample) -> None:
    """The old label over a newer character (镕) is read, and noted."""
    text = sample(CITY, ("张某", "镕某")).decode().replace('"UTF-8"', '"GB2312"')
    (read,) = read_message(text.encode("gbk"))
    assert read.alert.infos[0].sender_name == "镕某"
    assert [problem.code for problem in read.problems] == ["encoding-widened"]


def test_mislabelled_bytes_are_refused(sample: Sample) -> None:
    """GBK bytes that call themselves UTF-8 are refused, not read as something else."""
    assert "编码" in refusal(sample(CITY).decode().encode("gbk"))


def test_seldom_encodings_are_refused() -> None:
    """Encodings that smuggle markup past filters are not accepted."""
    assert "UTF-7" in refusal(b'<?xml version="1.0" encoding="UTF-7"?><alert>+AGE-</alert>')


@pytest.mark.parametrize("before", [b"\n", b"\r\n \t", b"\xef\xbb\xbf\n"])
def test_blank_before_the_declaration(sample: Sample, before: bytes) -> None:
    """Blank lines before the declaration are taken away, and noted."""
    assert codes(before + sample(CITY)) == {"leading-blank"}


def test_byte_order_mark_is_nothing_odd(sample: Sample) -> None:
    """A mark alone is a legal beginning."""
    assert codes(b"\xef\xbb\xbf" + sample(CITY)) == set()


def test_utf16_with_a_blank_line(sample: Sample) -> None:
    """UTF-16 with its mark and a blank line is read, and noted."""
    assert codes(("\n" + sample(CITY).decode()).encode("utf-16")) == {"leading-blank"}


@pytest.mark.parametrize(
    "written",
    [
        "14110041600000_<!-- x -->20260722220506",
        "14110041600000_<?x y?>20260722220506",
        "<![CDATA[14110041600000_20260722220506]]>",
        "14110041600000<![CDATA[_2026]]>0722220506",
        "\n    14110041600000_20260722220506\n  ",
    ],
)
def test_leaf_is_read_whole(sample: Sample, written: str) -> None:
    """A comment, an instruction or CDATA inside a leaf never cuts the identifier short."""
    raw = sample(CITY, ("14110041600000_20260722220506", written))
    assert read_message(raw)[0].alert.identifier == "14110041600000_20260722220506"


def test_markup_inside_a_leaf_is_noted(sample: Sample) -> None:
    """Elements inside a leaf keep their text, and are noted."""
    raw = sample(CITY, ("_20260722220506", "_<b>20260722220506</b>"))
    assert read_message(raw)[0].alert.identifier == "14110041600000_20260722220506"
    assert codes(raw) == {"nested-markup"}
