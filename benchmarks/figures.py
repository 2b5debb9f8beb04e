"""Figures of the engine alone, one function each: it measures and returns numbers, and judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.country import START, product_on, red_warning, take_all
from benchmarks.databases import Place
from warning_dispatch.bootstrap import Product
from warning_dispatch.clock import VirtualClock, stopwatch
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import reading

Figures = dict[str, float | int]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie; -1 when there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else -1.0


def open_everything(product: Product) -> None:
    """An officer opens every gate of call-out 1: all its callees are due."""
    product.engine.act(START, Act.OPEN_GATE, 1, actor="bench", reason="bench")


def first_attempts(place: Place, *, villages: int, rounds: int) -> Figures:
    """Alert received → first attempts handed over and their receipts stored, idle (ms)."""
    product = product_on(place.url, villages)
    spans = []
    for number in range(rounds):
        now = START + number * 2_000
        began = stopwatch()
        done = product.engine.take_in(now, red_warning(now), "bench").result
        turned = product.engine.turn(now)
        product.engine.turn(now, Inbox(receipts=take_all(turned.batch)))
        spans.append((stopwatch() - began) * 1000)
        for callout in done.callouts:
            product.engine.act(now, Act.CLOSE, callout, actor="bench", reason="bench")
    product.close()
    return {"villages": villages, "p50_ms": percentile(spans, 0.5), "p99_ms": percentile(spans, 0.99)}


def throughput(place: Place, *, villages: int) -> Figures:
    """Attempts handed over per second with a no-op carrier, and CPU per 1,000; everything else is real."""
    product = product_on(place.url, villages)
    product.engine.take_in(START, red_warning(START), "bench")
    open_everything(product)
    began, cpu, server, handed = stopwatch(), place.cpu(), place.server_cpu(), 0
    now, inbox = START + 1_000, Inbox()
    while True:
        turned = product.engine.turn(now, inbox)
        handed += len(turned.batch)
        inbox = Inbox(receipts=take_all(turned.batch))
        if not turned.batch and turned.next_at != now:
            break
    seconds, used, served = stopwatch() - began, place.cpu() - cpu, place.server_cpu() - server
    product.close()
    return {
        "attempts": handed,
        "per_second": handed / seconds,
        "cpu_seconds_per_1000": used * 1000 / max(1, handed),
        "of_it_database_server": served * 1000 / max(1, handed),
    }


def line_use(place: Place, *, villages: int, lines: int) -> Figures:
    """Share of line time in use while work waits, on the simulated network in virtual time."""
    product = product_on(place.url, villages, lines=lines)
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


def restart(place: Place, *, villages: int) -> Figures:
    """After a crash in mid call-out: opening the database, recovery and the first batch for the wire (s)."""
    product = product_on(place.url, villages, lines=300)
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


def pages(place: Place, *, villages: int) -> Figures:
    """Server time of the pictures behind the call-out page (ms)."""
    product = product_on(place.url, villages)
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
