"""`contacts show | history | changes | verify`: one unit and its people. Masked; in clear only by an act that is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import structlog
import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason, UnitCode
from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, beijing_text, day_begins
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.masking import mask
from warning_dispatch.model.register_changes import RegisterChangeRow
from warning_dispatch.model.unit import ReceiverEntry, Role, Unit
from warning_dispatch.registry.writing_numbers import written
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register_history import PastChange, changes_of_unit, recent_changes
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.register_take_over import STREAM
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.verification import verify_unit
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.board_view import who
from warning_dispatch.web.register_documents import change_documents

app = typer.Typer()

Clear = Annotated[
    bool, typer.Option("--clear", help=both("显示明文（须写理由，会记录）", "in clear; needs a reason, is recorded"))
]


@app.command("show")
@command
def show(terminal: Terminal, unit: UnitCode, clear: Clear = False, actor: Actor = "", reason: Reason = "") -> None:
    """看一个单位的责任人；号码掩码，--clear 显示明文并记录。 / A unit's people; masked unless --clear, which is recorded."""
    if clear:
        _record(terminal, "register.shown", unit, actor, reason)
    found, people = _unit(terminal.settings, unit)
    written_ = written if clear else mask
    lines = [Text(f"{found.code} {found.name}", style="bold"), *(_person(one, written_) for one in people)]
    if found.measures or found.review_on:
        lines.append(Text(f"  {found.certified_on} → {found.review_on}  {found.measures}", style="dim"))
    document = {"unit": found.code, "name": found.name, "receivers": [_document(one, clear=clear) for one in people]}
    terminal.answer(document, *lines)


@app.command("history")
@command
def history(terminal: Terminal, unit: UnitCode, clear: Clear = False, actor: Actor = "", reason: Reason = "") -> None:
    """一个单位的变动历史：谁、何时、改前、改后。 / A unit's changes: who, when, before and after."""
    settings = terminal.settings
    if clear:
        _record(terminal, "register.history_shown", unit, actor, reason)
    sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
    with opened_database(settings) as database, reading(database) as connection:
        changes = changes_of_unit(Sql(connection), sealer, unit)
    if not changes:
        raise NotFoundError(both(f"{unit} 没有变动记录", f"there is no change of {unit} on file"))
    terminal.answer(
        {"unit": unit, "changes": [_change_document(one, clear=clear) for one in changes]},
        *_change_lines(terminal, changes, clear=clear),
    )


@app.command("changes")
@command
def changes(
    terminal: Terminal,
    since: Annotated[
        str, typer.Option("--since", metavar="DAY", help=both("从哪天起，如 2027-04-01", "first day, 2027-04-01"))
    ] = "",
    within: Annotated[
        str, typer.Option("--within", metavar="UNIT", help=both("只看该单位及其下级", "this unit and what lies below"))
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help=both("最多几条", "so many at most"))] = 100,
) -> None:
    """名册变动备案：谁、何时、哪个单位、改了什么；姓名号码掩码。 / What was filed as changed: who, when, which unit, what; masked."""
    try:
        start = day_begins(since) if since else 0
    except ValueError:
        raise typer.BadParameter(
            both("日期写成 2027-04-01", "a day is written 2027-04-01"), param_hint="--since"
        ) from None
    sealer = AesSealer(KeyRing.load(terminal.settings.keys_dir, terminal.settings.credentials_dir))
    with opened_database(terminal.settings) as database, reading(database) as connection:
        rows = recent_changes(Sql(connection), sealer, since=start, unit=within, limit=limit)
    document = [one.model_dump(mode="json") for one in change_documents(rows)]
    terminal.answer({"changes": document}, *(_filed(terminal, one) for one in rows), Text(_told(terminal, len(rows))))


def _filed(terminal: Terminal, one: RegisterChangeRow) -> Text:
    """A filed change on one line."""
    words = terminal.words
    what = " ".join(words.word("changes.what", name) for name in one.what)
    kind = words.text(f"changes.subject.{one.subject}") + words.text(f"changes.kind.{one.kind}")
    sides = words.text("changes.erased") if one.erased else f"{one.before or '∅'} → {one.after or '∅'}"
    said = (
        beijing_text(one.at, "%Y-%m-%d %H:%M"),
        one.unit_code,
        one.unit_name,
        kind,
        what,
        sides,
        who(one.actor, words),
    )
    return Text("  " + "  ".join(filter(None, said)))


def _told(terminal: Terminal, count: int) -> str:
    return terminal.say(f"{count} 条变动。", f"{count} changes.")


@app.command("verify")
@command
def verify(
    terminal: Terminal,
    unit: UnitCode,
    how: Annotated[str, typer.Option("--how", help=both("怎样核实的：电话、当面 …", "how: by phone, in person …"))],
    role: Annotated[
        str, typer.Option("--role", help=both("只限 A、B、值班；不写为全部", "A, B, 值班; all if left out"))
    ] = "",
    actor: Actor = "",
) -> None:
    """登记：今天核实过该单位的责任人和号码。 / On record: this unit's people and numbers were verified today."""
    actor = terminal.asked_actor(actor)
    settings = terminal.settings
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    now = SystemClock().now()
    roles = {"": 7, "a": Role.PRIMARY, "b": Role.DEPUTY, "值班": Role.DUTY}.get(role.lower().removesuffix("岗"))
    if roles is None:
        raise typer.BadParameter(both("A、B 或 值班", "A, B or 值班"), param_hint="--role")
    with opened_database(settings) as database, writing(database) as connection:
        ids = verify_unit(Sql(connection), unit, int(roles), beijing_text(now, "%Y-%m-%d"), how.strip())
        if not ids:
            raise NotFoundError(
                both(f"名册里 {unit} 没有这样的责任人", f"the register has nobody like that for {unit}")
            )
        entry = {"k": "receivers.verified", "receivers": ids, "actor": actor, "how": how.strip()}
        Journal(keys.journal_key, structlog.get_logger("journal")).append(connection, STREAM, [entry], now)
    words = terminal.say(
        f"{unit}：{len(ids)} 个责任人已登记为今天核实。", f"{unit}: {len(ids)} receivers verified today."
    )
    terminal.answer({"unit": unit, "verified": len(ids)}, Text(words))


def _record(terminal: Terminal, kind: str, unit: str, actor: str, reason: str) -> None:
    """Looking at numbers in clear is an act: on the record before anything is shown."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    settings = terminal.settings
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    with opened_database(settings) as database, writing(database) as connection:
        entry = {"k": kind, "unit": unit, "actor": actor, "why": reason}
        journal = Journal(keys.journal_key, structlog.get_logger("journal"))
        journal.append(connection, STREAM, [entry], SystemClock().now())


def _unit(settings: Settings, code: str) -> tuple[Unit, Sequence[ReceiverEntry]]:
    sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
    with opened_database(settings) as database, reading(database) as connection:
        register = stored_register(connection, sealer, usable_only=False)
    unit = next((one for one in register.units if one.code == code), None)
    if unit is None:
        raise NotFoundError(both(f"名册里没有单位 {code}", f"the register has no unit {code}"))
    return unit, [entry for entry in register.receivers if entry.unit_code == code]


def _person(entry: ReceiverEntry, show_: Any) -> Text:
    numbers = "、".join(dict.fromkeys(show_(one.address) for one in entry.endpoints))
    term = f"{entry.serves_from}→{entry.serves_until}" if entry.serves_from or entry.serves_until else ""
    verified = f"{entry.verified_on} {entry.verified_how}".strip()
    return Text("  " + "  ".join(filter(None, (entry.role.chinese, entry.name, entry.post, numbers, term, verified))))


def _document(entry: ReceiverEntry, *, clear: bool) -> dict[str, Any]:
    return {
        "role": entry.role.key,
        "name": entry.name,
        "post": entry.post,
        "language": entry.language,
        "endpoints": [
            {"channel": one.channel.key, "address": one.address if clear else mask(one.address)}
            for one in entry.endpoints
        ],
        "serves_from": entry.serves_from,
        "serves_until": entry.serves_until,
        "verified_on": entry.verified_on,
        "verified_how": entry.verified_how,
    }


def _change_document(change: PastChange, *, clear: bool) -> dict[str, Any]:
    return {
        "at": change.at,
        "actor": change.actor,
        "source": change.source,
        "subject": change.subject,
        "before": _fields(change.before, clear=clear),
        "after": _fields(change.after, clear=clear),
        "erased": change.erased,
    }


def _fields(entry: Mapping[str, Any] | None, *, clear: bool) -> dict[str, Any] | None:
    """A stored entry with its numbers masked unless they may be seen."""
    if entry is None:
        return None
    fields = dict(entry)
    if "endpoints" in fields and not clear:
        fields["endpoints"] = [{**one, "address": mask(str(one["address"]))} for one in fields["endpoints"]]
    return fields


def _change_lines(terminal: Terminal, changes: Sequence[PastChange], *, clear: bool) -> Iterator[Text]:
    for one in changes:
        when = beijing_text(one.at, "%Y-%m-%d %H:%M")
        if one.erased:
            said = terminal.say("（明细已按期销毁）", "(the details were destroyed on schedule)")
        else:
            sides = [_said(_fields(side, clear=clear)) for side in (one.before, one.after)]
            said = " → ".join(sides)
        yield Text(f"  {when}  {one.actor}  {one.source}  {said}")


def _said(fields: Mapping[str, Any] | None) -> str:
    """One side of a change on one line; ∅ for nothing."""
    if fields is None:
        return "∅"
    if "endpoints" not in fields:
        return f"{fields['name']} {fields['measures']}".strip()
    numbers = "、".join(dict.fromkeys(str(one["address"]) for one in fields["endpoints"]))
    return " ".join(filter(None, (Role(fields["role"]).chinese, fields["name"], fields["post"], numbers)))
