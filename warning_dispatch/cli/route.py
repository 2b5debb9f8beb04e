"""`route`: how each provider fares, in the order in which they are taken, and what providers must be told."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.table import Table
from rich.text import Text

from warning_dispatch.bootstrap import route_plans
from warning_dispatch.cli.office import open_reading
from warning_dispatch.cli.pictures import moment
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import iso_text
from warning_dispatch.delivery.configured import read_routes
from warning_dispatch.delivery.kinds import Addressed
from warning_dispatch.model.views import RouteView
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.tomlfiles import both

app = typer.Typer(no_args_is_help=True, help=both("线路", "providers"))

_STATES = {
    "in_service": ("正常", "in service", "green"),
    "down": ("停用", "out of service", "bold red"),
    "trial": ("正在试呼", "being tried", "yellow"),
}


@app.command("list")
@command
def list_routes(terminal: Terminal) -> None:
    """列出线路：在用、停用（原因、何时试呼）、占线、余额。 / Routes: in service or why not, lines in use, balance."""
    placed = {plan.name: (plan.channel, plan.rule.order, at) for at, plan in enumerate(route_plans(terminal.settings))}
    with open_reading(terminal.settings) as read:
        views = sorted((one for one in read.routes() if one.name in placed), key=lambda one: placed[one.name])
    document = {"routes": [_document(view) for view in views]}
    if not views:
        terminal.answer(document, terminal.say("还没有线路。", "There are no routes yet."))
        return
    terminal.answer(document, _table(terminal, views))


def _document(view: RouteView) -> dict[str, object]:
    return {
        "name": view.name,
        "channel": view.channel.key,
        "state": view.state,
        "why": view.why,
        "trial_at": iso_text(view.until) if view.until else None,
        "lines": view.lines,
        "lines_used": view.lines_used,
        "rate_per_minute": view.rate,
        "dead_lines": list(view.dead_lines),
        "balance": view.balance,
        "probed_at": None if view.probed_at is None else iso_text(view.probed_at),
    }


def _table(terminal: Terminal, views: Sequence[RouteView]) -> Table:
    table = Table(box=None, pad_edge=False)
    for chinese, english in (
        ("线路", "Route"),
        ("渠道", "Channel"),
        ("状态", "State"),
        ("占线", "Lines"),
        ("余额", "Balance"),
        ("探测", "Asked"),
    ):
        table.add_column(terminal.say(chinese, english))
    for view in views:
        chinese, english, style = _STATES[view.state]
        state = terminal.say(chinese, english)
        if view.why:
            state += terminal.say("：", ": ") + terminal.words.word("outcome", view.why)
        if view.state == "down":
            state += terminal.say(f"，{moment(view.until)} 试呼", f", tried at {moment(view.until)}")
        table.add_row(
            view.name,
            terminal.words.text(f"channel.{view.channel.key}"),
            Text(state, style=style),
            "—" if view.lines is None else f"{view.lines_used}/{view.lines}",
            view.balance or "—",
            "—" if view.probed_at is None else moment(view.probed_at),
        )
    return table


@app.command("callbacks")
@command
def list_callbacks(terminal: Terminal) -> None:
    """列出要填到服务商控制台的回调地址；知道地址的人就能回调，不要外传。 / The callback addresses to enter at providers; keep them secret."""
    settings = terminal.settings
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    found = [
        (one.facts.name, name, address)
        for one in read_routes(settings)
        if isinstance(one.kind, Addressed)
        for name, address in one.kind.addresses(one.options, one.facts, keys.hook_secret(one.facts.name)).items()
    ]
    document = {"callbacks": [{"route": route, "name": name, "address": address} for route, name, address in found]}
    if not found:
        terminal.answer(document, terminal.say("没有需要填写回调地址的线路。", "No route has an address to enter."))
        return
    unset = terminal.say("（先设 web.callback_url）", "(set web.callback_url first)")
    lines = [f"{route}  {name}  {address or unset}" for route, name, address in found]
    terminal.answer(document, Text("\n".join(lines)))
