"""`db`: the database's schema, its health, and a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason
from warning_dispatch.cli.contacts_files import progress_bar
from warning_dispatch.cli.journal import judged, verdict_texts
from warning_dispatch.cli.office import daemon_answers, opened_database, require_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import RefusedError
from warning_dispatch.settings import Settings
from warning_dispatch.store.database import SchemaState, open_database, upgrade, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.rotation import reseal, sealed_otherwise
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.upkeep import backup, compact, integrity_faults
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


@app.command("rotate-key")
@command
def rotate_key(terminal: Terminal, actor: Actor = "", reason: Reason = "") -> None:
    """换数据密钥：生成新的，把库里加密的全部换过来。先停程序。 / A new data key, and everything sealed anew. Stop the daemon first."""
    settings = terminal.settings
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    if daemon_answers(settings.control_socket):
        what = both(
            "程序正在运行，它没有新密钥，先停下", "the daemon is running and does not have the new key: stop it first"
        )
        raise RefusedError(what)
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    with opened_database(settings) as database:
        if sealed_otherwise(database, keys.data_key_id) == 0:  # else an earlier change was cut short: it is finished
            keys = _new_key(settings, keys)
        with progress_bar(terminal, "重新加密", "Sealing anew") as progress:
            tick = progress(sealed_otherwise(database, keys.data_key_id))
            counts = reseal(database, AesSealer(keys), tick)
        with writing(database) as connection:
            entry = {"k": "key.rotated", "key": keys.data_key_id, "rows": counts, "actor": actor, "why": reason}
            journal = Journal(keys.journal_key, structlog.get_logger("journal"))
            journal.append(connection, "system", [entry], SystemClock().now())
        compact(database)
    rows = sum(counts.values())
    chinese = f"已换用第 {keys.data_key_id} 号数据密钥，重新加密 {rows} 处。请备份 {settings.keys_dir}；旧备份还要旧密钥，不要删。"
    english = f"Data key {keys.data_key_id} is in use, {rows} values sealed anew. Back up {settings.keys_dir}; keep the old key for old backups."
    terminal.answer({"key": keys.data_key_id, "rows": counts}, Text(terminal.say(chinese, english)))


def _new_key(settings: Settings, keys: KeyRing) -> KeyRing:
    """The next key. Credentials of a service are somebody else's to change."""
    if settings.credentials_dir is not None and (settings.credentials_dir / "data.key").exists():
        name = f"data-{keys.data_key_id + 1}.key"
        what = both(
            f"密钥由 systemd 凭据提供：先生成 {name}（64 位十六进制），加一行 LoadCredential，再执行本命令",
            f"the keys are the service's credentials: make {name} (64 hexadecimal digits), load it too, then try again",
        )
        raise RefusedError(what)
    return keys.with_new_data_key(settings.keys_dir)


def _pair(before: SchemaState) -> tuple[str, str]:
    chinese, english = _FOUND[before]
    return f"数据库：{chinese}。", f"The database: {english}."
