"""`check`: is everything ready for the season? The complete list of findings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.inspection import Inspection, Launch, Timing, inspect
from warning_dispatch.cli.launching import estimate_document, estimate_words
from warning_dispatch.cli.pictures import COLOUR_STYLES
from warning_dispatch.cli.terminal import Terminal, command, finding_document, finding_text
from warning_dispatch.configuration.words import duration_text
from warning_dispatch.tomlfiles import both

SHOWN_NOTICES = 10
_AREAS = {
    "settings": ("设置", "Settings"),
    "configuration": ("方案、灾种、结果表", "Chains, hazards, outcomes"),
    "texts": ("消息文本", "Texts"),
    "keys": ("密钥", "Keys"),
    "database": ("数据库", "Database"),
    "register": ("名册", "Register"),
    "bureau": ("值班叫应", "The bureau's own call"),
    "routes": ("线路", "Routes"),
    "lists": ("打印名单", "Printable lists"),
    "sources": ("预警来源", "Sources"),
    "outlets": ("传播", "Outlets"),
    "accounts": ("账号", "Accounts"),
    "clock": ("时钟", "Clock"),
    "disk": ("磁盘", "Disks"),
    "backup": ("备份", "Copies"),
    "certificates": ("证书", "Certificates"),
    "callbacks": ("公网地址", "Public addresses"),
    "service": ("服务", "Service"),
}


@command
def check(
    terminal: Terminal,
    offline: Annotated[
        bool, typer.Option("--offline", help=both("不连任何别的机器", "ask nothing beyond this machine"))
    ] = False,
) -> None:
    """检查配置、方案、文本、名册、线路、时钟、磁盘、备份、证书、公网回路、服务，列出全部问题和办法。 / All that would fail at 3 a.m., with remedies."""
    terminal.quiet_logs("error")
    result = inspect(terminal.config, offline=offline)
    terminal.answer(inspection_document(result), *inspection_picture(terminal, result))
    if not result.ready:
        raise typer.Exit(1)


def inspection_document(result: Inspection) -> dict[str, Any]:
    """The result for a program. Seconds after the message; null: not by time alone, or no promise."""
    return {
        "ok": result.ready,
        "findings": [{"area": area, **finding_document(one)} for area, one in result.findings],
        "notices": [{"area": area, **finding_document(one)} for area, one in result.notices],
        "timings": [
            {
                "chain": one.chain.name,
                "enabled": bool(one.chain.triggers) or one.own,
                "colour": one.colour.key,
                "tier": one.tier,
                "latest_seconds": None if one.latest is None else one.latest / 1000,
                "target_seconds": None if one.target is None else one.target / 1000,
            }
            for one in result.timings
        ],
        "launches": [
            {"chain": one.chain.name, "colour": one.colour.key, **estimate_document(one.estimate)}
            for one in result.launches
        ],
        "units": result.units,
        "receivers": result.receivers,
    }


def inspection_picture(terminal: Terminal, result: Inspection) -> Iterator[RenderableType]:
    """The result for a person: the times, the findings by area, the notices, the sum."""
    if result.timings:
        yield _timings(terminal, [one for one in result.timings if not one.own])
        yield from _own_timings(terminal, [one for one in result.timings if one.own])
    yield from (_launch(terminal, one) for one in result.launches)
    for area, group in groupby(result.findings, key=lambda pair: pair[0]):
        yield Text(terminal.say(*_AREAS[area]), style="bold")
        yield from (finding_text(finding) for _, finding in group)
    yield from _notices(terminal, result)
    yield _sum(terminal, result)


def _timings(terminal: Terminal, timings: list[Timing]) -> Table:
    say = terminal.say
    table = Table(
        title=say("村（社区）最迟何时振铃", "When villages ring at the latest"),
        title_justify="left",
    )
    for chinese, english in (
        ("方案", "Chain"),
        ("颜色", "Colour"),
        ("最迟", "Latest"),
        ("目标", "Target"),
        ("状态", ""),
    ):
        table.add_column(say(chinese, english), no_wrap=True)
    for one in timings:
        latest = say("只凭应答", "by answers only") if one.latest is None else duration_text(one.latest)
        table.add_row(
            f"{terminal.words.of(one.chain.title)} ({one.chain.name})",
            Text(terminal.words.text(f"colour.{one.colour.key}"), style=COLOUR_STYLES[one.colour]),
            latest,
            "—" if one.target is None else duration_text(one.target),
            "" if one.chain.triggers else say("未启用", "not enabled"),
        )
    return table


def _own_timings(terminal: Terminal, timings: list[Timing]) -> Iterator[Text]:
    """When the last of the bureau's own people is called, if nobody has claimed it by then."""
    for one in timings:
        latest = terminal.say("只凭应答", "by answers only") if one.latest is None else duration_text(one.latest)
        title = terminal.words.of(one.chain.tier(one.tier).title)
        colour = terminal.words.text(f"colour.{one.colour.key}")
        yield Text(
            terminal.say(
                f"值班叫应（{colour}）：没有人认领，最迟 {latest} 叫到{title}",
                f"The bureau's own call ({colour}): unclaimed, it reaches the {title.lower()} after {latest} at the latest",
            )
        )


def _launch(terminal: Terminal, one: Launch) -> Text:
    """How long the whole area takes."""
    title, colour = terminal.words.of(one.chain.title), terminal.words.text(f"colour.{one.colour.key}")
    chinese, english = estimate_words(one.estimate)
    return Text(terminal.say(f"{title}，全市{colour}：{chinese}", f"{title}, {colour} for the whole area: {english}"))


def _notices(terminal: Terminal, result: Inspection) -> Iterator[RenderableType]:
    """Notices need no action, so a long list of them is cut short here; `contacts check` has it all."""
    if not result.notices:
        return
    yield Text(terminal.say("提示", "Notices"), style="bold")
    last_first = sorted(result.notices, key=lambda pair: pair[0] == "register" and pair[1].where != "contacts")
    for _, finding in last_first[:SHOWN_NOTICES]:
        yield finding_text(finding, "·", "dim")
    more = len(last_first) - SHOWN_NOTICES
    if more > 0:
        chinese, english = f"  · 另有 {more} 条，见 contacts check", f"  · and {more} more: contacts check"
        yield Text(terminal.say(chinese, english), style="dim")


def _sum(terminal: Terminal, result: Inspection) -> Text:
    count, notices = len(result.findings), len(result.notices)
    register = terminal.say(
        f"名册 {result.units} 个单位、{result.receivers} 个接收责任人；提示 {notices} 条。",
        f"The register has {result.units} units and {result.receivers} receivers; {notices} notices.",
    )
    if result.ready:
        return Text.assemble((terminal.say("✓ 没有问题。", "✓ No findings. "), "bold green"), register)
    return Text.assemble((terminal.say(f"✗ {count} 个问题。", f"✗ {count} findings. "), "bold red"), register)
