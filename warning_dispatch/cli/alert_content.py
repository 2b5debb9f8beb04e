"""What a message says and what is odd about it, in full: for whoever must decide whether it is to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.pictures import moment
from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.clock import iso_text
from warning_dispatch.logs import mask_text
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, Problem


def content_document(alert: Alert) -> dict[str, Any]:
    """What the message says, for a program. Names of persons are left out."""
    return {
        "dialect": alert.dialect,
        "sent": iso_text(alert.sent),
        "references": list(alert.references),
        "scope": alert.scope,
        "classification": alert.classification,
        "note": alert.note,
        "part": alert.part,
        "infos": [_info_document(info) for info in alert.infos],
    }


def _info_document(info: AlertInfo) -> dict[str, Any]:
    return {
        "language": info.language,
        "event_code": info.event_code,
        "event_name": info.event_name,
        "colour": info.colour.key if info.colour else None,
        "severity": info.severity,
        "lifts": info.lifts,
        "headline": info.headline,
        "description": info.description,
        "instruction": info.instruction,
        "expires": None if info.expires is None else iso_text(info.expires),
        "areas": [_area_document(area) for area in info.areas],
    }


def _area_document(area: AlertArea) -> dict[str, Any]:
    return {
        "description": area.description,
        "geocodes": list(area.geocodes),
        "resolved": list(area.resolved),
        "shapes": len(area.polygons) + len(area.circles),
    }


def content_facts(terminal: Terminal, alert: Alert) -> list[tuple[str, Text]]:
    """What the message says, as rows for a person."""
    say = terminal.say
    rows = [
        (say("格式", "dialect"), Text(alert.dialect)),
        (say("发布时间", "sent"), Text(moment(alert.sent))),
        (say("引用", "references"), Text(" ".join(alert.references) or "—")),
    ]
    if not alert.public:
        inner = " ".join(filter(None, (alert.scope, alert.classification))) or "—"
        rows.append((say("范围", "scope"), Text(f"{inner} · {say('不外传', 'not passed on')}", style="yellow")))
    if alert.note:
        rows.append((say("备注", "note"), Text(alert.note)))
    for info in alert.infos:
        rows.append((f"[{info.language}]", Text(info.headline or "—", style="bold")))
        rows.append((say("灾种", "event"), Text(f"{info.event_name} {info.event_code}".strip() or "—")))
        rows.append((say("正文", "text"), Text(info.description or "—")))
        rows += [(say("防御", "advice"), Text(info.instruction))] if info.instruction else []
        rows += [(say("失效", "expires"), Text(moment(info.expires)))] if info.expires is not None else []
        rows += [(say("区域", "area"), _area_text(terminal, area)) for area in info.areas[:MOST_AREAS]]
    return rows


def masked_text(raw: bytes) -> str:
    """The beginning of a message as text, whatever its bytes; numbers of persons may stand in it, so numbers are masked."""
    head = raw[:MOST_BYTES]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "replace")
    else:
        try:
            text = head.decode("utf-8")
        except UnicodeDecodeError:
            text = head.decode("gb18030", "replace")
    shown = "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
    return mask_text(shown)


MOST_BYTES = 16_384
"""Of a message that are shown."""
MOST_AREAS = 40
"""Areas of one info that are shown; all of them stand in the JSON."""


def _area_text(terminal: Terminal, area: AlertArea) -> Text:
    """An area with its codes, and how they were found."""
    text = Text(area.description or "—")
    if area.geocodes:
        text.append("  " + " ".join(area.geocodes), style="dim")
    if area.resolved:
        text.append(terminal.say("  认作 ", "  taken for ") + " ".join(area.resolved), style="yellow")
    if not area.codes:
        text.append(terminal.say("  没有编码", "  no code"), style="red")
    shapes = len(area.polygons) + len(area.circles)
    if shapes:
        text.append(terminal.say(f"  图形 {shapes} 个", f"  {shapes} shapes"), style="dim")
    return text


def problem_table(terminal: Terminal, problems: Sequence[Problem]) -> Table:
    """Everything odd about a message; what keeps it from calling by itself stands out."""
    table = Table(title=terminal.say("读取时发现的问题", "Problems found while reading"), title_justify="left")
    table.add_column(terminal.say("要紧", "Essential"), no_wrap=True)
    table.add_column(terminal.say("位置", "Where"), overflow="fold")
    table.add_column(terminal.say("问题", "Problem"), overflow="fold")
    for one in sorted(problems, key=lambda problem: not problem.essential):
        mark = Text("✗", style="bold red") if one.essential else Text("")
        table.add_row(mark, one.path, one.detail)
    return table
