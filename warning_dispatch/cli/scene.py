"""The demonstration as a terminal sees it: tiers, curve, the unreached, the latest attempts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from warning_dispatch.clock import beijing_text
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import UNREACHED
from warning_dispatch.model.views import AttemptRow, CalleeRow, CallOutView, CurvePoint, TierView
from warning_dispatch.ports import ReadModels

BAR = 24
CURVE_WIDTH = 60
BLOCKS = " ▁▂▃▄▅▆▇█"
STYLE = {Colour.RED: "bold white on red", Colour.ORANGE: "bold black on dark_orange"}
SHOWN_UNREACHED = 8
SHOWN_ATTEMPTS = 8
CHANNEL_WORDS = {"voice": "电话", "sms": "短信", "email": "邮件", "operator": "人工"}


def demo_result(view: CallOutView, now: int, wall_seconds: float) -> dict[str, object]:
    """The object that `demo --exit --json` prints (contract of the demonstration)."""
    tiers = [
        {
            "name": tier.name,
            "callees": tier.callees,
            "acknowledged": tier.acknowledged + tier.duty_answered,
            "unreached": tier.unreached,
        }
        for tier in view.tiers
    ]
    first = view.first_attempt_at
    return {
        "callout_id": view.id,
        "colour": view.colour.key,
        "tiers": tiers,
        "attempts": view.attempts,
        "acknowledged": sum(tier.acknowledged + tier.duty_answered for tier in view.tiers),
        "unreached": sum(tier.unreached for tier in view.tiers),
        "first_attempt_seconds": None if first is None else round((first - view.started_at) / 1000, 3),
        "virtual_seconds": round((now - view.started_at) / 1000, 1),
        "wall_seconds": round(wall_seconds, 2),
    }


def line_of(result: dict[str, object]) -> str:
    """The result in one line for a person."""
    return (
        f"应答 / answered {result['acknowledged']}，未叫应 / unreached {result['unreached']}，"
        f"呼叫 / attempts {result['attempts']}；用时 / took {result['virtual_seconds']} s "
        f"(实际 / real {result['wall_seconds']} s)"
    )


def draw(read: ReadModels, callout_id: int, now: int, address: str) -> RenderableType:
    """One picture of a call-out."""
    view = read.callout(callout_id)
    unreached = read.callees(callout_id, states=UNREACHED, limit=SHOWN_UNREACHED)
    attempts = read.latest_attempts(callout_id, limit=SHOWN_ATTEMPTS)
    return Group(
        _headline(view, now, address),
        _tiers(view.tiers),
        Panel(
            Text(_curve(read.curve(callout_id), view, now)),
            title="应答曲线 / answers over time",
            width=CURVE_WIDTH + 20,
        ),
        Columns([_unreached(view, unreached), _attempts(attempts)]),
    )


def _headline(view: CallOutView, now: int, address: str) -> RenderableType:
    badge = f" {view.hazard_name['zh_CN']}{view.colour.chinese}色预警 {view.hazard_name['en']} {view.colour.key} "
    minutes, seconds = divmod(max(0, now - view.started_at) // 1000, 60)
    text = Text(badge, style=STYLE.get(view.colour, "bold"))
    text.append(f"  {view.issuer}  启动 / started {beijing_text(view.started_at, '%H:%M:%S')}", style="default")
    text.append(f"  已过 / elapsed {minutes:d}:{seconds:02d}  {address}", style="default")
    return text


def _tiers(tiers: Sequence[TierView]) -> Table:
    table = Table(expand=False)
    table.add_column("层级 / tier")
    for title in ("对象 units", "等待 waiting", "叫应中 calling", "应答 answered", "未叫应 unreached"):
        table.add_column(title, justify="right")
    table.add_column("叫应率 / share answered")
    for tier in tiers:
        answered = tier.acknowledged + tier.duty_answered
        share = answered / tier.callees if tier.callees else 1.0
        bar = Text("█" * round(share * BAR), style="green") + Text("░" * (BAR - round(share * BAR)), style="dim")
        table.add_row(
            f"{tier.title['zh_CN']} {tier.title['en']}",
            str(tier.callees),
            str(tier.waiting),
            str(tier.calling + tier.relayed),
            str(answered),
            Text(str(tier.unreached), style="bold red" if tier.unreached else "default"),
            bar + Text(f" {share:6.1%}"),
        )
    return table


def _curve(points: Sequence[CurvePoint], view: CallOutView, now: int) -> str:
    """A sparkline: columns of equal time, height the share answered."""
    total = max(1, sum(tier.callees for tier in view.tiers))
    span = max(1, now - view.started_at)
    heights = [0] * CURVE_WIDTH
    for point in points:
        column = min(CURVE_WIDTH - 1, (point.at - view.started_at) * CURVE_WIDTH // span)
        heights[max(0, column)] = point.answered
    line, highest = "", 0
    for height in heights:
        highest = max(highest, height)
        line += BLOCKS[min(8, highest * 8 // total)]
    return f"{line}  {highest}/{total}"


def _unreached(view: CallOutView, rows: Sequence[CalleeRow]) -> Panel:
    table = Table.grid(padding=(0, 1))
    for row in rows:
        table.add_row(row.state.chinese, f"{row.path} {row.unit_name}", f"{row.calls}次")
    total = sum(tier.unreached for tier in view.tiers)
    return Panel(table, title=f"未叫应 / unreached: {total}")


def _attempts(rows: Sequence[AttemptRow]) -> Panel:
    table = Table.grid(padding=(0, 1))
    for row in rows:
        role = row.role.chinese if row.role else ""
        when = beijing_text(row.claimed_at or row.due_at, "%H:%M:%S")
        outcome = row.outcome or row.state.name.lower()
        table.add_row(when, CHANNEL_WORDS.get(row.channel.key, ""), row.unit_name, role, row.masked, outcome)
    return Panel(table, title="最近呼叫 / latest attempts")
