"""`voice`: what calls on our own lines say, recordings of it, and who has listened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from warning_dispatch.bootstrap.voice import voice_desk
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, iso_text
from warning_dispatch.configuration import load_configuration
from warning_dispatch.delivery.lengths import SPEECH_LIMIT
from warning_dispatch.delivery.spoken.desk import SpokenSentence, VoiceDesk
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.tomlfiles import both

app = typer.Typer(
    no_args_is_help=True, help=both("电话朗读：录音、试听、确认", "what calls say: recordings, listening")
)
KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help=both("voice list 列出的编号", "as `voice list` has it"))
]
ActorOption = Annotated[str, typer.Option("--actor", help=both("操作人", "who acts"))]


def opened(terminal: Terminal) -> VoiceDesk:
    """The site's voice. RefusedError where no route speaks by itself."""
    settings = terminal.settings
    desk = voice_desk(settings, load_configuration(settings.config_dir), SystemClock())
    if desk is None:
        what = both(
            "没有本局自己放音的线路（adapter 为 sip 或 ari）", "no route plays sound of ours (adapter sip or ari)"
        )
        raise RefusedError(what)
    return desk


@app.command("list")
@command
def list_sentences(terminal: Terminal) -> None:
    """列出电话里的每一句：谁来读、录音是否听过。 / Every sentence: who says it, and who has listened."""
    desk = opened(terminal)
    rows = desk.sentences()
    approval = desk.machine_approval
    table = Table(title=terminal.say("电话里说的话", "What calls say"), title_justify="left")
    for chinese, english in (("编号", "Key"), ("句子", "Sentence"), ("出现", "In"), ("谁读", "Said by")):
        table.add_column(terminal.say(chinese, english))
    for one in rows:
        table.add_row(_short(desk, one.key), one.text, str(one.often), _speaker(terminal, one))
    listened = terminal.say(
        f"机器：{desk.machine}；"
        + (f"{approval.by} 已试听" if approval else "还没有人试听确认（voice sample，然后 voice approve machine）"),
        f"machine: {desk.machine}; "
        + (
            f"listened to by {approval.by}"
            if approval
            else "nobody has listened yet (voice sample, then voice approve machine)"
        ),
    )
    terminal.answer(
        {"machine": desk.machine, "approved": approval is not None, "sentences": [_document(one) for one in rows]},
        table,
        Text(listened),
    )


@app.command("sample")
@command
def sample(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=both("写到哪个 WAV 文件", "the WAV to write"))],
) -> None:
    """把样例预警按电话里的样子写成 WAV，供试听。 / The sample warning as a village hears it, as a WAV."""
    text, script = opened(terminal).sample()
    file.write_bytes(script.wav)
    long = script.reading_s > SPEECH_LIMIT
    said = terminal.say(
        f"{file}：读一遍 {script.reading_s:.1f} 秒，整通 {script.whole_s:.1f} 秒"
        + ("，超过 20 秒，请调快 speed 或缩短模板" if long else ""),
        f"{file}: {script.reading_s:.1f} s a reading, {script.whole_s:.1f} s in all"
        + ("; more than 20 s: raise speed or shorten the template" if long else ""),
    )
    terminal.answer({"text": text, "reading_s": script.reading_s, "whole_s": script.whole_s, "ok": not long}, said)
    if long:
        raise typer.Exit(1)


@app.command("record")
@command
def record(
    terminal: Terminal,
    key: KeyArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=both("录音（WAV）", "the recording, a WAV"))],
    *,
    actor: ActorOption = "",
) -> None:
    """放入一句的录音；试听确认后才使用。 / Take a recording of a sentence; it is used after somebody has approved it."""
    desk = opened(terminal)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotFoundError(both(f"{file} 读不了", f"{file} cannot be read: {error.strerror}")) from error
    one = desk.take(_whole(desk, key), content, actor=terminal.asked_actor(actor))
    said = terminal.say(
        f"“{one.text}”：{one.seconds:.1f} 秒；试听后执行 voice approve {key}",
        f"{one.text!r}: {one.seconds:.1f} s; listen to it, then voice approve {key}",
    )
    terminal.answer({"key": one.key, "seconds": one.seconds}, said)


@app.command("approve")
@command
def approve(terminal: Terminal, key: KeyArgument, *, actor: ActorOption = "") -> None:
    """试听过，可以用：一句录音，或 machine（机器朗读）。 / Listened to and good: a recording, or `machine`."""
    desk, who = opened(terminal), terminal.asked_actor(actor)
    if key == "machine":
        name = desk.approve_machine(actor=who).name
        terminal.answer(
            {"machine": name}, terminal.say(f"机器朗读（{name}）已确认。", f"The machine ({name}) is approved.")
        )
        return
    one = desk.approve(_whole(desk, key), actor=who)
    terminal.answer(
        {"key": one.key}, terminal.say(f"“{one.text}”今后用录音。", f"Calls use the recording of {one.text!r}.")
    )


@app.command("remove")
@command
def remove(terminal: Terminal, key: KeyArgument) -> None:
    """删除一句的录音，改由机器朗读。 / Remove a recording; the machine says the sentence again."""
    desk = opened(terminal)
    desk.remove(_whole(desk, key))
    terminal.answer({"key": key}, terminal.say("已删除，改由机器朗读。", "Removed; the machine says it."))


def _whole(desk: VoiceDesk, key: str) -> str:
    """A key from its first characters. NotFoundError where it fits none or several."""
    found = [one.key for one in desk.sentences() if one.key.startswith(key)]
    if len(found) != 1:
        raise NotFoundError(both(f"没有这一句：{key}", f"no such sentence: {key}") + " → voice list")
    return found[0]


def _short(desk: VoiceDesk, key: str) -> str:
    """As many of its characters as tell it apart; eight at least."""
    others = [one.key for one in desk.sentences() if one.key != key]
    return next(
        (key[:size] for size in range(8, len(key)) if not any(one.startswith(key[:size]) for one in others)), key
    )


def _speaker(terminal: Terminal, one: SpokenSentence) -> Text:
    if one.varies:
        return Text(terminal.say("机器（每次不同）", "machine (another every night)"), style="dim")
    if one.recording is None:
        return Text(terminal.say("机器", "machine"))
    if not one.recording.approved_by:
        return Text(terminal.say("录音待试听", "recording, not approved"), style="yellow")
    return Text(
        terminal.say(
            f"录音（{one.recording.approved_by} 确认）", f"recording, approved by {one.recording.approved_by}"
        ),
        style="green",
    )


def _document(one: SpokenSentence) -> Mapping[str, Any]:
    recording = one.recording
    return {
        "key": one.key,
        "text": one.text,
        "language": one.language,
        "often": one.often,
        "varies": one.varies,
        "by_machine": one.by_machine,
        "recorded_at": iso_text(recording.at) if recording else None,
        "approved_by": recording.approved_by if recording else "",
    }
