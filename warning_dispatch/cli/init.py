"""`init`: everything an installation needs before its first start. May be repeated: what is there stays."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from warning_dispatch.cli.accounts import NewUser, PasswordStdin, make_user, opened_people, read_password
from warning_dispatch.cli.check import inspection_document, inspection_picture
from warning_dispatch.cli.contacts import load_sample
from warning_dispatch.cli.inspection import inspect
from warning_dispatch.cli.service_user import become_service_user, lacks_config, operating_account
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.clock import SystemClock
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.rights import GrantKind
from warning_dispatch.settings import SETTINGS_FILE, SYSTEM_CONFIG, Settings, config_folder
from warning_dispatch.store.database import SchemaState, open_database, upgrade
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.tomlfiles import both

FIRST_ADMINISTRATOR = "admin"


@dataclass(slots=True)
class Steps:
    """What was done, for the person and for the program."""

    document: dict[str, Any] = field(default_factory=dict)
    lines: list[Text] = field(default_factory=list)

    def done(self, line: str, style: str = "green", **facts: object) -> None:
        """One step."""
        self.document.update(facts)
        self.lines.append(Text.assemble(("✓ ", style), line))


@command
def init(
    terminal: Terminal,
    admin: Annotated[str, typer.Option(help=both("第一个管理员", "the first administrator"))] = FIRST_ADMINISTRATOR,
    password_stdin: PasswordStdin = False,
    sample_register: Annotated[
        int | None,
        typer.Option(min=0, metavar="SEED", help=both("装入样本名册", "load the sample register of this seed")),
    ] = None,
    write_config: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=both("把随附配置复制到这里，供修改", "copy the shipped configuration here")),
    ] = None,
) -> None:
    """建立密钥、数据库和第一个管理员，然后检查；可以重复执行。 / Keys, database, first administrator, then a check."""
    steps = Steps()
    password = read_password() if password_stdin else ""
    target = write_config or _place_for_config(terminal)
    if target is not None:
        _write_config(terminal, steps, target)
    if become_service_user():
        name = operating_account()
        steps.done(
            terminal.say(f"以下以服务帐号 {name} 进行", f"from here on as the account {name}"), "dim", account=name
        )
    settings = terminal.settings
    _make_state(terminal, steps, settings)
    _make_keys(terminal, steps, settings)
    _make_database(terminal, steps, settings)
    _make_administrator(terminal, steps, settings, admin, password)
    if sample_register is not None:
        counts = load_sample(settings, sample_register, terminal.actor)
        said = terminal.say(
            f"样本名册：{counts.units} 个单位，{counts.receivers} 个编造的责任人",
            f"sample register: {counts.units} units, {counts.receivers} invented receivers",
        )
        steps.done(said, receivers=counts.receivers)
    result = inspect(terminal.config)
    terminal.answer({**steps.document, "check": inspection_document(result)}, *steps.lines, "")
    if not terminal.as_json:
        terminal.answer({}, *inspection_picture(terminal, result))


def _place_for_config(terminal: Terminal) -> Path | None:
    """Where a machine that is prepared for the service still lacks its configuration: nobody need name it."""
    if terminal.config is not None or not lacks_config():
        return None
    return SYSTEM_CONFIG


def _write_config(terminal: Terminal, steps: Steps, target: Path) -> None:
    """Copy the configuration that is in force; refuse to touch a folder that has one."""
    source = config_folder(terminal.config)
    if (target / SETTINGS_FILE).exists():
        what = both("已有配置，不会覆盖", "there is a configuration already; it is not overwritten")
        raise RefusedError(f"{target / SETTINGS_FILE}: {what}")
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        what = both("不能写入配置", f"the configuration cannot be written ({type(error).__name__})")
        raise RefusedError(f"{target}: {what}") from None
    terminal.config = target
    said = terminal.say(f"配置已复制到 {target}", f"configuration copied to {target}")
    steps.done(said, config_dir=str(target))


def _make_state(terminal: Terminal, steps: Steps, settings: Settings) -> None:
    if settings.state_dir.is_dir():
        steps.done(
            f"{terminal.say('状态目录', 'state')}: {settings.state_dir}", "dim", state_dir=str(settings.state_dir)
        )
        return
    try:
        settings.state_dir.mkdir(mode=0o700, parents=True)
    except OSError as error:
        what = both("状态目录不能建立", f"the state folder cannot be made ({error.strerror})")
        raise RefusedError(f"{settings.state_dir}: {what}") from None
    steps.done(f"{terminal.say('状态目录', 'state')}: {settings.state_dir}", state_dir=str(settings.state_dir))


def _make_keys(terminal: Terminal, steps: Steps, settings: Settings) -> None:
    """Keys are made once; a set that is there but broken is an error, never replaced."""
    try:
        KeyRing.load(settings.keys_dir, settings.credentials_dir)
    except NotFoundError:
        KeyRing.create(settings.keys_dir)
        said = terminal.say(
            f"新密钥：{settings.keys_dir}（请另存一份；丢了密钥，号码就解不开）",
            f"new keys: {settings.keys_dir} (keep a copy elsewhere; without them numbers stay sealed)",
        )
        steps.done(said, keys="made", keys_dir=str(settings.keys_dir))
        return
    said = terminal.say("密钥已有，保留", "the keys are there and stay")
    steps.done(said, "dim", keys="kept", keys_dir=str(settings.keys_dir))


def _make_database(terminal: Terminal, steps: Steps, settings: Settings) -> None:
    database = open_database(settings.database_url)
    try:
        before = upgrade(database)
    finally:
        database.dispose()
    words = {
        SchemaState.EMPTY: terminal.say("数据库已建立", "database made"),
        SchemaState.OLDER: terminal.say("数据库已升级", "database upgraded"),
    }
    said = words.get(before, terminal.say("数据库已有，保留", "the database is there and stays"))
    steps.done(said, "dim" if before is SchemaState.CURRENT else "green", database=before.value)


def _make_administrator(terminal: Terminal, steps: Steps, settings: Settings, name: str, password: str) -> None:
    with opened_people(settings) as people:
        exists = any(one.name == name for one in people.accounts(SystemClock().now()))
    if exists:
        said = terminal.say(f"管理员 {name} 已有，保留", f"the administrator {name} is there and stays")
        steps.done(said, "dim", admin=name, admin_made=False)
        return
    drawn = make_user(settings, NewUser(name, GrantKind.ADMINISTRATOR, "", password), terminal.actor)
    steps.done(terminal.say(f"管理员 {name}", f"administrator {name}"), admin=name, admin_made=True)
    if drawn:
        steps.document["password"] = drawn
        steps.lines.append(
            Text(
                terminal.say(f"  密码（只显示这一次）：{drawn}", f"  password (shown this once): {drawn}"), style="bold"
            )
        )
