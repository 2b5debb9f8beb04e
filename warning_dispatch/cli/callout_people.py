"""`callout add-receiver`: somebody is added to a unit in mid-storm, and called at once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from warning_dispatch.cli.callout import Actor, CalloutId, Reason, UnitOption, callee_row, found_callout, one_unit
from warning_dispatch.cli.office import open_office, open_reading
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.model.states import CallOutState
from warning_dispatch.registry.one_receiver import ReceiverWords
from warning_dispatch.tomlfiles import both

app = typer.Typer()

MaybeNamed = Annotated[
    str, typer.Argument(metavar="UNIT", help=both("单位编码（或用 --unit）", "code of the unit, or --unit"))
]


@app.command("add-receiver")
@command
def add_receiver(
    terminal: Terminal,
    callout_id: CalloutId,
    role: Annotated[
        Literal["primary", "deputy", "duty"],
        typer.Option(help=both("A 岗 primary、B 岗 deputy、值班电话 duty", "in which role")),
    ],
    unit_word: MaybeNamed = "",
    unit: UnitOption = "",
    phone: Annotated[list[str] | None, typer.Option(help=both("手机或座机，可重复", "a phone, repeatable"))] = None,
    name: Annotated[str, typer.Option(help=both("姓名（值班电话可不写）", "name (a duty phone needs none)"))] = "",
    mail: Annotated[list[str] | None, typer.Option(help=both("邮箱，可重复", "a mail address, repeatable"))] = None,
    post: Annotated[str, typer.Option(help=both("职务", "post"))] = "",
    language: Annotated[str, typer.Option(help=both("语言 zh_CN 或 en", "zh_CN or en"))] = "",
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """增加接收责任人：写入名册，并马上叫应该单位。 / Add somebody in mid-storm: into the register, and called at once."""
    unit = one_unit(unit_word, unit)
    if not unit:
        raise typer.BadParameter(both("请写明单位编码", "name the unit"), param_hint="UNIT")
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    with open_reading(terminal.settings) as read:
        found_callout(read, callout_id)
    words = ReceiverWords(unit, role, name, tuple(phone or ()), tuple(mail or ()), post, language)
    with open_office(terminal.settings) as office:
        added = office.add_receiver(callout_id, words, actor=actor, reason=reason)
        daemon = office.daemon
    with open_reading(terminal.settings) as read:
        row, running = callee_row(read, callout_id, unit), read.callout(callout_id).state is CallOutState.RUNNING
    document = {
        "callout_id": callout_id,
        "unit_code": unit,
        "receiver_id": added.receiver_id,
        "endpoints": added.endpoints,
        "called": list(added.called),
        "state": row.state.name.lower(),
    }
    place, state = f"{row.path} {row.unit_name}".strip(), terminal.words.text(f"callee.{row.state.name.lower()}")
    who = terminal.words.text(f"role.{role}")
    now = callout_id in added.called and running
    chinese, english = ("，马上呼叫", " and called now") if now else ("，按进程呼叫", "; called in its turn")
    if callout_id not in added.called:
        chinese, english = "，现在不需呼叫", "; no call is due now"
    terminal.answer(
        document,
        terminal.say(
            f"已增加：{place} {who}{chinese}。该单位现在是“{state}”。",
            f"Added: {place}, {who}{english}. The unit is {state}.",
        ),
    )
    if not daemon and added.called:
        terminal.remark(
            "注意：程序没有运行，启动 warning-dispatch run 后呼叫。",
            "Mind: no daemon is running; it is called as soon as `warning-dispatch run` is started.",
        )
