"""`task`: 人工叫应, whom the duty officer rings by hand, what to say, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.panel import Panel
from rich.text import Text

from warning_dispatch.cli.office import open_office, open_reading
from warning_dispatch.cli.pictures import COLOUR_STYLES
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, beijing_text, iso_text
from warning_dispatch.engine.tasks import TaskResult
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.views import TaskRow
from warning_dispatch.tomlfiles import both

app = typer.Typer(
    no_args_is_help=True, help=both("人工叫应：任务单、接手、登记结果", "calls by hand: list, take, result")
)
TaskId = Annotated[int, typer.Argument(metavar="ID", help=both("任务编号，见 task list", "number of the task"))]
Actor = Annotated[
    str, typer.Option("--actor", help=both("值班员，默认为登录名", "the officer, the login if not given"))
]


@app.command("list")
@command
def list_tasks(
    terminal: Terminal,
    limit: Annotated[int, typer.Option(min=1, help=both("最多几项", "how many at most"))] = 50,
) -> None:
    """列出等人拨打的任务，最急的在前。 / What waits to be dialled by hand, the most urgent first."""
    with open_reading(terminal.settings) as read:
        tasks = read.tasks(limit=limit)
    now = SystemClock().now()
    nothing = terminal.say("没有等人拨打的任务。", "Nothing waits to be dialled by hand.")
    terminal.answer(
        {"tasks": [task_document(one) for one in tasks]},
        *([_picture(terminal, one, now) for one in tasks] or [nothing]),
    )


@app.command("take")
@command
def take(terminal: Terminal, task_id: TaskId, actor: Actor = "") -> None:
    """我来打：显示号码和要说的话，机器先不打。 / I dial: number and script; the machine waits for a while."""
    actor = terminal.asked_actor(actor)
    with open_reading(terminal.settings) as read:
        task = next((one for one in read.tasks(limit=10_000) if one.attempt_id == task_id), None)
    if task is None:
        raise NotFoundError(both(f"任务单上没有 {task_id}", f"task {task_id} is not on the list") + " → task list")
    with open_office(terminal.settings) as office:
        until = office.take_task(task_id, actor=actor)
        number = office.task_number(task_id, actor=actor)
    clock = beijing_text(until, "%H:%M:%S")
    said = terminal.say(
        f"请拨 {number}。机器到 {clock} 之前不打这个单位。", f"Dial {number}. The machine waits until {clock}."
    )
    after = " | ".join(f"task result {task_id} {one.value}" for one in TaskResult)
    document = {**task_document(task), "number": number, "until": iso_text(until)}
    terminal.answer(
        document, _picture(terminal, task, SystemClock().now()), Text(said, style="bold"), Text(after, style="dim")
    )


@app.command("number")
@command
def number(terminal: Terminal, task_id: TaskId, actor: Actor = "") -> None:
    """显示号码（记入叫应记录）。 / The number in clear; the journal says who asked."""
    actor = terminal.asked_actor(actor)
    with open_office(terminal.settings) as office:
        clear = office.task_number(task_id, actor=actor)
    terminal.answer({"id": task_id, "number": clear}, clear)


@app.command("result")
@command
def result(
    terminal: Terminal,
    task_id: TaskId,
    came: Annotated[
        TaskResult,
        typer.Argument(
            metavar="RESULT",
            help=both(
                "answered 本人明确答收到, told-deputy 告知副职, no-answer 无人接听, busy 占线, wrong-number 打错了人",
                "what came of it",
            ),
        ),
    ],
    actor: Actor = "",
    note: Annotated[str, typer.Option("--note", help=both("接听人姓名、职务、答复", "who answered, and what"))] = "",
) -> None:
    """登记结果。没有明确回答的不算应答。 / What came of it; without a clear answer it does not count."""
    actor = terminal.asked_actor(actor)
    with open_office(terminal.settings) as office:
        office.finish_task(task_id, came, actor=actor, note=note)
    word = terminal.words.text(f"task.result.{came.name.lower()}")
    said = terminal.say(f"任务 {task_id} 已登记：{word}。", f"Task {task_id}: {word}.")
    terminal.answer({"id": task_id, "result": came.value}, said)


def task_document(task: TaskRow) -> dict[str, object]:
    """A task for a program."""
    return {
        "id": task.attempt_id,
        "callout_id": task.callout_id,
        "colour": task.colour.key,
        "units": list(task.units),
        "role": task.role.key if task.role else None,
        "phone": task.phone,
        "script": task.script,
        "since": iso_text(task.since),
        "taken_until": None if task.taken_until is None else iso_text(task.taken_until),
        "taken_by": task.taken_by,
        "next_at": None if task.next_at is None else iso_text(task.next_at),
    }


def _picture(terminal: Terminal, task: TaskRow, now: int) -> RenderableType:
    """One task as a card: whom to ring in the frame, what to say inside."""
    colour = f" {terminal.words.text(f'colour.{task.colour.key}')} "
    role = terminal.words.text(f"role.{task.role.key}") if task.role else ""
    waits = max(0, now - task.since) // 1_000
    waited = terminal.say(f"已等 {waits // 60} 分 {waits % 60:02d} 秒", f"waiting {waits // 60} min {waits % 60:02d} s")
    title = Text.assemble(
        f"{task.attempt_id} ", (colour, COLOUR_STYLES[task.colour]), f" {'、'.join(task.units)} {role} {task.phone}"
    )
    hand = ""
    if task.taken_until is not None:
        at = beijing_text(task.taken_until, "%H:%M:%S")
        hand = terminal.say(
            f" · {task.taken_by} 接手，机器等到 {at}", f" · {task.taken_by} has it, the machine waits until {at}"
        )
    return Panel(Text(task.script), title=title, title_align="left", subtitle=waited + hand, subtitle_align="left")
