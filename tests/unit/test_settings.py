"""Settings: where each value comes from, and that every slip of the pen is named with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from warning_dispatch.delivery.configured import reaches_people, simulated_routes
from warning_dispatch.errors import ConfigError
from warning_dispatch.escalation.budgets import per_number
from warning_dispatch.settings import (
    SETTINGS_FILE,
    Settings,
    config_folder,
    config_places,
    contacts_folder,
    load_settings,
    operator_name,
    prefers_english,
)

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
NOT_IN_THE_FILE = {"config_dir", "credentials_dir"}
"""What says where the file is cannot stand in it."""


def configured(folder: Path, text: str) -> Path:
    """A configuration folder with this file."""
    folder.mkdir(exist_ok=True)
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return folder


def complaints(config: Path, environ: dict[str, str] | None = None, **explicit: object) -> str:
    """Every finding as text."""
    with pytest.raises(ConfigError) as caught:
        load_settings(config, environ or {}, **explicit)
    return str(caught.value)


def keys_of(shape: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key of the settings as "section.key", those of repeated tables as "section.table.key"."""
    for name, field in shape.model_fields.items():
        inner = field.annotation
        repeated = [one for one in get_args(inner) if isinstance(one, type) and issubclass(one, BaseModel)]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys_of(inner, f"{prefix}{name}.")
        elif repeated and prefix:
            yield from keys_of(repeated[0], f"{prefix}{name}.")
        elif prefix + name not in NOT_IN_THE_FILE:
            yield prefix + name


def keys_in_file(text: str) -> set[str]:
    """Every key that the file sets or shows behind a comment sign, outside of the routes.

    What all sources have is shown once, further in.
    """
    section, found, shared = "", set(), set()
    for line in text.splitlines():
        if line.startswith("[["):
            section = "routes"
        elif shown := re.match(r"#\[\[(\w+)\]\]", line):
            found.add(shown[1])
        elif heading := re.match(r"(?:# \[)?\[([\w.]+)\]", line):
            section = f"{heading[1]}."
        elif key := re.match(r"#   (\w+) = ", line):
            shared.add(key[1])
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            found.add("routes" if section == "routes" else section + key[1])
    found |= {f"ingest.{kind}.{key}" for kind in ("push", "folder", "feed", "other") for key in shared}
    return found | {f"ingest.{kind}.{key}" for kind in ("api", "file") for key in shared - {"name", "gap_s", "quiet_s"}}


def test_the_file_shows_every_setting_and_nothing_else() -> None:
    """Whoever reads warning-dispatch.toml has seen every setting there is."""
    text = (CONFIG / SETTINGS_FILE).read_text(encoding="utf-8")
    assert keys_in_file(text) == set(keys_of(Settings))


def test_the_shipped_values_are_the_defaults(tmp_path: Path) -> None:
    """A key that somebody deletes keeps the value the shipped file shows (the routes apart: none is none)."""
    shipped = load_settings(CONFIG, {})
    empty = load_settings(configured(tmp_path / "empty", ""), {})
    for name in ("web", "log", "engine", "ingest", "texts", "outward", "smtp", "simulation"):
        assert getattr(shipped, name) == getattr(empty, name)
    assert empty.routes == ()


def test_a_fresh_installation_reaches_nobody() -> None:
    """As shipped every route is simulated or a human's work list."""
    shipped = load_settings(CONFIG, {})
    assert not reaches_people(shipped)
    assert {route.channel for route in shipped.routes} == {"voice", "sms", "email", "operator"}
    assert simulated_routes(shipped) == {route.name for route in shipped.routes}


def test_the_nearer_source_wins(tmp_path: Path) -> None:
    """Option over environment over file over default."""
    config = configured(tmp_path / "config", '[web]\nport = 1001\nhost = "127.0.0.2"\n[engine]\nbatch = 7\n')
    environ = {"WARNING_DISPATCH_WEB__PORT": "1002", "WARNING_DISPATCH_LOG__LEVEL": "debug"}
    settings = load_settings(config, environ, log={"level": "error"})
    assert (settings.web.port, settings.web.host) == (1002, "127.0.0.2")
    assert (settings.log.level, settings.log.format, settings.engine.batch) == ("error", "json", 7)


def test_lists_come_from_the_environment_as_json() -> None:
    """Routes and senders can be set without a file."""
    routes = '[{"name": "mail", "channel": "email", "adapter": "simulated"}]'
    environ = {"WARNING_DISPATCH_ROUTES": routes, "WARNING_DISPATCH_INGEST__SENDERS": '["14110041600000"]'}
    settings = load_settings(CONFIG, environ)
    assert [route.name for route in settings.routes] == ["mail"]
    assert settings.ingest.senders == ("14110041600000",)


MAIL = '[[routes]]\nname = "mail-1"\nchannel = "email"\nadapter = "smtp"\n'
VOICE = '[[routes]]\nname = "phones"\nchannel = "voice"\nadapter = "simulated"\n'


def test_a_voice_route_has_the_usual_limits_when_none_are_given(tmp_path: Path) -> None:
    """A provider's limit on calls to one number is never forgotten; routes that ring no phone have none."""
    shipped = {route.channel: route.number_limits for route in load_settings(CONFIG, {}).routes}
    bare = load_settings(configured(tmp_path / "config", VOICE), {}).routes[0].number_limits
    usual = per_number()
    assert bare is not None
    assert shipped == {"voice": bare, "sms": None, "email": None, "operator": None}
    assert per_number(**bare.model_dump()) == usual
    some = load_settings(configured(tmp_path / "some", VOICE + "per_number = { hour = 9 }\n"), {}).routes[0]
    assert some.number_limits is not None
    assert (some.number_limits.hour, some.number_limits.minute) == (9, 1)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (VOICE + "per_number = { reserve_for_red = 5 }\n", "reserve_for_red 5 leaves nothing of 5 an hour"),
        (VOICE + "per_number = { minute = 0 }\n", "must be ≥ 1"),
        (VOICE + 'countries = ["86"]\n', "routes[0].countries"),
        (VOICE + 'operators = ["cmcc"]\n', "routes[0].operators"),
        (VOICE + 'hours = { from = "08:00", until = "08:00" }\n', "from and until are the same"),
        (VOICE + "per_number = { hour = 30 }\n", "minute ≤ hour ≤ day must hold"),
        (VOICE + "per_number = { week = 30 }\n", "unknown key"),
        (
            VOICE.replace('"voice"', '"email"') + "per_number = { hour = 3 }\n",
            "only a voice or SMS route has per_number",
        ),
        ('[engine]\nnight_from = "06:00"\n', "night_from and night_until are the same"),
        ('[engine]\nnight_from = "24:00"\n', "night_from"),
        ("[engine]\nnight_calls = -1\n", "must be ≥ 0"),
    ],
)
def test_limits_that_make_no_sense_are_findings(tmp_path: Path, text: str, word: str) -> None:
    """Said by `check`, before the season."""
    with pytest.raises(ConfigError) as caught:
        load_settings(configured(tmp_path / "config", text), {})
    assert any(word in f"{one.where} {one.what}" for one in caught.value.findings)


def test_every_finding_comes_at_once_with_its_place(tmp_path: Path) -> None:
    """One reading is enough to mend everything: file, variable and option are named."""
    config = configured(
        tmp_path / "config",
        '[web]\nprot = 1\n[engine]\nbatch = 0\n[[routes]]\nname = "A"\nchannel = "fax"\nadapter = "simulated"\n',
    )
    environ = {"WARNING_DISPATCH_WEB__PORT": "x", "WARNING_DISPATCH_WBE__PORT": "1"}
    said = complaints(config, environ, log={"level": "loud"})
    for place in (
        "warning-dispatch.toml: web.prot",
        "warning-dispatch.toml: engine.batch",
        "warning-dispatch.toml: routes[0].channel",
        "warning-dispatch.toml: routes[0].name",
        "WARNING_DISPATCH_WEB__PORT:",
        "WARNING_DISPATCH_WBE__PORT:",
        "command: log.level",
    ):
        assert place in said
    assert "did you mean port?" in said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("web = 3\n", "web: 应为表"),
        ("[web\n", "不是合法的 TOML"),
        ('config_dir = "/x"\n', "config_dir: 不能写在文件里"),
        ('[web]\npublic_url = "jy.example.cn"\n', "web.public_url"),
        ('[texts]\nlanguages = ["en"]\n', "texts.languages: 必须包含 zh_CN"),
        ('[texts]\nlanguages = ["fr"]\n', "texts.languages"),
        ('[ingest]\nsenders = "1411*"\n', "ingest.senders: 应为列表"),
        ('[[routes]]\nname = "a"\nchannel = "sms"\nadapter = "simulated"\nlines = 3\n', "只有 voice 线路有 lines"),
        (MAIL + MAIL.replace("mail-1", "mail_1"), "线路名称重复"),
        (2 * '[[routes]]\nname = "a"\nchannel = "sms"\nadapter = "simulated"\n', "线路名称重复"),
    ],
)
def test_wrong_settings_are_refused_in_words(tmp_path: Path, text: str, complaint: str) -> None:
    """What is wrong is said for a person, in Chinese first."""
    assert complaint in complaints(configured(tmp_path / "config", text))


def test_broken_json_in_a_variable_is_a_finding() -> None:
    """A route that cannot be parsed never falls back to the shipped ones silently."""
    assert "JSON" in complaints(CONFIG, {"WARNING_DISPATCH_ROUTES": "[{"})


def test_places_follow_from_the_state_folder(tmp_path: Path) -> None:
    """Keys, database and socket lie in the state folder unless they are named."""
    settings = load_settings(CONFIG, {"WARNING_DISPATCH_STATE_DIR": str(tmp_path)})
    assert settings.keys_dir == tmp_path / "keys"
    assert settings.control_socket == tmp_path / "control.sock"
    assert settings.database_url == f"sqlite:///{tmp_path}/warning-dispatch.db"
    named = load_settings(CONFIG, {"WARNING_DISPATCH_DATABASE_URL": "sqlite:////x.db"}, keys_dir=tmp_path / "k")
    assert (named.database_url, named.keys_dir) == ("sqlite:////x.db", tmp_path / "k")


def test_a_service_keeps_its_state_where_systemd_says(tmp_path: Path) -> None:
    """STATE_DIRECTORY and CREDENTIALS_DIRECTORY are systemd's words, and ours when nobody else speaks."""
    environ = {"STATE_DIRECTORY": f"{tmp_path / 'a'}:{tmp_path / 'b'}", "CREDENTIALS_DIRECTORY": str(tmp_path / "c")}
    settings = load_settings(CONFIG, environ)
    assert (settings.state_dir, settings.credentials_dir) == (tmp_path / "a", tmp_path / "c")
    assert load_settings(CONFIG, {}).state_dir == Path("var").absolute()


def test_a_socket_that_cannot_be_opened_is_found_at_once(tmp_path: Path) -> None:
    """The kernel takes short paths only."""
    assert "control_socket" in complaints(CONFIG, {"WARNING_DISPATCH_STATE_DIR": str(tmp_path / ("x" * 100))})


def test_the_configuration_is_looked_for_in_a_known_order(tmp_path: Path) -> None:
    """A folder that is named must hold the file; else the checkout, else the package, are found."""
    named = configured(tmp_path / "named", "")
    assert config_folder(named, {}) == named
    assert config_folder(None, {"WARNING_DISPATCH_CONFIG_DIR": str(named)}) == named
    assert [place.name for place in config_places()] == ["config", "warning-dispatch", "config", "config"]
    assert config_places()[2] == CONFIG
    with pytest.raises(ConfigError, match="init --write-config"):
        config_folder(tmp_path / "empty", {})
    assert contacts_folder({"WARNING_DISPATCH_CONTACTS_DIR": str(tmp_path)}) == tmp_path


def secret_of(tmp_path: Path, environ: Mapping[str, str] | None = None, file: str = "") -> str:
    """The password of a mail route."""
    settings = load_settings(configured(tmp_path / "config", MAIL), environ or {})
    return settings.route_secret(settings.routes[0], "password", file)


def secured(tmp_path: Path, mode: int) -> str:
    """A password file of that mode."""
    secret = tmp_path / "password"
    secret.write_text("one two three\n", encoding="utf-8")
    secret.chmod(mode)
    return str(secret)


def test_the_secret_of_a_route_comes_from_a_file_of_ours_alone(tmp_path: Path) -> None:
    """A password that others can read is refused, one that is missing too."""
    assert secret_of(tmp_path) == ""
    assert secret_of(tmp_path, file=secured(tmp_path, 0o600)) == "one two three"
    with pytest.raises(ConfigError, match="chmod 600"):
        secret_of(tmp_path, file=secured(tmp_path, 0o644))
    with pytest.raises(ConfigError, match="密码文件无法读取"):
        secret_of(tmp_path, file=str(tmp_path / "nowhere"))


def test_a_credential_goes_before_the_file(tmp_path: Path) -> None:
    """Under systemd the password needs no file; that of the route itself goes before that of all routes of its kind."""
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    file = secured(tmp_path, 0o600)
    for name in ("smtp-password", "route-mail-1-password"):
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o440)
        assert secret_of(tmp_path, environ, file) == name


def test_a_variable_goes_before_everything(tmp_path: Path) -> None:
    """A secret in the environment belongs to one route, and is shown nowhere; one of no route is a slip of the pen."""
    environ = {"WARNING_DISPATCH_ROUTE__MAIL_1__PASSWORD": "from the environment"}
    assert secret_of(tmp_path, environ, secured(tmp_path, 0o600)) == "from the environment"
    settings = load_settings(tmp_path / "config", environ)
    assert "from the environment" not in f"{settings!r}{settings.model_dump()}"
    wrong = {"WARNING_DISPATCH_ROUTE__MAIL__PASSWORD": "x"}
    assert "没有这条线路" in complaints(tmp_path / "config", wrong)


def test_no_secret_stands_in_the_file() -> None:
    """The settings have no key for a password, and the shipped file holds none."""

    def names(table: dict[str, Any]) -> Iterator[str]:
        for key, value in table.items():
            yield key
            if isinstance(value, dict):
                yield from names(value)

    content = tomllib.loads((CONFIG / SETTINGS_FILE).read_text(encoding="utf-8"))
    assert not {"password", "secret", "key", "token"} & set(names(content))


def test_who_sits_at_the_keyboard() -> None:
    """Behind sudo it is the person, not root."""
    assert operator_name({"SUDO_USER": "wang", "USER": "root"}) == "wang"
    assert operator_name({"USER": "li"}) == "li"
    assert operator_name({}) == ""
    assert operator_name() != ""


def test_the_language_of_the_terminal() -> None:
    """Chinese unless the locale says English."""
    assert prefers_english({"LANG": "en_US.UTF-8"})
    assert not prefers_english({"LANG": "zh_CN.UTF-8"})
    assert not prefers_english({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"})
    assert not prefers_english({})
