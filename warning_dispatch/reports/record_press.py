"""叫应记录的印制: turns readings into documents. Nothing is put on the record here; whoever hands them out has seen to that."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

from warning_dispatch.clock import beijing_text
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.record_views import RecordForm, RecordHead, SeasonReading
from warning_dispatch.record_ports import Document, RecordReadings, Within
from warning_dispatch.reports import verify_journal
from warning_dispatch.reports.record_pages import STYLE_DIGEST, RecordPages
from warning_dispatch.reports.record_words import RecordWords, form_number
from warning_dispatch.reports.record_workbook import MEDIA_TYPE, record_workbook
from warning_dispatch.reports.season_workbook import season_workbook
from warning_dispatch.reports.stamp import Stamp

HTML: Final = "text/html; charset=utf-8"
VERIFIER: Final = "verify_journal.py"
KEY_FILE: Final = "journal.pub"
_README: Final = """叫应记录 / The journal of a call-out

{name}      逐条记录，每行一个 JSON，含校验值 / every entry, one JSON a line, with hashes
{verifier}  独立核验程序，只需 Python 3.9 / verifies it, alone, with nothing but Python 3.9
{key}       本单位的公钥 / this installation's public key

核验 / to verify:

    python3 {verifier} {name} --key {key}

公钥请与本单位另行公布或存档的比对；只用同一压缩包里的公钥，防不住整包伪造。
Compare the key with the one that was published or filed elsewhere: a forger of the whole archive brings a key along.
"""


class RecordPress:
    """Makes documents. Safe from any thread; slow, so never on the engine's."""

    def __init__(self, read: RecordReadings, words: RecordWords, public_key: bytes) -> None:
        """`public_key`: of the journal's seals."""
        self._read = read
        self._words = words
        self._pages = RecordPages(words)
        self._public_key = public_key

    @property
    def words(self) -> RecordWords:
        """What the configuration names."""
        return self._words

    def workbook(self, form: RecordForm, stamp: Stamp) -> Document:
        """The record form as .xlsx."""
        return Document(f"{_stem(form.head)}.xlsx", MEDIA_TYPE, record_workbook(form, self._words, stamp))

    def form(self, form: RecordForm, stamp: Stamp, tier: str = "") -> Document:
        """The record form for paper."""
        more = f"-{tier}" if tier else ""
        return _page(f"{_stem(form.head)}{more}.html", self._pages.form(form, stamp, tier))

    def summary(self, form: RecordForm, stamp: Stamp) -> Document:
        """One page for leaders."""
        return _page(f"{_stem(form.head)}-summary.html", self._pages.summary(form, stamp))

    def unit_form(self, form: RecordForm, callee_id: int, stamp: Stamp) -> Document:
        """The form of one unit. NotFoundError where the record does not have it."""
        unit = next((one for one in form.units if one.callee_id == callee_id), None)
        if unit is None:
            raise NotFoundError("记录里没有这个单位 / the record has no such unit")
        story = self._read.story(form.head.callout_id, callee_id)
        return _page(f"{_stem(form.head)}-{unit.code}.html", self._pages.unit(form, story, stamp))

    def season(self, reading: SeasonReading, stamp: Stamp) -> Document:
        """A season's figures as .xlsx."""
        days = "-".join(beijing_text(at, "%Y%m%d") for at in (reading.query.since, reading.query.until - 1))
        kind = "drills" if reading.query.drills else "season"
        return Document(f"{kind}-{days}.xlsx", MEDIA_TYPE, season_workbook(reading, self._words, stamp))

    def journal(self, callout_id: int) -> Document:
        """The journal with what verifies it, as one archive."""
        name, memory = f"journal-callout-{callout_id}.jsonl", io.BytesIO()
        lines = "".join(f"{line}\n" for line in self._read.journal_lines(callout_id))
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, lines)
            archive.writestr(VERIFIER, verifier_source())
            archive.writestr(KEY_FILE, f"{self._public_key.hex()}\n")
            archive.writestr("README.txt", _README.format(name=name, verifier=VERIFIER, key=KEY_FILE))
        return Document(f"journal-callout-{callout_id}.zip", "application/zip", memory.getvalue())

    def record(self, callout_id: int, within: Within, *, clear: bool = False) -> RecordForm:
        """What a record is made from."""
        return self._read.record(callout_id, within=within, clear=clear)


def verifier_source() -> str:
    """The stand-alone verifier."""
    return Path(verify_journal.__file__).read_text(encoding="utf-8")


def _stem(head: RecordHead) -> str:
    """The name of a document without its ending; a drill says so."""
    kind = "drill" if head.drill else "callout"
    return f"{kind}-{form_number(head)}" if not head.parts else f"{kind}-{form_number(head)}-part"


def _page(name: str, content: bytes) -> Document:
    return Document(name, HTML, content, STYLE_DIGEST)
