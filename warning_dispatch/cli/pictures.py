"""Call-outs drawn for a terminal: one glance must say who has not answered."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.clock import beijing_text
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.model.views import AlarmList, CalleeRow, CallOutView, TierView
from warning_dispatch.web.alarm_words import alarm_detail, alarm_word

COLOUR_STYLES = {
    Colour.RED: "bold white on red",
    Colour.ORANGE: "bold black on dark_orange",
    Colour.YELLOW: "black on yellow",
    Colour.BLUE: "white on blue",
}
LONGEST_DETAIL = 160
BAR = 20
"""Cells of a tier's bar at most."""
ROOMY = 90
"""Columns from which the moment of the next call is shown."""
SHORTEST_BAR = 6
WORDS = 14
"""Columns that the names of tiers and the moments take beyond their headings."""
STATE_STYLES = {
    CalleeState.UNCALLED: "bold red",
    CalleeState.UNANSWERED: "bold red",
    CalleeState.UNCONFIRMED: "bold yellow",
    CalleeState.RELAYED: "yellow",
    CalleeState.DUTY_ANSWERED: "cyan",
    CalleeState.ACKNOWLEDGED: "green",
    CalleeState.WAIVED: "green",
}
_CALLOUT_STYLES = {
    CallOutState.RUNNING: "bold green",
    CallOutState.PAUSED: "bold yellow",
    CallOutState.AWAITING_LIFT: "bold yellow",
}


def moment(at: int | None) -> str:
    """A moment as the duty officer reads it; a dash when there is none."""
    return "—" if at is None else beijing_text(at, "%m-%d %H:%M:%S")


def answered(tier: TierView) -> int:
    """Units of a tier that need no more calls to open the gate: answered, by the duty room, or waived."""
    return tier.acknowledged + tier.duty_answered + tier.waived + tier.informed


def callouts_table(terminal: Terminal, views: Sequence[CallOutView]) -> Table:
    """The list of call-outs."""
    say, table = terminal.say, Table(title=terminal.say("叫应", "Call-outs"), title_justify="left")
    table.add_column(say("编号", "ID"), no_wrap=True, justify="right")
    table.add_column(say("预警", "Warning"), no_wrap=True)
    table.add_column(say("发布", "Issuer"), overflow="fold")
    table.add_column(say("启动", "Started"), no_wrap=True)
    table.add_column(say("状态", "State"), no_wrap=True)
    for chinese, english in (("对象", "Units"), ("已应答", "Answered"), ("未叫应", "Unreached")):
        table.add_column(say(chinese, english), no_wrap=True, justify="right")
    for view in views:
        unreached = sum(tier.unreached for tier in view.tiers)
        table.add_row(
            str(view.id),
            signal(terminal, view),
            view.issuer,
            moment(view.started_at),
            state_text(terminal, view.state),
            str(sum(tier.callees for tier in view.tiers)),
            str(sum(answered(tier) for tier in view.tiers)),
            Text(str(unreached), style="bold red" if unreached else ""),
        )
    return table


def callout_picture(
    terminal: Terminal, view: CallOutView, rows: Sequence[CalleeRow], total: int, alarms: AlarmList
) -> list[RenderableType]:
    """One call-out: headline, tiers, alarms, and the units of the list (`total` of them in all)."""
    pictures: list[RenderableType] = [_head(terminal, view), _tiers(terminal, view)]
    if alarms.rows:
        pictures.append(alarms_text(terminal, alarms, f"alarm list --callout {view.id}"))
    pictures.append(_open_counts(terminal, view))
    if rows:
        pictures.append(_units(terminal, rows, total))
    else:
        calling, waiting = (sum(getattr(tier, name) for tier in view.tiers) for name in ("calling", "waiting"))
        said = terminal.say(
            f"名单为空（正在叫 {calling} 个，等待开闸 {waiting} 个）。",
            f"Nobody on the list ({calling} being called, {waiting} behind gates).",
        )
        pictures.append(Text(said, style="green"))
    return pictures


def signal(terminal: Terminal, view: CallOutView) -> Text:
    """暴雨红色预警 in its colour."""
    return Text(f" {terminal.words.signal(view.hazard_name, view.colour)} ", style=COLOUR_STYLES[view.colour])


def state_text(terminal: Terminal, state: CallOutState) -> Text:
    """The state of a call-out."""
    return Text(terminal.words.text(f"callout.{state.name.lower()}"), style=_CALLOUT_STYLES.get(state, ""))


def alarms_text(terminal: Terminal, alarms: AlarmList, where: str) -> RenderableType:
    """What needs a human, newest first; `where`: the command that lists all of it."""
    lines = [Text(terminal.say(f"需人工处理 {alarms.total} 项", f"{alarms.total} need a human"), style="bold red")]
    for alarm in alarms.rows:
        kind = alarm_word(alarm.kind, terminal.words)
        callout = terminal.say(f"叫应 {alarm.callout_id}", f"call-out {alarm.callout_id}") if alarm.callout_id else ""
        detail = alarm_detail(alarm, terminal.words)[:LONGEST_DETAIL]
        words = " ".join(filter(None, (kind, callout, alarm.unit_name, detail and f"({detail})")))
        lines.append(Text(f"  • {moment(alarm.at)} {words}"))
    if alarms.total > len(alarms.rows):
        lines.append(Text(f"  {left_out(terminal, alarms, where)}", style="bold red"))
    return Group(*lines)


def left_out(terminal: Terminal, alarms: AlarmList, where: str) -> str:
    """That the list is cut, and the command that shows all of it."""
    shown = len(alarms.rows)
    return terminal.say(
        f"共 {alarms.total} 项，只列最新 {shown} 项，全部见 {where} --limit {alarms.total}",
        f"{alarms.total} in all, the newest {shown} are shown; all of them: {where} --limit {alarms.total}",
    )


def _head(terminal: Terminal, view: CallOutView) -> RenderableType:
    say = terminal.say
    first = Text.assemble(
        (f"{say('叫应', 'Call-out')} {view.id}  ", "bold"),
        signal(terminal, view),
        f"  {view.issuer}  ",
        state_text(terminal, view.state),
    )
    waited = view.first_attempt_at
    seconds = "—" if waited is None else f"{(waited - view.started_at) / 1000:.1f} s"
    end = f"{say('语音到', 'voice until')} {moment(view.voice_until)}"
    guess = say("（估计）", " (a guess)") if view.validity_guessed else ""
    ended = f"  {say('结束', 'ended')} {moment(view.ended_at)}" if view.ended_at else ""
    times = (
        f"{say('启动', 'started')} {moment(view.started_at)}  {say('首呼', 'first call after')} {seconds}  {end}{guess}"
    )
    counts = (
        f"{say('发得出', 'handed over')} {view.handed}/{view.attempts}  {say('传得到', 'delivered')} {view.delivered}  "
        f"{say('叫得应', 'answered')} {sum(answered(one) for one in view.tiers)}"
        f"/{sum(one.callees for one in view.tiers)}"
    )
    return Group(first, Text(view.headline, style="bold"), Text(times + ended), Text(counts))


def _tiers(terminal: Terminal, view: CallOutView) -> Table:
    """A line for each tier. The bar is the first thing to go where there is no room."""
    say = terminal.say
    names = (
        ("层级", "Tier"),
        ("开闸", "Opened"),
        ("对象", "Units"),
        ("已应答", "Answered"),
        ("叫应中", "Calling"),
        ("未呼", "Uncalled"),
        ("未应答", "No answer"),
        ("未确认", "No key"),
        ("等待", "Waiting"),
        ("进度", "Share"),
    )
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(say(*names[0]), no_wrap=True)
    table.add_column(say(*names[1]), no_wrap=True, min_width=8)
    for pair in names[2:-1]:
        table.add_column(say(*pair), no_wrap=True, justify="right", min_width=4)
    table.add_column(say(*names[-1]), no_wrap=True, min_width=4)
    spare = terminal.width - sum(cell_len(say(*pair)) + 2 for pair in names) - WORDS
    for tier in view.tiers:
        table.add_row(
            terminal.words.of(tier.title),
            say("等待开闸", "waits") if tier.opened_at is None else beijing_text(tier.opened_at, "%H:%M:%S"),
            str(tier.callees),
            Text(str(answered(tier)), style="green"),
            str(tier.calling + tier.relayed),
            *(Text(str(count), style="bold red" if count else "dim") for count in (tier.uncalled, tier.unanswered)),
            Text(str(tier.unconfirmed), style="bold yellow" if tier.unconfirmed else "dim"),
            str(tier.waiting),
            _bar(tier, min(BAR, spare) if spare >= SHORTEST_BAR else 0),
        )
    return table


def _bar(tier: TierView, width: int) -> Text:
    """Answered, unreached, the rest, as parts of a bar of `width` cells; before it the share answered."""
    total = max(1, tier.callees)
    done, lost = answered(tier), tier.unreached
    cells = (width * done // total, -(-width * lost // total))
    rest = max(0, width - sum(cells))
    share = f"{100 * done // total:3d}% "
    return Text.assemble(share, ("█" * cells[0], "green"), ("█" * cells[1], "red"), ("░" * rest, "dim"))


def _open_counts(terminal: Terminal, view: CallOutView) -> Text:
    """How many stand in each state that wants something done, worst first."""
    parts = []
    for name in ("uncalled", "unanswered", "unconfirmed", "relayed", "duty_answered"):
        count = sum(getattr(tier, name) for tier in view.tiers)
        style = STATE_STYLES[CalleeState[name.upper()]] if count else "dim"
        parts.append((f"{terminal.words.text(f'callee.{name}')} {count}   ", style))
    return Text.assemble(*parts)


def _outcome_and_hold(terminal: Terminal, row: CalleeRow) -> str:
    """What the last call came to, and what keeps the next one."""
    parts = [terminal.words.word("outcome", row.last_outcome)] if row.last_outcome else []
    if row.held and row.held_until:
        parts.append(f"{terminal.words.word('held', row.held)} {beijing_text(row.held_until, '%H:%M')}")
    return " · ".join(parts) or "—"


def _units(terminal: Terminal, rows: Sequence[CalleeRow], total: int) -> Table:
    say = terminal.say
    more = say(f"（显示前 {len(rows)} 个，全部用 --all）", f" (the first {len(rows)}; --all for all)")
    title = f"{say('名单', 'Units')}: {total}" + (more if total > len(rows) else "")
    roomy = terminal.width >= ROOMY
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(say("编码", "Code"), no_wrap=True)
    table.add_column(say("单位", "Unit"), overflow="fold", min_width=20)
    table.add_column(say("状态", "State"), no_wrap=True)
    table.add_column(say("呼", "Calls"), no_wrap=True, justify="right")
    table.add_column(say("最近结果", "Last outcome"), no_wrap=True)
    if roomy:
        table.add_column(say("下次", "Next"), no_wrap=True)
    for row in rows:
        cells = (
            row.unit_code,
            f"{row.path} {row.unit_name}".strip(),
            Text(terminal.words.text(f"callee.{row.state.name.lower()}"), style=STATE_STYLES.get(row.state, "")),
            str(row.calls),
            _outcome_and_hold(terminal, row),
        )
        next_at = beijing_text(row.next_at, "%H:%M:%S") if row.next_at else "—"
        table.add_row(*cells, *([next_at] if roomy else []))
    return table
