"""`source`, `outlet`: where warnings come from and where they go on to, and how each of them fares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import typer
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.office import open_reading
from warning_dispatch.cli.pictures import moment
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, iso_text
from warning_dispatch.model.sources import OutletView, SourceHealth
from warning_dispatch.source_settings import FeedSettings, FolderSettings, OtherSettings, SourceShape
from warning_dispatch.tomlfiles import both

sources = typer.Typer(no_args_is_help=True, help=both("预警来源", "where warnings come from"))
outlets = typer.Typer(no_args_is_help=True, help=both("传播单位", "where warnings are passed on to"))

_STATES = {
    "unwatched": ("还没看过", "not watched yet", "dim"),
    "unreachable": ("连不上", "out of reach", "bold red"),
    "trouble": ("有问题", "in trouble", "yellow"),
    "quiet": ("久无消息", "quiet for long", "yellow"),
    "ok": ("正常", "ok", "green"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A source as configured and as it fares; `health` None: no daemon has watched it yet."""

    source: SourceShape
    health: SourceHealth | None

    def state(self, now: int) -> str:
        """One of _STATES."""
        if self.health is None:
            return "unwatched"
        if self.source.gap_s and now - self.health.seen_at > self.source.gap_s * 1000:
            return "unreachable"
        if self.health.trouble:
            return "trouble"
        quiet = self.source.quiet_s and now - self.health.message_at > self.source.quiet_s * 1000
        return "quiet" if quiet else "ok"


@sources.command("list")
@command
def list_sources(terminal: Terminal) -> None:
    """列出预警来源：上次连通、上次消息、问题。 / The sources of warnings: last seen, last message, trouble."""
    configured, now = terminal.settings.ingest.sources, SystemClock().now()
    with open_reading(terminal.settings) as read:
        health = {one.name: one for one in read.sources([one.tag for one in configured])}
    lines = [_Line(one, health.get(one.tag)) for one in configured]
    document = {"sources": [_document(one, now) for one in lines]}
    if not lines:
        nothing = terminal.say(
            "没有配置来源；接口和 alert ingest 总是在的。", "No source; the API and `alert ingest` are always there."
        )
        terminal.answer(document, nothing)
        return
    terminal.answer(document, _table(terminal, lines, now))


@outlets.command("list")
@command
def list_outlets(terminal: Terminal) -> None:
    """列出传播单位：待送、已送、失败和最近的回执。 / The outlets: waiting, delivered, failed, the last receipt."""
    names = [one.name for one in terminal.settings.outward.outlet]
    with open_reading(terminal.settings) as read:
        views = read.outlets(names)
    document = {"outlets": [_outlet_document(one) for one in views]}
    if not views:
        terminal.answer(document, terminal.say("没有配置传播单位。", "No outlet is configured."))
        return
    terminal.answer(document, _outlet_table(terminal, views))


def _document(line: _Line, now: int) -> dict[str, object]:
    health = line.health
    return {
        "name": line.source.name,
        "kind": line.source.kind,
        "where": _where(line.source),
        "state": line.state(now),
        "seen_at": None if health is None else iso_text(health.seen_at),
        "message_at": None if health is None or not health.messages else iso_text(health.message_at),
        "messages": 0 if health is None else health.messages,
        "trouble": "" if health is None else health.trouble,
    }


def _outlet_document(view: OutletView) -> dict[str, object]:
    return {
        "name": view.name,
        "waiting": view.waiting,
        "delivered": view.delivered,
        "failed": view.failed,
        "last_at": None if view.last_at is None else iso_text(view.last_at),
        "last_receipt": view.last_receipt,
    }


def _where(source: SourceShape) -> str:
    if isinstance(source, FolderSettings):
        return source.path
    if isinstance(source, OtherSettings):
        return source.adapter
    return source.url if isinstance(source, FeedSettings) else "POST /api/v1/alerts"


def _table(terminal: Terminal, lines: Iterable[_Line], now: int) -> Table:
    say, table = terminal.say, Table(title=terminal.say("预警来源", "Sources"), title_justify="left")
    for chinese, english in (("名称", "Name"), ("种类", "Kind"), ("状态", "State"), ("上次连通", "Last seen")):
        table.add_column(say(chinese, english), no_wrap=True)
    table.add_column(say("上次消息", "Last message"), no_wrap=True)
    table.add_column(say("条数", "Count"), no_wrap=True, justify="right")
    table.add_column(say("在哪里、问题", "Where, trouble"), overflow="fold")
    for line in lines:
        chinese, english, style = _STATES[line.state(now)]
        health = line.health
        table.add_row(
            line.source.name,
            line.source.kind,
            Text(say(chinese, english), style=style),
            moment(health.seen_at if health else None),
            moment(health.message_at if health and health.messages else None),
            str(health.messages if health else 0),
            "\n".join(filter(None, (_where(line.source), health.trouble if health else ""))),
        )
    return table


def _outlet_table(terminal: Terminal, views: Iterable[OutletView]) -> Table:
    say, table = terminal.say, Table(title=terminal.say("传播单位", "Outlets"), title_justify="left")
    table.add_column(say("名称", "Name"), no_wrap=True)
    for chinese, english in (("待送", "Waiting"), ("已送", "Delivered"), ("失败", "Failed")):
        table.add_column(say(chinese, english), no_wrap=True, justify="right")
    table.add_column(say("最近", "Last"), no_wrap=True)
    table.add_column(say("回执或原因", "Receipt or reason"), overflow="fold")
    for one in views:
        failed = Text(str(one.failed), style="bold red" if one.failed else "")
        table.add_row(one.name, str(one.waiting), str(one.delivered), failed, moment(one.last_at), one.last_receipt)
    return table
