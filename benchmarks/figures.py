"""Each figure of the design's table as one function: it measures and returns numbers, and judges nothing."""

from __future__ import annotations

import gc
import resource
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.country import START, product_on, red_warning, take_all
from warning_dispatch.bootstrap import Product
from warning_dispatch.clock import ScaledClock, SystemClock, VirtualClock, pause, stopwatch
from warning_dispatch.engine.lanes import Writer
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.states import Purpose
from warning_dispatch.ports import Dispatch
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import reading

Figures = dict[str, float | int]


def cpu_seconds() -> float:
    """CPU of this process so far, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def fresh(work: Callable[[str], Figures]) -> Figures:
    """Run `work` with the URL of a new SQLite file (WAL, synchronous FULL)."""
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="warning-dispatch-bench-") as folder:
        return work(f"sqlite:///{Path(folder) / 'bench.db'}")


def first_attempts(url: str, *, villages: int, rounds: int) -> Figures:
    """Alert received → first attempts handed over and their receipts stored, idle (ms)."""
    product = product_on(url, villages)
    spans = []
    for number in range(rounds):
        now = START + number * 2_000
        began = stopwatch()
        done = product.engine.take_in(now, red_warning(now), "bench").result
        turned = product.engine.turn(now)
        product.engine.turn(now, Inbox(receipts=take_all(turned.batch)))
        spans.append((stopwatch() - began) * 1000)
        for callout in done.callouts:
            product.engine.act(now, _close(), callout, actor="bench", reason="bench")
    product.close()
    return {"villages": villages, "p50_ms": percentile(spans, 0.5), "p99_ms": percentile(spans, 0.99)}


def _close() -> object:
    from warning_dispatch.engine.acts import Act  # noqa: PLC0415 - only here

    return Act.CLOSE


def throughput(url: str, *, villages: int) -> Figures:
    """Attempts handed over per second with a no-op carrier, and CPU per 1,000; everything else is real."""
    product = product_on(url, villages)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    began, cpu, handed = stopwatch(), cpu_seconds(), 0
    now, inbox = START + 1_000, Inbox()
    while True:
        turned = product.engine.turn(now, inbox)
        handed += len(inbox.receipts)
        inbox = Inbox(receipts=take_all(turned.batch))
        if not turned.batch and turned.next_at != now:
            break
    seconds, used = stopwatch() - began, cpu_seconds() - cpu
    product.close()
    return {
        "attempts": handed,
        "per_second": handed / seconds,
        "cpu_seconds_per_1000": used * 1000 / max(1, handed),
    }


def open_everything(product: Product) -> None:
    """Every gate of the first call-out, at once."""
    from warning_dispatch.engine.acts import Act  # noqa: PLC0415 - only here

    product.engine.act(START, Act.OPEN_GATE, 1, actor="bench", reason="bench")


def opening(url: str, *, villages: int) -> Figures:
    """Opening a call-out: until everything is written, and until the upper tiers are being called (s); memory (MB)."""
    product = product_on(url, villages)
    gc.collect()
    began = stopwatch()
    product.engine.take_in(START, red_warning(START), "bench")
    opened = stopwatch() - began
    turned = product.engine.turn(START)
    called = stopwatch() - began
    product.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "callees": villages,
        "opened_s": opened,
        "first_called_s": called if turned.batch else -1.0,
        "us_per_callee": opened * 1e6 / villages,
        "peak_memory_with_register_mb": memory,
    }


class _Deaf:
    """A wire that swallows everything (lanes.Wire) and a watch that looks away (lanes.Watch)."""

    def send(self, batch: Sequence[Dispatch]) -> None:
        """Swallow."""

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Swallow."""

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """Look away."""

    def stepped(self, now: int, by: int) -> None:
        """A set clock spoils the figures, not the run."""

    def failed(self, error: Exception) -> None:
        """A benchmark that fails must say so."""
        raise error

    def broke(self, error: Exception) -> None:
        """A benchmark that fails must say so."""
        raise error


def answers(url: str, *, villages: int) -> Figures:
    """Answers by link per second through the writer, all at once; then latency at half that load (ms)."""
    product = product_on(url, villages)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    tokens = _tokens(product, villages)
    _quiet(product)
    deaf = _Deaf()
    writer = Writer(product.engine, VirtualClock(START), deaf, deaf, 3_600_000)
    writer.start()
    half = len(tokens) // 2
    began = stopwatch()
    for future in [writer.confirm(token) for token in tokens[:half]]:
        future.result()
    per_second = half / (stopwatch() - began)
    spans = _paced(writer, tokens[half:], min(per_second / 2, 2_000))
    writer.stop()
    product.close()
    return {
        "answers": len(tokens),
        "per_second": per_second,
        "p50_ms_at_half_load": percentile(spans, 0.5) * 1000,
        "p99_ms_at_half_load": percentile(spans, 0.99) * 1000,
    }


def _quiet(product: Product) -> None:
    """Turn until nothing is due: every callee has been called and waits for an answer."""
    inbox = Inbox()
    while True:
        turned = product.engine.turn(START, inbox)
        inbox = Inbox(receipts=take_all(turned.batch))
        if not turned.batch and turned.next_at != START:
            return


def _tokens(product: Product, count: int) -> list[str]:
    with reading(product.database) as connection:
        rows = connection.exec_driver_sql(
            "SELECT r.id FROM receiver r JOIN callee c ON c.unit_id = r.unit_id ORDER BY r.id LIMIT ?", (count,)
        ).fetchall()
    with product.storage.writing() as tx:
        return list(tx.links.tokens([(1, row[0], Purpose.CALL) for row in rows]))


def _paced(writer: Writer, tokens: Sequence[str], per_second: float) -> list[float]:
    """Confirm at a steady pace; how long each took (s)."""
    spans: list[float] = []
    lock = threading.Lock()
    began = stopwatch()
    futures = []
    for number, token in enumerate(tokens):
        wait = began + number / per_second - stopwatch()
        if wait > 0:
            pause(wait)
        sent = stopwatch()
        future = writer.confirm(token)

        def note(_done: object, sent: float = sent) -> None:
            with lock:
                spans.append(stopwatch() - sent)

        future.add_done_callback(note)
        futures.append(future)
    for future in futures:
        future.result()
    return spans


def line_use(url: str, *, villages: int, lines: int) -> Figures:
    """Share of line time in use while work waits, on the simulated network in virtual time."""
    product = product_on(url, villages, lines=lines)
    population = Population.everyone(VoiceHabit.ANSWERS, TextHabit.IGNORES)
    network = SimulatedNetwork(1, population, lines=lines)
    clock = VirtualClock(START)
    stage = Stage(product.engine, network, clock, grain=100)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    used = waited = 0
    last = START

    def over() -> bool:
        nonlocal used, waited, last
        span, last = clock.now() - last, clock.now()
        with reading(product.database) as connection:
            waiting = connection.exec_driver_sql("SELECT count(*) FROM attempt WHERE state = 1").scalar() or 0
        if waiting > lines and clock.now() > START + 5_000:
            used += network.calls_in_progress * span
            waited += lines * span
        return waiting == 0 and clock.now() > START + 5_000

    stage.play(over, START + 6 * 3_600_000)
    product.close()
    return {"lines": lines, "in_use_share": used / max(1, waited), "virtual_s": (clock.now() - START) / 1000}


def restart(url: str, *, villages: int) -> Figures:
    """After a crash in mid call-out: opening the database, recovery and the first batch for the wire (s)."""
    product = product_on(url, villages, lines=300)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    for _ in range(3):
        product.engine.turn(START + 1_000)
    began = stopwatch()
    product.engine.recover(START + 2_000, ("phones",))
    turned = product.engine.turn(START + 2_000)
    seconds = stopwatch() - began
    product.close()
    return {"callees": villages, "calling_again_s": seconds, "first_batch": len(turned.batch)}


def timer_error(url: str, *, villages: int) -> Figures:
    """How late a callee's deadline is served in the running writer while a call-out is under way (ms)."""
    product = product_on(url, villages)
    speed = 20.0  # holds of minutes pass in seconds; the error is given in real time
    clock = ScaledClock(SystemClock().now(), speed)
    late: list[float] = []

    class Watching(_Deaf):
        def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
            del stepped, claimed, next_at
            if due[0] is not None and due[0] <= now:
                late.append((now - due[0]) / speed)
            due[0] = writer.next_at

    due: list[int | None] = [None]
    watch = Watching()
    writer = Writer(product.engine, clock, watch, watch, 1_000)
    writer.start()
    now = clock.now()
    product.engine.take_in(now, red_warning(now), "bench")
    writer.wake()
    pause(25.0)
    writer.stop()
    product.close()
    return {"turns": len(late), "p50_ms": percentile(late or [0.0], 0.5), "p99_ms": percentile(late or [0.0], 0.99)}


def pages(url: str, *, villages: int) -> Figures:
    """Server time of the pictures behind the call-out page (ms)."""
    product = product_on(url, villages)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    product.engine.turn(START + 1_000)
    spans = []
    for _ in range(20):
        began = stopwatch()
        product.read.callout(1)
        product.read.callees(1, limit=100)
        product.read.latest_attempts(1)
        product.read.curve(1)
        spans.append((stopwatch() - began) * 1000)
    product.close()
    return {"callees": villages, "p50_ms": percentile(spans, 0.5), "max_ms": max(spans)}
