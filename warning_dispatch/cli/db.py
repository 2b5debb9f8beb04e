"""`db`: the database's schema, its health, and a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.text import Text

from warning_dispatch.bootstrap import retention_of
from warning_dispatch.cli.callout import Actor, Reason
from warning_dispatch.cli.contacts_files import progress_bar
from warning_dispatch.cli.journal import Verdict, judged, verdict_texts
from warning_dispatch.cli.office import daemon_answers, opened_database, require_database
from warning_dispatch.cli.terminal import Terminal, command, report_error
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import DispatchError, RefusedError, StoreError
from warning_dispatch.settings import Settings
from warning_dispatch.store.copies import new_copy, remove_all_but
from warning_dispatch.store.database import (
    SchemaState,
    is_sqlite,
    open_database,
    reading,
    schema_state,
    upgrade,
    writing,
)
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.retention import remove_old
from warning_dispatch.store.rotation import (
    count_numbers,
    indexed_with,
    note_indexed,
    reindex,
    reseal,
    sealed_otherwise,
)
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.upkeep import backup, compact, integrity_faults, restore
from warning_dispatch.tomlfiles import both

app = typer.Typer(no_args_is_help=True, help=both("数据库：升级、检查、备份", "the database: upgrade, check, backup"))

CANNOT_BE_TOLD = 3
"""Exit code of `db upgrade --needed` where the database cannot be read: neither yes nor no."""

NOT_NEEDED = 4
"""Exit code of its "no": none that a broken program or a wrong command ends with, for an installer stops the service on it."""

_FOUND = {
    SchemaState.EMPTY: ("空库，已建表", "it was empty; the tables were made"),
    SchemaState.OLDER: ("已升级到当前版本", "it was older; it is up to date now"),
    SchemaState.CURRENT: ("已经是当前版本", "it was up to date"),
}


@app.command("upgrade")
@command
def upgrade_database(
    terminal: Terminal,
    needed: Annotated[
        bool,
        typer.Option(
            "--needed",
            help=both(
                "只看要不要升级：要则退出码 0，不要 4，看不到 3",
                "only look: exit code 0 older, 4 not, 3 cannot be told",
            ),
        ),
    ] = False,
) -> None:
    """把数据库升级到当前版本；可以重复执行。 / Bring the schema up to date; may be repeated."""
    if needed:
        try:
            older = _is_older(terminal.settings)
        except DispatchError as error:  # not "nothing to do": an installer would take the service down for it
            report_error(error, as_json=terminal.as_json)
            raise typer.Exit(CANNOT_BE_TOLD) from None
        said = terminal.say("要升级。", "It is older.") if older else terminal.say("不用升级。", "Nothing to do.")
        terminal.answer({"needed": older}, said)
        if not older:
            raise typer.Exit(NOT_NEEDED)
        return
    database = open_database(terminal.settings.database_url)
    try:
        before = upgrade(database)
    finally:
        database.dispose()
    terminal.answer({"before": before.value, "now": SchemaState.CURRENT.value}, terminal.say(*_pair(before)))


def _is_older(settings: Settings) -> bool:
    database = open_database(settings.database_url)
    try:
        return schema_state(database) is SchemaState.OLDER
    finally:
        database.dispose()


@app.command("check")
@command
def check(terminal: Terminal) -> None:
    """检查文件是否完好、记录是否被动过、数据与记录是否一致。 / The file, the journal, and whether rows and journal agree."""
    with opened_database(terminal.settings) as database:
        faults = integrity_faults(database)
        try:
            verdict = judged(terminal.settings, database, None)
        except StoreError as error:  # a broken page: what was found before is said all the same
            faults.append(str(error))
            verdict = Verdict(0, 0, (), (both("叫应记录无法核验", "the journal could not be verified"),))
    document = {"ok": not faults and verdict.whole, "integrity": faults, "journal": verdict.document()}
    said = [Text.assemble(("  • ", "red"), line) for line in faults]
    if not faults:
        chinese, english = (
            "✓ 数据库完好，计数与数据一致。",
            "✓ The database is whole, and the counts kept are the rows'.",
        )
        said = [Text(terminal.say(chinese, english), style="bold green")]
    terminal.answer(document, *said, *verdict_texts(terminal, verdict))
    if not document["ok"]:
        raise typer.Exit(1)


@app.command("backup")
@command
def backup_database(
    terminal: Terminal,
    file: Annotated[
        Path | None,
        typer.Argument(
            help=both("新文件，不会覆盖；不写则放进 [backup] folder，旧的删去", "a new file; else into [backup] folder")
        ),
    ] = None,
) -> None:
    """备份数据库，运行中也可以；密钥要另存。 / Copy the database, also while it is in use. Keep the keys elsewhere."""
    settings = terminal.settings
    require_database(settings)
    dated = file is None
    file = file or new_copy(settings.backup_folder, SystemClock().now())
    database = open_database(settings.database_url)
    try:
        size = backup(database, file)
    finally:
        database.dispose()
    removed = remove_all_but(settings.backup_folder, settings.backup.keep) if dated else ()
    chinese = f"已备份到 {file}（{size:,} 字节），已核对。没有密钥就解不开号码：{settings.keys_dir} 请另存一处。"
    english = (
        f"Copied to {file} ({size:,} bytes), checked. Without the keys in {settings.keys_dir} numbers stay sealed."
    )
    document = {"file": str(file), "bytes": size, "removed": [str(path) for path in removed]}
    terminal.answer(document, terminal.say(chinese, english))


@app.command("rotate-key")
@command
def rotate_key(terminal: Terminal, actor: Actor = "", reason: Reason = "") -> None:
    """换数据密钥：生成新的，把库里加密的全部换过来。先停程序。 / A new data key, and everything sealed anew. Stop the daemon first."""
    settings = terminal.settings
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    _require_no_daemon(settings)
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


@app.command("rotate-index-key")
@command
def rotate_index_key(terminal: Terminal, actor: Actor = "", reason: Reason = "") -> None:
    """换索引密钥：生成新的，号码索引全部重做；中断了再执行一次即可。先停程序。 / A new index key, and every number indexed anew; may be repeated. Stop the daemon first."""
    settings = terminal.settings
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    _require_no_daemon(settings)
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    with opened_database(settings) as database:
        with reading(database) as connection:
            finished = indexed_with(Sql(connection)) == keys.index_key_id
        if finished:  # else an earlier change was cut short: it is finished
            _refuse_credentials(settings, "index", keys.index_key_id)
            keys = keys.with_new_index_key(settings.keys_dir)
        with progress_bar(terminal, "重做索引", "Indexing anew") as progress:
            changed = reindex(database, AesSealer(keys), progress(count_numbers(database)))
        with writing(database) as connection:
            note_indexed(Sql(connection), keys.index_key_id)
            entry = {"k": "index_key.rotated", "key": keys.index_key_id, "numbers": changed, "actor": actor}
            journal = Journal(keys.journal_key, structlog.get_logger("journal"))
            journal.append(connection, "system", [{**entry, "why": reason}], SystemClock().now())
    chinese = f"已换用第 {keys.index_key_id} 号索引密钥，重做 {changed} 个号码的索引。请备份 {settings.keys_dir}。"
    english = f"Index key {keys.index_key_id} is in use, {changed} numbers indexed anew. Back up {settings.keys_dir}."
    terminal.answer({"key": keys.index_key_id, "numbers": changed}, Text(terminal.say(chinese, english)))


def _require_no_daemon(settings: Settings) -> None:
    if daemon_answers(settings.control_socket):
        what = both(
            "程序正在运行，它没有新密钥，先停下", "the daemon is running and does not have the new key: stop it first"
        )
        raise RefusedError(what)


def _new_key(settings: Settings, keys: KeyRing) -> KeyRing:
    """The next data key."""
    _refuse_credentials(settings, "data", keys.data_key_id)
    return keys.with_new_data_key(settings.keys_dir)


def _refuse_credentials(settings: Settings, kind: str, last: int) -> None:
    """Credentials of a service are somebody else's to change."""
    if settings.credentials_dir is not None and (settings.credentials_dir / f"{kind}.key").exists():
        name = f"{kind}-{last + 1}.key"
        what = both(
            f"密钥由 systemd 凭据提供：先生成 {name}（64 位十六进制），加一行 LoadCredential，再执行本命令",
            f"the keys are the service's credentials: make {name} (64 hexadecimal digits), load it too, then try again",
        )
        raise RefusedError(what)


@app.command("restore")
@command
def restore_database(
    terminal: Terminal, file: Annotated[Path, typer.Argument(help=both("db backup 写的文件", "written by db backup"))]
) -> None:
    """从备份恢复到一个空数据库；不会覆盖已有的数据。 / Fill an empty database from a backup; nothing is overwritten."""
    settings = terminal.settings
    if daemon_answers(settings.control_socket):
        raise RefusedError(both("请先停下正在运行的程序", "stop the running daemon first"))
    database = open_database(settings.database_url)
    try:
        restore(database, file)
        state = schema_state(database)
    finally:
        database.dispose()
    after = {
        SchemaState.CURRENT: "warning-dispatch db check",
        SchemaState.OLDER: "warning-dispatch db upgrade && warning-dispatch db check",
    }.get(state, both("请装新版程序", "install the newer program"))
    chinese, english = f"已从 {file} 恢复。下一步：{after}", f"Restored from {file}. Next: {after}"
    terminal.answer({"file": str(file), "schema": state.value, "next": after}, terminal.say(chinese, english))


@app.command("retention")
@command
def remove_what_is_old(
    terminal: Terminal,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=both("只列出，不删除", "only say what would go"))] = False,
    scheduled: Annotated[
        bool,
        typer.Option("--scheduled", help=both("定时器用：程序在运行就不做", "for a timer: a running daemon does it")),
    ] = False,
) -> None:
    """销毁超过保存期限、已办结的叫应及其报文、呼叫记录；未办结的不动。 / Destroy what is over and older than it is kept."""
    settings = terminal.settings
    keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    with opened_database(settings) as database:
        retention, now = retention_of(settings, database, keys), SystemClock().now()
        if dry_run:
            old = retention.old(now)
            said = terminal.say(f"到期的叫应 {len(old)} 个。", f"{len(old)} call-outs are old enough.")
            terminal.answer({"dry_run": True, "callouts": old, "days": retention.days}, said)
            return
        if is_sqlite(database) and daemon_answers(settings.control_socket):
            if scheduled:
                said = terminal.say(
                    "程序正在运行，它每天自动清理。", "The daemon runs and does this by itself every day."
                )
                terminal.answer({"dry_run": False, "by_daemon": True}, said)
                return
            what = "the daemon runs, and removes what is old by itself every day"
            raise RefusedError(both("程序正在运行，它每天自动清理", what))
        removed = remove_old(retention, now)
    count, days = len(removed.callouts), retention.days
    chinese = f"已销毁 {count} 个超过 {days} 天的叫应，连同其报文和呼叫记录；叫应记录留有签名的墓碑。"
    english = f"Destroyed {count} call-outs older than {days} days with their messages and attempts; tombstones stay."
    terminal.answer({"dry_run": False, "days": days, **removed.document()}, terminal.say(chinese, english))


def _pair(before: SchemaState) -> tuple[str, str]:
    chinese, english = _FOUND[before]
    return f"数据库：{chinese}。", f"The database: {english}."
