"""What `check` looks at of the machine itself: clock, disks, the database's place, copies, certificates, the service.

What would call nobody at 3 a.m. is a finding. Where no real person is reached yet (simulated routes), the same is only
told: a trial on a desk need not be a service.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cryptography import x509

from warning_dispatch.cli.office import daemon_answers, database_file, opened_database
from warning_dispatch.clock import SystemClock, utc_offset_of_this_machine
from warning_dispatch.delivery.configured import reaches_people
from warning_dispatch.errors import INFORMATION, DispatchError, Finding
from warning_dispatch.settings import SETTINGS_FILE, SYSTEM_CONFIG, Settings
from warning_dispatch.store.copies import dated_copies
from warning_dispatch.store.database import is_sqlite, reading, server_time
from warning_dispatch.store.sql import Sql
from warning_dispatch.tomlfiles import both

HOUR = 3_600_000
DAY = 24 * HOUR
LEAST_FREE, LEAST_SHARE = 1 << 30, 0.05
"""Bytes, and part of a disk, below which it counts as full."""
APART = 2_000
"""ms between this machine's clock and the database's at which it is told; fifteen times that is a fault."""
SOON, WARNED = 14 * DAY, 45 * DAY
"""A certificate that ends within the first is a finding, within the second it is told."""
SERVICE = "warning-dispatch.service"
TARGET = "warning-dispatch.target"
ROLES = ("ingest", "engine", "web")
ENABLED = frozenset({"enabled", "enabled-runtime"})
_STA_UNSYNC = 0x40
_NETWORK_FILES = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "glusterfs", "ceph"}


@dataclass(frozen=True, slots=True)
class Looked:
    """A finding of an area; `serious` says that it is one even where nobody is reached yet."""

    area: str
    finding: Finding
    serious: bool = False


def machine_findings(
    settings: Settings, kept: Callable[[], bool | None] | None = None
) -> Iterator[tuple[str, Finding]]:
    """Everything about the machine, by area; see above for what is only told. `kept`: whether somebody keeps the clock."""
    real = reaches_people(settings)
    looks = (
        partial(_clock, kept=kept or clock_is_kept),
        _time_zone,
        _server_clock,
        _disks,
        _place_of_database,
        _copies,
        _certificates,
        _port,
        _service,
    )
    for look in looks:
        for one in look(settings):
            told = one.finding.what.startswith(INFORMATION)
            serious = real or one.serious or told
            yield one.area, one.finding if serious else replace(one.finding, what=f"{INFORMATION}{one.finding.what}")


# --- clock ------------------------------------------------------------------------------------------------


def _clock(settings: Settings, kept: Callable[[], bool | None]) -> Iterator[Looked]:
    """Whether somebody keeps the clock, and whether it is ahead of what has been written down already."""
    if kept() is False:
        what = both(
            "系统时钟没有对时：报文时效和各级时限都会跟着错", "nobody keeps the clock: deadlines go wrong with it"
        )
        yield Looked("clock", Finding("clock", what, both("装 chrony 并指向本局时间服务器", "install chrony")))
    try:
        with opened_database(settings) as database, reading(database) as connection:
            last = Sql(connection).value("SELECT max(at) FROM journal_block") or 0
    except DispatchError:
        return  # a finding of the database's own
    if last > SystemClock().now() + 30_000:
        what = both(
            "系统时钟比最后一条叫应记录还早：被拨慢了",
            "the clock is behind the last entry of the journal: it was set back",
        )
        yield Looked(
            "clock", Finding("clock", what, both("先对时，再起动", "set it right before the start")), serious=True
        )


def clock_is_kept() -> bool | None:
    """Whether the kernel knows of somebody who keeps its clock; None: it does not say."""

    class Timex(ctypes.Structure):
        """The beginning of the kernel's struct timex, and room for the rest."""

        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_byte * 256),
        )

    try:
        said = Timex()
        asked = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(said))
    except (OSError, AttributeError):
        return None
    return None if asked < 0 else not said.status & _STA_UNSYNC


def _time_zone(_settings: Settings) -> Iterator[Looked]:
    hours = utc_offset_of_this_machine() / HOUR
    if hours != 8:  # noqa: PLR2004 - Beijing
        what = f"{INFORMATION}" + both(
            f"本机时区是 UTC{hours:+g}；页面、短信、命令一律用北京时间，系统日志不是",
            f"this machine is at UTC{hours:+g}; pages, texts and commands show Beijing time, the system's log does not",
        )
        yield Looked("clock", Finding("time zone", what, "timedatectl set-timezone Asia/Shanghai"))


def _server_clock(settings: Settings) -> Iterator[Looked]:
    """Where several machines work the database's clock counts: a page of another one would show another time."""
    try:
        with opened_database(settings) as database:
            if is_sqlite(database):
                return
            apart = server_time(database) - SystemClock().now()
    except DispatchError:
        return
    if abs(apart) > APART:
        seconds = f"{apart / 1000:+.1f}"
        what = both(f"数据库服务器的时钟与本机差 {seconds} 秒", f"the database server's clock is {seconds} s off ours")
        remedy = both("两台都对时", "keep both clocks")
        yield Looked("clock", Finding("clock", what, remedy), serious=abs(apart) > 15 * APART)


# --- disks and copies -------------------------------------------------------------------------------------


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def is_full(free: int, total: int, needed: int) -> bool:
    """Whether a disk counts as full: too little in bytes, or too small a part of it."""
    return free < needed or free < LEAST_SHARE * total


def _disks(settings: Settings) -> Iterator[Looked]:
    """Each disk that is written to, once: room, and room for one more copy."""
    database = database_file(settings.database_url)
    size = database.stat().st_size if database is not None and database.is_file() else 0
    seen: set[int] = set()
    sounds = [path for _, path in _sound_folders(settings)]
    for path in (settings.state_dir, settings.lists_folder, settings.backup_folder, *sounds):
        there = _existing(path)
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        disk, files = shutil.disk_usage(there), os.statvfs(there)
        needed = max(LEAST_FREE, 2 * size)
        if is_full(disk.free, disk.total, needed):
            what = both(
                f"磁盘快满：{there} 只剩 {disk.free / 1e9:.1f} GB",
                f"the disk is nearly full: {disk.free / 1e9:.1f} GB left",
            )
            yield Looked(
                "disk", Finding(str(there), what, both("清理或换大盘", "make room or take a larger one")), serious=True
            )
        if files.f_files and files.f_favail < LEAST_SHARE * files.f_files:
            what = both("磁盘的文件数快用完", "the disk has hardly room for more files")
            yield Looked("disk", Finding(str(there), what, both("清理小文件", "remove small files")), serious=True)


def _sound_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Where routes write what a PBX plays, under the name of the setting."""
    for route in settings.routes:
        folder = route.options.get("sound_folder")
        if isinstance(folder, str) and folder.startswith("/"):
            yield f"routes ({route.name}) sound_folder", Path(folder)


def _place_of_database(settings: Settings) -> Iterator[Looked]:
    """A file that cannot be written, or that lies where its locks do not hold."""
    file = database_file(settings.database_url)
    if file is None or not file.is_file():
        return
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)):
        what = both("本帐号不能写数据库文件", "this account cannot write the database's file")
        remedy = both("用服务帐号执行，或改属主", "run it as the service's account, or mend the owner")
        yield Looked("database", Finding(str(file), what, remedy), serious=True)
    kind = _file_system(file)
    if kind in _NETWORK_FILES:
        what = both(
            f"数据库在网络盘（{kind}）上，锁不可靠，会损坏",
            f"the database lies on a network disk ({kind}): it will break",
        )
        yield Looked(
            "database",
            Finding(str(file), what, both("移到本机磁盘，或用 PostgreSQL", "move it, or PostgreSQL")),
            serious=True,
        )


def _file_system(path: Path) -> str:
    """The kind of file system a path lies on; empty when nobody says."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    mounts = [line.split()[1:3] for line in lines]
    held = [(len(place), kind) for place, kind in mounts if path.is_relative_to(place.replace("\\040", " "))]
    return max(held)[1] if held else ""


def _copies(settings: Settings) -> Iterator[Looked]:
    """How old the newest copy is, and whether it would be lost together with the database."""
    folder, where = settings.backup_folder, f"{SETTINGS_FILE}: backup"
    if settings.backup.max_age_h == 0:
        return
    copies, now = dated_copies(folder), SystemClock().now()
    remedy = "warning-dispatch db backup; systemctl enable --now warning-dispatch-backup.timer"
    if not copies:
        what = both("还没有一份备份", "there is no copy of the database yet")
        yield Looked("backup", Finding(where, what, remedy))
        return
    hours = (now - copies[0].made_at) / HOUR
    if hours > settings.backup.max_age_h:
        what = both(f"最新的备份已有 {hours:.0f} 小时", f"the newest copy is {hours:.0f} h old")
        yield Looked("backup", Finding(where, what, remedy))
    database = database_file(settings.database_url)
    if database is not None and database.is_file() and folder.stat().st_dev == database.stat().st_dev:
        what = f"{INFORMATION}" + both("备份和数据库在同一块盘", "copies lie on the database's own disk")
        yield Looked(
            "backup", Finding(where, what, both("backup.folder 换到另一块盘", "name a folder on another disk"))
        )


# --- certificates -----------------------------------------------------------------------------------------


def ending(where: str, ends_at: int) -> Iterator[Looked]:
    """A certificate that has ended, ends soon, or ends before anybody will think of it."""
    left = ends_at - SystemClock().now()
    days = left // DAY
    day = datetime.fromtimestamp(ends_at / 1000, UTC).strftime("%Y-%m-%d")
    remedy = both("换新证书", "renew it")
    if left <= 0:
        what = both(f"证书已于 {day} 过期", f"the certificate ended on {day}")
        yield Looked("certificates", Finding(where, what, remedy), serious=True)
    elif left < WARNED:
        what = both(f"证书 {days} 天后（{day}）到期", f"the certificate ends in {days} days, on {day}")
        told = "" if left < SOON else INFORMATION
        yield Looked("certificates", Finding(where, f"{told}{what}", remedy), serious=not told)


def _certificates(settings: Settings) -> Iterator[Looked]:
    """Those that messages are signed with: after their end every message is set aside."""
    pinned = [(f"ingest.{one.kind} ({one.name})", one.certificates) for one in settings.ingest.sources]
    pinned += [("ingest.api", settings.ingest.api.certificates), ("ingest.file", settings.ingest.file.certificates)]
    for name, files in pinned:
        for file in files:
            try:
                found = x509.load_pem_x509_certificate(Path(file).expanduser().read_bytes())
            except (OSError, ValueError):
                continue  # said with the sources
            yield from ending(f"{SETTINGS_FILE}: {name}: {file}", int(found.not_valid_after_utc.timestamp()) * 1000)


# --- the service ------------------------------------------------------------------------------------------


def _port(settings: Settings) -> Iterator[Looked]:
    """Another program sits on our port while we do not run: the next start would fail."""
    try:
        if daemon_answers(settings.control_socket):
            return
    except DispatchError:
        return
    web = settings.web
    doors = [("web.port", web.host, web.port)]
    doors += [("web.outside_port", web.outside_host, web.outside_port)] if web.outside_host else []
    for name, host, port in doors:
        if _is_taken(host, port):
            what = both(f"端口 {port} 被别的程序占着", f"another program listens on port {port}")
            finding = Finding(f"{SETTINGS_FILE}: {name}", what, both("换端口，或停掉它", "another port, or stop it"))
            yield Looked("service", finding)


def _is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(2)
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound: where to knock
        return probe.connect_ex((everywhere.get(host, host), port)) == 0


def _service(settings: Settings) -> Iterator[Looked]:
    """Whether systemd watches over the daemon as the unit means it to, and lets it write where it must."""
    if settings.config_dir != SYSTEM_CONFIG or not Path("/run/systemd/system").is_dir():
        what = f"{INFORMATION}" + both(
            "不由 systemd 看护：死了没有谁重启它", "not watched over by systemd: nobody restarts it"
        )
        yield Looked("service", Finding("systemd", what, both("按安装手册装成服务", "install it as the handbook says")))
        return
    target = _unit(TARGET)
    if target.get("ActiveState") == "active" or target.get("UnitFileState") in ENABLED:
        units = {role: _unit(unit_of(role)) for role in ROLES}
        yield from _split_findings(units)
        yield from _writable(settings, {role: (unit_of(role), said) for role, said in units.items()})
        return
    said = _unit(SERVICE)
    if said.get("LoadState") != "loaded":
        yield Looked(
            "service", Finding(SERVICE, both("没有这个服务", "there is no such unit"), "systemctl daemon-reload")
        )
        return
    yield from _unit_findings(said)
    yield from _writable(settings, dict.fromkeys(ROLES, (SERVICE, said)))


def unit_of(role: str) -> str:
    """The unit of one process of the split set."""
    return f"warning-dispatch@{role}.service"


def engine_runs_apart() -> bool:
    """Whether systemd runs an engine here as a process of its own: what it holds is nobody else's to take."""
    return _unit(unit_of("engine")).get("ActiveState") in {"active", "activating", "deactivating", "reloading"}


def _unit(name: str) -> dict[str, str]:
    """What systemd says of a unit; empty when it does not answer."""
    wanted = "LoadState,UnitFileState,ActiveState,WatchdogUSec,NRestarts,ReadWritePaths,Type"
    command = ["systemctl", "show", "-p", wanted, name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def _split_findings(units: Mapping[str, Mapping[str, str]]) -> Iterator[Looked]:
    """Of the split set's processes, by role, those that belong on this machine; the target is active without any of them."""
    here = {
        role: said
        for role, said in units.items()
        if said.get("UnitFileState") in ENABLED or said.get("ActiveState", "inactive") != "inactive"
    }
    if not here:
        what = both("分开运行，但本机一个进程也没有起", "split by roles, but no process is to run on this machine")
        yield Looked("service", Finding(TARGET, what, "systemctl enable --now warning-dispatch@{ingest,engine,web}"))
    for role, said in here.items():
        yield from _unit_findings(said, unit_of(role))


def _unit_findings(said: Mapping[str, str], name: str = SERVICE) -> Iterator[Looked]:
    short = name.removesuffix(".service")
    if said.get("ActiveState") != "active":
        what = both(
            f"服务没有在运行（{said.get('ActiveState')}）", f"the service does not run ({said.get('ActiveState')})"
        )
        yield Looked("service", Finding(name, what, f"systemctl start {short}; journalctl -u {short}"))
    if said.get("UnitFileState") not in ENABLED:
        what = both("开机不会起动", "it does not start with the machine")
        yield Looked("service", Finding(name, what, f"systemctl enable {short}"))
    if said.get("Type") != "notify" or said.get("WatchdogUSec", "0") in {"0", "infinity", ""}:
        what = both("看门狗没有开：引擎卡住没有谁知道", "no watchdog: nobody would notice an engine that hangs")
        yield Looked("service", Finding(name, what, both("去掉改它的 drop-in", "remove the drop-in that changes it")))
    restarts = int(said.get("NRestarts", "0") or 0)
    if restarts:
        what = f"{INFORMATION}" + both(f"起动以来自动重启过 {restarts} 次", f"restarted by itself {restarts} times")
        yield Looked("service", Finding(name, what, f"journalctl -u {short}"))


def _writable(settings: Settings, units: Mapping[str, tuple[str, Mapping[str, str]]]) -> Iterator[Looked]:
    """The sandbox makes everything read-only; what the settings name outside of the state must be let through.

    `units`: by role the unit whose process it is, and what systemd says of it.
    """
    wanted = [("ingest", "lists.folder", settings.lists_folder)]
    wanted += [("ingest", f"ingest.folder ({one.name})", Path(one.path)) for one in settings.ingest.folder]
    if settings.simulation.carrier_log:
        wanted.append(("engine", "simulation.carrier_log", Path(settings.simulation.carrier_log).absolute()))
    wanted += [("engine", name, path) for name, path in _sound_folders(settings)]
    backup = _unit("warning-dispatch-backup.service").get("ReadWritePaths", "")
    for name, path, unit, let in (
        *((name, path, units[role][0], units[role][1].get("ReadWritePaths", "")) for role, name, path in wanted),
        ("backup.folder", settings.backup_folder, "warning-dispatch-backup.service", backup),
    ):
        if not _let_through(path, [str(settings.state_dir), *let.split()]):
            what = both(f"服务被沙箱挡住，不能写 {path}", f"the sandbox keeps the service from writing {path}")
            remedy = f"systemctl edit {unit}: [Service] ReadWritePaths={path}"
            yield Looked("service", Finding(f"{SETTINGS_FILE}: {name}", what, remedy))


def _let_through(path: Path, places: Sequence[str]) -> bool:
    return any(path.is_relative_to(place.lstrip("-+")) for place in places)
