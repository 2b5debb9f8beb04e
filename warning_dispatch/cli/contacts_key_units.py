"""`contacts key-units`: 重点单位清单 for an inspection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.callout_response import written
from warning_dispatch.cli.office import hazard_names, opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, iso_text
from warning_dispatch.model.key_units import KeyUnitRow, Review
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.registry.sectors import sector_names
from warning_dispatch.store.reading_key_units import KeyUnitTables
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.key_units import cells_of, csv_bytes

app = typer.Typer()
_SHOWN = ("code", "name", "sector", "certificate", "review", "last_call", "last_measure", "last_drill")
_STYLES = {Review.OVERDUE: "red", Review.SOON: "yellow", Review.FINE: ""}


@app.command("key-units")
@command
def key_units(
    terminal: Terminal,
    to: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help=both("另存为 CSV", "write it as CSV as well"))
    ] = None,
) -> None:
    """重点单位清单：行业、证书、最近叫应和落实、演练、复核日期；供检查用。 / Key units for an inspection."""
    settings = terminal.settings
    sectors = sector_names(settings.config_dir).get(UnitKind.KEY_UNIT, {})
    with opened_database(settings) as database:
        look = KeyUnitTables(database, hazard_names(settings), SystemClock().now, settings.contacts.review_days)
        rows = look.key_units()
    if to is not None:
        written(to, csv_bytes(rows, sectors, terminal.words))
    table = Table(box=box.SIMPLE)
    for name in _SHOWN:
        table.add_column(terminal.words.text(f"keyunits.{name}"))
    for row in rows:
        cells = cells_of(row, sectors, terminal.words)
        table.add_row(*(cells[name] or "—" for name in _SHOWN), style=_STYLES[row.review])
    summary = terminal.words.text(
        "keyunits.count",
        count=len(rows),
        overdue=sum(row.review is Review.OVERDUE for row in rows),
        soon=sum(row.review is Review.SOON for row in rows),
        days=settings.contacts.review_days,
    )
    pictures = [table, Text(summary)] if rows else [Text(terminal.words.text("keyunits.none"))]
    terminal.answer({"key_units": _documents(rows)}, *pictures)


def _documents(rows: Sequence[KeyUnitRow]) -> list[dict[str, object]]:
    return [
        {
            "code": row.unit.code,
            "name": row.unit.name,
            "place": row.place,
            "sector": row.unit.sector,
            "certificate": row.unit.certificate,
            "certified_on": row.unit.certified_on,
            "review_on": row.unit.review_on,
            "review": row.review.value,
            "measures": row.unit.measures,
            "last_callout": row.call.callout_id if row.call else None,
            "last_answered_at": iso_text(row.call.answered_at) if row.call else None,
            "last_measure": row.measure[1].id if row.measure else None,
            "last_measure_at": iso_text(row.measure[0]) if row.measure else None,
            "last_drill_at": iso_text(row.drilled_at) if row.drilled_at else None,
        }
        for row in rows
    ]
