"""From bytes to the root element, for bytes that may be hostile.

1. Size is bounded before anything is parsed; what is plainly no XML (a packed file, a web page, JSON) is named.
2. Blanks before the declaration are taken away; the labels GB2312 and GBK are widened to GB18030, which contains both
   (senders write the old label over the newer characters).
3. The parser expands no entity, fetches nothing, refuses depth over 255 and text over 10 MB, and drops comments and
   processing instructions, so that a leaf's text is never cut short by one.
4. A DOCTYPE is refused by name: with entities left unexpanded it would silently empty an identifier.
5. Bytes that are not what they declare are read once more in the encoding that the source is known for; markup is
   mended only for a source that is known to break it. Both are noted.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

from lxml import etree

from warning_dispatch.errors import Finding, UnreadableAlertError
from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.mending import mended
from warning_dispatch.ingest.no_xml import no_xml_finding, why_not_well_formed
from warning_dispatch.ingest.notes import Notes, Odd

MAX_BYTES = 8 * 1024 * 1024
"""Larger messages are refused unread; the largest public network of this kind stops at 5 MB."""
MAX_ELEMENTS = 50_000
"""A message for every township of the country has fewer; more is an attack on memory."""
MAX_ATTRIBUTES = 50_000
"""No format of warnings needs more than some dozens."""

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_BLANK = b" \t\r\n"
_WIDENED = frozenset({"gb2312", "gb_2312-80", "euc-cn", "gbk", "cp936", "ms936", "windows-936", "x-gbk"})
_ACCEPTED = re.compile(
    r"(utf-?8|utf-?16([bl]e)?|us-ascii|ascii|iso-8859-1|latin-?1|gb18030|big5(-hkscs)?)", re.IGNORECASE
)


def open_document(raw: bytes, notes: Notes, *, keep_everything: bool = False) -> Element:
    """The root element of a message. Raises UnreadableAlertError when there is none to be trusted.

    `keep_everything`: with comments and processing instructions, as a signature covers them.
    """
    if len(raw) > MAX_BYTES:
        raise _unreadable(
            f"报文 {len(raw)} 字节，超过上限 {MAX_BYTES} / {len(raw)} bytes, more than the limit",
            "附件请另行传送 / send attachments separately",
        )
    foreign = no_xml_finding(raw)
    if foreign is not None:
        raise UnreadableAlertError([foreign])
    body, encoding = _prepared(raw, notes)
    if not body:
        raise _unreadable("报文为空 / the message is empty", "重新发送 / send it again")
    root = _parsed(body, encoding, notes, keep_everything=keep_everything)
    _refuse_hostile(root)
    return root


def _parsed(body: bytes, encoding: str | None, notes: Notes, *, keep_everything: bool) -> Element:
    """The root; where the first reading fails, what the source's rules allow is tried once."""
    failed: Exception
    try:
        return etree.fromstring(body, _parser(encoding, keep_everything=keep_everything))
    except (etree.LxmlError, ValueError, LookupError) as error:
        failed = error
    for again, label in _second_readings(body, encoding, notes):
        try:
            return etree.fromstring(again, _parser(label, keep_everything=keep_everything))
        except (etree.LxmlError, ValueError, LookupError) as error:
            failed = error
    raise UnreadableAlertError(_syntax_findings(body, failed)) from failed


def _second_readings(body: bytes, encoding: str | None, notes: Notes) -> list[tuple[bytes, str | None]]:
    """What to try when bytes are not well-formed: never anything with a DOCTYPE in it."""
    if b"<!DOCTYPE" in body:
        return []
    tries: list[tuple[bytes, str | None]] = []
    label = encoding
    if _contradicts(body, encoding) and _is_in(body, notes.rules.encoding):
        label = notes.rules.encoding
        notes.odd(Odd.ENCODING_OVERRIDDEN, None, value=label)
        tries.append((body, label))
    repaired = mended(body, notes) if notes.rules.mends else None
    if repaired is not None:
        tries.append((repaired, label))
    return tries


def _contradicts(body: bytes, encoding: str | None) -> bool:
    """Whether the bytes are not in the encoding that they declare (UTF-8 when they declare none)."""
    declared = _DECLARED.match(body)
    return not _is_in(body, encoding or (declared.group(1).decode("ascii") if declared else "utf-8"))


def _is_in(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return bool(encoding)


def _prepared(raw: bytes, notes: Notes) -> tuple[bytes, str | None]:
    """The bytes without leading blanks, and the encoding to read them by (None: as declared)."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not raw.startswith(codecs.BOM_UTF32_LE):
        return _from_utf16(raw, notes)
    body = raw.removeprefix(codecs.BOM_UTF8)
    stripped = body.lstrip(_BLANK).removeprefix(codecs.BOM_UTF8).lstrip(_BLANK)
    if stripped != body:
        notes.odd(Odd.LEADING_BLANK, None)
    declared = _DECLARED.match(stripped)
    label = declared.group(1).decode("ascii").lower() if declared else ""
    if label not in _WIDENED:
        return stripped, None
    notes.odd(Odd.ENCODING_WIDENED, None, value=label)
    return stripped, "GB18030"


def _from_utf16(raw: bytes, notes: Notes) -> tuple[bytes, str | None]:
    """UTF-16 with its mark, as UTF-8, so that leading blanks can be taken away."""
    try:
        text = raw.decode("utf-16")
    except UnicodeDecodeError as error:
        raise _unreadable(
            "字节与 UTF-16 标记不符 / the bytes are not the UTF-16 that their mark says",
            "按声明的编码重新发送 / send it in the encoding it declares",
        ) from error
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped != text:
        notes.odd(Odd.LEADING_BLANK, None)
    return stripped.encode(), "UTF-8"


def _parser(encoding: str | None, *, keep_everything: bool) -> etree.XMLParser:
    """A parser for hostile input; `encoding` overrides the declaration."""
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=not keep_everything,
        remove_pis=not keep_everything,
    )


def _refuse_hostile(root: Element) -> None:
    """Refuse a DOCTYPE, an encoding outside the accepted ones, and a flood of markup; all findings at once."""
    findings = []
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        findings.append(_doctype_finding())
    if info.encoding and not _ACCEPTED.fullmatch(info.encoding):
        findings.append(
            Finding(
                "/",
                f"不接受的编码 {info.encoding} / encoding not accepted",
                "使用 UTF-8 或 GB18030 / use UTF-8 or GB18030",
            )
        )
    if next(islice(root.iter(), MAX_ELEMENTS, None), None) is not None:
        findings.append(_flood(f"元素超过 {MAX_ELEMENTS} 个 / more than {MAX_ELEMENTS} elements"))
    elif float(str(root.xpath("count(//@*)"))) > MAX_ATTRIBUTES:
        findings.append(_flood(f"属性超过 {MAX_ATTRIBUTES} 个 / more than {MAX_ATTRIBUTES} attributes"))
    if findings:
        raise UnreadableAlertError(findings)


def _flood(what: str) -> Finding:
    return Finding("/", what, "拆分后重新发送 / split the message")


def _syntax_findings(body: bytes, error: Exception) -> list[Finding]:
    """Why the parser gave up, and the DOCTYPE as well when there is one."""
    findings = [why_not_well_formed(error)]
    if b"<!DOCTYPE" in body:
        findings.append(_doctype_finding())
    return findings


def _doctype_finding() -> Finding:
    return Finding(
        "/", "含 DOCTYPE，拒绝读取 / a DOCTYPE is refused", "去掉 DOCTYPE 和实体定义 / remove it and its entities"
    )


def _unreadable(what: str, remedy: str) -> UnreadableAlertError:
    return UnreadableAlertError([Finding("/", what, remedy)])
