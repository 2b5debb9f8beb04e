"""One night: workers on one database and one clock, started, broken and started again, until the call-out is over."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from random import Random

from sqlalchemy import make_url

from warning_dispatch.clock import SystemClock, pause, stopwatch

from .board import Board
from .places import CONFIG, OnPostgresql, OnSqlite, environment, warning
from .server import QUIET
from .watch import Watch

SPEED = 30.0
"""How much faster the night's clock runs: its fifteen minutes are half a minute."""
START_WITHIN = 60.0
"""s a worker has to start."""
STOP_WITHIN = 45.0
"""s a worker has to drain and end after SIGTERM."""
NOTICES = ("engine.failing", "wire.fault", "workers.lost", "workers.unheard", "daemon.takes_over", "clock.stepped")
"""Lines of a worker's log that show that a fault has reached it."""
OVER_WITHIN = 240.0
"""s the call-out has to be over after the last fault."""


class Night:
    """Some workers and what surrounds them."""

    def __init__(self, place: OnSqlite | OnPostgresql, folder: Path, name: str, workers: int, seed: int) -> None:
        """`folder` exists and is empty; `name` is unique on the place. Nothing runs yet."""
        self.place, self.folder, self.name, self.rng = place, folder, name, Random(seed)
        self.url = place.copy(folder, name)
        self.carrier_log = folder / "carrier.jsonl"
        self.board = Board.create(folder / "board", SystemClock().now(), SPEED)
        self._warning = warning(folder)
        self._homes = [folder / f"worker{number}" for number in range(workers)]
        self._environments = []
        for home in self._homes:
            home.mkdir()
            told = environment(home, self.url, place.keys_dir)
            self._environments.append({**told, "WARNING_DISPATCH_SIMULATION__CARRIER_LOG": str(self.carrier_log)})
        self.processes: list[subprocess.Popen[str] | None] = [None] * workers
        self.watch = Watch(self._watched(), self.carrier_log, self.board.now)
        self.clock_was_set = False
        self.troubles: list[str] = []

    def _watched(self) -> str:
        if isinstance(self.place, OnSqlite):
            return str(make_url(self.url).database)
        host = make_url(self.url).query["host"]
        return f"host={host} user=postgres dbname={self.name} application_name={QUIET}"

    # --- workers ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """All workers run, the warning has come, the clock goes."""
        for number in range(len(self._homes)):
            self.start(number, wait=False)
        for number in range(len(self._homes)):
            self._hear_start(number)
        self.board.go()
        self.watch.start()

    def start(self, number: int, *, wait: bool = True) -> None:
        """Start a worker; `wait` until it runs. The first one brings the warning."""
        command = [sys.executable, "-m", "faults.worker", str(CONFIG), str(self.folder / "board")]
        with (self._homes[number] / "log").open("a", encoding="utf-8") as log:
            self.processes[number] = subprocess.Popen(  # noqa: S603 - our own program
                [*command, str(self._warning)] if number == 0 else command,
                env=self._environments[number],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        if wait:
            self.await_start(number)

    def await_start(self, number: int) -> None:
        """Until it says so; then the clock goes on, should it stand."""
        self._hear_start(number)
        self.board.go()

    def _hear_start(self, number: int) -> None:
        process = self.processes[number]
        assert process is not None
        assert process.stdout is not None
        if process.stdout.readline() != "started\n":
            raise AssertionError(f"worker {number} did not start: {self.last_words(number)}")

    def kill(self, number: int) -> None:
        """`kill -9`. Is it the last one alive, the clock stands until there is another."""
        process = self.processes[number]
        assert process is not None
        if sum(one is not None for one in self.processes) == 1:
            self.board.stand()
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._forget(number)

    def stop(self, number: int) -> float:
        """SIGTERM; how many seconds it took to end. What is not as promised is a trouble of the night."""
        process = self.processes[number]
        assert process is not None
        began = stopwatch()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.troubles.append(f"worker {number} did not end within {STOP_WITHIN} s of SIGTERM")
            process.kill()
            code = process.wait()
        else:
            if code:
                self.troubles.append(f"worker {number} ended with {code}: {self.last_words(number)}")
        self._forget(number)
        return stopwatch() - began

    def _forget(self, number: int) -> None:
        process = self.processes[number]
        assert process is not None
        assert process.stdout is not None
        process.stdout.close()
        self.processes[number] = None

    def revive(self) -> None:
        """Whoever has ended by itself is started again, as a service would; it counts as a trouble."""
        for number, process in enumerate(self.processes):
            if process is not None and process.poll() is not None:
                self.troubles.append(f"worker {number} ended by itself: {self.last_words(number)}")
                self._forget(number)
                self.start(number)

    def last_words(self, number: int) -> str:
        """The end of a worker's log."""
        return (self._homes[number] / "log").read_text(encoding="utf-8", errors="replace")[-1_500:]

    def noticed(self) -> int:
        """How often the workers said that something was wrong with their database, their carrier or one another."""
        logs = (home / "log" for home in self._homes)
        said = "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists())
        return sum(said.count(word) for word in NOTICES)

    # --- the end ------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Wait until the call-out is over, then stop everybody by SIGTERM."""
        until = stopwatch() + OVER_WITHIN
        quiet = 0
        while quiet < 3:
            if stopwatch() > until:
                self.troubles.append(f"after {OVER_WITHIN} s {self.watch.open} callees are still being called")
                break
            pause(0.3)
            self.revive()
            quiet = quiet + 1 if self.watch.open == 0 else 0
        self.end()

    def end(self) -> None:
        """Stop what runs."""
        for number, process in enumerate(self.processes):
            if process is not None:
                self.stop(number)
        if self.watch.is_alive():
            self.watch.stop()

    def abandon(self) -> None:
        """Whatever has happened: leave no process behind."""
        for process in self.processes:
            if process is not None:
                process.kill()
                process.wait()
        if self.watch.is_alive():
            self.watch.stop()
