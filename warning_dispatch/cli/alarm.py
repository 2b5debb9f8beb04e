"""`alarm`: what needs a human, and that somebody has it in hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.office import open_office, open_reading
from warning_dispatch.cli.pictures import COLOUR_STYLES, left_out, moment
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import iso_text
from warning_dispatch.model.alarm_facts import facts_of
from warning_dispatch.model.views import AlarmList, AlarmRow
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.alarm_words import alarm_detail, alarm_word

app = typer.Typer(no_args_is_help=True, help=both("告警：查看、认领", "alarms: look, claim"))


@app.command("list")
@command
def list_alarms(
    terminal: Terminal,
    claimed: Annotated[bool, typer.Option("--claimed", help=both("也列已认领的", "claimed ones too"))] = False,
    limit: Annotated[int, typer.Option(min=1, help=both("最多几项", "how many at most"))] = 50,
    callout: Annotated[
        int | None, typer.Option("--callout", help=both("只列这次叫应的", "only those of this call-out"))
    ] = None,
) -> None:
    """列出没有人认领的告警，最新在前。 / Alarms that nobody has claimed, newest first."""
    with open_reading(terminal.settings) as read:
        alarms = read.alarms(limit=limit, open_only=not claimed, callout_id=callout)
    nothing = terminal.say("没有待认领的告警。", "No alarm is open.")
    pictures: list[RenderableType] = [_table(terminal, alarms.rows) if alarms.rows else nothing]
    if alarms.total > len(alarms.rows):
        again = "alarm list" + (" --claimed" if claimed else "") + (f" --callout {callout}" if callout else "")
        pictures.append(Text(left_out(terminal, alarms, again), style="bold red"))
    terminal.answer(alarms_document(alarms), *pictures)


@app.command("claim")
@command
def claim(
    terminal: Terminal,
    alarm_ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help=both("告警编号", "numbers of the alarms"))
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help=both("全部", "every open one"))] = False,
    actor: Annotated[
        str, typer.Option("--actor", help=both("认领人，默认为登录名", "who claims, the login if not given"))
    ] = "",
) -> None:
    """认领告警：我来处理，不用再叫别人。同一次值班叫应的告警一起认领。 / I have it in hand; nobody else is called."""
    if alarm_ids and everything:
        raise typer.BadParameter(
            both("告警编号和 --all 只能写一个", "either the alarms or --all, not both"), param_hint="ID"
        )
    if not alarm_ids and not everything:
        what = both("写明告警编号，或用 --all", "name the alarms, or say --all")
        raise typer.BadParameter(what, param_hint="ID")
    actor = terminal.asked_actor(actor)
    with open_office(terminal.settings) as office:
        claimed = office.claim(None if everything else alarm_ids, actor=actor)
    listed = ", ".join(map(str, claimed))
    said = terminal.say(
        f"{actor} 已认领 {len(claimed)} 项告警：{listed}", f"{actor} has {len(claimed)} alarms: {listed}"
    )
    nothing = terminal.say("没有待认领的告警。", "No alarm was open.")
    terminal.answer({"claimed": list(claimed), "actor": actor}, said if claimed else nothing)


def alarm_document(alarm: AlarmRow) -> dict[str, object]:
    """An alarm for a program. `colour`: how urgently the bureau is called for it; null: it only stands on the list."""
    return {
        "id": alarm.id,
        "at": iso_text(alarm.at),
        "kind": alarm.kind,
        "detail": dict(facts_of(alarm.detail)),
        "callout_id": alarm.callout_id,
        "unit_name": alarm.unit_name,
        "colour": alarm.colour.key if alarm.colour else None,
        "times": alarm.times,
        "self_callout_id": alarm.self_callout_id,
        "claimed_at": None if alarm.claimed_at is None else iso_text(alarm.claimed_at),
        "claimed_by": alarm.claimed_by,
        "claimed_unit": alarm.claimed_unit,
        "claimed_role": alarm.claimed_role.key if alarm.claimed_role else None,
    }


def alarms_document(alarms: AlarmList) -> dict[str, object]:
    """A list of alarms for a program; `alarms_total` counts those that are not shown too."""
    return {"alarms": [alarm_document(one) for one in alarms.rows], "alarms_total": alarms.total}


def claimer(terminal: Terminal, alarm: AlarmRow) -> str:
    """Who has it in hand: the officer by name, whoever answered a call by unit and role."""
    if alarm.claimed_role is None:
        return alarm.claimed_by
    return f"{alarm.claimed_unit} {terminal.words.text(f'role.{alarm.claimed_role.key}')}"


def _table(terminal: Terminal, rows: Iterable[AlarmRow]) -> Table:
    say, table = terminal.say, Table(title=terminal.say("告警", "Alarms"), title_justify="left")
    table.add_column(say("编号", "ID"), no_wrap=True, justify="right")
    for chinese, english in (("时间", "At"), ("紧急", "Urgency"), ("告警", "Alarm")):
        table.add_column(say(chinese, english), no_wrap=True)
    table.add_column(say("叫应", "Call-out"), no_wrap=True, justify="right")
    table.add_column(say("单位、说明", "Unit, detail"), overflow="fold")
    table.add_column(say("次数", "Times"), no_wrap=True, justify="right")
    table.add_column(say("认领", "Claimed"), no_wrap=True)
    for one in rows:
        colour = Text("—", style="dim")
        if one.colour is not None:
            colour = Text(f" {terminal.words.text(f'colour.{one.colour.key}')} ", style=COLOUR_STYLES[one.colour])
        table.add_row(
            str(one.id),
            moment(one.at),
            colour,
            alarm_word(one.kind, terminal.words),
            str(one.callout_id or ""),
            " ".join(filter(None, (one.unit_name, alarm_detail(one, terminal.words)))),
            str(one.times),
            "" if one.claimed_at is None else f"{claimer(terminal, one)} {moment(one.claimed_at)}",
        )
    return table
