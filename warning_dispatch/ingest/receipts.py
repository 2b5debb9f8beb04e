"""回执: the receipt of a 12379 file, for the system that put it there.

    <sender>_<17 digits>_<from>_<to>_<time of the message>_AI-1_0.xml        msg/data/rows: status, error_code, note

`status` 0: taken. The 17 digits are the moment the file was written, so that a receipt written again after a crash has
the same name.
"""

from __future__ import annotations

import re

from lxml import etree

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.views import IntakeResult

TAKEN, REFUSED = "0", "1"
LONGEST_NOTE = 500
_REFUSED = (Disposition.QUARANTINED, Disposition.CONFLICT)
_FORM = re.compile(r"(?P<sender>[0-9]{6,14})_(?P<time>[0-9]{14,17})_.*", re.DOTALL)
_UNFIT = re.compile(r"[^0-9A-Za-z.-]+")
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def receipt_name(file: str, written_at: int, sent_from: str, sent_to: str) -> str:
    """The name of the receipt for a file written at a moment (ms)."""
    stem = file.rpartition(".")[0] or file
    form = _FORM.fullmatch(stem)
    sender, time = (form["sender"], form["time"]) if form else (_UNFIT.sub("-", stem)[:80].strip("-.") or "file", "0")
    stamp = f"{beijing_text(written_at, '%Y%m%d%H%M%S')}{written_at % 1000:03}"
    return f"{sender}_{stamp}_{sent_from}_{sent_to}_{time}_AI-1_0.xml"


def receipt(file: str, result: IntakeResult) -> bytes:
    """The content of the receipt: whether the file was taken, and if not, why."""
    refused = result.disposition in _REFUSED
    note = "; ".join((f"{file}: {result.disposition.value}", *result.reasons))
    root = etree.Element("msg")
    rows = etree.SubElement(etree.SubElement(root, "data"), "rows")
    etree.SubElement(rows, "status").text = REFUSED if refused else TAKEN
    etree.SubElement(rows, "error_code").text = result.disposition.value if refused else ""
    etree.SubElement(rows, "note").text = _NO_XML.sub("?", note)[:LONGEST_NOTE]
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
