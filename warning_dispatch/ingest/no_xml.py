"""What to tell a forecaster of bytes that are no XML, or no well-formed one."""

from __future__ import annotations

import re

from lxml import etree

from warning_dispatch.errors import Finding

_LOOKED_AT = 256
_BEGINNINGS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    ((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"7z\xbc\xaf", b"\xfd7zXZ", b"Rar!"), "压缩文件", "a packed file"),
    ((b"%pdf",), "PDF 文件", "a PDF file"),
    ((b"{", b"["), "JSON，不是 XML", "JSON, not XML"),
    ((b"<html", b"<!doctype html"), "网页（也许是登录页）", "a web page (a login page, perhaps)"),
)
_PROLOGUE = 4_000
"""Bytes in which the root must stand."""
_FIRST_TAG = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s>/]")
_LISTS = (b"feed", b"rss", b"rdf")
_CHECK = "检查编码声明、未转义的 & 和 <、截断 / check the declared encoding, bare & and <, truncation"
# libxml2's own numbers of what it met, in words of the field.
_FAULTS = {
    4: ("内容不是 XML", "no XML at all"),
    5: ("根元素之后还有多余内容", "there is more after the root element"),
    6: ("文中有多余或未转义的 &、< 字符", "a bare & or < in the text"),
    9: ("含有非法字符，或字节与声明的编码不符", "an illegal character, or bytes that are not in the declared encoding"),
    23: ("文中有未转义的 & 字符", "a bare & in the text"),
    26: ("用了没有定义的实体（如 &nbsp;）", "an entity that is not defined (such as &nbsp;)"),
    31: ("声明的编码不认识", "the declared encoding is unknown"),
    32: ("声明的编码不支持", "the declared encoding is not supported"),
    68: ("文中有未转义的 < 或 & 字符", "a bare < or & in the text"),
    73: ("标签没有写完整", "a tag that is not complete"),
    76: ("开始标签与结束标签不配对", "a start tag and an end tag that do not match"),
    77: ("报文不完整，像是被截断", "the message is incomplete, cut off perhaps"),
    81: ("字节与声明的编码不符", "the bytes are not in the declared encoding"),
}


def no_xml_finding(raw: bytes) -> Finding | None:
    """What the bytes are when they are plainly something else; None when they may be XML."""
    head = raw[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    for beginnings, chinese, english in _BEGINNINGS:
        if head.startswith(tuple(one.lower() for one in beginnings)):
            return Finding(
                "/",
                f"这不是预警报文，是{chinese} / no warning message but {english}",
                "请发送 XML 报文本身 / send the XML message itself",
            )
    return None


def no_message_finding(raw: bytes) -> Finding | None:
    """What an answer is that carries no warning at all: nothing, a login page, a list; None when it may carry one.

    For what we fetched ourselves: that is the way to the source being closed, and no warning that cannot be read.
    """
    if not raw.strip():
        return Finding("/", "回答是空的 / the answer is empty")
    plainly = no_xml_finding(raw)
    if plainly is not None:
        return plainly
    first = _FIRST_TAG.search(raw[:_PROLOGUE])
    name = first[1].lower() if first else b""
    if name == b"html":
        return Finding("/", "是网页（也许是登录页） / a web page (a login page, perhaps)")
    if name in _LISTS and b"alert" not in raw:
        return Finding("/", "是目录，里面没有报文 / a list without a message in it")
    return None


def why_not_well_formed(error: Exception) -> Finding:
    """Why a parser gave up: what is wrong in both languages, and where."""
    code = int(getattr(error, "code", 0) or 0)
    chinese, english = _FAULTS.get(code, ("", ""))
    detail = " ".join(str(error).split())[:200]
    what = "不是合格的 XML" + (f"：{chinese}" if chinese else "")
    told = "not well-formed XML" + (f": {english}" if english else "")
    place = f"/第 {error.lineno} 行" if isinstance(error, etree.XMLSyntaxError) and error.lineno else "/"
    return Finding(place, f"{what} / {told} ({detail})", _CHECK)
