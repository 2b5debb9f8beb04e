"""`alert`: messages in, and what became of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from warning_dispatch.cli.alert_content import content_document, content_facts, masked_text, problem_table
from warning_dispatch.cli.office import hazard_names, open_office, open_reading
from warning_dispatch.cli.pictures import COLOUR_STYLES, moment
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.cli.words import DISPOSITIONS
from warning_dispatch.clock import iso_text
from warning_dispatch.errors import Finding, FindingsError, NotFoundError
from warning_dispatch.model.alert import AlertStatus, Disposition
from warning_dispatch.model.views import AlertRow, IntakeResult
from warning_dispatch.store.reading_alerts import QuarantinedRow
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.alarm_words import pick, reason_text
from warning_dispatch.web.documents import alert_document, intake_document

app = typer.Typer(no_args_is_help=True, help=both("预警信息：接入、查看", "warnings: take in, look at"))

STDIN = "-"
LONGEST_SOURCE = 200
RELEASABLE = (Disposition.QUARANTINED, Disposition.STORED, Disposition.CONFLICT)
_REFUSED = (Disposition.QUARANTINED, Disposition.CONFLICT)
_STYLES = {
    Disposition.ACCEPTED: "green",
    Disposition.QUARANTINED: "bold red",
    Disposition.CONFLICT: "bold red",
    Disposition.STORED: "yellow",
    Disposition.DUPLICATE: "dim",
}


class UnreadableFileError(FindingsError):
    """Nothing was taken in."""


@app.command("ingest")
@command
def ingest(
    terminal: Terminal,
    files: Annotated[
        list[str], typer.Argument(help=both("报文文件，- 为标准输入", "message files, - for standard input"))
    ],
) -> None:
    """接入预警报文，会立即叫应。 / Take messages in; a warning that triggers is called at once."""
    contents = read_files(files)
    results: list[tuple[str, IntakeResult]] = []
    with open_office(terminal.settings) as office:
        results = [(name, office.take_in(raw, f"file:{name}"[:LONGEST_SOURCE])) for name, raw in contents]
        daemon = office.daemon
    terminal.answer(
        {"results": [{"file": name, **intake_document(one).model_dump(mode="json")} for name, one in results]},
        *(taken_text(terminal, name, one) for name, one in results),
    )
    tell_whether_called(terminal, [one for _, one in results], daemon=daemon)
    if any(one.disposition in _REFUSED for _, one in results):
        raise typer.Exit(1)


@app.command("list")
@command
def list_alerts(
    terminal: Terminal,
    limit: Annotated[int, typer.Option(min=1, help=both("最多几条", "how many at most"))] = 20,
) -> None:
    """列出收到的消息及结论，最新在前。 / Messages received and their verdicts, newest first."""
    with open_reading(terminal.settings) as read:
        alerts, unreadable = read.alerts(limit=limit), read.quarantined(limit=limit)
    document = {
        "alerts": [alert_document(row).model_dump(mode="json") for row in alerts],
        "unreadable": [unreadable_document(row) for row in unreadable],
    }
    if not alerts and not unreadable:
        terminal.answer(document, terminal.say("还没有收到过消息。", "No message has come in yet."))
        return
    pictures = [_table(terminal, alerts)] if alerts else []
    terminal.answer(document, *pictures, *([_unreadable_table(terminal, unreadable)] if unreadable else []))


@app.command("show")
@command
def show(
    terminal: Terminal, alert_id: Annotated[int, typer.Argument(metavar="ID", help=both("编号", "number"))]
) -> None:
    """一条消息：全文、结论、理由和读取时发现的问题。 / One message in full: content, verdict, reasons, problems."""
    with open_reading(terminal.settings) as read:
        row = found_alert(read, alert_id)
        alert = read.alert_in_full(alert_id)
    hazard = hazard_names(terminal.settings).get(row.hazard, {"zh_CN": row.hazard})
    grid = Table.grid(padding=(0, 2))
    for label, value in (*_facts(terminal, row, hazard), *content_facts(terminal, alert)):
        grid.add_row(Text(label, style="dim"), value)
    pictures: list[RenderableType] = [grid]
    if row.problems:
        pictures.append(problem_table(terminal, row.problems))
    if row.disposition in RELEASABLE and row.status == AlertStatus.ACTUAL.value:
        again = f"alert release {row.id} --reason …"
        pictures.append(
            terminal.say(f"看过以上问题，确要叫应：{again}", f"to let it call after all, having read this: {again}")
        )
    terminal.answer(alert_document(row).model_dump(mode="json") | {"content": content_document(alert)}, *pictures)


@app.command("message")
@command
def message(
    terminal: Terminal,
    message_id: Annotated[int, typer.Argument(metavar="ID", help=both("报文编号", "number of the message"))],
) -> None:
    """读不懂的报文原文（号码遮住）。 / A message that could not be read, as it came; numbers are masked."""
    with open_reading(terminal.settings) as read:
        row, raw = read.message(message_id)
    text = masked_text(raw)
    say = terminal.say
    grid = Table.grid(padding=(0, 2))
    for label, value in (
        (say("报文", "message"), str(row.raw_id)),
        (say("收到", "received"), moment(row.received_at)),
        (say("来源", "source"), row.source),
        (say("字节", "bytes"), str(row.size)),
        ("SHA-256", row.digest),
        (say("理由", "reasons"), "\n".join(reason_text(one, terminal.language) for one in row.reasons) or "—"),
    ):
        grid.add_row(Text(label, style="dim"), Text(value))
    terminal.answer(message_document(row) | {"text": text}, grid, Text(text))


@app.command("release")
@command
def release(
    terminal: Terminal,
    alert_id: Annotated[int, typer.Argument(metavar="ID", help=both("编号", "number"))],
    reason: Annotated[str, typer.Option("--reason", help=both("理由，必须写明", "why; it must be said"))] = "",
    actor: Annotated[
        str, typer.Option("--actor", help=both("操作人，默认为登录名", "who, the login if not given"))
    ] = "",
) -> None:
    """释放被隔离或仅存档的消息，立即叫应；先用 alert show 看清问题。 / Let a message that was set aside call after all."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    with open_reading(terminal.settings) as read:
        row = found_alert(read, alert_id)
    for one in row.problems:
        terminal.remark(f"{one.path}: {one.detail}", f"{one.path}: {one.detail}")
    with open_office(terminal.settings) as office:
        result = office.release(alert_id, actor=actor, reason=reason)
        daemon = office.daemon
    terminal.answer(intake_document(result).model_dump(mode="json"), taken_text(terminal, row.headline, result))
    tell_whether_called(terminal, [result], daemon=daemon)


def found_alert(read: TableReadings, alert_id: int) -> AlertRow:
    """The message; NotFoundError says where to look for its number."""
    try:
        return read.alert(alert_id)
    except NotFoundError:
        what = both(f"没有消息 {alert_id}", f"there is no alert {alert_id}")
        raise NotFoundError(f"{what} → alert list") from None


# --- shared with `callout start` --------------------------------------------------------------------------


def taken_text(terminal: Terminal, name: str, result: IntakeResult) -> Text:
    """What became of one message, for a person."""
    text = Text(f"{name}: ")
    text.append_text(_verdict(terminal, result.disposition))
    if result.alert_id is not None:
        text.append(terminal.say(f"  消息 {result.alert_id}", f"  alert {result.alert_id}"))
    for callout_id in result.callouts:
        text.append(terminal.say(f"  叫应 {callout_id}", f"  call-out {callout_id}"), style="bold")
    for reason in result.reasons:
        text.append(f"\n  • {reason_text(reason, terminal.language)}")
    return text


def tell_whether_called(terminal: Terminal, results: Sequence[IntakeResult], *, daemon: bool) -> None:
    """Say it when the warning is stored and nobody is there to call."""
    if not daemon and any(one.callouts for one in results):
        terminal.remark(
            "注意：程序没有运行，现在不会拨号；启动 warning-dispatch run 后马上开始。",
            "Mind: no daemon is running, nobody is called yet; it begins as soon as `warning-dispatch run` is started.",
        )


def read_files(files: Sequence[str]) -> list[tuple[str, bytes]]:
    """Name and bytes of every file. An error names every file that cannot be read; then nothing is taken in."""
    contents, findings = [], []
    for name in files:
        if name == STDIN:
            contents.append(("stdin", sys.stdin.buffer.read()))
            continue
        try:
            contents.append((Path(name).name, Path(name).read_bytes()))
        except OSError as error:
            what = both("文件无法读取", f"the file cannot be read ({error.strerror})")
            findings.append(Finding(name, what, both("核对路径", "check the path")))
    if findings:
        raise UnreadableFileError(findings)
    return contents


def unreadable_document(row: QuarantinedRow) -> dict[str, Any]:
    """A message that is no alert, for a program."""
    return message_document(row) | {"disposition": Disposition.QUARANTINED.value}


def message_document(row: QuarantinedRow) -> dict[str, Any]:
    """A message as it came, for a program."""
    return {
        "message_id": row.raw_id,
        "received_at": iso_text(row.received_at),
        "source": row.source,
        "size": row.size,
        "sha256": row.digest,
        "reasons": list(row.reasons),
    }


# --- pictures ---------------------------------------------------------------------------------------------


def _verdict(terminal: Terminal, disposition: Disposition) -> Text:
    return Text(pick(DISPOSITIONS[disposition.value], terminal.language), style=_STYLES[disposition])


def _colour(terminal: Terminal, row: AlertRow) -> Text:
    if row.colour is None:
        return Text("?")
    return Text(terminal.words.text(f"colour.{row.colour.key}"), style=COLOUR_STYLES[row.colour])


def _table(terminal: Terminal, alerts: Sequence[AlertRow]) -> Table:
    say = terminal.say
    table = Table(title=say("消息", "Messages"), title_justify="left", expand=False)
    for chinese, english in (("编号", "ID"), ("收到", "Received"), ("类型", "Type"), ("颜色", "Colour")):
        table.add_column(say(chinese, english), no_wrap=True)
    table.add_column(say("标题", "Headline"), overflow="fold")
    table.add_column(say("结论", "Verdict"), no_wrap=True)
    table.add_column(say("叫应", "Call-outs"), no_wrap=True)
    for row in alerts:
        table.add_row(
            str(row.id),
            moment(row.received_at),
            f"{row.msg_type}" if row.status == "Actual" else f"{row.msg_type} ({row.status})",
            _colour(terminal, row),
            row.headline or row.identifier,
            _verdict(terminal, row.disposition),
            " ".join(map(str, row.callouts)) or "—",
        )
    return table


def _unreadable_table(terminal: Terminal, rows: Sequence[QuarantinedRow]) -> Table:
    say = terminal.say
    table = Table(title=say("读不懂而隔离的消息", "Quarantined: could not be read"), title_justify="left")
    for chinese, english in (("报文", "Message"), ("收到", "Received"), ("来源", "Source"), ("字节", "Bytes")):
        table.add_column(say(chinese, english), no_wrap=True)
    table.add_column(say("理由", "Reasons"), overflow="fold")
    for row in rows:
        table.add_row(str(row.raw_id), moment(row.received_at), row.source, str(row.size), "\n".join(row.reasons))
    return table


def _facts(terminal: Terminal, row: AlertRow, hazard: Mapping[str, str]) -> list[tuple[str, Text]]:
    say = terminal.say
    reasons = [reason_text(one, terminal.language) for one in row.reasons]
    return [
        (say("编号", "ID"), Text(str(row.id), style="bold")),
        (say("收到", "received"), Text(moment(row.received_at))),
        (say("标题", "headline"), Text(row.headline or "—", style="bold")),
        (say("灾种", "hazard"), Text(terminal.words.of(hazard) if row.hazard else "?")),
        (say("颜色", "colour"), _colour(terminal, row)),
        (say("发布", "sender"), Text(row.sender)),
        (say("标识", "identifier"), Text(row.identifier)),
        (say("类型", "type"), Text(f"{row.msg_type} · {row.status}")),
        (say("结论", "verdict"), _verdict(terminal, row.disposition)),
        (say("理由", "reasons"), Text("\n".join(reasons) or "—")),
        (say("叫应", "call-outs"), Text(" ".join(map(str, row.callouts)) or "—")),
    ]
