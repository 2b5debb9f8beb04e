"""`journal`: prove that the record is whole, and hand it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy
import typer
from rich.text import Text

from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.errors import RefusedError
from warning_dispatch.reports.record_press import KEY_FILE, VERIFIER, verifier_source
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import reading
from warning_dispatch.store.journal_check import FaultKind, JournalFault, OutsideSeal, export, seals_from_log, verify
from warning_dispatch.store.journal_rows import head_of, stream_names
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.tomlfiles import both

app = typer.Typer(no_args_is_help=True, help=both("叫应记录：核验、导出", "the journal: verify, export"))

CALLOUT = "callout:"
_KINDS = {
    FaultKind.EDITED: "被改",
    FaultKind.MISSING: "被删",
    FaultKind.REORDERED: "被移",
    FaultKind.CUT_TAIL: "被截",
    FaultKind.ADDED: "被添",
    FaultKind.RECOMPUTED: "重算",
    FaultKind.BAD_SEAL: "封印无效",
    FaultKind.NO_STREAM: "无记录",
    FaultKind.UNKNOWN_STREAM: "来历不明",
}

Stream = Annotated[
    str,
    typer.Argument(
        metavar="ID", help=both("叫应编号，或 register、system", "a call-out's number, or register, system")
    ),
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. `differences`: rows that are not what the journal tells."""

    streams: int
    entries: int
    faults: Sequence[JournalFault]
    differences: Sequence[str]

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults and not self.differences

    def document(self) -> dict[str, Any]:
        """The verdict for a program."""
        return {
            "ok": self.whole,
            "streams": self.streams,
            "entries": self.entries,
            "faults": [fault_document(one) for one in self.faults],
            "differences": list(self.differences),
        }


@app.command("verify")
@command
def verify_journal(
    terminal: Terminal,
    stream: Annotated[
        str,
        typer.Argument(metavar="ID", help=both("叫应编号，或 register、system；不写为全部", "one of them, else all")),
    ] = "",
    log: Annotated[
        Path | None,
        typer.Option(help=both("程序的 JSON 日志，用其中的封印对照", "the daemon's JSON log, to compare its seals")),
    ] = None,
) -> None:
    """核验叫应记录：改、删、截、换次序都会指出位置，并与现有数据对照。 / Any edit, deletion, cut or reordering, with its place."""
    outside = read_seals(log) if log is not None else []
    with opened_database(terminal.settings) as database:
        verdict = judged(terminal.settings, database, stream_of(stream) if stream else None, outside)
    terminal.answer(verdict.document(), *verdict_texts(terminal, verdict))
    if not verdict.whole:
        raise typer.Exit(1)


@app.command("export")
@command
def export_journal(
    terminal: Terminal,
    stream: Stream,
    out: Annotated[Path | None, typer.Option(help=both("写到新文件", "write to a new file"))] = None,
) -> None:
    """导出一份叫应记录（每行一个 JSON）。 / One stream as JSON Lines, with hashes and the sealed head."""
    with opened_database(terminal.settings) as database, reading(database) as connection:
        lines = export(connection, stream_of(stream))
        if out is None:
            for line in lines:
                typer.echo(line)
            return
        count = _write(out, lines)
    beside = _put_beside(terminal.settings, out)
    check = f"python3 {VERIFIER} {out.name} --key {KEY_FILE}"
    terminal.answer(
        {"file": str(out), "lines": count, "beside": [str(one) for one in beside]},
        terminal.say(
            f"已写入 {out}，{count} 行。核验程序和公钥也放在同一目录：{check}",
            f"Wrote {count} lines to {out}. The verifier and the public key lie beside it: {check}",
        ),
    )


def _put_beside(settings: Settings, out: Path) -> list[Path]:
    """The verifier and the public key in the folder of an export; what lies there already stays as it is."""
    public = KeyRing.load(settings.keys_dir, settings.credentials_dir).journal_public
    written = []
    for name, content in ((VERIFIER, verifier_source()), (KEY_FILE, f"{public.hex()}\n")):
        path = out.parent / name
        if path.exists():
            continue
        try:
            path.write_text(content, encoding="utf-8")
        except OSError as error:
            what = both("文件不能写", f"the file cannot be written ({error.strerror})")
            raise RefusedError(f"{path}: {what}") from None
        written.append(path)
    return written


def stream_of(name: str) -> str:
    """The stream a person means: a bare number is a call-out's."""
    return f"{CALLOUT}{name}" if name.isdigit() else name


def judged(
    settings: Settings, database: sqlalchemy.Engine, stream: str | None, outside: Iterable[OutsideSeal] = ()
) -> Verdict:
    """Verify one stream or all, and fold the call-outs' journals against what is stored."""
    public = KeyRing.load(settings.keys_dir, settings.credentials_dir).journal_public
    with reading(database) as connection:
        faults = verify(connection, public, stream, outside)
        names = stream_names(connection) if stream is None else {stream}
        heads = [head_of(connection, name) for name in names]
        number = int(stream.removeprefix(CALLOUT)) if stream and stream.startswith(CALLOUT) else None
        # What is not as it was written cannot be folded to any purpose.
        foldable = not faults and (stream is None or number is not None)
        differences = fold_faults(connection, number) if foldable else []
    return Verdict(len(names), sum(head.entries for head in heads if head), faults, differences)


def verdict_texts(terminal: Terminal, verdict: Verdict) -> list[Text]:
    """The verdict for a person."""
    lines = [_fault_text(terminal, fault) for fault in verdict.faults]
    for difference in verdict.differences:
        what = terminal.say("数据与记录不符", "the rows are not what the journal tells")
        lines.append(Text.assemble(("  • ", "red"), f"{what}: {difference}"))
    if verdict.whole:
        said = terminal.say(
            f"✓ 记录完整：{verdict.streams} 份，{verdict.entries} 条，与数据一致。",
            f"✓ Whole: {verdict.streams} journals, {verdict.entries} entries, in agreement with the rows.",
        )
        return [Text(said, style="bold green")]
    count = len(verdict.faults) + len(verdict.differences)
    return [*lines, Text(terminal.say(f"✗ 发现 {count} 处问题。", f"✗ {count} faults."), style="bold red")]


def fault_document(fault: JournalFault) -> dict[str, Any]:
    """A fault for a program."""
    return {
        "stream": fault.stream,
        "kind": fault.kind.value,
        "what": fault.what,
        "block": fault.seq,
        "entry": fault.entry,
    }


def read_seals(path: Path) -> list[OutsideSeal]:
    """The seals a log remembers. RefusedError when it cannot be read or has none: that would prove nothing."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            found = list(seals_from_log(lines))
    except OSError as error:
        what = both("日志无法读取", f"the log cannot be read ({error.strerror})")
        raise RefusedError(f"{path}: {what}") from None
    if not found:
        what = both("日志里没有封印行（journal_sealed）", "the log holds no seals (journal_sealed)")
        raise RefusedError(f"{path}: {what} → [log] format = json")
    return found


def _fault_text(terminal: Terminal, fault: JournalFault) -> Text:
    kind = terminal.say(_KINDS[fault.kind], fault.kind.value)
    place = fault.stream
    if fault.seq is not None:
        place += terminal.say(f" 第 {fault.seq} 块", f", block {fault.seq}")
    if fault.entry is not None:
        place += terminal.say(f" 第 {fault.entry} 条", f", entry {fault.entry}")
    return Text.assemble(("  • ", "red"), (place, "bold"), f"  {kind}: {fault.what}")


def _write(path: Path, lines: Iterable[str]) -> int:
    """Write a new file; how many lines. RefusedError when it exists or cannot be written."""
    count = 0
    try:
        with path.open("x", encoding="utf-8") as file:
            for line in lines:
                file.write(f"{line}\n")
                count += 1
    except OSError as error:
        what = both("文件不能写", f"the file cannot be written ({error.strerror})")
        raise RefusedError(f"{path}: {what}") from None
    return count
