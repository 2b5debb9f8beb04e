"""`user`, `key`: people who log in, systems that send warnings or read."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

import structlog
import typer

from warning_dispatch.cli.office import opened_database
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.settings import Settings
from warning_dispatch.store.accounts import add_key, add_user, hash_password, random_password
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register_reading import stored_units
from warning_dispatch.tomlfiles import both

users = typer.Typer(no_args_is_help=True, help=both("账号", "people who log in"))
keys = typer.Typer(no_args_is_help=True, help=both("接口密钥", "systems that send or read"))

STREAM = "system"

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help=both("从标准输入读密码", "read the password from standard input"))
]


class Scope(StrEnum):
    """What a system may do."""

    ALERTS = "alerts"
    READ = "read"
    ACT = "act"
    FEED = "feed"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to make. `password` empty: one is drawn. `unit` empty: the whole prefecture."""

    name: str
    role: str
    unit: str
    password: str


@users.command("add")
@command
def add(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(help=both("账号名", "name"))],
    role: Annotated[
        Literal["viewer", "officer", "registrar", "administrator"],
        typer.Option(help=both("查看、值班员、名册员、管理员", "what they may do")),
    ],
    unit: Annotated[
        str, typer.Option(help=both("单位编码：管它和它以下；默认全市", "a unit and what lies below; all by default"))
    ] = "",
    password_stdin: PasswordStdin = False,
) -> None:
    """新建账号；不给密码就随机生成，只显示这一次。 / Make an account; a random password is shown once."""
    password = read_password() if password_stdin else ""
    shown = make_user(terminal.settings, NewUser(name, role, unit, password), terminal.actor)
    document = {"name": name, "role": role, "unit_code": unit or terminal.settings.ingest.within}
    drawn = [terminal.say(f"已建立账号 {name}（{role}）。", f"Made the account {name} ({role}).")]
    if shown:
        document["password"] = shown
        drawn.append(terminal.say(f"密码（只显示这一次）：{shown}", f"Password (shown this once): {shown}"))
    terminal.answer(document, *drawn)


@keys.command("add")
@command
def add_system(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(help=both("系统名称", "name of the system"))],
    scope: Annotated[
        list[Scope],
        typer.Option(
            help=both(
                "权限，可重复：alerts 送预警，read 查看，act 记录应答，feed 读传播的预警，register 看名册变动",
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
        _journal(settings).append(connection, STREAM, [entry], now)
    said = terminal.say(
        f"密钥（只显示这一次；请求头写 Authorization: Bearer <密钥>）：\n{key}",
        f"The key (shown this once; send it as Authorization: Bearer <key>):\n{key}",
    )
    terminal.answer({"name": name, "scopes": list(scopes), "key": key}, said)


# --- used by `init` as well -------------------------------------------------------------------------------


def make_user(settings: Settings, new: NewUser, actor: str) -> str:
    """Store the account; the drawn password, empty when one was given. NotFoundError for an unknown unit."""
    require_name(new.name)
    drawn = "" if new.password else random_password()
    hashed, now = hash_password(new.password or drawn), SystemClock().now()
    unit = new.unit or settings.ingest.within
    with opened_database(settings) as database:
        if new.unit:
            with reading(database) as connection:
                _require_unit({one.code for one in stored_units(connection)}, new.unit)
        with writing(database) as connection:
            user_id = add_user(connection, new.name, hashed, new.role, unit, now)
            entry = {"k": "user.added", "id": user_id, "role": new.role, "unit": unit, "actor": actor}
            _journal(settings).append(connection, STREAM, [entry], now)
    return drawn


def read_password() -> str:
    """The first line of standard input. RefusedError when there is none."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise RefusedError(both("标准输入里没有密码", "there is no password on standard input"))
    return password


def require_name(name: str) -> None:
    """RefusedError for a name that is none."""
    if not name.strip() or not name.isprintable() or name != name.strip():
        raise RefusedError(both(f"名称 {name!r} 不可用", f"{name!r} is not a name"))


def _require_unit(codes: set[str], code: str) -> None:
    if code not in codes:
        raise NotFoundError(both(f"名册里没有单位 {code}", f"the register has no unit {code}"))


def _journal(settings: Settings) -> Journal:
    keyring = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    return Journal(keyring.journal_key, structlog.get_logger("journal"))
