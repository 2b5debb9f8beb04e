"""A bureau with lines of its own: `warning-dispatch run` as a process that may be killed, its database, and what is in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from warning_dispatch.clock import SystemClock, pause, stopwatch
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.settings import load_settings
from warning_dispatch.store.database import open_database, reading, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer

ROOT = Path(__file__).resolve().parents[2]
RED = ROOT / "config" / "samples" / "12379-red-rain-city.xml"
COMMAND = "from warning_dispatch.cli import main; main()"
CITY, LEADER, COUNTY, TOWNSHIP = "1411", "1411-L1", "141124", "141124100"
LOOK_EVERY = 0.1


def village_code(at: int) -> str:
    """Of the so-manieth village."""
    return f"{TOWNSHIP}{200 + at:03d}"


def units_of(villages: int) -> list[Unit]:
    """A leader, a county with one township, and its villages."""
    division = UnitKind.DIVISION
    units = [
        Unit(CITY, "吕梁市", division, UnitLevel.CITY, CITY, None, callable=False),
        Unit(LEADER, "市领导", UnitKind.LEADER, UnitLevel.CITY, CITY, CITY),
        Unit(COUNTY, "临县", division, UnitLevel.COUNTY, COUNTY, CITY),
        Unit(TOWNSHIP, "白文镇", division, UnitLevel.TOWNSHIP, TOWNSHIP, COUNTY),
    ]
    for at in range(villages):
        code = village_code(at)
        units.append(Unit(code, f"第{at + 1}村", division, UnitLevel.VILLAGE, code, TOWNSHIP))
    return units


class Night:
    """One installation and its call-out."""

    def __init__(self, home: Path, routes: Sequence[Mapping[str, Any]], numbers: Mapping[str, str], port: int) -> None:
        """`numbers`: of each unit's A, by code."""
        self.home = home
        self.numbers = dict(numbers)
        self.config = home / "config"
        shutil.copytree(ROOT / "config", self.config)
        words = {
            "state_dir": str(home / "state"),
            "web": {"port": port, "public_url": "", "callback_url": ""},
            "bureau": {"call_itself": False},
            "routes": [
                *routes,
                {"name": "sms", "channel": "sms", "adapter": "simulated"},
                {"name": "email", "channel": "email", "adapter": "simulated"},
                {"name": "operator", "channel": "operator", "adapter": "operator"},
            ],
        }
        (self.config / "warning-dispatch.toml").write_text(_toml(words), encoding="utf-8")
        self.settings = load_settings(self.config, {})
        KeyRing.create(self.settings.keys_dir)
        units = units_of(len(numbers) - 3)
        database = open_database(self.settings.database_url)
        upgrade(database)
        people = [
            ReceiverEntry(code, Role.PRIMARY, "甲", "", "zh_CN", (EndpointEntry(Channel.VOICE, number),))
            for code, number in numbers.items()
        ]
        with writing(database) as connection:
            sealer = AesSealer(KeyRing.load(self.settings.keys_dir))
            replace_register(connection, sealer, Register(tuple(units), tuple(people)), 1)
        database.dispose()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon; back when it says that it runs."""
        before = self.said("daemon.started")
        with (self.home / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-c", COMMAND, "run", "--config", str(self.config)],
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.until(lambda: self.said("daemon.started") > before, "the daemon runs", 60)

    def kill(self) -> None:
        """End it by kill -9: no last word to anybody."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As systemd does it; the exit code."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.terminate()
        return self.process.wait(timeout=90)

    def warn(self) -> None:
        """A red warning comes in."""
        path = self.home / "warning.xml"
        path.write_bytes(restamp(RED.read_bytes(), SystemClock().now()))
        self.command("alert", "ingest", str(path))

    def command(self, *words: str, code: int = 0) -> Any:
        """One command; its answer."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", COMMAND, *words, "--config", str(self.config), "--json"],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}

    def said(self, event: str) -> int:
        """How often the daemon has logged something."""
        path = self.home / "daemon.log"
        return path.read_text(encoding="utf-8").count(f'"{event}"') if path.is_file() else 0

    def rows(self, sql: str) -> list[Any]:
        """What is stored."""
        database = open_database(self.settings.database_url)
        with reading(database) as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
        database.dispose()
        return found

    def answered(self) -> int:
        """Answers by key that count."""
        return int(self.rows("SELECT count(*) FROM acknowledgement WHERE means = 'key' AND counted = 1")[0][0])

    def until(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until it holds."""
        end = stopwatch() + seconds
        while not holds():
            if stopwatch() > end:
                log = self.home / "daemon.log"
                tail = log.read_text(encoding="utf-8")[-3_000:] if log.is_file() else ""
                raise AssertionError(f"not within {seconds} s: {what}\n{tail}")
            pause(LOOK_EVERY)


def _toml(words: Mapping[str, Any]) -> str:
    """Settings as a file: plain values first, tables after them."""
    return "\n".join(_lines(words, "")) + "\n"


def _lines(words: Mapping[str, Any], prefix: str) -> Iterable[str]:
    for key, value in words.items():
        if not isinstance(value, dict) and not _is_tables(value):
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in words.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield f"[{path}]"
            yield from _lines(value, f"{path}.")
        elif _is_tables(value):
            for one in value:
                yield f"[[{path}]]"
                yield from _lines(one, f"{path}.")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
