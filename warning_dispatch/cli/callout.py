"""`callout`: look at call-outs, begin one by hand, and the officer's acts, each with its actor and reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import typer
from rich.console import RenderableType

from warning_dispatch.bootstrap.planning import phonebook, seen
from warning_dispatch.cli.alarm import alarms_document
from warning_dispatch.cli.alert import taken_text, tell_whether_called
from warning_dispatch.cli.estimates import kept_document, kept_text
from warning_dispatch.cli.launching import estimate_document, estimate_words, launch_estimate
from warning_dispatch.cli.office import open_office, open_reading, opened_database
from warning_dispatch.cli.pictures import alarms_text, callout_picture, callouts_table
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.delivery.configured import simulated_routes
from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import NotFoundError
from warning_dispatch.ingest.handwritten import (
    Order,
    compose,
    named_areas,
    plan_by_hand,
    require_meaning,
    usual_headline,
)
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.estimate import Estimate
from warning_dispatch.model.plan import Hazard
from warning_dispatch.model.states import UNREACHED, CalleeState, Means
from warning_dispatch.model.unit import UnitKind
from warning_dispatch.model.views import CalleeRow, CallOutView
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.register_reading import stored_units
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.documents import callee_document, callout_document, intake_document, state_named

app = typer.Typer()

OPEN_LIST = (*UNREACHED, CalleeState.RELAYED, CalleeState.DUTY_ANSWERED)
"""The duty officer's list: whoever has not answered, in the order of how bad that is."""
SHOWN = 40
ALARMS = 20
"""Alarms that a picture shows; it says how many there are in all."""
EVERYBODY = 100_000
SIGNED = 14
"""Digits of a sender code."""

CalloutId = Annotated[int, typer.Argument(metavar="CALLOUT", help=both("叫应编号", "number of the call-out"))]
UnitCode = Annotated[str, typer.Argument(metavar="UNIT", help=both("单位编码", "code of the unit"))]
MaybeUnit = Annotated[
    str, typer.Argument(metavar="UNIT", help=both("单位编码；不写为全部", "code of the unit; all when left out"))
]
UnitOption = Annotated[
    str, typer.Option("--unit", metavar="UNIT", help=both("单位编码，也可写在叫应编号后", "the same as UNIT"))
]
Actor = Annotated[str, typer.Option("--actor", help=both("操作人，默认为登录名", "who acts, the login if not given"))]
Reason = Annotated[str, typer.Option("--reason", help=both("理由（必填，会记录）", "why (needed, recorded)"))]


# --- looking ----------------------------------------------------------------------------------------------


@app.command("list")
@command
def list_callouts(
    terminal: Terminal,
    live: Annotated[bool, typer.Option("--live", help=both("只列进行中的", "only those under way"))] = False,
    limit: Annotated[int, typer.Option(min=1, help=both("最多几个", "how many at most"))] = 20,
) -> None:
    """列出叫应和待人工处理的事项。 / Call-outs, newest first, and what needs a human."""
    with open_reading(terminal.settings) as read:
        views, alarms = read.callouts(live_only=live, limit=limit), read.alarms(open_only=True, limit=ALARMS)
    document = {
        "callouts": [callout_document(view).model_dump(mode="json") for view in views],
        **alarms_document(alarms),
    }
    nothing = terminal.say("现在没有叫应。", "There are no call-outs.")
    pictures: list[RenderableType] = [callouts_table(terminal, views) if views else nothing]
    if alarms.rows:
        pictures.append(alarms_text(terminal, alarms, "alarm list"))
    terminal.answer(document, *pictures)


@app.command("show")
@command
def show(
    terminal: Terminal,
    callout_id: CalloutId,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help=both("只列这些状态的单位，可重复", "list units in these states, repeatable")),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help=both("不截短名单", "do not shorten the list"))] = False,
) -> None:
    """一次叫应：各层级数字和未叫应名单。 / One call-out: tiers, counts, and who has not answered."""
    states = wanted_states(state)
    with open_reading(terminal.settings) as read:
        view = found_callout(read, callout_id)
        rows = read.callees(callout_id, states=states, limit=EVERYBODY)
        alarms = read.alarms(open_only=True, callout_id=callout_id, limit=ALARMS)
        kept, judged = read.estimates([callout_id]).get(callout_id), read.judged(callout_id)
    document = {
        **callout_document(view).model_dump(mode="json"),
        **kept_document(kept, judged),
        "units": [callee_document(row).model_dump(mode="json") for row in rows],
        **alarms_document(alarms),
    }
    ordered = rows if state else sorted(rows, key=lambda row: OPEN_LIST.index(row.state))
    shown: Sequence[CalleeRow] = ordered if everything else ordered[:SHOWN]
    pictures = callout_picture(terminal, view, shown, len(rows), alarms)
    terminal.answer(document, *pictures, *kept_text(terminal, judged))


def one_unit(word: str, option: str) -> str:
    """The unit, named as a word or by --unit; empty when by neither. Wrong usage when the two differ."""
    if word and option and word != option:
        raise typer.BadParameter(
            both(f"写了两个单位：{word} 和 {option}", f"two units are named: {word} and {option}"), param_hint="--unit"
        )
    return word or option


def found_callout(read: TableReadings, callout_id: int) -> CallOutView:
    """The call-out; NotFoundError says where to look for its number."""
    try:
        return read.callout(callout_id)
    except NotFoundError:
        what = both(f"没有叫应 {callout_id}", f"there is no call-out {callout_id}")
        raise NotFoundError(f"{what} → callout list") from None


def wanted_states(names: Sequence[str] | None) -> tuple[CalleeState, ...]:
    """The states that were named; wrong usage for one that does not exist."""
    if not names:
        return OPEN_LIST
    wanted: list[CalleeState] = []
    for name in names:
        found = state_named(name)
        if name.lower() == "unreached":
            wanted += UNREACHED
        elif found is None:
            known = ", ".join(["unreached", *(one.name.lower() for one in CalleeState)])
            raise typer.BadParameter(both(f"没有状态 {name}，可用 {known}", f"no state {name}"), param_hint="--state")
        else:
            wanted.append(found)
    return tuple(dict.fromkeys(wanted))


# --- by hand ----------------------------------------------------------------------------------------------


@app.command("start")
@command
def start(
    terminal: Terminal,
    hazard: Annotated[str, typer.Option(help=both("灾种，如 rainstorm 或 暴雨", "hazard, by key or Chinese name"))],
    colour: Annotated[Literal["orange", "red"], typer.Option(help=both("颜色", "colour"))],
    area: Annotated[list[str], typer.Option(help=both("区划编码，可重复", "division code, repeatable"))],
    headline: Annotated[str, typer.Option(help=both("标题，默认按惯例", "headline, the usual one by default"))] = "",
    text: Annotated[str, typer.Option(help=both("正文", "what is happening"))] = "",
    instruction: Annotated[str, typer.Option(help=both("防御要求", "what to do"))] = "",
    issuer: Annotated[str, typer.Option(help=both("发布单位编码，14 位", "sender code, 14 digits"))] = "",
    issuer_name: Annotated[str, typer.Option(help=both("发布单位名称", "its name"))] = "",
    actor: Actor = "",
    reason: Reason = "",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help=both("只推演多久应答，不发起", "only what is to be expected; nothing begins")),
    ] = False,
) -> None:
    """人工发起叫应（实况、上级要求等），真实拨号；预计多久应答见 --dry-run。 / Begin a call-out by hand; this calls real people."""
    settings = terminal.settings
    configuration = load_configuration(settings.config_dir)
    chosen = _hazard(configuration, hazard)
    name, shade = issuer_name or settings.ingest.hand_issuer_name, Colour[colour.upper()]
    with opened_database(settings) as database, reading(database) as connection:
        units = stored_units(connection)
    names = {unit.code: unit.name for unit in units if unit.kind is UnitKind.DIVISION}
    order = Order(
        hazard=chosen,
        colour=shade,
        areas=named_areas(area, names),
        headline=_printable("--headline", headline) or usual_headline(name, chosen, shade),
        description=_printable("--text", text),
        instruction=_printable("--instruction", instruction),
        issuer=_sender_code(issuer or settings.ingest.hand_issuer),
        issuer_name=_printable("--issuer-name", name),
        actor=_printable("--actor", terminal.asked_actor(actor)),
        reason=_printable("--reason", terminal.asked_reason(reason)),
    )
    raw = compose(order, SystemClock().now())
    require_meaning(raw, order, configuration, settings.ingest.within)
    if dry_run:
        expected = _expected(order, configuration, settings)
        terminal.answer({"expected": expected and estimate_document(expected)}, _expected_text(terminal, expected))
        return
    with open_office(settings) as office:
        result = office.take_in(raw, f"hand:{order.actor}")
        daemon = office.daemon
    expected = _expected(order, configuration, settings)  # after the calls have begun: nobody waits for a figure
    document = {**intake_document(result).model_dump(mode="json"), "expected": expected and estimate_document(expected)}
    terminal.answer(document, taken_text(terminal, order.headline, result))
    if expected is not None:
        terminal.remark(*estimate_words(expected))
    tell_whether_called(terminal, [result], daemon=daemon)
    if not result.callouts:
        raise typer.Exit(1)


def _expected(order: Order, configuration: Configuration, settings: Settings) -> Estimate | None:
    """How long the call-out takes by the plan that will be chosen; None when no plan is."""
    now = SystemClock().now()
    chain = plan_by_hand(order, now, configuration.chains)
    if chain is None:
        return None
    with opened_database(settings) as database:
        sealer = AesSealer(KeyRing.load(settings.keys_dir, settings.credentials_dir))
        book, past = phonebook(database, sealer, now), seen(database, tuple(simulated_routes(settings)))
    areas = [code for code, _ in order.areas]
    return launch_estimate(configuration, settings, chain, order.hazard, order.colour, areas, book, past, now)


def _expected_text(terminal: Terminal, expected: Estimate | None) -> str:
    if expected is None:
        return terminal.say("没有方案会叫它。", "No chain would call for it.")
    return terminal.say(*estimate_words(expected))


def _hazard(configuration: Configuration, asked: str) -> Hazard:
    """The hazard of that key or name; wrong usage for an unknown one."""
    found = configuration.hazards.hazards.get(asked) or configuration.hazards.by_name.get(asked)
    if found is None:
        known = ", ".join(f"{key} {one.name}" for key, one in configuration.hazards.hazards.items())
        what = both(f"灾种目录中没有 {asked}，可用", f"no hazard {asked}; known")
        raise typer.BadParameter(f"{what}: {known}", param_hint="--hazard")
    return found


def _sender_code(code: str) -> str:
    if len(code) != SIGNED or not (code.isascii() and code.isdigit()):
        what = both(f"应为 {SIGNED} 位数字", f"expected {SIGNED} digits")
        raise typer.BadParameter(f"{code}: {what}", param_hint="--issuer")
    return code


def _printable(option: str, text: str) -> str:
    """Words that XML can carry."""
    if any(not char.isprintable() and char != "\n" for char in text):
        raise typer.BadParameter(both("含有控制字符", "holds control characters"), param_hint=option)
    return text.strip()


# --- acts -------------------------------------------------------------------------------------------------


@app.command("ack")
@command
def acknowledge(
    terminal: Terminal,
    callout_id: CalloutId,
    unit: UnitCode,
    actor: Actor = "",
    reason: Reason = "",
    means: Annotated[
        Literal["operator", "superior"],
        typer.Option(
            help=both("operator 值班员亲耳听到，superior 上级代报", "operator heard it, superior reported it")
        ),
    ] = "operator",
) -> None:
    """记录应答：本人明确说收到了。 / Record an answer that you heard yourself."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    with open_reading(terminal.settings) as read:
        found_callout(read, callout_id)
    with open_office(terminal.settings) as office:
        office.acknowledge(callout_id, unit, actor=actor, reason=reason, means=Means(means))
    with open_reading(terminal.settings) as read:
        row = callee_row(read, callout_id, unit)
    document = {"callout_id": callout_id, "unit_code": unit, "recorded": True, "state": row.state.name.lower()}
    state = terminal.words.text(f"callee.{row.state.name.lower()}")
    place = f"{row.path} {row.unit_name}".strip()
    terminal.answer(document, terminal.say(f"已记录：{place}，现在是“{state}”。", f"Recorded: {place} is now {state}."))


def callee_row(read: TableReadings, callout_id: int, unit_code: str) -> CalleeRow:
    """How a unit of a call-out stands."""
    return next(row for row in read.callees(callout_id, limit=EVERYBODY) if row.unit_code == unit_code)


def _done(terminal: Terminal, act: Act, callout_id: int, actor: str, reason: str, unit: str = "") -> None:
    """Carry an act out and say how the call-out stands."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    with open_reading(terminal.settings) as read:
        found_callout(read, callout_id)
    with open_office(terminal.settings) as office:
        office.act(act, callout_id, actor=actor, reason=reason, unit_code=unit)
    with open_reading(terminal.settings) as read:
        state = read.callout(callout_id).state
    document = {
        "callout_id": callout_id,
        "act": act.value,
        "unit_code": unit,
        "done": True,
        "state": state.name.lower(),
    }
    word = terminal.words.text(f"callout.{state.name.lower()}")
    terminal.answer(
        document,
        terminal.say(f"已执行 {act}。叫应 {callout_id}：{word}。", f"Done: {act}. Call-out {callout_id}: {word}."),
    )


def _unit_act(act: Act, chinese: str, english: str) -> Callable[..., None]:
    def perform(
        terminal: Terminal, callout_id: CalloutId, unit: UnitCode, actor: Actor = "", reason: Reason = ""
    ) -> None:
        _done(terminal, act, callout_id, actor, reason, unit)

    perform.__doc__ = both(chinese, english)
    return app.command(act.value)(command(perform))


def _whole_act(act: Act, chinese: str, english: str) -> Callable[..., None]:
    def perform(terminal: Terminal, callout_id: CalloutId, actor: Actor = "", reason: Reason = "") -> None:
        _done(terminal, act, callout_id, actor, reason)

    perform.__doc__ = both(chinese, english)
    return app.command(act.value)(command(perform))


recall = _unit_act(Act.RECALL, "从头再叫一个单位。", "Call a unit again from the start.")
waive = _unit_act(Act.WAIVE, "免叫：不再叫一个单位。", "Take a unit off the list.")
told_leader = _unit_act(Act.TOLD_LEADER, "值班室已报告带班领导。", "The duty room has told its leader.")


@app.command("open-gate")
@command
def open_gate(
    terminal: Terminal, callout_id: CalloutId, unit: MaybeUnit = "", actor: Actor = "", reason: Reason = ""
) -> None:
    """开闸：不等上级应答，马上叫下级。 / Call what lies below a unit now, without waiting for its answer."""
    _done(terminal, Act.OPEN_GATE, callout_id, actor, reason, unit)


pause = _whole_act(Act.PAUSE, "暂停拨号；到时自动恢复。", "Pause; it ends by itself after some minutes.")
resume = _whole_act(Act.RESUME, "恢复拨号。", "Go on.")
cancel = _whole_act(Act.CANCEL, "解除：停止叫应，通知已联系的单位。", "Stop, and tell those who had been contacted.")
prepare = _whole_act(Act.PREPARE, "转入响应准备阶段。", "Move the response to preparation.")
respond = _whole_act(Act.RESPOND, "转入应急响应阶段。", "Move the response to its second stage.")
link_up = _whole_act(Act.LINK_UP, "转入应急联动阶段：有新措施的单位收到短信。", "Move the response to linkage.")
close = _whole_act(Act.CLOSE, "办结。", "Close a call-out that is over.")
