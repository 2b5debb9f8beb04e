"""`callout unreached` and `print`: who holds which list and when the machine gets to whom; and the list for paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.callout import EVERYBODY, SHOWN, Actor, CalloutId, Reason, UnitOption, found_callout, one_unit
from warning_dispatch.cli.office import open_office, open_reading
from warning_dispatch.cli.pictures import STATE_STYLES, moment
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.cli.words import wait_text
from warning_dispatch.clock import SystemClock, beijing_text
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.views import SuperiorList, UnreachedRow, UnreachedView
from warning_dispatch.ports import BUREAU
from warning_dispatch.reports.folder import ListFolder
from warning_dispatch.reports.lists import PrintableLists
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.list_documents import unreached_document

app = typer.Typer()

_COUNTED = ("uncalled", "unanswered", "unconfirmed", "relayed")


@app.command("unreached")
@command
def unreached(
    terminal: Terminal,
    callout_id: CalloutId,
    unit_word: Annotated[
        str,
        typer.Argument(
            metavar="UNIT",
            help=both(
                f"谁的名单：上级单位编码，或 {BUREAU}（气象局代管的）；不写为全部",
                f"whose list: code of a superior, or {BUREAU}; all of them when left out",
            ),
        ),
    ] = "",
    unit: UnitOption = "",
    everything: Annotated[bool, typer.Option("--all", help=both("不截短名单", "do not shorten the list"))] = False,
) -> None:
    """未叫应名单：归谁管、未呼的大约多久轮到。 / Who has not answered, on whose list, and when the machine gets there."""
    unit = one_unit(unit_word, unit)
    with open_reading(terminal.settings) as read:
        found_callout(read, callout_id)
        view = read.unreached(callout_id, now=SystemClock().now(), unit_code=unit, limit=EVERYBODY)
    document = unreached_document(view, unit, limit=EVERYBODY, offset=0).model_dump(mode="json")
    shown = view.rows if everything else view.rows[:SHOWN]
    terminal.answer(document, *unreached_picture(terminal, view, shown))


@app.command("print")
@command
def print_list(
    terminal: Terminal,
    callout_id: CalloutId,
    folder: Annotated[
        Path | None, typer.Option(help=both("写到这个目录，默认按设置", "where to, by the settings when left out"))
    ] = None,
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """重写打印名单（含姓名、号码，会记录）。 / Write the printable list again: names and numbers in clear, recorded."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    settings, clock = terminal.settings, SystemClock()
    with open_reading(settings) as read:
        found_callout(read, callout_id)
        keeper = ListFolder(
            settings.lists_folder if folder is None else folder.expanduser().absolute(), settings.lists.keep_days
        )
        lists = PrintableLists(read.printed, lambda: (), keeper, clock)
        with open_office(settings) as office:
            written = lists.write(callout_id, office, actor=actor, reason=reason)
    document = {
        "callout_id": callout_id,
        "files": [str(path) for path in written.paths],
        "units": written.units,
        "people": written.people,
        "phones": written.phones,
    }
    files = "\n".join(f"  {path}" for path in written.paths)
    terminal.answer(
        document,
        terminal.say(
            f"已写好：{written.units} 个单位，{written.people} 人，{written.phones} 个电话。含姓名和号码，用完收好。\n{files}",
            f"Written: {written.units} units, {written.people} people, {written.phones} phones, all in clear.\n{files}",
        ),
    )


def unreached_picture(
    terminal: Terminal, view: UnreachedView, shown: Sequence[UnreachedRow]
) -> Iterable[RenderableType]:
    """Who holds what, the sums, and the units (`shown` of them)."""
    open_lists = [one for one in view.lists if one.listed]
    if open_lists:
        yield _holders(terminal, open_lists)
    yield _sums(terminal, view)
    if shown:
        yield _units(terminal, shown, view.total)


def holder_text(terminal: Terminal, one: SuperiorList) -> str:
    """Who holds a list now."""
    return f"{one.holder_name} ({one.holder_code})" if one.holder_code else terminal.say("气象局值班", "the bureau")


def _holders(terminal: Terminal, lists: Sequence[SuperiorList]) -> Table:
    """A line for each list that is not empty: whose units, who works on it, how many in each state."""
    say = terminal.say
    table = Table(
        title=say("名单归谁", "Who holds which list"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    table.add_column(say("上级", "Superior"), overflow="fold", min_width=16)
    table.add_column(say("它自己", "Itself"), no_wrap=True)
    table.add_column(say("现由谁管", "Held by"), overflow="fold", min_width=10)
    for name in _COUNTED:
        table.add_column(terminal.words.text(f"callee.{name}"), no_wrap=True, justify="right")
    for one in lists:
        itself = (
            say("不叫应", "not called")
            if one.state is None
            else terminal.words.text(f"callee.{one.state.name.lower()}")
        )
        table.add_row(
            f"{one.path} {one.unit_name} {one.unit_code}".strip() or "—",
            itself,
            Text(holder_text(terminal, one), style="bold yellow" if one.rolled_up else ""),
            *(_count(getattr(one, name), CalleeState[name.upper()]) for name in _COUNTED),
        )
    return table


def _count(count: int, state: CalleeState) -> Text:
    return Text(str(count), style=STATE_STYLES[state] if count else "dim")


def _sums(terminal: Terminal, view: UnreachedView) -> Text:
    parts = []
    for name in _COUNTED:
        count = sum(getattr(one, name) for one in view.lists)
        parts.append((f"{terminal.words.text(f'callee.{name}')} {count}   ", STATE_STYLES[CalleeState[name.upper()]]))
    calling, waiting = (sum(getattr(one, name) for one in view.lists) for name in ("calling", "waiting"))
    rest = terminal.say(
        f"（另有叫应中 {calling}，等待开闸 {waiting}）", f"({calling} being called, {waiting} behind gates)"
    )
    if view.estimate is not None:
        wait = wait_text(view.estimate, terminal.language)
        rest += terminal.say(f"；排队的全部轮到还要{wait}", f"; the queue needs {wait}")
    return Text.assemble(*parts, rest)


def _units(terminal: Terminal, rows: Sequence[UnreachedRow], total: int) -> Table:
    say = terminal.say
    more = say(f"（显示前 {len(rows)} 个，全部用 --all）", f" (the first {len(rows)}; --all for all)")
    table = Table(
        title=f"{say('名单', 'Units')}: {total}" + (more if total > len(rows) else ""),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for chinese, english in (("编码", "Code"), ("单位", "Unit"), ("状态", "State"), ("自", "Since"), ("呼", "Calls")):
        table.add_column(say(chinese, english), no_wrap=chinese != "单位", overflow="fold")
    for chinese, english in (("最近结果", "Last outcome"), ("下次", "Next"), ("电话", "Phones")):
        table.add_column(say(chinese, english), no_wrap=chinese != "电话", overflow="fold")
    for row in rows:
        table.add_row(
            row.unit_code,
            f"{row.path} {row.unit_name}".strip(),
            Text(terminal.words.text(f"callee.{row.state.name.lower()}"), style=STATE_STYLES[row.state]),
            "—" if row.since is None else beijing_text(row.since, "%H:%M"),
            str(row.calls),
            terminal.words.word("outcome", row.last_outcome) if row.last_outcome else "—",
            _next(terminal, row),
            "、".join(f"{terminal.words.text(f'role.{phone.role.key}')} {phone.masked}" for phone in row.phones)
            or say("无", "none"),
        )
    return table


def _next(terminal: Terminal, row: UnreachedRow) -> str:
    """When the machine tries next: about how long the queue is, else the moment, else never by itself."""
    if row.estimate is not None:
        return wait_text(row.estimate, terminal.language)
    return moment(row.next_at)[-8:]
