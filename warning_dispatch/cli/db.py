"""`db`: the database's schema, its health, and a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from warning_dispatch.cli.journal import judged, verdict_texts
from warning_dispatch.cli.office import opened_database, require_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.store.database import SchemaState, open_database, upgrade
from warning_dispatch.store.upkeep import backup, integrity_faults
from warning_dispatch.tomlfiles import both

app = typer.Typer(no_args_is_help=True, help=both("数据库：升级、检查、备份", "the database: upgrade, check, backup"))

_FOUND = {
    SchemaState.EMPTY: ("空库，已建表", "it was empty; the tables were made"),
    SchemaState.OLDER: ("已升级到当前版本", "it was older; it is up to date now"),
    SchemaState.CURRENT: ("已经是当前版本", "it was up to date"),
}


@app.command("upgrade")
@command
def upgrade_database(terminal: Terminal) -> None:
    """把数据库升级到当前版本；可以重复执行。 / Bring the schema up to date; may be repeated."""
    settings = terminal.settings
    database = open_database(settings.database_url)
    try:
        before = upgrade(database)
    finally:
        database.dispose()
    terminal.answer({"before": before.value, "now": SchemaState.CURRENT.value}, terminal.say(*_pair(before)))


@app.command("check")
@command
def check(terminal: Terminal) -> None:
    """检查文件是否完好、记录是否被动过、数据与记录是否一致。 / The file, the journal, and whether rows and journal agree."""
    with opened_database(terminal.settings) as database:
        faults = integrity_faults(database)
        verdict = judged(terminal.settings, database, None)
    document = {"ok": not faults and verdict.whole, "integrity": faults, "journal": verdict.document()}
    said = [Text.assemble(("  • ", "red"), line) for line in faults]
    if not faults:
        said = [Text(terminal.say("✓ 数据库文件完好。", "✓ The database file is whole."), style="bold green")]
    terminal.answer(document, *said, *verdict_texts(terminal, verdict))
    if not document["ok"]:
        raise typer.Exit(1)


@app.command("backup")
@command
def backup_database(
    terminal: Terminal, file: Annotated[Path, typer.Argument(help=both("新文件；不会覆盖", "a new file"))]
) -> None:
    """备份数据库，运行中也可以；密钥要另存。 / Copy the database, also while it is in use. Keep the keys elsewhere."""
    settings = terminal.settings
    require_database(settings)
    database = open_database(settings.database_url)
    try:
        size = backup(database, file)
    finally:
        database.dispose()
    chinese = f"已备份到 {file}（{size:,} 字节），已核对。没有密钥就解不开号码：{settings.keys_dir} 请另存一处。"
    english = (
        f"Copied to {file} ({size:,} bytes), checked. Without the keys in {settings.keys_dir} numbers stay sealed."
    )
    terminal.answer({"file": str(file), "bytes": size}, terminal.say(chinese, english))


def _pair(before: SchemaState) -> tuple[str, str]:
    chinese, english = _FOUND[before]
    return f"数据库：{chinese}。", f"The database: {english}."
