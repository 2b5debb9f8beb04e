"""`callout response` and `callout tick`: what has been carried out and reported by place; reports; what was heard by phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.bootstrap.wiring import REACHED
from warning_dispatch.cli.callout import Actor, CalloutId, UnitCode, found_callout
from warning_dispatch.cli.office import (
    DaemonOffice,
    DirectOffice,
    hazard_names,
    open_office,
    open_reading,
    opened_database,
)
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, beijing_text
from warning_dispatch.engine.responding import Responding
from warning_dispatch.errors import StoreError
from warning_dispatch.model.response import REMARK_LENGTH, AreaSum, ResponseBook, ResponseOverview
from warning_dispatch.model.states import Stage
from warning_dispatch.registry.workbook_export import write_new
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.reading_response import ResponseTables
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.called import callee_of
from warning_dispatch.web.console.response import place_in
from warning_dispatch.web.response_report import MOST_WORDS, Report

app = typer.Typer()


@app.command("response")
@command
def response(
    terminal: Terminal,
    callout_id: CalloutId,
    area: Annotated[str, typer.Option(metavar="CODE", help=both("只看一个县或乡镇", "one county or township"))] = "",
    form: Annotated[
        Literal["text", "csv", "xlsx"] | None,
        typer.Option("--report", help=both("写成信息报送（会记录）", "write a report; it is recorded")),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help=both("写到哪个文件；text 可不写", "the file; text may go without"))
    ] = None,
    actor: Actor = "",
) -> None:
    """联动情况：阶段、措施落实、在岗、转移、险情，按地方汇总；可写成信息报送。 / What has been carried out and reported."""
    below = place_in(area.strip())
    if form is None:
        found = _overview(terminal, callout_id, below, 0)
        terminal.answer(overview_document(found, terminal), *_picture(terminal, found))
        return
    if form != "text" and to is None:
        raise typer.BadParameter(both("请写明文件", "name the file"), param_hint="--to")
    actor = terminal.asked_actor(actor)
    with open_reading(terminal.settings) as read:
        view = found_callout(read, callout_id)
    _note_export(terminal, callout_id, actor, form, below)
    report = Report(view, _overview(terminal, callout_id, below, MOST_WORDS), terminal.words, SystemClock().now())
    if to is None:
        terminal.answer({"callout_id": callout_id, "title": report.title, "text": report.text()}, Text(report.text()))
        return
    make = {"text": lambda: report.text().encode(), "csv": report.csv_bytes, "xlsx": report.xlsx_bytes}[form]
    path = written(to, make())
    terminal.answer(
        {"callout_id": callout_id, "title": report.title, "file": str(path)},
        terminal.say(
            f"已写好：{path}（含各单位的文字反馈，用完收好）", f"Written: {path} (holds the units' own words)"
        ),
    )


@app.command("tick")
@command
def tick(
    terminal: Terminal,
    callout_id: CalloutId,
    unit: UnitCode,
    action: Annotated[str, typer.Argument(metavar="MEASURE", help=both("措施编号", "id of the measure"))],
    remark: Annotated[
        str, typer.Option("--reason", help=both("听到的情况（必填，会保存）", "what was heard (needed, kept)"))
    ] = "",
    actor: Actor = "",
) -> None:
    """代为登记：某单位电话报告措施已落实。 / Record that a unit has reported a measure as done."""
    actor, remark = terminal.asked_actor(actor), terminal.asked_reason(remark)
    with open_office(terminal.settings) as office:
        if isinstance(office, DaemonOffice):
            body = {"callout_id": callout_id, "unit_code": unit, "action": action, "actor": actor, "remark": remark}
            new = int(office.ask("/response/ticks", body)["new"])
        elif isinstance(office, DirectOffice):
            with open_reading(terminal.settings) as read:
                one = (callee_of(read, callout_id, unit), action, remark[:REMARK_LENGTH])
            new = office.once(lambda ledger: Responding(ResponseBook()).tick(ledger, callout_id, [one], actor=actor))
    said = terminal.say("已登记。", "Recorded.") if new else terminal.say("早已登记过。", "It was recorded before.")
    terminal.answer({"callout_id": callout_id, "unit_code": unit, "action": action, "new": new}, said)


def written(to: Path, content: bytes) -> Path:
    """The file, whole or not at all. StoreError when it cannot be."""
    path = to.expanduser().absolute()
    try:
        write_new(path, content)
    except OSError as error:
        what = both(f"写不了：{error.strerror}", f"cannot be written: {error.strerror}")
        raise StoreError(f"{path}: {what}") from error
    return path


def _overview(terminal: Terminal, callout_id: int, below: str, words: int) -> ResponseOverview:
    settings = terminal.settings
    with opened_database(settings) as database:
        sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
        read = TableReadings(database, sealer, hazard_names(settings), reached=REACHED)
        found_callout(read, callout_id)
        return ResponseTables(database, sealer, read, SystemClock().now).overview(callout_id, below, words=words)


def _note_export(terminal: Terminal, callout_id: int, actor: str, form: str, below: str) -> None:
    """The journal is told before anything is written."""
    with open_office(terminal.settings) as office:
        if isinstance(office, DaemonOffice):
            office.ask("/response/exports", {"callout_id": callout_id, "actor": actor, "form": form, "area": below})
        elif isinstance(office, DirectOffice):
            entry = {"k": "response.exported", "actor": actor, "form": form, "area": below}
            office.once(lambda ledger: ledger.note(callout_id, entry))


def overview_document(found: ResponseOverview, terminal: Terminal) -> dict[str, Any]:
    """For a program: counts by place and measure; no word of anybody's."""
    return {
        "callout_id": found.callout_id,
        "area": found.below,
        "stage": found.stage.key,
        "steps": [{**asdict(one), "stage": one.stage.key} for one in found.steps],
        "total": asdict(found.total),
        "areas": [asdict(one) for one in found.areas],
        "measures": [
            {
                "id": one.action.id,
                "stage": one.action.stage.key,
                "text": one.action.text(terminal.language),
                "done": one.done,
                "owed": one.owed,
                "late": one.late,
            }
            for one in found.measures
        ],
        "units": [
            {**asdict(one), "kind": one.kind.value, "level": one.level.name.lower(), "state": one.state.name.lower()}
            for one in found.offices
        ],
    }


def _picture(terminal: Terminal, found: ResponseOverview) -> Iterator[RenderableType]:
    say = terminal.words.text
    place = f" · {found.name}" if found.name else ""
    yield Text(f"{say('console.response.stage')}：{say(f'stage.{found.stage.key}')}{place}", style="bold")
    names = ("area", "reported", "on_post", "moved", "dangers", "done", "late", "own_at")
    table = Table(box=box.SIMPLE)
    for name in names:
        table.add_column(say(f"console.response.{name}"), justify="left" if name in ("area", "own_at") else "right")
    for one in found.areas:
        table.add_row(*_cells(terminal, one, one.name))
    table.add_row(*_cells(terminal, found.total, found.name or say("console.response.all")), style="bold")
    yield table
    if found.stage is Stage.NONE or not found.measures:
        return
    measures = Table(box=box.SIMPLE)
    for name in ("measure", "done", "late"):
        measures.add_column(say(f"console.response.{name}"), justify="left" if name == "measure" else "right")
    for row in found.measures:
        text = f"{row.action.text(terminal.language)}  ({row.action.id})"
        measures.add_row(text, f"{row.done}/{row.owed}", str(row.late), style="red" if row.late else "")
    yield measures


def _cells(terminal: Terminal, one: AreaSum, name: str) -> list[str]:
    silent = terminal.words.text("console.response.silent") if one.silent else "—"
    first = silent if one.own_at is None else beijing_text(one.own_at, "%m-%d %H:%M")
    counts = (f"{one.reported}/{one.units}", one.on_post, one.moved, one.dangers, f"{one.done}/{one.owed}", one.late)
    return [name, *map(str, counts), first]
