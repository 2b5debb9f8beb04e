"""`user`: accounts from the keyboard of the machine, for the first administrator and for the night when nobody can log in."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.cli.accounts import asked_twice
from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.clock import SystemClock
from warning_dispatch.model.lockout import LoginRules
from warning_dispatch.settings import load_settings
from warning_dispatch.store.accounts import is_password
from warning_dispatch.store.database import open_database
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sessions import SessionBook

GOOD = "the mulberry on the roof"


def rows(keyboard: Any, question: str) -> list[tuple[Any, ...]]:
    """What the database says."""
    connection = sqlite3.connect(keyboard.database)
    found = connection.execute(question).fetchall()
    connection.close()
    return found


def entries(keyboard: Any) -> list[dict[str, Any]]:
    """The system's journal."""
    bodies = rows(keyboard, "SELECT body FROM journal_block WHERE stream = 'system' ORDER BY seq")
    return [entry for (body,) in bodies for entry in json.loads(body)]


def secret_file(keyboard: Any, text: str = GOOD, mode: int = 0o600) -> Path:
    """A file with a password."""
    path: Path = keyboard.folder / "password"
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_password_from_a_file(keyboard: Any) -> None:
    """Taken as it is, not printed, stored as a hash; a file that others may read, or an empty one, is refused."""
    said = keyboard.run("user", "add", "wang", "--role", "officer", "--password-file", secret_file(keyboard))
    assert said.code == 0, said
    assert GOOD not in said.out
    [(stored, must_change)] = rows(keyboard, "SELECT password_hash, must_change FROM user_account WHERE name = 'wang'")
    assert is_password(GOOD, stored)
    assert not must_change
    open_file = secret_file(keyboard, mode=0o644)
    keyboard.run("user", "add", "li", "--role", "officer", "--password-file", open_file).complained("其他用户可以读")
    empty = secret_file(keyboard, "")
    keyboard.run("user", "add", "li", "--role", "officer", "--password-file", empty).complained("空的")
    assert GOOD.encode() not in keyboard.database.read_bytes()


@pytest.mark.parametrize(
    ("password", "words"), [("short", "至少 12 个字符"), ("password1234", "太常见"), ("li11li11li11", "太常见")]
)
def test_bad_passwords_are_refused(keyboard: Any, password: str, words: str) -> None:
    """With what is wrong, and no account is made."""
    said = keyboard.run("user", "add", "li", "--role", "viewer", "--password-stdin", typed=f"{password}\n")
    said.complained(words)
    assert rows(keyboard, "SELECT 1 FROM user_account WHERE name = 'li'") == []


def test_a_password_is_typed_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Until both are alike; Enter alone asks for a drawn one, without a second question."""
    typed = iter([GOOD, "something else", GOOD, GOOD, ""])
    assert asked_twice(Terminal(), lambda _words: next(typed)) == GOOD
    assert "两次输入不一样" in capsys.readouterr().err
    assert asked_twice(Terminal(), lambda _words: next(typed)) == ""
    assert list(typed) == []


def test_grants_come_and_go_by_command(keyboard: Any) -> None:
    """Listed with the unit's name; one that is not held cannot be taken back; the last administrator stays."""
    keyboard.asked("user", "add", "wang", "--role", "officer", "--unit", "141124", "--full-name", "王某某")
    keyboard.asked("user", "grant", "wang", "--role", "registrar", "--unit", "141123")
    listed = {one["name"]: one for one in keyboard.asked("user", "list")["users"]}
    assert listed["wang"]["grants"] == [
        {"role": "registrar", "unit_code": "141123"},
        {"role": "officer", "unit_code": "141124"},
    ]
    assert listed["wang"]["full_name"] == "王某某"
    shown = keyboard.run("user", "list").out
    for words in ("王某某", "名册员 兴县", "值班员 临县", "管理员 吕梁市"):
        assert words in shown
    keyboard.asked("user", "grant", "wang", "--role", "registrar", "--unit", "141123", "--end")
    keyboard.run("user", "grant", "wang", "--role", "registrar", "--unit", "141123", "--end").complained("没有这项权限")
    keyboard.run("user", "grant", "wang", "--role", "viewer", "--unit", "999").complained("没有单位 999")
    keyboard.run("user", "grant", "admin", "--role", "administrator", "--end").complained("最后一个管理员")
    keyboard.run("user", "end", "admin").complained("最后一个管理员")
    keyboard.run("user", "grant", "ghost", "--role", "viewer").complained("没有账号 ghost")


def test_an_account_ends_by_command(keyboard: Any) -> None:
    """It stays on the list as ended; its name is not used again; the journal knows who did it."""
    keyboard.asked("user", "add", "wang", "--role", "officer")
    keyboard.asked("user", "end", "wang")
    assert "已停用" in keyboard.run("user", "list").out
    keyboard.run("user", "add", "wang", "--role", "officer").complained("已经存在")
    assert (entries(keyboard)[-1]["k"], entries(keyboard)[-1]["actor"]) == ("user.ended", "zhiban")
    assert "王" not in json.dumps(entries(keyboard), ensure_ascii=False)


def test_help_for_somebody_who_is_locked_out(keyboard: Any) -> None:
    """The list says so; unlocking lets in at once, and may switch the codes of a lost telephone off."""
    keyboard.asked("user", "add", "wang", "--role", "officer", "--password-file", secret_file(keyboard))
    settings = load_settings(environ=keyboard.environ)
    keys = KeyRing.load(settings.keys_dir)
    database = open_database(settings.database_url)
    book = SessionBook(database, AesSealer(keys), Journal(keys.journal_key, None), LoginRules())  # type: ignore[arg-type]
    now = SystemClock().now()
    for _ in range(5):
        book.begin("wang", "", now)
    assert book.begin("wang", "", now).locked_until
    assert "已锁定至" in keyboard.run("user", "list").out
    assert keyboard.asked("user", "unlock", "wang", "--code-off") == {"name": "wang", "had_tries": True}
    assert not book.begin("wang", "", now).locked_until
    database.dispose()
    assert [one["k"] for one in entries(keyboard)[-2:]] == ["user.unlocked", "code.off"]
    keyboard.run("user", "unlock", "ghost").complained("没有账号 ghost")


def test_another_password_by_command(keyboard: Any) -> None:
    """Drawn and shown once, or given; either way its owner must change it."""
    keyboard.asked("user", "add", "wang", "--role", "officer", "--password-file", secret_file(keyboard))
    drawn = keyboard.asked("user", "password", "wang")["password"]
    [(stored, must_change)] = rows(keyboard, "SELECT password_hash, must_change FROM user_account WHERE name = 'wang'")
    assert is_password(drawn, stored)
    assert must_change
    given = keyboard.run("user", "password", "wang", "--password-stdin", typed="another mulberry\n")
    assert given.code == 0
    assert "mulberry" not in given.out
    keyboard.run("user", "password", "wang", "--password-stdin", typed="x\n").complained("至少 12 个字符")


def test_check_asks_for_an_administrator(bare: Any) -> None:
    """Nobody to keep the accounts: worth knowing on loopback, to be mended where others reach the pages."""
    assert bare.run("init").code == 0
    connection = sqlite3.connect(bare.database)
    connection.execute("UPDATE user_grant SET ended_at = 1")
    connection.commit()
    connection.close()
    here = bare.run("check", "--json").document
    assert [one["area"] for one in here["notices"] if one["area"] == "accounts"] == ["accounts"]
    there = bare.run("check", "--json", WARNING_DISPATCH_WEB__HOST="0.0.0.0").document  # noqa: S104 - only looked at
    [found] = [one for one in there["findings"] if one["area"] == "accounts"]
    assert "没有管理员" in found["what"]
    assert found["remedy"] == "warning-dispatch user add NAME --role administrator"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("IDLE_H", "40", "absolute_h 不能小于 idle_h"),
        ("FIRST_WAIT_S", "901", "longest_wait_s 不能小于"),
        ("PROXIES", '["proxy.example"]', "proxy.example 不是地址"),
    ],
)
def test_login_settings_make_sense(keyboard: Any, key: str, value: str, words: str) -> None:
    """Hours and waits the wrong way round, a proxy that is no address: findings with the place."""
    said = keyboard.run("check", "--json", **{f"WARNING_DISPATCH_LOGIN__{key}": value})
    assert said.code == 1
    assert words in said.out
