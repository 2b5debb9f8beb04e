"""/register/key-units: 重点单位清单, for the screen, for paper and as a table. It names units, never people."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.clock import beijing_text
from warning_dispatch.errors import StoreError
from warning_dispatch.model.key_units import KeyUnitRow, Review
from warning_dispatch.response_ports import KeyUnits
from warning_dispatch.web.board import made
from warning_dispatch.web.catalogues import Catalogue
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.pages import Pages
from warning_dispatch.web.response_report import harmless

COLUMNS: Final = (
    "code", "name", "sector", "certificate", "certified", "review", "measures", "last_call", "last_answer", "last_measure",
    "last_drill",
)  # fmt: skip


class KeyUnitsPage:
    """The list for an inspection."""

    def __init__(self, parts: KeyUnits, pages: Pages, failures: Failures) -> None:
        """`parts` has the units and the names of their lines."""
        self._look = parts.look
        self._sectors = parts.sectors
        self._pages = pages
        self._failures = failures

    async def answer(self, request: Request) -> Response:
        """The list; `?form=csv` as a table."""
        words = self._pages.words_for(request)
        try:
            rows = await to_thread.run_sync(self._look.key_units)
        except StoreError:
            return self._failures.page(request, "trouble", 503)
        if request.query_params.get("form") == "csv":
            headers = {"Content-Disposition": 'attachment; filename="key-units.csv"'}
            body = csv_bytes(rows, self._sectors, words)
            return Response(body, media_type="text/csv; charset=utf-8", headers=headers)
        fields = {
            "rows": rows,
            "cells": {row.unit.code: cells_of(row, self._sectors, words) for row in rows},
            "columns": COLUMNS,
            "overdue": sum(row.review is Review.OVERDUE for row in rows),
            "soon": sum(row.review is Review.SOON for row in rows),
            "days": self._look.soon_days,
        }
        return made(self._pages, request, "board/key_units.html", words, fields)


def cells_of(row: KeyUnitRow, sectors: Mapping[str, Mapping[str, str]], words: Catalogue) -> Mapping[str, str]:
    """What stands in each column."""
    unit, call, measure = row.unit, row.call, row.measure
    signal = words.signal(call.hazard_name, call.colour) if call else ""
    line = words.of(sectors.get(unit.sector, {"zh_CN": unit.sector})) or words.text("keyunits.no_sector")
    return {
        "code": unit.code,
        "name": row.place + unit.name.removeprefix(row.place),
        "sector": line,
        "certificate": unit.certificate,
        "certified": unit.certified_on,
        "review": unit.review_on,
        "measures": unit.measures,
        "last_call": f"{beijing_text(call.started_at, '%Y-%m-%d')} {signal}" if call else "",
        "last_answer": beijing_text(call.answered_at, "%m-%d %H:%M") if call else "",
        "last_measure": f"{beijing_text(measure[0], '%m-%d %H:%M')} {measure[1].text(words.language)}"
        if measure
        else "",
        "last_drill": beijing_text(row.drilled_at, "%Y-%m-%d") if row.drilled_at else "",
    }


def csv_bytes(rows: Sequence[KeyUnitRow], sectors: Mapping[str, Mapping[str, str]], words: Catalogue) -> bytes:
    """The list for a spreadsheet, with how each review stands."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*(words.text(f"keyunits.{one}") for one in COLUMNS), words.text("keyunits.state")])
    for row in rows:
        cells = cells_of(row, sectors, words)
        state = "" if row.review is Review.FINE else words.text(f"keyunits.{row.review.value}")
        writer.writerow([*(harmless(cells[one]) for one in COLUMNS), state])
    return out.getvalue().encode("utf-8-sig")
