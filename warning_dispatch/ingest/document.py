"""From bytes to the root element, for bytes that may be hostile.

1. Size is bounded before anything is parsed.
2. Blanks before the declaration are taken away; the labels GB2312 and GBK are widened to GB18030, which contains both
   (senders write the old label over the newer characters).
3. The parser expands no entity, fetches nothing, refuses depth over 255 and text over 10 MB, and drops comments and
   processing instructions, so that a leaf's text is never cut short by one.
4. A DOCTYPE is refused by name: with entities left unexpanded it would silently empty an identifier.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

from lxml import etree

from warning_dispatch.errors import Finding, UnreadableAlertError
from warning_dispatch.ingest.elements import Element
from warning_dispatch.ingest.notes import Notes, Odd

MAX_BYTES = 8 * 1024 * 1024
"""Larger messages are refused unread; the largest public network of this kind stops at 5 MB."""
MAX_ELEMENTS = 50_000
"""A message for every township of the country has fewer; more is an attack on memory."""

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_BLANK = b" \t\r\n"
_WIDENED = frozenset({"gb2312", "gb_2312-80", "euc-cn", "gbk", "cp936", "ms936", "windows-936", "x-gbk"})
_ACCEPTED = re.compile(
    r"(utf-?8|utf-?16([bl]e)?|us-ascii|ascii|iso-8859-1|latin-?1|gb18030|big5(-hkscs)?)", re.IGNORECASE
)


def open_document(raw: bytes, notes: Notes) -> Element:
    """The root element of a message. Raises UnreadableAlertError when there is none to be trusted."""
    if len(raw) > MAX_BYTES:
        raise _unreadable(
            f"报文 {len(raw)} 字节，超过上限 {MAX_BYTES} / {len(raw)} bytes, more than the limit",
            "附件请另行传送 / send attachments separately",
        )
    body, encoding = _prepared(raw, notes)
    if not body:
        raise _unreadable("报文为空 / the message is empty", "重新发送 / send it again")
    try:
        root = etree.fromstring(body, _parser(encoding))
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise UnreadableAlertError(_syntax_findings(body, error)) from error
    _refuse_hostile(root)
    return root


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


def _parser(encoding: str | None) -> etree.XMLParser:
    """A parser for hostile input; `encoding` overrides the declaration."""
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _refuse_hostile(root: Element) -> None:
    """Refuse a DOCTYPE, an encoding outside the accepted ones, and a flood of elements; all findings at once."""
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
        findings.append(
            Finding(
                "/",
                f"元素超过 {MAX_ELEMENTS} 个 / more than {MAX_ELEMENTS} elements",
                "拆分后重新发送 / split the message",
            )
        )
    if findings:
        raise UnreadableAlertError(findings)


def _syntax_findings(body: bytes, error: Exception) -> list[Finding]:
    """Why the parser gave up, and the DOCTYPE as well when there is one."""
    findings = [
        Finding(
            "/",
            f"不是合格的 XML / not well-formed XML: {error}",
            "检查编码声明、未转义的 & 和 <、截断 / check the declared encoding, bare & and <, truncation",
        )
    ]
    if b"<!DOCTYPE" in body:
        findings.append(_doctype_finding())
    return findings


def _doctype_finding() -> Finding:
    return Finding(
        "/", "含 DOCTYPE，拒绝读取 / a DOCTYPE is refused", "去掉 DOCTYPE 和实体定义 / remove it and its entities"
    )


def _unreadable(what: str, remedy: str) -> UnreadableAlertError:
    return UnreadableAlertError([Finding("/", what, remedy)])
