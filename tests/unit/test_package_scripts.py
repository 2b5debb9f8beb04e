"""The package's scripts, with a machine of stubs: an upgrade never leaves behind a bureau that calls nobody."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POSTINST = ROOT / "packaging" / "deb" / "postinst"
STOP = "systemctl stop warning-dispatch.service"
START = "systemctl start warning-dispatch.service"
UPGRADE = "warning-dispatch db upgrade"
DEBCONF = ". /usr/share/debconf/confmodule\ndb_stop\n"
STUBS = {
    "systemctl": """case "$1" in list-units) echo "warning-dispatch.service loaded active running x";; esac""",
    "warning-dispatch": """case "$*" in
  "db upgrade --needed") exit "$NEEDED" ;;
  "db backup "*)
    [ ! -e "$3" ] || exit 1
    count=$(grep -c "db backup" "$LOG")
    [ "$count" -ne "$FAILING_COPY" ] || exit 1
    echo "copy $count" >"$3" ;;
  "db restore "*)
    [ "$#" -eq 3 ] || exit 2
    cp "$3" "$STATE/warning-dispatch.db" ;;
esac""",
    "apt-get": "",
    "date": "printf '20260101T%06dZ' $(grep -c ^date $LOG)",
    "systemd-sysusers": "",
    "systemd-tmpfiles": "",
    "install": 'mkdir -p "$(for last; do :; done; echo "$last")"',
}


class Machine:
    """A machine on which the package is being configured; what was asked of its programs."""

    def __init__(self, folder: Path) -> None:
        """Everything is below the folder."""
        self.folder = folder
        self.state = folder / "state"
        (self.state / "keys").mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "systemd").mkdir()
        self.log = folder / "log"
        for name, body in STUBS.items():
            stub = folder / "bin" / name
            stub.write_text(f'#!/bin/sh\necho "{name} $*" >>"$LOG"\n{body}\n', encoding="utf-8")
            stub.chmod(0o755)

    def run(self, script: str, *words: str, needed: int = 4, failing_copy: int = 0) -> subprocess.CompletedProcess[str]:
        """A script with the machine's folders for the system's."""
        script = script.replace("/var/lib/warning-dispatch", str(self.state))
        script = script.replace("/run/systemd/system", str(self.folder / "systemd"))
        environ = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "LOG": str(self.log),
            "STATE": str(self.state),
            "NEEDED": str(needed),
            "FAILING_COPY": str(failing_copy),
        }
        command = ["/bin/sh", "-c", script, "sh", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - ours

    def upgraded(self, *, needed: int, failing_copy: int = 0) -> subprocess.CompletedProcess[str]:
        """`needed` is what `db upgrade --needed` says; the copy of this number fails."""
        text = POSTINST.read_text(encoding="utf-8")
        assert DEBCONF in text
        return self.run(text.replace(DEBCONF, ""), "configure", "0.1.0", needed=needed, failing_copy=failing_copy)

    def asked(self) -> list[str]:
        """The calls that matter, in order; the name of a copy is left out."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        found = ["backup" if "db backup" in line else line for line in lines]
        return [line for line in found if line in {STOP, START, UPGRADE, "backup"}]

    def copies(self) -> list[str]:
        """What lies in the folder of copies."""
        folder = self.state / "backups"
        return [path.read_text(encoding="utf-8").strip() for path in sorted(folder.glob("before-*"))]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One of its own."""
    return Machine(tmp_path)


def test_an_upgrade_copies_before_and_after_the_stop(machine: Machine) -> None:
    """The first copy shows that it can be done while calling goes on; the one of the last moment stays."""
    assert machine.upgraded(needed=0).returncode == 0
    assert machine.asked() == ["backup", STOP, "backup", UPGRADE, START]
    assert machine.copies() == ["copy 2"]


def test_a_copy_that_fails_stops_nothing(machine: Machine) -> None:
    """No space, no pg_dump: the older program goes on calling, and dpkg says that the upgrade is not done."""
    done = machine.upgraded(needed=0, failing_copy=1)
    assert done.returncode != 0
    assert "没有停服务" in done.stderr
    assert machine.asked() == ["backup"]


def test_a_copy_that_fails_after_the_stop_leaves_the_first_one(machine: Machine) -> None:
    """The newer program does not run on the older schema: it is upgraded all the same, with the copy from before the stop."""
    done = machine.upgraded(needed=0, failing_copy=2)
    assert done.returncode == 0
    assert "停机前" in done.stderr
    assert machine.asked() == ["backup", STOP, "backup", UPGRADE, START]
    assert machine.copies() == ["copy 1"]


@pytest.mark.parametrize("needed", [3, 1, 2, 127, 137])
def test_what_cannot_be_told_stops_nothing(machine: Machine, needed: int) -> None:
    """The database cannot be read, or the new program breaks (1), is asked wrongly, is missing, is killed: what runs goes on."""
    done = machine.upgraded(needed=needed)
    assert done.returncode == 0
    assert machine.asked() == []
    assert "warning-dispatch db upgrade && systemctl restart warning-dispatch.service" in done.stderr


def test_an_unchanged_schema_needs_no_copy(machine: Machine) -> None:
    """Stopped and started, nothing else."""
    assert machine.upgraded(needed=4).returncode == 0
    assert machine.asked() == [STOP, START]


@pytest.mark.parametrize("page", ["installation.md", "installation.zh-CN.md"])
def test_the_way_back_takes_the_newest_copy_however_often(machine: Machine, page: str) -> None:
    """Each upgrade leaves a copy from before it; the handbook's way back takes the last, and moves aside without overwriting."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    way_back = text.split("```sh rollback\n", 1)[1].split("```", 1)[0]
    backups = machine.state / "backups"
    backups.mkdir()
    for year in (2024, 2025):
        (backups / f"before-{year}0101T000000Z-from-0.{year}.backup").write_text(f"of {year}", encoding="utf-8")
    database = machine.state / "warning-dispatch.db"
    for newer in ("first", "second"):
        database.write_text(newer, encoding="utf-8")
        done = machine.run(f"set -e\n{way_back}")
        assert done.returncode == 0, done.stderr
        assert database.read_text(encoding="utf-8") == "of 2025"
    aside = [path.read_text(encoding="utf-8") for path in sorted(machine.state.glob("newer*/warning-dispatch.db"))]
    assert aside == ["first", "second"]
