"""`campaign`: 年度更新备案 — open it, see how far it is, remind, approve, close, and what goes on paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason
from warning_dispatch.cli.campaign_office import open_campaign_reading, open_campaigns
from warning_dispatch.cli.campaign_pictures import (
    awaiting_document,
    awaiting_lines,
    campaign_document,
    filing_document,
    filing_lines,
    handed_in_document,
    progress_document,
    progress_pictures,
    report_document,
)
from warning_dispatch.cli.contacts_files import refuse_target, write_file
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.renewal import OPEN_FILING, CampaignState, FilingState
from warning_dispatch.model.renewal_views import FilingRow, HandedIn
from warning_dispatch.registry.filing_sheets import STATE_WORDS, report_bytes, sheet_bytes
from warning_dispatch.renewal.registrars import by_the_superior
from warning_dispatch.store.renewal_reading import RenewalTables
from warning_dispatch.tomlfiles import both

app = typer.Typer(no_args_is_help=True, help=both("年度更新备案", "the yearly refresh of the register"))

MOST = 1_000_000
"""Filings that a command reads at the most."""
County = Annotated[
    str, typer.Option("--county", metavar="CODE", help=both("只看该县（区划编码）", "only this county, by its code"))
]
Campaign = Annotated[
    int | None, typer.Option("--campaign", metavar="ID", help=both("哪一次，默认最近一次", "which one; the newest"))
]


@app.command("open")
@command
def open_(
    terminal: Terminal,
    due: Annotated[
        str, typer.Option("--due", metavar="DAY", help=both("截止日，如 2027-04-20", "day due: 2027-04-20"))
    ],
    title: Annotated[str, typer.Option("--title", help=both("名称，默认“2027年度更新备案”", "its name"))] = "",
    actor: Actor = "",
) -> None:
    """开始更新备案：每个单位都要报，登记联系人收到短信和邮件链接。 / Begin: every registrar gets a link by SMS and mail."""
    with open_campaigns(terminal.settings) as office:
        view = office.open(terminal.asked_actor(actor), title, due)
        daemon = office.daemon
    words = terminal.say(
        f"{view.title}已开始：{view.total} 个单位，截止 {view.due}。",
        f"{view.title}: {view.total} units, due {view.due}.",
    )
    terminal.answer(campaign_document(view), Text(words, style="green"))
    if not daemon:
        terminal.remark(
            "程序没有在运行：通知在它启动后的白天发出。",
            "No daemon runs: letters go, by day, once it has been started.",
        )


@app.command("status")
@command
def status(
    terminal: Terminal,
    county: County = "",
    campaign: Campaign = None,
    overdue: Annotated[bool, typer.Option("--open", help=both("列出没有备案的单位", "list who has not filed"))] = False,
    waiting: Annotated[
        bool, typer.Option("--awaiting", help=both("列出待审的", "list what waits for approval"))
    ] = False,
) -> None:
    """进度：各县、各部门报了多少；过了截止日还有未报的，退出码 1。 / How far it is; exit code 1 when somebody is overdue."""
    with open_campaign_reading(terminal.settings) as read:
        progress = read.progress(campaign)
        view = progress.campaign
        rows = list(read.filings(view.id, states=[*OPEN_FILING, FilingState.LAPSED], county=county, limit=MOST))
        awaiting = read.awaiting(view.id) if waiting else ()
    late = bool(rows) and (view.overdue or view.state is CampaignState.CLOSED)
    document = progress_document(progress, county)
    document["overdue"] = [filing_document(one) for one in rows] if late else []
    if overdue:
        document["open"] = [filing_document(one) for one in rows]
    if waiting:
        document["awaiting"] = [awaiting_document(one) for one in awaiting]
    pictures = list(progress_pictures(terminal, progress, county))
    if overdue or late:
        pictures += filing_lines(terminal, rows, every=overdue)
    pictures += awaiting_lines(terminal, awaiting) if waiting else ()
    terminal.answer(document, *pictures)
    if late:
        raise typer.Exit(1)


@app.command("remind")
@command
def remind(
    terminal: Terminal,
    units: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="UNIT", help=both("单位编码；不写为所有未报的", "codes of units; all that have not filed")
        ),
    ] = None,
    actor: Actor = "",
) -> None:
    """马上催报未报的；一个号码一天只催一次，夜里不发。 / Remind now; a number gets one a day, and none at night."""
    with open_campaigns(terminal.settings) as office:
        letters = office.remind(terminal.asked_actor(actor), units or ())
    words = terminal.say(f"写好 {letters} 封催报。", f"{letters} reminders are on their way.")
    terminal.answer({"letters": letters}, Text(words))


@app.command("approve")
@command
def approve(
    terminal: Terminal,
    filings: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help=both("备案编号", "numbers of filings"))
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help=both("全部待审的", "all that wait"))] = False,
    actor: Actor = "",
) -> None:
    """审核通过报送的变动，随即生效。编号见 campaign status --awaiting。 / Approve; it is in force at once."""
    if bool(filings) == everything:
        raise typer.BadParameter(both("写明编号，或用 --all", "name filings, or say --all"), param_hint="ID")
    with open_campaigns(terminal.settings) as office, open_campaign_reading(terminal.settings) as read:
        known = {one.filing_id: one.version for one in read.awaiting()}
        chosen = list(known) if everything else _those(filings or (), known)
        done = office.approve(terminal.asked_actor(actor), [(key, known[key]) for key in chosen])
    _handed_in(terminal, done)


@app.command("return")
@command
def send_back(
    terminal: Terminal,
    filing: Annotated[int, typer.Argument(metavar="ID", help=both("备案编号", "number of the filing"))],
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """退回报送的变动，写明要改什么；登记联系人会收到通知。 / Send a filing back, saying what must be mended."""
    with open_campaigns(terminal.settings) as office, open_campaign_reading(terminal.settings) as read:
        known = {one.filing_id: one.version for one in read.awaiting()}
        (key,) = _those([filing], known)
        done = office.send_back(terminal.asked_actor(actor), key, known[key], terminal.asked_reason(reason))
    _handed_in(terminal, [done])


@app.command("close")
@command
def close(terminal: Terminal, actor: Actor = "", reason: Reason = "") -> None:
    """结束更新备案：链接失效，未报的记为逾期，写出小结。 / Close it: links expire, what is open is overdue, the report is written."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    with open_campaigns(terminal.settings) as office:
        report = office.close(actor, reason)
    pictures = list(progress_pictures(terminal, report.progress, ""))
    terminal.answer(report_document(report), *pictures, *filing_lines(terminal, report.open_units, every=False))


@app.command("export")
@command
def export(
    terminal: Terminal,
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help=both("新文件 .xlsx；--sheets 时为文件夹", "a new .xlsx; a folder"))
    ],
    unit: Annotated[
        str,
        typer.Option(
            "--unit", metavar="UNIT", help=both("该单位的备案表（明文）", "this unit's filing sheet, in clear")
        ),
    ] = "",
    sheets: Annotated[
        bool,
        typer.Option("--sheets", help=both("每个报送单位一张备案表（明文）", "a sheet for every registrar, in clear")),
    ] = False,
    county: County = "",
    campaign: Campaign = None,
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """导出小结，或盖章用的备案表（明文，记入记录，带水印）。 / The closing report, or filing sheets for the stamp (on the record)."""
    actor = terminal.asked_actor(actor)
    if unit and sheets:
        raise typer.BadParameter(
            both("--unit 和 --sheets 只能写一个", "either --unit or --sheets"), param_hint="--sheets"
        )
    if not unit and not sheets:
        refuse_target(target, (".xlsx",))
        with open_campaign_reading(terminal.settings) as read:
            report = read.closing_report(campaign)
        write_file(target, report_bytes(report, actor, SystemClock().now()))
        words = terminal.say(f"小结已写到 {target}。", f"The report is in {target}.")
        terminal.answer({"file": str(target), "report": report_document(report)}, Text(words))
        return
    reason = terminal.asked_reason(reason)
    if unit:
        refuse_target(target, (".xlsx",))
    with open_campaigns(terminal.settings) as office, open_campaign_reading(terminal.settings) as read:
        codes = [unit] if unit else _registrars(read, campaign, county)
        files = [target] if unit else [target / f"{code}.xlsx" for code in codes]
        if sheets:
            _make_folder(target)
        for code, file in zip(codes, files, strict=True):
            refuse_target(file, (".xlsx",))
            write_file(file, sheet_bytes(office.sheet(actor, code, reason)))
    words = terminal.say(
        f"已写出 {len(files)} 张备案表到 {target}，已记入记录。", f"{len(files)} sheets are in {target}; on the record."
    )
    terminal.answer({"files": [str(one) for one in files]}, Text(words))


def _registrars(read: RenewalTables, campaign: int | None, county: str) -> Sequence[str]:
    """Every unit that has a sheet of its own: villages stand on their township's."""
    rows = read.filings(campaign, county=county, limit=MOST)
    return [one.unit_code for one in rows if _has_a_sheet(one)]


def _has_a_sheet(row: FilingRow) -> bool:
    return row.state is not FilingState.WITHDRAWN and not by_the_superior(row.kind, row.level)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        what = both("目录建不了", f"the folder cannot be made ({error.strerror})")
        raise RefusedError(f"{folder}: {what}") from None


def _those(wanted: Sequence[int], known: dict[int, int]) -> list[int]:
    missing = [key for key in wanted if key not in known]
    if missing:
        what = both(f"没有待审的备案 {missing[0]}", f"no filing {missing[0]} waits for approval")
        raise NotFoundError(f"{what} → campaign status --awaiting")
    return list(dict.fromkeys(wanted))


def _handed_in(terminal: Terminal, done: Sequence[HandedIn]) -> None:
    """What became of them; exit code 1 where one was refused."""
    lines = [
        Text(f"  ✗ {one.unit_code}  {one.refused}", style="red")
        if one.refused
        else Text(f"  ✓ {one.unit_code}  {terminal.say(STATE_WORDS[one.state], one.state.name.lower())}", style="green")
        for one in done
    ]
    nothing = [Text(terminal.say("没有待审的。", "Nothing waits."))]
    terminal.answer({"filings": [handed_in_document(one) for one in done]}, *(lines or nothing))
    if any(one.refused for one in done):
        raise typer.Exit(1)
