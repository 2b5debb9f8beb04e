"""`drill`: 演练 — compose one, release it, stop it, its report, and the calendar of the year."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason
from warning_dispatch.cli.drill_office import open_drill_reading, open_drills
from warning_dispatch.cli.drill_pictures import days_table, drill_lines, drills_table, report_lines
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.model.drills import DrillDay, DrillKind, DrillRequest, DrillState
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.drill_documents import day_document, drill_document, report_document

app = typer.Typer(
    no_args_is_help=True,
    help=both("演练：拟定、放行、停止、报告、日历", "drills: compose, release, stop, report, calendar"),
)

MINUTE = 60_000
BEIJING = timezone(timedelta(hours=8))
DrillId = Annotated[int, typer.Argument(metavar="DRILL", help=both("演练编号", "number of the drill"))]
Kind = Annotated[
    Literal["paper", "staff", "everyone"],
    typer.Option(
        "--kind",
        help=both(
            "paper 推演（模拟电话），staff 内部（名单），everyone 全员（两人放行）",
            "paper: simulated phones, staff: a named list, everyone: two must release it",
        ),
    ),
]
Areas = Annotated[list[str] | None, typer.Option("--area", help=both("区划编码，可重复", "division code, repeatable"))]
Tiers = Annotated[list[str] | None, typer.Option("--tier", help=both("只演练这些层级，可重复", "only these tiers"))]
People = Annotated[
    list[str] | None,
    typer.Option("--people", help=both("名单：单位编码 或 单位编码:A岗，可重复", "a unit's code, or code:primary")),
]
PeopleFile = Annotated[
    Path | None, typer.Option("--people-file", help=both("名单文件，一行一个", "the list in a file, one a line"))
]
Starts = Annotated[
    str, typer.Option("--at", metavar="TIME", help=both("北京时间 2026-05-12 09:30", "Beijing time 2026-05-12 09:30"))
]


@app.command("start")
@command
def start(
    terminal: Terminal,
    kind: Kind,
    alert: Annotated[
        int | None,
        typer.Option("--alert", help=both("依据哪条预警、演练或测试消息", "by which past or practice message")),
    ] = None,
    hazard: Annotated[str, typer.Option(help=both("灾种，如 rainstorm 或 暴雨", "hazard"))] = "",
    colour: Annotated[str, typer.Option(help=both("颜色 red 或 orange", "colour"))] = "",
    area: Areas = None,
    tier: Tiers = None,
    people: People = None,
    people_file: PeopleFile = None,
    plan: Annotated[str, typer.Option("--plan", help=both("叫应方案，默认按触发条件", "call chain"))] = "",
    title: Annotated[str, typer.Option("--title", help=both("名称", "its name"))] = "",
    text: Annotated[str, typer.Option("--text", help=both("预警内容", "text of the warning"))] = "",
    valid: Annotated[
        int | None,
        typer.Option("--valid", metavar="MINUTES", help=both("时长（分钟），默认同预警", "how long it lasts")),
    ] = None,
    at: Starts = "",
    announce: Annotated[
        int, typer.Option("--announce", metavar="MINUTES", min=0, help=both("提前几分钟短信预告", "announced before"))
    ] = 0,
    day: Annotated[
        int | None, typer.Option("--day", metavar="ID", help=both("日历上的哪一场", "which day of the calendar"))
    ] = None,
    actor: Actor = "",
) -> None:
    """拟定演练。推演马上做完；内部、全员演练等放行，在那之前不拨号、不发短信。 / Compose a drill; nothing goes out before its release."""
    listed = [*(people or ()), *_in_file(people_file)]
    asked = DrillRequest(
        DrillKind[kind.upper()],
        title=title,
        alert_id=alert,
        hazard=hazard,
        colour=colour,
        areas=tuple(area or ()),
        tiers=tuple(tier or ()),
        plan=plan,
        people=tuple(listed),
        text=text,
        valid=None if valid is None else valid * MINUTE,
        starts_at=_moment(at) if at else None,
        announce=announce * MINUTE,
        day_id=day,
    )
    with open_drill_reading(terminal.settings) as read, open_drills(terminal.settings) as office:
        drill_id = office.compose(asked, terminal.asked_actor(actor))
        if asked.kind is DrillKind.PAPER:
            office.wait(drill_id, read)
            _show_report(terminal, drill_id)
            return
        view = read.drill(drill_id)
    terminal.answer(drill_document(view), *drill_lines(terminal, view))
    terminal.remark(
        f"尚未拨号。放行：drill release {drill_id}（需 {view.needs} 人）",
        f"Nobody was called. Release it: drill release {drill_id} ({view.needs} to release)",
    )


@app.command("release")
@command
def release(terminal: Terminal, drill_id: DrillId, actor: Actor = "") -> None:
    """放行：内部演练一人，全员演练两个不同的人；放行后拨打真实电话。 / Release it; after that real phones ring."""
    with open_drills(terminal.settings) as office:
        complete = office.release(drill_id, terminal.asked_actor(actor))
    with open_drill_reading(terminal.settings) as read:
        view = read.drill(drill_id)
    terminal.answer(drill_document(view), *drill_lines(terminal, view))
    if not complete:
        terminal.remark("还须另一人放行。", "Another person must release it as well.")


@app.command("stop")
@command
def stop(terminal: Terminal, drill_id: DrillId, actor: Actor = "", reason: Reason = "") -> None:
    """停止演练，或撤销还没开始的；之后不再发任何演练短信。 / Stop it, or withdraw it; nothing more goes out."""
    with open_drills(terminal.settings) as office:
        office.stop(drill_id, terminal.asked_actor(actor), terminal.asked_reason(reason))
    with open_drill_reading(terminal.settings) as read:
        view = read.drill(drill_id)
    terminal.answer(drill_document(view), *drill_lines(terminal, view))


@app.command("list")
@command
def list_(
    terminal: Terminal, limit: Annotated[int, typer.Option(min=1, help=both("最多几个", "how many at most"))] = 20
) -> None:
    """列出演练，新的在前。 / Drills, the newest first."""
    with open_drill_reading(terminal.settings) as read:
        views = read.drills(limit=limit)
    nothing = Text(terminal.words.text("drill.none"))
    terminal.answer(
        {"drills": [drill_document(one) for one in views]}, drills_table(terminal, views) if views else nothing
    )


@app.command("show")
@command
def show(terminal: Terminal, drill_id: DrillId) -> None:
    """一场演练：内容、谁放行的、到哪一步。 / One drill: what it is, who released it, how it stands."""
    with open_drill_reading(terminal.settings) as read:
        view = read.drill(drill_id)
    terminal.answer(drill_document(view), *drill_lines(terminal, view))


@app.command("report")
@command
def report(terminal: Terminal, drill_id: DrillId) -> None:
    """评分报告：限时内谁应答、怎么应答，哪些没应答，哪些号码要改，与上次比。 / The scored report, compared with the last drill."""
    _show_report(terminal, drill_id)


def _show_report(terminal: Terminal, drill_id: int) -> None:
    with open_drill_reading(terminal.settings) as read:
        view, found = read.drill(drill_id), read.report(drill_id)
        before = None if view.state is DrillState.INTERRUPTED else read.comparison(drill_id, found)
    terminal.answer(report_document(view, found, before), *report_lines(terminal, view, found, before))


# --- the calendar -----------------------------------------------------------------------------------------


@app.command("calendar")
@command
def calendar(terminal: Terminal) -> None:
    """年度演练日历。 / The calendar of drills."""
    with open_drill_reading(terminal.settings) as read:
        days = read.days()
    nothing = Text(terminal.words.text("drill.calendar.empty"))
    terminal.answer({"days": [day_document(one) for one in days]}, days_table(terminal, days) if days else nothing)


@app.command("plan")
@command
def plan(
    terminal: Terminal,
    day: Annotated[str, typer.Argument(metavar="DAY", help=both("日期，如 2026-05-12", "2026-05-12"))],
    title: Annotated[str, typer.Option("--title", help=both("名称", "its name"))],
    kind: Kind = "everyone",
    note: Annotated[str, typer.Option("--note", help=both("备注", "a note"))] = "",
    yearly: Annotated[bool, typer.Option("--yearly", help=both("每年都有", "again every year"))] = False,
    actor: Actor = "",
) -> None:
    """把一场演练写进日历：提前 14 天、3 天和当天提醒。 / Enter a day; reminders 14 and 3 days before and on it."""
    entered = DrillDay(0, _day(day), title, DrillKind[kind.upper()], note, yearly=yearly)
    with open_drills(terminal.settings) as office:
        day_id = office.add_day(entered, terminal.asked_actor(actor))
    document = {**day_document(entered), "id": day_id}
    terminal.answer(
        document, terminal.say(f"已写进日历（{day_id}）：{day} {title}", f"Entered ({day_id}): {day} {title}")
    )


@app.command("unplan")
@command
def unplan(
    terminal: Terminal,
    day_id: Annotated[int, typer.Argument(metavar="ID", help=both("日历编号", "number in the calendar"))],
    actor: Actor = "",
) -> None:
    """从日历移出。 / Take a day out of the calendar."""
    with open_drills(terminal.settings) as office:
        office.drop_day(day_id, terminal.asked_actor(actor))
    terminal.answer({"id": day_id, "dropped": True}, terminal.say("已移出日历。", "Taken out of the calendar."))


def _in_file(path: Path | None) -> list[str]:
    """The entries of a list, without empty lines and what stands behind a #."""
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        what = both("读不了", "cannot be read")
        raise typer.BadParameter(f"{path}: {what} ({type(error).__name__})", param_hint="--people-file") from None
    entries = [line.partition("#")[0].strip() for line in lines]
    return [entry for entry in entries if entry]


def _moment(text: str) -> int:
    """A moment of Beijing time in ms; wrong usage for anything else."""
    try:
        at = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING)
    except ValueError:
        what = both("应为 2026-05-12 09:30", "expected 2026-05-12 09:30")
        raise typer.BadParameter(f"{text}: {what}", param_hint="--at") from None
    return round(at.timestamp() * 1000)


def _day(text: str) -> str:
    """A day; wrong usage for anything else."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=BEIJING).date().isoformat()
    except ValueError:
        what = both("应为 2026-05-12", "expected 2026-05-12")
        raise typer.BadParameter(f"{text}: {what}", param_hint="DAY") from None
