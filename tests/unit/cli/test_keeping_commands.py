"""`journal`, `db`, `user`, `key`: the proof, the copy, and who may come in."""

from __future__ import annotations

import json
import sqlite3
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from warning_dispatch.store.database import open_database, writing


def tampered(keyboard: Any, statement: str) -> None:
    """Somebody with the file changes it."""
    connection = sqlite3.connect(keyboard.database)
    with connection:
        assert connection.execute(statement).rowcount >= 1
    connection.close()


def test_an_untouched_journal_is_whole(keyboard: Any) -> None:
    """All streams, or one by the call-out's number."""
    callout = keyboard.ingested()
    verdict = keyboard.asked("journal", "verify")
    assert (verdict["ok"], verdict["streams"]) == (True, 3)
    assert keyboard.asked("journal", "verify", callout)["streams"] == 1
    assert "记录完整" in keyboard.run("journal", "verify").out


def test_an_edit_is_found_with_its_place(keyboard: Any) -> None:
    """A changed entry is named by stream and block."""
    callout = keyboard.ingested()
    tampered(
        keyboard,
        "UPDATE journal_block SET body = replace(body, '\"k\"', '\"K\"') WHERE stream = 'callout:1' AND seq = 1",
    )
    said = keyboard.run("journal", "verify", callout)
    assert said.code == 1
    assert "callout:1 第 1 块  被改" in said.out
    [fault] = keyboard.run("journal", "verify", "--json").document["faults"]
    assert (fault["stream"], fault["kind"], fault["block"]) == ("callout:1", "edited", 1)


def test_a_deletion_is_found(keyboard: Any) -> None:
    """A block that is gone is named too."""
    keyboard.ingested()
    tampered(keyboard, "DELETE FROM journal_block WHERE stream = 'system' AND seq = 1")
    assert "被删" in keyboard.run("journal", "verify").out


def test_rows_that_the_journal_does_not_tell_are_found(keyboard: Any) -> None:
    """Somebody who makes a unit look answered is found out, though the journal itself is whole."""
    keyboard.ingested()
    tampered(keyboard, "UPDATE callee SET state = 8 WHERE id = (SELECT max(id) FROM callee)")
    said = keyboard.run("journal", "verify", "--json")
    assert said.code == 1
    assert said.document["faults"] == []
    assert said.document["differences"]
    assert keyboard.run("db", "check").code == 1


def test_seals_in_a_log_are_compared(keyboard: Any) -> None:
    """A database that was set back as a whole does not agree with the log."""
    keyboard.ingested()
    log = keyboard.folder / "daemon.log"
    line = {"event": "journal_sealed", "stream": "callout:1", "seq": 5, "entries": 70, "hash": "0123456789abcdef"}
    log.write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert "被截" in keyboard.run("journal", "verify", "--log", log).out
    log.write_text("nothing\n", encoding="utf-8")
    keyboard.run("journal", "verify", "--log", log).complained("没有封印行")
    keyboard.run("journal", "verify", "--log", keyboard.folder / "nowhere").complained("日志无法读取")


def test_export_is_complete_and_never_overwrites(keyboard: Any) -> None:
    """One JSON value a line, the sealed head last."""
    callout = keyboard.ingested()
    lines = [json.loads(line) for line in keyboard.run("journal", "export", callout).out.splitlines()]
    assert lines[0]["block"] == 1
    assert "seal" in lines[-1]
    target = keyboard.folder / "record.jsonl"
    assert keyboard.asked("journal", "export", callout, "--out", target)["lines"] == len(lines)
    keyboard.run("journal", "export", callout, "--out", target).complained("不能写")
    keyboard.run("journal", "export", 99).complained("callout:99")
    keyboard.run("journal", "verify", "nonsense").complained("nonsense")


def test_database_check_and_upgrade(keyboard: Any) -> None:
    """A whole database is whole, and an upgrade may be repeated."""
    keyboard.ingested()
    assert keyboard.asked("db", "check")["ok"]
    assert keyboard.asked("db", "upgrade") == {"before": "current", "now": "current"}


def test_upgrade_makes_the_tables_of_a_named_database(bare: Any) -> None:
    """A database somewhere else is named by its URL."""
    url = f"sqlite:///{bare.folder}/other.db"
    said = bare.run("db", "upgrade", "--json", WARNING_DISPATCH_DATABASE_URL=url)
    assert said.document["before"] == "empty"
    bare.run("db", "upgrade", WARNING_DISPATCH_DATABASE_URL="nonsense").complained("URL")
    missing = f"sqlite:///{bare.folder}/no/such/folder.db"
    bare.run("db", "upgrade", WARNING_DISPATCH_DATABASE_URL=missing).complained("folder")


def test_whether_an_upgrade_is_needed_has_three_answers(keyboard: Any) -> None:
    """Not needed is 4; a database that cannot be read is 3, and a program that breaks ends with 1: no "nothing to do"."""
    keyboard.ingested()
    said = keyboard.run("db", "upgrade", "--needed", "--json")
    assert (said.code, said.document) == (4, {"needed": False})
    missing = f"sqlite:///{keyboard.folder}/no/such/folder.db"
    said = keyboard.run("db", "upgrade", "--needed", WARNING_DISPATCH_DATABASE_URL=missing)
    assert said.code == 3
    assert "folder" in said.err
    assert keyboard.run("db", "upgrade", "--needed", WARNING_DISPATCH_DATABASE_URL="nonsense").code == 3
    nobody = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    assert keyboard.run("db", "upgrade", "--needed", WARNING_DISPATCH_DATABASE_URL=nobody).code == 3


def test_a_damaged_file_is_said_to_be_damaged(keyboard: Any) -> None:
    """No traceback when the file is no database at all."""
    keyboard.database.write_bytes(b"not a database, " * 100)
    keyboard.run("db", "check").complained("damaged")
    keyboard.run("callout", "list").complained("damaged")


def test_backup_is_a_whole_database_of_its_own(keyboard: Any) -> None:
    """It opens, holds what the original holds, is the owner's only, and never replaces a file."""
    keyboard.ingested()
    target = Path(keyboard.folder) / "copy.db"
    size = keyboard.asked("db", "backup", target)["bytes"]
    assert size == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    verdict = keyboard.run("journal", "verify", WARNING_DISPATCH_DATABASE_URL=f"sqlite:///{target}")
    assert "记录完整" in verdict.out
    keyboard.run("db", "backup", target).complained("不会覆盖")
    keyboard.run("db", "backup", keyboard.folder / "no" / "copy.db").complained("备份失败")


def test_users(keyboard: Any) -> None:
    """A drawn password is shown once; a name is given once; units and roles must exist."""
    made = keyboard.asked("user", "add", "li", "--role", "officer", "--unit", "141124")
    assert (made["role"], made["unit_code"]) == ("officer", "141124")
    assert len(made["password"]) >= 16
    keyboard.run("user", "add", "li", "--role", "viewer").complained("已经存在")
    keyboard.run("user", "add", "wu", "--role", "viewer", "--unit", "999").complained("没有单位 999")
    keyboard.run("user", "add", " ", "--role", "viewer").complained("不可用")
    keyboard.run("user", "add", "wu", "--role", "king").misused("king")
    given = keyboard.run("user", "add", "wu", "--role", "viewer", "--password-stdin", typed="a long password\n")
    assert given.code == 0
    assert "a long password" not in given.out


def test_keys_are_shown_once_and_stored_as_a_hash(keyboard: Any) -> None:
    """The database knows a key's hash and scopes, not the key."""
    made = keyboard.asked("key", "add", "cap", "--scope", "alerts", "--scope", "read")
    connection = sqlite3.connect(keyboard.database)
    [(stored, scopes)] = connection.execute("SELECT hash, scopes FROM api_key").fetchall()
    connection.close()
    assert stored == sha256(made["key"].encode()).digest()
    assert scopes == "alerts,read"
    keyboard.run("key", "add", "cap", "--scope", "alerts").complained("已经存在")
    keyboard.run("key", "add", "x", "--scope", "everything").misused("everything")
    keyboard.run("key", "add", "x").misused("--scope")


def test_a_broken_setting_stops_every_command_alike(keyboard: Any) -> None:
    """Whatever is asked, the finding is named and nothing is done."""
    for words in (("alert", "list"), ("callout", "list"), ("journal", "verify"), ("db", "check"), ("user", "add", "x")):
        extra = ("--role", "viewer") if words[0] == "user" else ()
        keyboard.run(*words, *extra, WARNING_DISPATCH_WEB__PORT="many").complained("WARNING_DISPATCH_WEB__PORT")


EVERYTHING = (
    "alert list",
    "callout list",
    "alarm list",
    "journal verify",
    "contacts check",
    "db check",
    "db upgrade",
    "db retention",
    "user add x --role viewer",
)


@pytest.fixture
def beside(keyboard: Any, each_kind: Any) -> Any:
    """The keyboard's installation on an empty database of each kind."""
    path = keyboard.folder / "state" / "other.db"
    url = f"sqlite:///{path}" if each_kind.kind == "sqlite" else each_kind.blank()
    keyboard.environ["WARNING_DISPATCH_DATABASE_URL"] = url
    if each_kind.kind == "sqlite":
        open_database(url).dispose()
    return keyboard


def test_a_database_of_another_program_s_age_stops_every_command(beside: Any) -> None:
    """Empty: run `init` or `db upgrade`; newer: install the newer program. Nothing is done meanwhile, not even by `run`."""
    url = beside.environ["WARNING_DISPATCH_DATABASE_URL"]
    for words in set(EVERYTHING) - {"db upgrade"}:
        beside.run(*words.split()).complained("数据库是空的", "warning-dispatch db upgrade")
    assert beside.asked("db", "upgrade") == {"before": "empty", "now": "current"}
    assert beside.asked("db", "upgrade") == {"before": "current", "now": "current"}
    engine = open_database(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for words in EVERYTHING:
        beside.run(*words.split()).complained("数据库比程序新", "Install the newer program")
    assert "数据库比程序新" in beside.run("check").out
    beside.run("run").complained("数据库比程序新")


@pytest.mark.usefixtures("postgresql_tools")
def test_a_copy_goes_into_an_empty_database_only(beside: Any, each_kind: Any) -> None:
    """`db backup`, `db restore` and `db check` say the same on both databases, and what comes next."""
    assert beside.asked("db", "upgrade")["now"] == "current"
    copy = beside.folder / "copy.backup"
    assert beside.asked("db", "backup", copy)["bytes"] == copy.stat().st_size
    beside.run("db", "restore", copy).complained("不是空的")
    other = f"sqlite:///{beside.folder / 'third.db'}" if each_kind.kind == "sqlite" else each_kind.blank()
    beside.environ["WARNING_DISPATCH_DATABASE_URL"] = other
    said = beside.asked("db", "restore", copy)
    assert (said["schema"], said["next"]) == ("current", "warning-dispatch db check")
    assert beside.asked("db", "check")["ok"]
    assert beside.asked("db", "retention", "--dry-run") == {"dry_run": True, "callouts": [], "days": 180}
    assert beside.asked("db", "retention")["callouts"] == []
    beside.run("db", "restore", beside.folder / "nothing").complained("没有这个备份文件")


def test_a_damaged_file_is_told_completely(keyboard: Any) -> None:
    """Broken pages in the middle of the file: every finding that can be made, no traceback, exit code 1."""
    keyboard.ingested()
    whole = bytearray(keyboard.database.read_bytes())
    for place in range(len(whole) // 4, len(whole) // 2, 4096 * 7):
        whole[place : place + 64] = b"\xff" * 64
    connection = sqlite3.connect(keyboard.database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    keyboard.database.write_bytes(whole)
    said = keyboard.run("db", "check", "--json")
    assert said.code == 1
    assert len(said.document["integrity"]) > 1
    assert "Traceback" not in said.out + said.err
