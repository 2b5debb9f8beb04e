"""Promise 12 on a real PostgreSQL: workers that turn at the very same time do each thing once, and no limit is exceeded.

What the storms interleave between transactions overlaps here inside them: each worker is a thread with connections of its
own, the phones are one simulated network. What rang is asked of the network, everything else of the database.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from warning_dispatch.bootstrap import Product, RoutePlan, wire_product
from warning_dispatch.configuration import load_configuration
from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.intake import IntakeSettings
from warning_dispatch.engine.outbox import OutboxSettings
from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.escalation.breaker import Breaker, Phase
from warning_dispatch.escalation.budgets import Night, per_number
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.ports import Dispatch, Reply, Report, Tap
from warning_dispatch.simulation.carrier_log import HANDED, CarrierLog
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population
from warning_dispatch.store.database import open_database, reading, writing
from warning_dispatch.store.journal_check import verify
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.snapshot import fold_faults
from warning_dispatch.store.sql import Sql

ROOT = Path(__file__).resolve().parents[2]
START = 1_784_727_180_000
WORKERS = 3
LINES = 12
VILLAGES = 120
SHARED = 5
"""Every so manieth village has the phone of its neighbour."""
SPAN = 14 * 60_000
STEP = 2_000


def _units() -> list[Unit]:
    units = [Unit("1411", "吕梁市", UnitKind.DIVISION, UnitLevel.CITY, "1411", None, callable=False)]
    units.append(Unit("1411-L1", "市领导", UnitKind.LEADER, UnitLevel.CITY, "1411", "1411"))
    for county in ("141121", "141122", "141123"):
        units.append(Unit(county, county, UnitKind.DIVISION, UnitLevel.COUNTY, county, "1411"))
        for township in (f"{county}100", f"{county}101"):
            units.append(Unit(township, township, UnitKind.DIVISION, UnitLevel.TOWNSHIP, township, county))
            for number in range(VILLAGES // 6):
                village = f"{township}{200 + number}"
                units.append(Unit(village, village, UnitKind.DIVISION, UnitLevel.VILLAGE, village, township))
    return units


def _receivers(units: Sequence[Unit]) -> list[ReceiverEntry]:
    """A and B for each; some villages share the phone of A with the one before."""
    found = []
    for index, unit in enumerate(one for one in units if one.callable):
        for role in (Role.PRIMARY, Role.DEPUTY):
            shares = role is Role.PRIMARY and unit.level is UnitLevel.VILLAGE and index % SHARED == 0
            number = f"+86260{int(role)}{index - shares:07d}"
            endpoints = tuple(EndpointEntry(channel, number) for channel in (Channel.VOICE, Channel.SMS))
            found.append(ReceiverEntry(unit.code, role, "样本", "", "zh_CN", endpoints, sample=True))
    return found


def _product(url: str) -> Product:
    routes = [
        RoutePlan("phones", Channel.VOICE, simulated=True, lines=LINES, per_number=per_number()),
        RoutePlan("sms", Channel.SMS, simulated=True, rate=600),
        RoutePlan("mail", Channel.EMAIL, simulated=True),
        RoutePlan("operator", Channel.OPERATOR, simulated=True),
    ]
    return wire_product(
        database=open_database(url),
        keys=KeyRing.simulated(1),
        configuration=load_configuration(ROOT / "config"),
        messages=ROOT / "config" / "messages",
        languages=("zh_CN", "en"),
        routes=routes,
        intake=IntakeSettings(senders=("1411*",), within="1411", max_age=3_600_000),
        outbox=OutboxSettings(batch=40, link_prefix="http://127.0.0.1/r/"),
        log=silent_logger(),
        night=Night(12),
    )


class ManyWorkers:
    """Some virtual minutes of a red warning with several workers at once."""

    def __init__(self, url: str, seed: int) -> None:
        """The register is filled in by the first worker."""
        self.rng = Random(seed)
        self.log = CarrierLog(b"many", keep=True)
        self.network = SimulatedNetwork(seed, Population(), lines=LINES, log=self.log)
        self.lock = threading.Lock()
        self.products = [_product(url) for _ in range(WORKERS)]
        for number, product in enumerate(self.products, 1):
            product.storage.worker = number
        units = _units()
        with writing(self.products[0].database) as connection:
            register = Register(tuple(units), tuple(_receivers(units)))
            replace_register(connection, AesSealer(KeyRing.simulated(1)), register, START)
        self.inboxes = [Inbox() for _ in self.products]
        self.faults: list[BaseException] = []
        self.turns: Counter[int] = Counter()

    def play(self) -> None:
        """Begin, then step by step: all workers turn at the same time until nothing is due, then time goes on."""
        raw = restamp((ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes(), START)
        self.products[0].engine.take_in(START, raw, "test")
        self.products[1].engine.act(START, Act.OPEN_GATE, 1, actor="test", reason="test")
        now = START
        while now < START + SPAN:
            now += STEP
            self._hear(now)
            threads = [threading.Thread(target=self._turn, args=(index, now)) for index in range(WORKERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if self.faults:
                raise self.faults[0]

    def _hear(self, now: int) -> None:
        for event in self.network.advance(now):
            inbox = self.rng.choice(self.inboxes)
            match event:
                case Report():
                    inbox.reports.append(event)
                case Reply():
                    inbox.replies.append(event)
                case Tap():
                    inbox.taps.append(event)

    def _turn(self, index: int, now: int) -> None:
        try:
            for _ in range(8):
                turned = self.products[index].engine.turn(now, self.inboxes[index])
                self.inboxes[index] = Inbox()
                self.turns[index] += 1
                with self.lock:
                    self.network.hang_up(turned.hang_up, now)
                    receipts = self.network.accept(turned.batch, now)
                self.inboxes[index].receipts.extend(receipts)
                if not receipts:
                    return
        except BaseException as error:  # noqa: BLE001 - it belongs to the test
            self.faults.append(error)

    def close(self) -> None:
        """Let go of the database."""
        for product in self.products:
            product.close()


@pytest.fixture(scope="module", params=[1, 2])
def night(request: pytest.FixtureRequest, postgresql: Any) -> Any:
    """Fourteen virtual minutes."""
    engine = postgresql.create()
    played = ManyWorkers(engine.url.render_as_string(hide_password=False), request.param)
    played.play()
    yield played
    played.close()


def _rows(night: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with reading(night.products[0].database) as connection:
        return [tuple(row) for row in Sql(connection).rows(sql, *values)]


@pytest.mark.slow
def test_all_of_them_worked(night: Any) -> None:
    """The night is what it is meant to be: every worker claimed, people answered, phones were shared."""
    shares = dict(
        _rows(night, "SELECT worker_id, count(*) FROM attempt WHERE claimed_at IS NOT NULL GROUP BY worker_id")
    )
    assert sorted(shares) == [1, 2, 3]
    assert min(shares.values()) > 20
    [(answered,)] = _rows(night, "SELECT count(*) FROM callee WHERE answered_at IS NOT NULL")
    assert answered > VILLAGES // 4
    [(merged,)] = _rows(night, "SELECT count(*) FROM attempt WHERE outcome = 'merged'")
    assert merged > 0


@pytest.mark.slow
def test_each_attempt_rang_once(night: Any) -> None:
    """Promise 4 and 12: nothing was handed over twice, and nothing that is not in the record."""
    handed = Counter(one.attempt_id for one in night.log.records() if one.what == HANDED)
    assert [attempt for attempt, count in handed.items() if count > 1] == []
    assert set(handed) <= {row[0] for row in _rows(night, "SELECT id FROM attempt WHERE claimed_at IS NOT NULL")}


@pytest.mark.slow
def test_no_limit_was_exceeded(night: Any) -> None:
    """Promise 7: lines, one number in one call, and five calls an hour to a number."""
    assert night.network.line_violations == 0
    assert night.network.clashes == 0
    most = _rows(
        night,
        "SELECT count(*) FROM attempt WHERE channel = 1 AND handed_at IS NOT NULL GROUP BY number_id ORDER BY 1 DESC LIMIT 1",
    )
    assert most[0][0] <= 5


@pytest.mark.slow
def test_nobody_was_called_who_had_answered(night: Any) -> None:
    """Promise 3: no attempt was claimed for a callee after its answer was committed."""
    late = _rows(
        night,
        """SELECT a.id, c.id FROM callee c JOIN attempt_callee ac ON ac.callee_id = c.id JOIN attempt a ON a.id = ac.attempt_id
        WHERE c.state = 8 AND a.channel = 1 AND a.claimed_at > c.answered_at
        AND NOT EXISTS (SELECT 1 FROM attempt_callee x WHERE x.attempt_id = a.id AND x.callee_id <> c.id)""",
    )
    assert late == []


@pytest.mark.slow
def test_counts_and_journal_agree(night: Any) -> None:
    """Promise 8: whoever committed in whatever order, the counts are those of the rows, and the journal tells them."""
    wrong = _rows(
        night,
        """SELECT b.id FROM branch b JOIN (SELECT branch_id, count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered
            FROM callee GROUP BY branch_id) k ON k.branch_id = b.id WHERE b.answered <> k.answered""",
    )
    assert wrong == []
    with reading(night.products[0].database) as connection:
        assert verify(connection, KeyRing.simulated(1).journal_public) == []
        assert fold_faults(connection) == []


def test_a_route_that_is_down_is_tried_by_one_of_all_workers(postgresql: Any) -> None:
    """However many claim at the very same time: one attempt is the trial, also on a route without any limit."""
    engine = postgresql.create()
    played = ManyWorkers(engine.url.render_as_string(hide_password=False), 3)
    first = played.products[0]
    raw = restamp((ROOT / "config" / "samples" / "12379-red-rain-city.xml").read_bytes(), START)
    first.engine.take_in(START, raw, "test")
    first.engine.act(START, Act.OPEN_GATE, 1, actor="test", reason="test")
    with first.storage.writing() as tx:
        routes = tx.routes.load()
        tx.routes.define([RouteRecord(one.name, one.channel, one.lines) for one in routes])
    for number in range(6):
        now = START + 60_000 + number * STEP
        with first.storage.writing() as tx:
            tx.routes.keep_breaker("sms", Breaker(Phase.OPEN, openings=1, until=now))
        tried = _turned_together(played, now)
        assert len(tried) == 1
        with first.storage.writing() as tx:
            assert tx.routes.breakers(["sms"])["sms"].trial == tried[0].attempt_id
    played.close()


def _turned_together(played: ManyWorkers, now: int) -> list[Dispatch]:
    """The messages that all workers together put on the wire at a moment."""
    batches: list[Dispatch] = []
    ready = threading.Barrier(WORKERS)

    def turn(index: int) -> None:
        ready.wait()
        for _ in range(3):
            batches.extend(played.products[index].engine.turn(now, Inbox()).batch)

    threads = [threading.Thread(target=turn, args=(index,)) for index in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for one in batches if one.channel is Channel.SMS]
