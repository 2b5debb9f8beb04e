"""设置: what an installation decides for itself. Beside surroundings.py the only file that reads the environment.

Where a value comes from, first found first:

    1. an option of the command (`explicit`)
    2. the environment: WARNING_DISPATCH_<SECTION>__<KEY>, lists and tables as JSON
    3. warning-dispatch.toml in the configuration folder
    4. the default

Where the two folders are looked for: option or environment (WARNING_DISPATCH_CONFIG_DIR, WARNING_DISPATCH_CONTACTS_DIR),
`./config` and `./contacts`, `/etc/warning-dispatch` and its `contacts`, the checkout this package lies in, and last the
defaults inside the package. A folder counts when it holds warning-dispatch.toml, or divisions.csv.

Secrets are never settings: keys lie in `keys_dir`, passwords in files; under systemd both may be credentials. A route's
secrets may also be variables, WARNING_DISPATCH_ROUTE__<ROUTE>__<NAME>; they are kept apart from everything that is shown.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from pydantic_settings.sources import EnvSettingsSource

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.login_settings import LoginSettings
from warning_dispatch.record_settings import RecordSettings
from warning_dispatch.renewal_settings import RenewalSettings
from warning_dispatch.route_settings import RobotSettings, RouteSettings, distinct_routes
from warning_dispatch.source_settings import (
    FeedSettings,
    FolderSettings,
    OtherSettings,
    OutletSettings,
    OutwardSettings,
    PushSettings,
    RulesShape,
    SenderPattern,
    SourceShape,
    refuse_doubles,
)
from warning_dispatch.tomlfiles import Shape, both, findings_of, ours, place, read_toml
from warning_dispatch.upkeep_settings import BackupSettings, RetentionSettings

PREFIX = "WARNING_DISPATCH_"
ROUTE_SECRET = f"{PREFIX}ROUTE__"
SETTINGS_FILE = "warning-dispatch.toml"
REGISTER_FILE = "divisions.csv"
SYSTEM_CONFIG = Path("/etc/warning-dispatch")
SYSTEM_STATE = Path("/var/lib/warning-dispatch")
LONGEST_SOCKET_PATH = 107
"""Bytes; what the kernel takes for the path of a local socket."""
_PACKAGE = Path(__file__).resolve().parent
_GROUP_AND_OTHERS = 0o077
_OTHERS = 0o007


def _location(value: Path) -> Path:
    return value.expanduser().absolute()


Location = Annotated[Path, AfterValidator(_location)]
"""A path; relative ones are relative to the working directory."""
Port = Annotated[int, Field(ge=1, le=65_535)]
Seconds = Annotated[int, Field(ge=1)]
Hours = Annotated[int, Field(ge=1, le=240)]
Digits = Annotated[str, Field(pattern=r"^\d{4,14}$")]
HourMinute = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of the day in Beijing: "22:00"."""


class WebSettings(Shape):
    """[web] 网页与接口."""

    host: str = "127.0.0.1"
    port: Port = 8411
    public_url: str = Field(default="http://127.0.0.1:8411", pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?$")
    """Where receivers reach the pages; the links in messages begin with it. Empty: they cannot, texts carry no link."""
    body_limit_kib: int = Field(default=8192, ge=16)
    callback_url: str = Field(default="", pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?$")
    """Where providers reach /hooks; empty: they cannot, and are polled where they can be."""
    outside_host: str = ""
    """Where a second listener for the internet alone listens: pages behind links, callbacks, the feed. Empty: there is none."""
    outside_port: Port = 8412
    map: str = ""
    """A GeoJSON file with the outlines of the counties, for the console; empty: a grid of tiles."""

    @model_validator(mode="after")
    def _two_doors(self) -> WebSettings:
        if self.outside_host and self.outside_port == self.port:
            raise ours("outside_port", "outside_port 不能与 port 相同", "outside_port must differ from port")
        return self

    @property
    def body_limit(self) -> int:
        """The largest message taken, in bytes."""
        return self.body_limit_kib * 1024

    @property
    def link_prefix(self) -> str:
        """What the token of a link is appended to."""
        return f"{self.public_url.rstrip('/')}/r/" if self.public_url else ""


class LogSettings(Shape):
    """[log] 日志."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class WatchSettings(Shape):
    """[watch] 监控."""

    heartbeat_url: str = Field(default="", pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?$", repr=False)
    """Called while the engine turns; whoever is behind it rings when that stops. Empty: nobody."""
    heartbeat_every_s: float = Field(default=60.0, ge=5, le=3_600)
    traces_url: str = Field(default="", pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?$", repr=False)
    """An OpenTelemetry collector (OTLP over HTTP); empty: no traces."""


class EngineSettings(Shape):
    """[engine] 引擎."""

    batch: int = Field(default=500, ge=1, le=10_000)
    claim_lease_s: Seconds = 30
    report_overdue_s: Seconds = 180
    in_hand_s: Seconds = 120
    """How long the machine leaves alone whom somebody is dialling by hand."""
    pause_max_s: Seconds = 600
    validity_red_h: Hours = 6
    validity_orange_h: Hours = 12
    blackout_share: float = Field(default=0.6, gt=0, le=1)
    blackout_window_s: Seconds = 300
    blackout_least: int = Field(default=5, ge=1, le=1_000)
    night_calls: int = Field(default=12, ge=0)
    """Calls to one number in a night, over all routes and warnings, red included; 0: no such limit."""
    night_from: HourMinute = "22:00"
    night_until: HourMinute = "06:00"

    @model_validator(mode="after")
    def _a_night(self) -> EngineSettings:
        if self.night_from == self.night_until:
            raise ours("night", "night_from 与 night_until 相同，没有夜间", "night_from and night_until are the same")
        return self


class BureauSettings(Shape):
    """[bureau] 值班叫应."""

    call_itself: bool = True
    """Whether the bureau calls its own people for alarms; off: they only stand on the list."""


class IngestSettings(Shape):
    """[ingest] 预警接入."""

    within: Digits = "1411"
    """The division code (4 digits for a prefecture) we call in."""
    senders: tuple[SenderPattern, ...] = ("1411*",)
    max_age_s: Seconds = 21_600
    hand_issuer: Digits = "14110041600000"
    """The sender code of a call-out begun by hand."""
    hand_issuer_name: str = Field(default="吕梁市气象台", min_length=1)
    api: RulesShape = RulesShape()
    """Messages by POST /api/v1/alerts with a key that belongs to no source."""
    file: RulesShape = RulesShape()
    """Messages by `alert ingest`."""
    push: tuple[PushSettings, ...] = ()
    folder: tuple[FolderSettings, ...] = ()
    feed: tuple[FeedSettings, ...] = ()
    other: tuple[OtherSettings, ...] = ()

    @property
    def sources(self) -> tuple[SourceShape, ...]:
        """All of them."""
        return (*self.push, *self.folder, *self.feed, *self.other)

    @model_validator(mode="after")
    def _distinct_sources(self) -> IngestSettings:
        refuse_doubles(one.name for one in self.sources)
        return self


class TextSettings(Shape):
    """[texts] 消息文本."""

    languages: tuple[Literal["zh_CN", "en"], ...] = Field(default=("zh_CN", "en"), min_length=1)


class ListSettings(Shape):
    """[lists] 打印名单."""

    folder: str = ""
    """Where the printable lists lie; empty: `lists` in the state directory."""
    keep_days: int = Field(default=30, ge=1, le=366)
    """Days after which a list is removed: it holds names and numbers in clear."""


class ContactSettings(Shape):
    """[contacts] 名册."""

    short_codes: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,8}\*?$")], ...] = ()
    """Short numbers that the bureau's own lines can dial as they are; `66*` stands for all that begin so."""
    verified_months: int = Field(default=12, ge=1, le=60)
    """After so many months a receiver that nobody has verified counts as stale."""
    units_per_person: int = Field(default=3, ge=1, le=1_000)
    """Somebody who answers for more units than this is a finding."""
    roster_days: int = Field(default=14, ge=1, le=90)
    """The roster of a unit that has one must reach so many days ahead."""
    season_from: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-([0-2]\d|3[01])$")] = "05-01"
    season_until: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-([0-2]\d|3[01])$")] = "10-15"
    morning: HourMinute = "08:00"
    """When the duty officer is told what got worse in the register, each day of the flood season."""
    review_days: int = Field(default=30, ge=1, le=365)
    """So many days before a key unit's review the duty officer is reminded, and once more a week and a day before."""


class SmtpSettings(Shape):
    """[smtp] 邮件服务器. An empty `host`: there is none."""

    host: str = ""
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = ""
    reply_to: str = ""
    username: str = ""
    password_file: str = ""
    timeout_s: float = Field(default=15.0, gt=0)
    connections: int = Field(default=4, ge=1)
    helo: str = ""
    bounce_address: str = ""
    """Where bounces go, the sender when empty; {token} in it becomes the mail's own."""
    bounce_secret_file: str = ""
    """What signs POST /hooks/<route>/bounce."""
    imap_host: str = ""
    """The mailbox of sender, reply_to and bounce_address; empty: none is read."""
    imap_port: Port = 993
    imap_security: Literal["tls", "starttls", "none"] = "tls"
    imap_username: str = ""
    imap_password_file: str = ""
    """User and password as for sending when empty."""
    imap_folder: str = "INBOX"
    imap_every_s: float = Field(default=30.0, ge=5)


class SimulationSettings(Shape):
    """[simulation] 模拟电话网."""

    seed: int = Field(default=1, ge=0)
    sms_per_minute: int = Field(default=6_000, ge=1)
    carrier_log: str = ""
    """A file for what the simulated carrier saw; empty: none."""


class Settings(BaseSettings):
    """Everything of one installation. Made by `load_settings`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    database_url: str = Field(min_length=1)
    state_dir: Location
    keys_dir: Location
    config_dir: Location
    contacts_dir: Location
    credentials_dir: Location | None = None
    control_socket: Location
    web: WebSettings = WebSettings()
    login: LoginSettings = LoginSettings()
    log: LogSettings = LogSettings()
    watch: WatchSettings = WatchSettings()
    engine: EngineSettings = EngineSettings()
    bureau: BureauSettings = BureauSettings()
    ingest: IngestSettings = IngestSettings()
    texts: TextSettings = TextSettings()
    lists: ListSettings = ListSettings()
    records: RecordSettings = RecordSettings()
    contacts: ContactSettings = ContactSettings()
    outward: OutwardSettings = OutwardSettings()
    renewal: RenewalSettings = RenewalSettings()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
    smtp: SmtpSettings = SmtpSettings()
    routes: Annotated[tuple[RouteSettings, ...], AfterValidator(distinct_routes)] = ()
    robots: tuple[RobotSettings, ...] = ()
    simulation: SimulationSettings = SimulationSettings()
    _route_secrets: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see load_settings, which names every source
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind `load_settings`' back."""
        return (init_settings,)

    @property
    def map_file(self) -> Path:
        """The outlines of the counties; only where `web.map` names a file."""
        return _location(Path(self.web.map))

    @property
    def lists_folder(self) -> Path:
        """Where the printable lists lie."""
        return _location(Path(self.lists.folder)) if self.lists.folder else self.state_dir / "lists"

    @property
    def backup_folder(self) -> Path:
        """Where dated copies of the database lie."""
        return _location(Path(self.backup.folder)) if self.backup.folder else self.state_dir / "backups"

    def route_secret(self, route: RouteSettings, name: str, file: str) -> str:
        """A secret of a route by name; empty when there is none.

        From the variable WARNING_DISPATCH_ROUTE__<ROUTE>__<NAME>, the credential `route-<route>-<name>` or, for all
        routes of a kind, `<adapter>-<name>`, else from `file`. ConfigError when it cannot be read, or when others can.
        """
        found = self._route_secrets.get(_variable(route.name, name), "")
        own, common = f"route-{route.name}-{name}", f"{route.adapter}-{name}"
        return found or self._secret(own if self._has_credential(own) else common, file)

    def source_secret(self, source: PushSettings | OtherSettings) -> str:
        """The secret that is shared with a source; empty when there is none. ConfigError as above."""
        return self._secret(f"source-{source.name}", source.secret_file)

    def outlet_secret(self, outlet: OutletSettings) -> str:
        """What signs the posts to an outlet; empty when there is none. ConfigError as above."""
        return self._secret(f"outlet-{outlet.name}", outlet.secret_file)

    def robot_secret(self, robot: str, name: str, file: str) -> str:
        """A secret of a group robot, from the credential `robot-<robot>-<name>` or its file. ConfigError as above."""
        return self._secret(f"robot-{robot}-{name}", file)

    def _has_credential(self, name: str) -> bool:
        return self.credentials_dir is not None and (self.credentials_dir / name).is_file()

    def _secret(self, credential: str, file: str) -> str:
        if self.credentials_dir is not None and self._has_credential(credential):
            return _read_secret(self.credentials_dir / credential, _OTHERS)
        return _read_secret(_location(Path(file)), _GROUP_AND_OTHERS) if file else ""


# --- loading ----------------------------------------------------------------------------------------------


def load_settings(
    config_dir: Path | None = None, environ: Mapping[str, str] | None = None, **explicit: object
) -> Settings:
    """Read everything. `explicit` as the fields of Settings, sections as mappings; None means not given.

    1. Find the configuration folder. 2. Read its file and the environment. 3. Merge, with the defaults that depend on
    the place. 4. Validate. ConfigError lists every finding, each with the file, variable or option it stands in.
    """
    variables = dict(os.environ if environ is None else environ)
    findings: list[Finding] = []
    folder = config_folder(config_dir, variables)
    written = _read_file(folder, findings)
    surroundings = _read_environment(variables, findings)
    options = {key: value for key, value in explicit.items() if value is not None}
    merged = _merged(_merged(written, surroundings), options)
    _add_places(merged, folder, variables)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        findings.extend(findings_of(error, Settings, _where(options, surroundings)))
        raise ConfigError(findings) from None
    settings._route_secrets = {key: value for key, value in variables.items() if key.startswith(ROUTE_SECRET)}  # noqa: SLF001 - ours
    findings.extend(_whole_findings(settings, settings._route_secrets))  # noqa: SLF001 - ours
    if findings:
        raise ConfigError(findings)
    return settings


def operator_name(environ: Mapping[str, str] | None = None) -> str:
    """Who sits at the keyboard, for the journal: the login behind sudo, else the login; empty when nobody knows."""
    variables = os.environ if environ is None else environ
    said = next((variables[key] for key in ("SUDO_USER", "LOGNAME", "USER") if variables.get(key)), "")
    if said or environ is not None:
        return said
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def prefers_english(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal's language is English."""
    variables = os.environ if environ is None else environ
    said = next((variables[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if variables.get(key)), "")
    return said.lower().startswith("en")


def config_folder(option: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The configuration folder. ConfigError when one was named that does not hold the file, or when there is none."""
    variables = os.environ if environ is None else environ
    named = option or (Path(said) if (said := variables.get(f"{PREFIX}CONFIG_DIR")) else None)
    if named is not None:
        folder = _location(named)
        if not (folder / SETTINGS_FILE).is_file():
            what = both(f"文件夹中没有 {SETTINGS_FILE}", f"there is no {SETTINGS_FILE} in this folder")
            remedy = both("用 init --write-config 生成", "make one by `init --write-config`")
            raise ConfigError([Finding(str(folder), what, remedy)])
        return folder
    found = _first_with(SETTINGS_FILE, config_places())
    if found is None:
        what = both(f"哪里都没有 {SETTINGS_FILE}", f"{SETTINGS_FILE} is nowhere to be found")
        raise ConfigError([Finding("config", what, "--config DIR")])
    return found


def contacts_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of the register's files: the one the environment names, else the first found."""
    variables = os.environ if environ is None else environ
    named = variables.get(f"{PREFIX}CONTACTS_DIR")
    return (
        _location(Path(named))
        if named
        else _first_with(REGISTER_FILE, contacts_places()) or _location(Path("contacts"))
    )


def config_places() -> tuple[Path, ...]:
    """Where the configuration is looked for when nobody names it."""
    return (Path("config"), SYSTEM_CONFIG, _PACKAGE.parent / "config", _PACKAGE / "_defaults" / "config")


def contacts_places() -> tuple[Path, ...]:
    """Where the register's files are looked for when nobody names them."""
    return (
        Path("contacts"),
        SYSTEM_CONFIG / "contacts",
        _PACKAGE.parent / "contacts",
        _PACKAGE / "_defaults" / "contacts",
    )


def uses_system_config(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a command that says nothing else means the installed system: its configuration and its state."""
    variables = os.environ if environ is None else environ
    elsewhere = any(f"{PREFIX}{name}" in variables for name in ("STATE_DIR", "CONFIG_DIR", "DATABASE_URL"))
    return not elsewhere and _first_with(SETTINGS_FILE, config_places()) == SYSTEM_CONFIG


def _first_with(file: str, places: Sequence[Path]) -> Path | None:
    return next((_location(folder) for folder in places if (folder / file).is_file()), None)


def _read_file(folder: Path, findings: list[Finding]) -> dict[str, Any]:
    """The file's content without what cannot stand in it."""
    content = read_toml(folder / SETTINGS_FILE, SETTINGS_FILE, findings) or {}
    for key in ("config_dir", "credentials_dir"):
        if content.pop(key, None) is not None:
            what = both("不能写在文件里", "cannot stand in the file")
            findings.append(Finding(f"{SETTINGS_FILE}: {key}", what, both("删去", "remove it")))
    return content


class _Environment(EnvSettingsSource):
    """pydantic-settings' reading of variables, from a mapping that is handed in."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the mapping before the library asks for it."""
        self._variables = {key.lower(): value for key, value in variables.items()}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables


def _read_environment(variables: Mapping[str, str], findings: list[Finding]) -> dict[str, Any]:
    """What the environment sets. A variable of ours that sets nothing is a finding: it is a slip of the pen."""
    ours = {key: value for key, value in variables.items() if key.startswith(PREFIX)}
    ours.pop(f"{PREFIX}CONFIG_DIR", None)
    ours = {key: value for key, value in ours.items() if not key.startswith(ROUTE_SECRET)}
    for key in ours:
        if key.removeprefix(PREFIX).lower().split("__")[0] not in Settings.model_fields:
            what = both("没有这个设置", "there is no such setting")
            findings.append(Finding(key, what, both("名称见 warning-dispatch.toml", "see warning-dispatch.toml")))
    try:
        return _Environment(ours)()
    except SettingsError as error:
        what = both("列表和表要写成 JSON", f"lists and tables are written as JSON: {error}")
        findings.append(Finding(f"{PREFIX}…", what))
        return {}


def _add_places(merged: dict[str, Any], folder: Path, variables: Mapping[str, str]) -> None:
    """The defaults that depend on where we are."""
    merged["config_dir"] = folder
    if "credentials_dir" not in merged and variables.get("CREDENTIALS_DIRECTORY"):
        merged["credentials_dir"] = variables["CREDENTIALS_DIRECTORY"]
    service = variables.get("STATE_DIRECTORY", "").split(":")[0]
    state = merged.setdefault("state_dir", service or (SYSTEM_STATE if folder == SYSTEM_CONFIG else "var"))
    home = _location(Path(state)) if isinstance(state, str | Path) else Path("var")
    merged.setdefault("keys_dir", home / "keys")
    merged.setdefault("control_socket", home / "control.sock")
    merged.setdefault("database_url", f"sqlite:///{home / 'warning-dispatch.db'}")
    merged.setdefault("contacts_dir", contacts_folder(variables))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`; tables are merged key by key, everything else is replaced."""
    both_of_them = dict(below)
    for key, value in above.items():
        under = both_of_them.get(key)
        nested = isinstance(under, Mapping) and isinstance(value, Mapping)
        both_of_them[key] = _merged(under, value) if nested else value  # type: ignore[arg-type] # nested says so
    return both_of_them


def _where(options: Mapping[str, Any], surroundings: Mapping[str, Any]) -> Callable[[tuple[int | str, ...]], str]:
    """Names the place of a finding by the source the value came from."""

    def name(loc: tuple[int | str, ...]) -> str:
        if _holds(options, loc):
            return place("command", loc)
        if _holds(surroundings, loc):
            names = [part for part in loc if isinstance(part, str)]
            inside = next((at for at, part in enumerate(loc) if isinstance(part, int)), len(loc))
            return place(PREFIX + "__".join(names[:inside]).upper(), loc[inside:])
        return place(SETTINGS_FILE, loc)

    return name


def _holds(tree: object, loc: Sequence[int | str]) -> bool:
    for part in loc:
        if not isinstance(tree, Mapping):
            return True
        if part not in tree:
            return False
        tree = tree[part]
    return True


# --- the whole --------------------------------------------------------------------------------------------


def _variable(route: str, name: str = "") -> str:
    """The variable of a route's secret."""
    return f"{ROUTE_SECRET}{route}__{name}".replace("-", "_").upper()


def _whole_findings(settings: Settings, secrets: Iterable[str]) -> list[Finding]:
    """What only shows when the parts are seen together. `secrets`: variables that hold a route's."""
    found = []
    begins = tuple(_variable(route.name) for route in settings.routes)
    for key in secrets:
        if not (begins and key.startswith(begins)):
            what = both("没有这条线路", "there is no such route")
            found.append(Finding(key, what, f"{ROUTE_SECRET}<ROUTE>__<NAME>"))
    if len(os.fsencode(settings.control_socket)) > LONGEST_SOCKET_PATH:
        what = both("路径过长，本地套接字不能用", "the path is too long for a local socket")
        remedy = both("改用较短的 control_socket", "name a shorter control_socket")
        found.append(Finding(str(settings.control_socket), what, remedy))
    if "zh_CN" not in settings.texts.languages:
        what = both("必须包含 zh_CN，它是后备语言", "must contain zh_CN, the language to fall back on")
        found.append(Finding(f"{SETTINGS_FILE}: texts.languages", what))
    return found


def _read_secret(path: Path, forbidden: int) -> str:
    """One line from a file that only its owner may read."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, UnicodeDecodeError) as error:
        what = both("密码文件无法读取", f"the password cannot be read ({type(error).__name__})")
        raise ConfigError([Finding(str(path), what)]) from None
    if mode & forbidden:
        what = both("其他用户可以读这个密码文件", "other users can read this password")
        raise ConfigError([Finding(str(path), what, f"chmod 600 {path}")])
    return secret


def read_secret_file(path: Path) -> str:
    """A password from a file that only its owner may read. ConfigError when it cannot be read, or when others can."""
    return _read_secret(_location(path), _GROUP_AND_OTHERS)
