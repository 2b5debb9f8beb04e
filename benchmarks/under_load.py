"""Figures of the running writer: how long somebody waits while much else is going on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from benchmarks.country import HOUR, START, product_on, red_warning, small_warning, take_all
from benchmarks.databases import Place
from benchmarks.figures import Figures, open_everything, percentile
from warning_dispatch.bootstrap import Product
from warning_dispatch.clock import ScaledClock, SystemClock, VirtualClock, pause, stopwatch
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.ports import Dispatch
from warning_dispatch.store.database import reading


class _Deaf:
    """A wire that swallows everything (lanes.Wire) and a watch that looks away (lanes.Watch)."""

    def send(self, batch: Sequence[Dispatch]) -> None:
        """Swallow."""

    def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """Swallow."""

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """Look away."""

    def beat(self) -> None:
        """Look away."""

    def stepped(self, now: int, by: int) -> None:
        """A set clock spoils the figures, not the run."""

    def failed(self, error: Exception) -> None:
        """A benchmark that fails must say so."""
        raise error

    def broke(self, error: Exception) -> None:
        """A benchmark that fails must say so."""
        raise error


def answers(place: Place, *, villages: int) -> Figures:
    """Answers by link per second through the writer, all at once; then latency at half that load (ms)."""
    product = product_on(place.url, villages)
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
        query = f"SELECT r.id FROM receiver r JOIN callee c ON c.unit_id = r.unit_id ORDER BY r.id LIMIT {int(count)}"
        rows = connection.exec_driver_sql(query).fetchall()
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


def timer_error(place: Place, *, villages: int) -> Figures:
    """How late a callee's deadline is served in the running writer while a call-out is under way (ms)."""
    product = product_on(place.url, villages)
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


class Sink(_Deaf):
    """A wire that takes everything at once, and notes when the first attempts of a call-out were stored as handed over."""

    def __init__(self) -> None:
        self.writer: Writer | None = None
        self.stored: dict[int, float] = {}
        self.handed = 0
        self._sent: set[int] = set()
        self._under_way: set[int] = set()

    def send(self, batch: Sequence[Dispatch]) -> None:
        """Taken; the receipts come with the next turn."""
        self._sent = {one.callout_id for one in batch}
        self.handed += len(batch)
        if self.writer is not None:
            self.writer.receive(receipts=take_all(batch))

    def turned(self, now: int, stepped: int, claimed: int, next_at: int | None) -> None:
        """What was sent in the turn before is stored now."""
        del now, stepped, claimed, next_at
        for callout in self._under_way:
            self.stored.setdefault(callout, stopwatch())
        self._under_way, self._sent = self._sent, set()


def first_attempts_under_load(place: Place, *, villages: int, rounds: int) -> Figures:
    """Alert received → first attempts handed over and stored, while a call-out of so many callees is under way (ms)."""
    product = product_on(place.url, villages)
    clock, sink = SystemClock(), Sink()
    writer = sink.writer = Writer(product.engine, clock, sink, sink, 1_000)
    product.engine.take_in(clock.now(), red_warning(clock.now() - HOUR // 2), "bench")
    product.engine.act(clock.now(), Act.OPEN_GATE, 1, actor="bench", reason="bench")
    writer.start()
    pause(1.0)
    spans, began = [], stopwatch()
    for number in range(rounds):
        raw, sent = small_warning(clock.now() - (rounds - number) * 1_000), stopwatch()
        callout = writer.submit(Lane.INTAKE, _taking_in(product, raw)).result().callouts[0]
        while callout not in sink.stored and stopwatch() - sent < 30:
            pause(0.002)
        spans.append((sink.stored.get(callout, sent + 30) - sent) * 1000)
        writer.submit(Lane.ACT, _closing(product, callout)).result()
    seconds = stopwatch() - began
    writer.stop()
    product.close()
    return {
        "callees_under_way": villages,
        "p50_ms": percentile(spans, 0.5),
        "p99_ms": percentile(spans, 0.99),
        "handed_meanwhile_per_second": sink.handed / seconds,
    }


def _taking_in(product: Product, raw: bytes) -> Callable[[int], Done[IntakeResult]]:
    return lambda now: product.engine.take_in(now, raw, "bench")


def _closing(product: Product, callout: int) -> Callable[[int], Done[None]]:
    return lambda now: product.engine.act(now, Act.CLOSE, callout, actor="bench", reason="bench")
