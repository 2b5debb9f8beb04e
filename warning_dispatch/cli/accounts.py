"""`user`, `key`: people who log in, systems that send warnings or read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.table import Table

from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock, beijing_text, iso_text
from warning_dispatch.errors import Finding, FindingsError, NotFoundError, RefusedError
from warning_dispatch.model.passwords import SHORTEST, PasswordFault, password_faults
from warning_dispatch.model.people import Account
from warning_dispatch.model.rights import Grant, GrantKind
from warning_dispatch.settings import Settings, read_secret_file
from warning_dispatch.store.accounts import add_key, hash_password, random_password
from warning_dispatch.store.database import writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.people import NewAccount, PeopleBook
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both

users = typer.Typer(no_args_is_help=True, help=both("账号", "people who log in"))
keys = typer.Typer(no_args_is_help=True, help=both("接口密钥", "systems that send or read"))

STREAM = "system"
LONGEST_NAME = 100

Name = Annotated[str, typer.Argument(help=both("账号名", "name"))]
Kind = Annotated[GrantKind, typer.Option("--role", help=both("查看、值班员、名册员、管理员", "what they may do"))]
UnitCode = Annotated[
    str,
    typer.Option("--unit", help=both("单位编码：管它和它以下；默认全市", "a unit and what lies below; all by default")),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help=both("从标准输入读密码", "read the password from standard input"))
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help=both("从文件读密码（权限 600）", "read the password from a file (mode 600)"),
        metavar="FILE",
    ),
]
_FAULTS = {
    PasswordFault.SHORT: (f"密码至少 {SHORTEST} 个字符", f"a password has at least {SHORTEST} characters"),
    PasswordFault.LONG: ("密码太长", "the password is too long"),
    PasswordFault.COMMON: ("密码太常见", "the password is too common"),
    PasswordFault.NAMED: ("密码不能只是账号名", "the password is little more than the account's name"),
    PasswordFault.SAME: ("与原密码相同", "the password is the one before"),
}
_WORDS = {
    GrantKind.VIEWER: ("查看", "viewer"),
    GrantKind.OFFICER: ("值班员", "duty officer"),
    GrantKind.REGISTRAR: ("名册员", "registrar"),
    GrantKind.ADMINISTRATOR: ("管理员", "administrator"),
}


class Scope(StrEnum):
    """What a system may do."""

    ALERTS = "alerts"
    READ = "read"
    ACT = "act"
    FEED = "feed"
    REGISTER = "register"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to make. `password` empty: one is drawn. `unit` empty: the whole prefecture."""

    name: str
    kind: GrantKind
    unit: str
    password: str
    full_name: str = ""


@users.command("add")
@command
def add(
    terminal: Terminal,
    name: Name,
    kind: Kind,
    unit: UnitCode = "",
    full_name: Annotated[str, typer.Option("--full-name", help=both("姓名", "who it is"))] = "",
    password_stdin: PasswordStdin = False,
    password_file: PasswordFile = None,
) -> None:
    """新建账号；密码在终端输入两次，不输入就随机生成，只显示这一次。 / Make an account; its password is asked for twice, or drawn and shown once."""
    password = asked_password(terminal, stdin=password_stdin, file=password_file)
    shown = make_user(terminal.settings, NewUser(name, kind, unit, password, full_name), terminal.actor)
    document = {"name": name, "role": kind.value, "unit_code": unit or terminal.settings.ingest.within}
    said = terminal.say(*_WORDS[kind])
    drawn = [terminal.say(f"已建立账号 {name}（{said}）。", f"Made the account {name} ({said}).")]
    _show_drawn(terminal, shown, document, drawn)
    terminal.answer(document, *drawn)


@users.command("list")
@command
def list_users(terminal: Terminal) -> None:
    """账号、权限、状态。 / The accounts, what they may do, how they stand."""
    with opened_people(terminal.settings) as people:
        accounts = people.accounts(SystemClock().now())
    table = Table(box=None)
    for chinese, english in (("账号", "Account"), ("姓名", "Name"), ("权限", "May"), ("状态", "State")):
        table.add_column(terminal.say(chinese, english))
    for one in accounts:
        held = ", ".join(
            f"{terminal.say(*_WORDS[held.grant.kind])} {held.unit_name} {held.grant.unit_code}" for held in one.held
        )
        table.add_row(one.name, one.full_name, held, _state(terminal, one))
    terminal.answer({"users": [_document(one) for one in accounts]}, table)


@users.command("grant")
@command
def grant(
    terminal: Terminal,
    name: Name,
    kind: Kind,
    unit: UnitCode = "",
    end: Annotated[bool, typer.Option("--end", help=both("取消这个权限", "take it back"))] = False,
) -> None:
    """给账号增加（或取消）一项权限。 / Give an account a right on a unit and what lies below, or take it back."""
    code, now = unit or terminal.settings.ingest.within, SystemClock().now()
    with opened_people(terminal.settings) as people:
        account = people.account(name, now)
        if end:
            held = next((one for one in account.held if one.grant == Grant(kind, code)), None)
            if held is None:
                raise NotFoundError(both(f"{name} 没有这项权限", f"{name} does not hold this"))
            people.end_grant(account.id, held.id, actor=terminal.actor, now=now)
        else:
            people.grant(account.id, Grant(kind, code), actor=terminal.actor, now=now)
    document = {"name": name, "role": kind.value, "unit_code": code, "ended": end}
    terminal.answer(document, terminal.say("已取消。", "Taken back.") if end else terminal.say("已增加。", "Given."))


@users.command("end")
@command
def end_user(terminal: Terminal, name: Name) -> None:
    """停用账号：本人立即退出，记录保留。 / End an account: its owner is logged out at once, the record stays."""
    now = SystemClock().now()
    with opened_people(terminal.settings) as people:
        people.end(people.account(name, now).id, actor=terminal.actor, now=now)
    terminal.answer({"name": name, "ended": True}, terminal.say(f"{name} 已停用。", f"{name} has ended."))


@users.command("unlock")
@command
def unlock(
    terminal: Terminal,
    name: Name,
    code_off: Annotated[
        bool, typer.Option("--code-off", help=both("同时关闭验证码（手机丢了）", "switch one-time codes off too"))
    ] = False,
) -> None:
    """解锁输错密码太多次的账号。 / Let somebody in again who typed too many wrong passwords."""
    now = SystemClock().now()
    with opened_people(terminal.settings) as people:
        was_locked = people.unlock(name, actor=terminal.actor, now=now)
        if code_off:
            people.drop_code(people.account(name, now).id, actor=terminal.actor, now=now)
    terminal.answer({"name": name, "had_tries": was_locked}, terminal.say(f"{name} 已解锁。", f"{name} is unlocked."))


@users.command("password")
@command
def set_password(
    terminal: Terminal, name: Name, password_stdin: PasswordStdin = False, password_file: PasswordFile = None
) -> None:
    """换密码：输入两次，或随机生成只显示一次；本人须再改，所有登录退出。 / Another password, asked for or drawn; its owner must change it."""
    given = asked_password(terminal, stdin=password_stdin, file=password_file)
    require_password(given, name)
    drawn, now = "" if given else random_password(), SystemClock().now()
    with opened_people(terminal.settings) as people:
        account = people.account(name, now)
        hashed = hash_password(given or drawn)
        people.set_password(account.id, hashed, actor=terminal.actor, now=now, must_change=True)
        people.unlock(name, actor=terminal.actor, now=now)
    document = {"name": name}
    said = [terminal.say(f"{name} 的密码已换。", f"{name} has another password.")]
    _show_drawn(terminal, drawn, document, said)
    terminal.answer(document, *said)


@keys.command("add")
@command
def add_system(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(help=both("系统名称", "name of the system"))],
    scope: Annotated[
        list[Scope],
        typer.Option(
            help=both(
                "权限，可重复：alerts 送预警，read 查看，act 记录应答，feed 读传播的预警，register 看名册变动，feedback 看反馈原文",
                "repeatable: what it may do",
            )
        ),
    ],
) -> None:
    """新建接口密钥，只显示这一次。 / Make an API key; it is shown once."""
    settings, now = terminal.settings, SystemClock().now()
    scopes = tuple(dict.fromkeys(one.value for one in scope))
    require_name(name)
    with opened_database(settings) as database, writing(database) as connection:
        key_id, key = add_key(connection, name, scopes, now)
        entry = {"k": "key.added", "id": key_id, "scopes": list(scopes), "actor": terminal.actor}
        _journal(_keyring(settings)).append(connection, STREAM, [entry], now)
    said = terminal.say(
        f"密钥（只显示这一次；请求头写 Authorization: Bearer <密钥>）：\n{key}",
        f"The key (shown this once; send it as Authorization: Bearer <key>):\n{key}",
    )
    terminal.answer({"name": name, "scopes": list(scopes), "key": key}, said)


# --- used by `init` and `check` as well -------------------------------------------------------------------


@contextmanager
def opened_people(settings: Settings) -> Iterator[PeopleBook]:
    """The accounts of an installation."""
    keyring = _keyring(settings)
    with opened_database(settings) as database:
        yield PeopleBook(database, AesSealer(keyring), _journal(keyring))


def make_user(settings: Settings, new: NewUser, actor: str) -> str:
    """Store the account; the drawn password, empty when one was given. NotFoundError for an unknown unit."""
    require_login(new.name)
    require_password(new.password, new.name)
    drawn, now = "" if new.password else random_password(), SystemClock().now()
    grant = Grant(new.kind, new.unit or settings.ingest.within)
    with opened_people(settings) as people:
        account = NewAccount(
            new.name, hash_password(new.password or drawn), grant, new.full_name.strip(), must_change=bool(drawn)
        )
        people.add(account, actor=actor, now=now)
    return drawn


def asked_password(terminal: Terminal, *, stdin: bool, file: Path | None) -> str:
    """A password from where it was said to be, else asked for twice at a terminal; empty: one is to be drawn."""
    if stdin:
        return read_password()
    if file is not None:
        found = read_secret_file(file)
        if not found:
            raise RefusedError(f"{file}: {both('密码文件是空的', 'the file is empty')}")
        return found
    if terminal.as_json or not sys.stdin.isatty():
        return ""
    return asked_twice(
        terminal, lambda words: str(typer.prompt(words, default="", show_default=False, hide_input=True))
    )


def asked_twice(terminal: Terminal, ask: Callable[[str], str]) -> str:
    """A password typed twice alike without being shown; empty when the first one is."""
    while True:
        first = ask(terminal.say("密码（直接回车则随机生成）", "Password (Enter alone: one is drawn)"))
        if not first or first == ask(terminal.say("再输入一次", "Once more")):
            return first
        terminal.remark("两次输入不一样，请重新输入。", "The two differ; once more from the beginning.")


def read_password() -> str:
    """The first line of standard input. RefusedError when there is none."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise RefusedError(both("标准输入里没有密码", "there is no password on standard input"))
    return password


def require_password(password: str, name: str) -> None:
    """FindingsError with everything wrong with a password; an empty one will be drawn."""
    faults = password_faults(password, name) if password else ()
    if faults:
        raise FindingsError([Finding(both("密码", "password"), both(*_FAULTS[one])) for one in faults])


def require_name(name: str) -> None:
    """RefusedError for a name that is none."""
    if not name.strip() or not name.isprintable() or name != name.strip():
        raise RefusedError(both(f"名称 {name!r} 不可用", f"{name!r} is not a name"))


def require_login(name: str) -> None:
    """RefusedError for what cannot be typed at a login."""
    require_name(name)
    if len(name) > LONGEST_NAME or any(sign.isspace() for sign in name):
        raise RefusedError(both(f"账号 {name!r} 太长或含空格", f"{name!r} is too long or holds a space"))


# --- the rest ---------------------------------------------------------------------------------------------


def _show_drawn(terminal: Terminal, drawn: str, document: dict[str, str], said: list[str]) -> None:
    if drawn:
        document["password"] = drawn
        said.append(
            terminal.say(
                f"密码（只显示这一次，首次登录必须更改）：{drawn}",
                f"Password (shown this once, to be changed at the first login): {drawn}",
            )
        )


def _document(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "full_name": account.full_name,
        "grants": [{"role": one.grant.kind.value, "unit_code": one.grant.unit_code} for one in account.held],
        "ended_at": iso_text(account.ended_at) if account.ended_at else None,
        "locked_until": iso_text(account.locked_until) if account.locked_until else None,
        "must_change": account.must_change,
        "one_time_codes": account.has_code,
    }


def _state(terminal: Terminal, account: Account) -> str:
    if account.ended_at:
        return terminal.say("已停用", "ended")
    if account.locked_until:
        until = beijing_text(account.locked_until)
        return terminal.say(f"已锁定至 {until}", f"locked until {until}")
    return (
        terminal.say("等本人换密码", "must change the password")
        if account.must_change
        else terminal.say("在用", "in use")
    )


def _keyring(settings: Settings) -> KeyRing:
    return KeyRing.load(settings.keys_dir, settings.credentials_dir)


def _journal(keyring: KeyRing) -> Journal:
    return Journal(keyring.journal_key, structlog.get_logger("journal"))
