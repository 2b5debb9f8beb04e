"""`route`: the ways to carriers, and what providers must be told."""

from __future__ import annotations

import typer
from rich.text import Text

from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.delivery.configured import read_routes
from warning_dispatch.delivery.kinds import Addressed
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.tomlfiles import both

app = typer.Typer(no_args_is_help=True, help=both("线路", "the ways to carriers"))


@app.callback()
def _group() -> None:
    """线路。 / The ways to carriers."""


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
