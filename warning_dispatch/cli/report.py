"""`report`: the record of a call-out and the figures of a season, on the screen or as files."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.bootstrap import open_product, record_counter, record_tables
from warning_dispatch.bootstrap.records import record_words
from warning_dispatch.bootstrap.renewal import EngineOffice
from warning_dispatch.cli.callout import Actor, CalloutId, Reason
from warning_dispatch.cli.office import DaemonOffice, asked_daemon, daemon_answers, opened_database, require_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, beijing_text, day_begins, iso_text
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.errors import ConfigError, RefusedError
from warning_dispatch.figures.callout import Figures, Line, Tally, figures_of, late_units
from warning_dispatch.figures.season import SeasonFigures, SeasonLine, SeasonNames, Share, season_figures
from warning_dispatch.model.record_views import RecordForm, SeasonQuery, Verdict
from warning_dispatch.record_ports import Document, ExportAccount, RecordOffice
from warning_dispatch.registry.workbook_export import write_new
from warning_dispatch.reports.record_desk import RecordCounter, WriterRecordOffice
from warning_dispatch.reports.record_words import CITY
from warning_dispatch.settings import Settings
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.records import RecordTables
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both

app = typer.Typer(
    no_args_is_help=True,
    help=both("叫应记录：记录表、统计、检验", "records: the form of a call-out, a season's figures, verdicts"),
)
DAY = 86_400_000
LATE_SHOWN = 30
XlsxOption = Annotated[
    Path | None, typer.Option("--xlsx", help=both("写成 Excel（含图表）", "write a workbook with charts"))
]


@dataclass(frozen=True, slots=True)
class Office:
    """What a command reads from, and who makes documents."""

    read: RecordTables
    counter: RecordCounter
    configuration: Configuration | None


# --- one call-out -----------------------------------------------------------------------------------------


@app.command("callout")
@command
def report_callout(
    terminal: Terminal,
    callout_id: CalloutId,
    xlsx: XlsxOption = None,
    html: Annotated[
        Path | None, typer.Option("--html", help=both("写成 A4 记录表网页", "write the form as an A4 page"))
    ] = None,
    summary: Annotated[
        Path | None, typer.Option("--summary", help=both("写成领导一页纸", "write the page for leaders"))
    ] = None,
    tier: Annotated[
        str, typer.Option("--tier", help=both("记录表逐单位列出这一层，all 为全部", "unit by unit: a tier, or all"))
    ] = "",
    clear: Annotated[
        bool, typer.Option("--clear", help=both("含姓名、号码（须写理由，会记录）", "in clear, with a reason"))
    ] = False,
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """一次叫应的记录表：看、写成 Excel 或 A4 网页；导出会记录。 / A call-out's record: shown, or as workbook and A4 page."""
    writing = xlsx is not None or html is not None or summary is not None
    who = terminal.asked_actor(actor) if writing else ""
    why = terminal.asked_reason(reason) if clear else reason.strip()
    with open_records(terminal.settings) as office:
        form = office.read.record(callout_id)
        counter, files = office.counter, []
        if xlsx is not None:
            work = counter.workbook(callout_id, within=None, actor=who, reason=why, clear=clear)
            files.append(_written(xlsx, asyncio.run(work)))
        if html is not None:
            paper = counter.form(callout_id, within=None, actor=who, reason=why, clear=clear, tier=tier)
            files.append(_written(html, asyncio.run(paper)))
        if summary is not None:
            files.append(_written(summary, asyncio.run(counter.summary(callout_id, within=None, actor=who))))
        words = record_words(terminal.settings, office.configuration)
    titles = [terminal.words.of(one.title) for one in form.head.tiers]
    figures = figures_of(form, titles, terminal.say(CITY, "City level"), words.sectors)
    document = {**callout_document(form, figures), "files": [str(path) for path in files]}
    if files:
        listed = "\n".join(f"  {path}" for path in files)
        terminal.answer(document, terminal.say(f"已写好：\n{listed}", f"Written:\n{listed}"))
        return
    terminal.answer(document, *callout_picture(terminal, form, figures))


@app.command("verdict")
@command
def judge(
    terminal: Terminal,
    callout_id: CalloutId,
    verdict: Annotated[
        Literal["hit", "false", "mistake"],
        typer.Argument(
            help=both(
                "hit 应验，false 空报，mistake 误发", "hit: the weather came, false: it did not, mistake: by error"
            )
        ),
    ],
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """检验结论：应验、空报还是误发，用于统计。 / Judge a call-out that is over, for the figures."""
    who, why = terminal.asked_actor(actor), terminal.asked_reason(reason)
    with open_records(terminal.settings) as office:
        asyncio.run(office.counter.judge(callout_id, Verdict(verdict), actor=who, reason=why))
    terminal.answer(
        {"callout_id": callout_id, "verdict": verdict},
        terminal.say(
            f"叫应 {callout_id} 的检验结论已记录。", f"The verdict on call-out {callout_id} is on the record."
        ),
    )


# --- a season ---------------------------------------------------------------------------------------------


@app.command("season")
@command
def report_season(
    terminal: Terminal,
    year: Annotated[
        int | None, typer.Option("--year", min=2000, max=9998, help=both("年份，默认今年", "this year when left out"))
    ] = None,
    since: Annotated[str, typer.Option("--from", help=both("起日 2026-05-01", "first day"), metavar="DAY")] = "",
    until: Annotated[str, typer.Option("--to", help=both("止日 2026-10-15", "last day"), metavar="DAY")] = "",
    hazard: Annotated[str, typer.Option("--hazard", help=both("只看一个灾种（键）", "one hazard, by its key"))] = "",
    drills: Annotated[bool, typer.Option("--drills", help=both("只看演练", "drills instead of real ones"))] = False,
    xlsx: XlsxOption = None,
    actor: Actor = "",
) -> None:
    """季度、年度统计：叫应率、用时、空报、打扰、从不接听的号码。 / A season: rates, times, false alarms, fatigue."""
    year = year or int(beijing_text(SystemClock().now(), "%Y"))
    query = SeasonQuery(
        _day(since or f"{year}-01-01", "--from"), _day(until or f"{year}-12-31", "--to") + DAY, hazard, drills
    )
    if query.until <= query.since:
        raise typer.BadParameter(both("起日在止日之后", "the first day is after the last"), param_hint="--from")
    with open_records(terminal.settings) as office:
        reading = office.read.season(query)
        words = record_words(terminal.settings, office.configuration)
        path = None
        if xlsx is not None:
            work = office.counter.season_workbook(query, actor=terminal.asked_actor(actor))
            path = _written(xlsx, asyncio.run(work))
    names = SeasonNames(
        terminal.words.of, lambda at: beijing_text(at, "%Y-%m"), terminal.say(CITY, "City level"), words.sectors
    )
    figures = season_figures(reading, names)
    document = {**season_document(query, figures), "files": [str(path)] if path else []}
    if path is not None:
        terminal.answer(document, terminal.say(f"已写好 {path}", f"Wrote {path}"))
        return
    terminal.answer(document, *season_picture(terminal, figures))


# --- where it is read and made ----------------------------------------------------------------------------


@contextmanager
def open_records(settings: Settings) -> Iterator[Office]:
    """Readings, and a counter whose exports go on the record through the daemon if it answers, else by ourselves."""
    keys, clock = KeyRing.load(settings.keys_dir, settings.credentials_dir), SystemClock()
    try:
        configuration: Configuration | None = load_configuration(settings.config_dir)
    except ConfigError:
        configuration = None
    with opened_database(settings) as database, _recording(settings) as office:
        tables = record_tables(database, AesSealer(keys), configuration)
        counter = record_counter(settings, configuration, tables, keys.journal_public, office, clock)
        yield Office(tables, counter, configuration)


@contextmanager
def _recording(settings: Settings) -> Iterator[RecordOffice]:
    if daemon_answers(settings.control_socket):
        with asked_daemon(settings) as daemon:
            yield DaemonRecords(daemon)
        return
    yield OwnRecords(settings)


class DaemonRecords:
    """record_ports.RecordOffice: the daemon does it, asked over its local socket."""

    def __init__(self, daemon: DaemonOffice) -> None:
        """`daemon` reaches web.record_control."""
        self._daemon = daemon

    async def exported(self, account: ExportAccount) -> None:
        """See the port."""
        self._daemon.ask("/records/exports", dataclasses.asdict(account))

    async def judged(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """See the port."""
        document = {"callout_id": callout_id, "verdict": verdict.value, "actor": actor, "reason": reason}
        self._daemon.ask("/records/verdicts", document)


class OwnRecords:
    """record_ports.RecordOffice where no daemon runs: this process is the writer, for as long as it writes."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before there is something to record."""
        self._settings = settings

    async def exported(self, account: ExportAccount) -> None:
        """See the port."""
        with self._writer() as office:
            await office.exported(account)

    async def judged(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """See the port."""
        with self._writer() as office:
            await office.judged(callout_id, verdict, actor=actor, reason=reason)

    @contextmanager
    def _writer(self) -> Iterator[WriterRecordOffice]:
        require_database(self._settings)
        product = open_product(self._settings)
        try:
            yield WriterRecordOffice(EngineOffice(product.engine, SystemClock()))
        finally:
            product.close()


def _written(path: Path, document: Document) -> Path:
    """Write a new file, for its owner alone. RefusedError when it exists or cannot be written."""
    if path.exists():
        raise RefusedError(f"{path}: {both('文件已存在', 'the file exists already')}")
    try:
        write_new(path, document.content)
    except OSError as error:
        what = both("文件不能写", f"the file cannot be written ({error.strerror})")
        raise RefusedError(f"{path}: {what}") from None
    return path


def _day(text: str, option: str) -> int:
    try:
        return day_begins(text)
    except (ValueError, OverflowError):
        said = both(f"{text}：应写成 2026-07-01", f"{text}: days are written as 2026-07-01")
        raise typer.BadParameter(said, param_hint=option) from None


# --- documents --------------------------------------------------------------------------------------------


def callout_document(form: RecordForm, figures: Figures) -> dict[str, Any]:
    """A record for a program: the figures, and who was unreached. Nobody is named."""
    head = form.head
    return {
        "callout_id": head.callout_id,
        "drill": head.drill,
        "round": head.round,
        "state": head.state.name.lower(),
        "started_at": iso_text(head.started_at),
        "ended_at": iso_text(head.ended_at) if head.ended_at else None,
        "verdict": head.verdict.value if head.verdict else None,
        "calls": form.calls,
        "messages": form.messages,
        "sum": tally_document(figures.whole),
        "tiers": [_line_document(one) for one in figures.tiers],
        "counties": [_line_document(one) for one in figures.counties],
        "departments": [_line_document(one) for one in figures.departments],
        "targets": [plain(one) for one in figures.targets],
        "reached_goal_ms": figures.reached_goal,
        "feedback": plain(figures.feedback),
        "unreached": [
            {
                "unit": unit.code,
                "name": unit.name,
                "since": iso_text(unit.unreached.first_at) if unit.unreached else None,
                "was": [state.name.lower() for state in unit.unreached.states] if unit.unreached else [],
                "state": unit.state.name.lower(),
                "answered_at": iso_text(unit.answered_at) if unit.answered and unit.answered_at else None,
                "means": unit.answer.means.value if unit.answer and unit.answered else None,
            }
            for unit in late_units(form.units)
        ],
        "journal": plain(form.journal),
    }


def tally_document(one: Tally) -> dict[str, Any]:
    """A tally for a program; times in ms."""
    return {**plain(one), "unreached": one.unreached, "rate": one.rate}


def _line_document(one: Line) -> dict[str, Any]:
    return {"key": one.key, "name": one.name, **tally_document(one.tally)}


def season_document(query: SeasonQuery, figures: SeasonFigures) -> dict[str, Any]:
    """A season for a program; times in seconds."""
    return {
        "since": iso_text(query.since),
        "until": iso_text(query.until),
        "hazard": query.hazard,
        "drills": query.drills,
        "sum": _share_document(figures.whole),
        "callouts": [
            {
                "callout_id": one.callout.callout_id,
                "started_at": iso_text(one.callout.started_at),
                "hazard": one.callout.hazard,
                "colour": one.callout.colour.key,
                "state": one.callout.state.name.lower(),
                "verdict": one.callout.verdict.value if one.callout.verdict else None,
                "on_time": one.on_time,
                **_share_document(one.share),
            }
            for one in figures.callouts
        ],
        **{
            name: [{"key": one.key, "name": one.name, **_share_document(one.share)} for one in lines]
            for name, lines in (
                ("tiers", figures.tiers),
                ("counties", figures.counties),
                ("departments", figures.departments),
                ("hazards", figures.hazards),
                ("months", figures.months),
            )
        },
        "verdicts": {**plain(figures.verdicts), "false_rate": figures.verdicts.false_rate},
        "fatigue": plain(figures.fatigue),
        "most_called": [plain(one) for one in figures.most],
        "never_answer": [plain(one) for one in figures.silent],
        "never_answer_total": figures.silent_total,
    }


def _share_document(one: Share) -> dict[str, Any]:
    return {**plain(one), "rate": one.rate}


def plain(one: Any) -> dict[str, Any]:
    """A flat dataclass for a program; members of enums by their names."""
    found = {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}
    return {name: value.name.lower() if isinstance(value, Enum) else value for name, value in found.items()}


# --- pictures ---------------------------------------------------------------------------------------------


def callout_picture(terminal: Terminal, form: RecordForm, figures: Figures) -> Iterator[RenderableType]:
    """A record for a person."""
    head, whole, say = form.head, figures.whole, terminal.say
    practice = say("【演练】", "DRILL ") if head.drill else ""
    signal = terminal.words.signal(head.hazard_name, head.colour)
    yield Text(f"{practice}{signal} · {say('叫应', 'call-out')} {head.callout_id} · {beijing_text(head.started_at)}")
    yield _tallies(terminal, say("层级", "Tier"), (*figures.tiers, Line("", say("合计", "Sum"), whole)))
    yield _tallies(terminal, say("县（市、区）", "County"), figures.counties)
    late = late_units(form.units)
    yield Text(
        say(
            f"曾未叫应 {whole.ever_unreached} 个，随后叫到 {whole.reached_late} 个。",
            f"{whole.ever_unreached} were unreached for a while, {whole.reached_late} of them answered in the end.",
        )
    )
    for unit in [one for one in late if not one.answered][:LATE_SHOWN]:
        place = " ".join(name for _, name in (unit.county, unit.township) if name)
        yield Text(f"  • {place} {unit.name} {terminal.words.text(f'callee.{unit.state.name.lower()}')}", style="red")
    moved = figures.feedback
    yield Text(
        say(
            f"反馈 {moved.units} 个单位，转移 {moved.moved} 人，险情 {moved.dangers} 处。",
            f"Feedback of {moved.units} units: {moved.moved} people moved, {moved.dangers} report dangers.",
        )
    )


def _tallies(terminal: Terminal, name: str, lines: tuple[Line, ...]) -> Table:
    say, table = terminal.say, Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(name, overflow="fold")
    for chinese, english in (
        ("应叫", "Asked"), ("应答", "Answered"), ("叫应率", "Rate"), ("本人", "Self"), ("登记", "Recorded"),
        ("代报", "Relayed"), ("未叫应", "Unreached"), ("曾未叫应", "Ever"), ("中位", "Median"), ("九成", "90 %"),
    ):  # fmt: skip
        table.add_column(say(chinese, english), justify="right", no_wrap=True)
    for line in lines:
        one = line.tally
        table.add_row(
            line.name, str(one.asked), str(one.answered), _percent(one.rate), str(one.in_person), str(one.recorded),
            str(one.relayed), str(one.unreached), str(one.ever_unreached), _lasted(one.median, 1000),
            _lasted(one.slow, 1000),
        )  # fmt: skip
    return table


def season_picture(terminal: Terminal, figures: SeasonFigures) -> Iterator[RenderableType]:
    """A season for a person."""
    say, whole = terminal.say, figures.whole
    yield Text(
        say(
            f"叫应 {len(figures.callouts)} 次，应叫 {whole.asked}、应答 {whole.answered}（{_percent(whole.rate)}），"
            f"用时中位 {_lasted(whole.median)}。",
            f"{len(figures.callouts)} call-outs: {whole.answered} of {whole.asked} answered ({_percent(whole.rate)}), "
            f"median {_lasted(whole.median)}.",
        ),
        style="bold",
    )
    for chinese, english, lines in (
        ("层级", "Tier", figures.tiers),
        ("县（市、区）", "County", figures.counties),
        ("条线", "Department", figures.departments),
        ("月", "Month", figures.months),
    ):
        if lines:
            yield _shares(terminal, say(chinese, english), lines)
    verdicts, fatigue = figures.verdicts, figures.fatigue
    yield Text(
        say(
            f"检验：应验 {verdicts.hits}、空报 {verdicts.false}、误发 {verdicts.mistakes}、未检验 {verdicts.open}；"
            f"空报率 {_percent(verdicts.false_rate)}。",
            f"Verdicts: {verdicts.hits} hits, {verdicts.false} false alarms, {verdicts.mistakes} by error, "
            f"{verdicts.open} not judged; {_percent(verdicts.false_rate)} false.",
        )
    )
    mean = "—" if fatigue.mean is None else f"{fatigue.mean:.1f}"
    yield Text(
        say(
            f"打扰：{fatigue.people} 人被叫 {fatigue.calls} 次，人均 {mean} 次，最多 {fatigue.most} 次；"
            f"夜间占 {_percent(fatigue.night_share)}。从不接听的号码 {figures.silent_total} 个。",
            f"{fatigue.people} people were called {fatigue.calls} times, {mean} each, {fatigue.most} at most; "
            f"{_percent(fatigue.night_share)} at night. {figures.silent_total} numbers never answer.",
        )
    )


def _shares(terminal: Terminal, name: str, lines: tuple[SeasonLine, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(name, overflow="fold")
    for chinese, english in (
        ("应叫", "Asked"),
        ("应答", "Answered"),
        ("叫应率", "Rate"),
        ("中位", "Median"),
        ("九成", "90 %"),
    ):
        table.add_column(terminal.say(chinese, english), justify="right", no_wrap=True)
    for line in lines:
        one = line.share
        table.add_row(
            line.name, str(one.asked), str(one.answered), _percent(one.rate), _lasted(one.median), _lasted(one.slow)
        )
    return table


def _percent(part: float | None) -> str:
    return "—" if part is None else f"{100 * part:.1f}%"


def _lasted(value: int | None, unit: int = 1) -> str:
    if value is None:
        return "—"
    minutes, seconds = divmod(value // unit, 60)
    return f"{minutes}:{seconds:02d}"
