"""`check` looks at the machine and the world outside: each thing that would fail at 3 a.m. is put there once, and found."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from warning_dispatch.bootstrap.installation import LOOP
from warning_dispatch.cli import machine_inspection
from warning_dispatch.cli.machine_inspection import machine_findings
from warning_dispatch.clock import SystemClock, iso_text
from warning_dispatch.errors import INFORMATION
from warning_dispatch.settings import load_settings
from warning_dispatch.store.copies import dated_copies
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.web.loop import answer_to

REAL = json.dumps([{"name": "mail", "channel": "email", "adapter": "smtp"}])
"""A route that reaches people: what was only told is a finding now."""
DAY = 86_400_000


def of(said: Any, area: str, kind: str = "findings") -> list[str]:
    """What is said of an area."""
    return [one["what"] for one in said.document[kind] if one["area"] == area]


def certificate(folder: Path, days_left: int) -> Path:
    """A certificate that ends in so many days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)  # noqa: TID251 - a real certificate
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "province")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(now + dt.timedelta(days=days_left, hours=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{days_left}.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return path


def test_every_finding_has_a_remedy(bare: Any, tmp_path: Path) -> None:
    """Whatever is wrong, the line says what to do: nobody searches a manual at night."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "warning-dispatch.toml").write_text('[web]\nport = 0\n[log]\nlevel = "loud"\n')
    for environ in ({}, {"WARNING_DISPATCH_CONFIG_DIR": str(config)}, {"WARNING_DISPATCH_ROUTES": REAL}):
        findings = bare.run("check", "--json", **environ).document["findings"]
        assert findings
        assert [one for one in findings if not one["remedy"]] == []


def test_a_first_copy_and_an_old_one(keyboard: Any) -> None:
    """No copy, then a fresh one, then one of the day before yesterday."""
    said = keyboard.run("check", "--json", "--offline", WARNING_DISPATCH_ROUTES=REAL)
    assert any("还没有一份备份" in one for one in of(said, "backup"))
    made = Path(keyboard.asked("db", "backup")["file"])
    said = keyboard.run("check", "--json", "--offline", WARNING_DISPATCH_ROUTES=REAL)
    assert of(said, "backup") == []
    assert any("同一块盘" in one for one in of(said, "backup", "notices"))
    then = iso_text(SystemClock().now() - 2 * DAY - 8 * 3_600_000)
    stamp = then[:19].replace("-", "").replace(":", "")
    made.rename(made.with_name(f"warning-dispatch-{stamp}Z.backup"))
    said = keyboard.run("check", "--json", "--offline", WARNING_DISPATCH_ROUTES=REAL)
    assert any("最新的备份已有 48 小时" in one for one in of(said, "backup"))
    assert of(keyboard.run("check", "--json", "--offline", WARNING_DISPATCH_BACKUP__MAX_AGE_H="0"), "backup") == []


def test_old_copies_go_and_files_of_others_stay(keyboard: Any) -> None:
    """As many as are wanted; a copy from before an upgrade is nobody's to remove."""
    folder = keyboard.folder / "state" / "backups"
    folder.mkdir()
    for hour in range(10, 14):
        (folder / f"warning-dispatch-20260101T{hour}0000Z.backup").touch()
    (folder / "before-20260101T090000Z-from-0.1.0.backup").touch()
    said = keyboard.run("db", "backup", "--json", WARNING_DISPATCH_BACKUP__KEEP="2").document
    assert len(said["removed"]) == 3
    assert [one.path.name for one in dated_copies(folder)] == [
        Path(said["file"]).name,
        "warning-dispatch-20260101T130000Z.backup",
    ]
    assert (folder / "before-20260101T090000Z-from-0.1.0.backup").exists()


def test_what_is_only_told_on_a_desk_is_a_finding_in_service(keyboard: Any) -> None:
    """A clock that nobody keeps: on simulated routes worth knowing, with real people behind them to be mended."""
    for routes, serious in ((None, False), (json.loads(REAL), True)):
        settings = load_settings(environ=keyboard.environ, routes=routes)
        [line] = [one.what for _, one in machine_findings(settings, kept=lambda: False) if "没有对时" in one.what]
        assert line.startswith(INFORMATION) is not serious


def test_a_clock_that_was_set_back(keyboard: Any) -> None:
    """The journal knows a later moment than the clock shows: deadlines would wait for hours."""
    keyboard.ingested()
    with sqlite3.connect(keyboard.database) as connection:
        connection.execute("UPDATE journal_block SET at = at + 3600000")
    connection.close()
    said = keyboard.run("check", "--json", "--offline")
    assert any("被拨慢了" in one for one in of(said, "clock"))


def test_a_full_disk() -> None:
    """Less than is needed for a copy, or a twentieth of the disk: said before it stops the database."""
    gigabyte = 1 << 30
    assert machine_inspection.is_full(gigabyte - 1, 10 * gigabyte, gigabyte)
    assert machine_inspection.is_full(4 * gigabyte, 100 * gigabyte, gigabyte)
    assert not machine_inspection.is_full(6 * gigabyte, 100 * gigabyte, gigabyte)


@pytest.mark.parametrize(
    ("left", "kind", "words"), [(-3, "findings", "已于"), (5, "findings", "5 天后"), (30, "notices", "30 天后")]
)
def test_certificates_that_messages_are_signed_with(
    keyboard: Any, tmp_path: Path, left: int, kind: str, words: str
) -> None:
    """One that has ended sets every message of its source aside; one that ends is said in time."""
    pem = certificate(tmp_path, left)
    said = keyboard.run(
        "check", "--json", "--offline", WARNING_DISPATCH_INGEST__FILE=json.dumps({"certificates": [str(pem)]})
    )
    [line] = of(said, "certificates", kind)
    assert words in line


def test_a_port_that_somebody_else_has(keyboard: Any) -> None:
    """The next start would fail on it, and that is at 3 a.m."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = keyboard.run(
            "check", "--json", "--offline", WARNING_DISPATCH_WEB__PORT=port, WARNING_DISPATCH_ROUTES=REAL
        )
    assert any(f"端口 {port}" in one for one in of(said, "service"))


def test_an_account_that_cannot_write(keyboard: Any) -> None:
    """Whoever is not root and not the owner is told before the daemon is."""
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    keyboard.database.chmod(0o400)
    assert any("不能写" in one for one in of(keyboard.run("check", "--json", "--offline"), "database"))


def test_the_file_system_of_a_path() -> None:
    """The one that is mounted nearest counts."""
    assert machine_inspection._file_system(Path("/proc/self/status")) == "proc"


# --- the loop -----------------------------------------------------------------------------------------------


class FarEnd(BaseHTTPRequestHandler):
    """What stands behind the public address."""

    secret: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        """Answer as an installation with this secret does; without one as a stranger."""
        word = self.path.rsplit("/", 1)[-1]
        self.send_response(200)
        self.end_headers()
        self.wfile.write((answer_to(self.secret, word) if self.secret else "welcome").encode())

    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture
def public(keyboard: Any) -> Iterator[str]:
    """An address on the network, and a daemon that can be asked."""
    server = HTTPServer(("127.0.0.1", 0), FarEnd)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(keyboard.folder / "state" / "control.sock"))
        control.listen()
        yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
    FarEnd.secret = b""


def test_a_loop_that_closes(keyboard: Any, public: str) -> None:
    """Out to the public address and back in by both doors."""
    FarEnd.secret = KeyRing.load(keyboard.folder / "state" / "keys").hook_secret(LOOP)
    environ = {"WARNING_DISPATCH_WEB__PUBLIC_URL": public, "WARNING_DISPATCH_WEB__CALLBACK_URL": public}
    said = keyboard.run("check", "--json", **environ)
    assert of(said, "callbacks") == []
    assert of(said, "callbacks", "notices") == []


def test_an_address_that_leads_elsewhere(keyboard: Any, public: str) -> None:
    """A proxy's own page answers 200 and is not taken for ours; an address where nobody answers is named too."""
    environ = {"WARNING_DISPATCH_WEB__PUBLIC_URL": public, "WARNING_DISPATCH_WEB__CALLBACK_URL": "http://127.0.0.1:9"}
    elsewhere, nobody = of(keyboard.run("check", "--json", **environ), "callbacks")
    assert "另一个程序" in elsewhere
    assert "ConnectError" in nobody
    assert of(keyboard.run("check", "--json", "--offline", **environ), "callbacks") == []


def test_a_provider_that_does_not_answer(keyboard: Any) -> None:
    """Routes are tried without ringing: a mail server that is not there is a finding now, not in the first red night."""
    environ = {
        "WARNING_DISPATCH_ROUTES": REAL,
        "WARNING_DISPATCH_SMTP": json.dumps(
            {"host": "127.0.0.1", "port": 9, "security": "none", "sender": "a@example.cn", "timeout_s": 2}
        ),
    }
    said = keyboard.run("check", "--json", **environ)
    assert any("服务商不受理" in one for one in of(said, "routes"))
    assert not any(
        "服务商不受理" in one for one in of(keyboard.run("check", "--json", "--offline", **environ), "routes")
    )


def test_a_desk_without_systemd_is_told_so(keyboard: Any) -> None:
    """Nobody restarts it: known, and a finding of none."""
    told = of(keyboard.run("check", "--json", "--offline"), "service", "notices")
    assert any("不由 systemd 看护" in one for one in told)
    assert all(one.startswith(INFORMATION) for one in told)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"ActiveState": "failed", "UnitFileState": "enabled", "Type": "notify", "WatchdogUSec": "30s"}, "没有在运行"),
        (
            {"ActiveState": "active", "UnitFileState": "disabled", "Type": "notify", "WatchdogUSec": "30s"},
            "开机不会起动",
        ),
        ({"ActiveState": "active", "UnitFileState": "enabled", "Type": "notify", "WatchdogUSec": "0"}, "看门狗没有开"),
        (
            {"ActiveState": "active", "UnitFileState": "enabled", "Type": "simple", "WatchdogUSec": "30s"},
            "看门狗没有开",
        ),
    ],
)
def test_what_systemd_says_of_the_service(said: dict[str, str], words: str) -> None:
    """Not running, not enabled, no watchdog: each is named with its command."""
    [one] = machine_inspection._unit_findings(said)
    assert words in one.finding.what
    assert one.finding.remedy


WELL = {"ActiveState": "active", "UnitFileState": "enabled", "Type": "notify", "WatchdogUSec": "30s", "NRestarts": "0"}
ELSEWHERE = {**WELL, "ActiveState": "inactive", "UnitFileState": "disabled"}


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ({**WELL, "ActiveState": "failed"}, "没有在运行"),
        ({**WELL, "ActiveState": "activating"}, "没有在运行"),
        ({**WELL, "ActiveState": "inactive"}, "没有在运行"),
        ({**WELL, "UnitFileState": "disabled"}, "开机不会起动"),
        ({**WELL, "NRestarts": "7"}, "自动重启过 7 次"),
    ],
)
def test_what_systemd_says_of_the_split_set(engine: dict[str, str], words: str) -> None:
    """The set's target is active whatever becomes of its processes: each is looked at, and named with its command."""
    [one] = machine_inspection._split_findings({"ingest": WELL, "engine": engine, "web": WELL})
    assert one.finding.where == "warning-dispatch@engine.service"
    assert words in one.finding.what
    assert "warning-dispatch@engine" in one.finding.remedy


def test_roles_of_the_split_set_on_another_machine_are_not_missed() -> None:
    """Two machines with an engine each, one with the pages; where none at all is to run somebody forgot to enable them."""
    assert not list(machine_inspection._split_findings({"ingest": ELSEWHERE, "engine": WELL, "web": ELSEWHERE}))
    [one] = machine_inspection._split_findings(dict.fromkeys(("ingest", "engine", "web"), ELSEWHERE))
    assert "一个进程也没有" in one.finding.what


def test_what_may_be_written_is_asked_of_the_process_that_writes(keyboard: Any) -> None:
    """In the split set the lists are the taking-in process's: a drop-in of the whole service lets nothing through."""
    lists = "/data/lists"
    settings = load_settings(environ={**keyboard.environ, "WARNING_DISPATCH_LISTS__FOLDER": lists})
    let = {"ReadWritePaths": lists}
    units = {
        role: (machine_inspection.unit_of(role), let if role == "ingest" else {}) for role in machine_inspection.ROLES
    }
    assert lists not in str([*machine_inspection._writable(settings, units)])
    units["ingest"] = (machine_inspection.unit_of("ingest"), {})
    [one] = [one.finding for one in machine_inspection._writable(settings, units) if lists in one.finding.what]
    assert "systemctl edit warning-dispatch@ingest.service" in one.remedy


def test_a_folder_of_sounds_is_looked_at_too(keyboard: Any) -> None:
    """A PBX's sounds lie outside of the state: the sandbox must let the engine write them, and their disk must have room."""
    sounds = "/data/sounds"
    routes = [{"name": "pbx", "channel": "voice", "adapter": "ari", "lines": 4, "options": {"sound_folder": sounds}}]
    settings = load_settings(environ=keyboard.environ, routes=routes)
    assert [(name, str(path)) for name, path in machine_inspection._sound_folders(settings)] == [
        ("routes (pbx) sound_folder", sounds)
    ]
    units = {role: (machine_inspection.unit_of(role), {}) for role in machine_inspection.ROLES}
    [one] = [one.finding for one in machine_inspection._writable(settings, units) if sounds in one.finding.what]
    assert one.remedy == f"systemctl edit warning-dispatch@engine.service: [Service] ReadWritePaths={sounds}"
