"""A drill for everyone over the whole prefecture, in virtual time, interrupted by a real warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from warning_dispatch.bootstrap import build_demo, demo_warning
from warning_dispatch.bootstrap.drills import drill_tables
from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.drills import DrillKind, DrillRequest, DrillState
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.ports import Dispatch, Receipt
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.stage import Stage
from warning_dispatch.store.database import reading
from warning_dispatch.store.sql import Sql

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
START = 1_785_000_000_000
HOUR = 3_600_000


class Wire:
    """The simulated network, and what was handed to it with the moment."""

    def __init__(self, network: SimulatedNetwork) -> None:
        self.handed: list[tuple[int, Dispatch]] = []
        self._network, self._accept = network, network.accept
        network.accept = self.accept  # type: ignore[method-assign] # a witness before the network

    def accept(self, batch: tuple[Dispatch, ...], now: int) -> list[Receipt]:
        """Keep it, and let the network have it."""
        self.handed += [(now, one) for one in batch]
        return self._accept(batch, now)


def test_the_real_one_goes_first_within_a_second_and_no_word_of_the_drill_after_it() -> None:
    """Some 2,600 units are being drilled on thirty lines; the warning comes, and the night is its own."""
    demo = build_demo(
        config=ROOT / "config",
        contacts=ROOT / "contacts",
        database_url=None,
        seed=11,
        lines=30,
        now=START,
        link_prefix="http://127.0.0.1/r/",
    )
    product, clock = demo.product, VirtualClock(START)
    engine, wire = product.engine, Wire(demo.network)
    stage = Stage(engine, demo.network, clock)
    asked = DrillRequest(DrillKind.EVERYONE, hazard="暴雨", colour="red", areas=("1411",), valid=HOUR)
    drill = engine.once(START, lambda led: engine.drills.compose(led, asked, "甲")).result
    assert engine.once(START, lambda led: engine.drills.release(led, drill, "甲")).result is False
    assert engine.once(START, lambda led: engine.drills.release(led, drill, "乙")).result is True
    stage.play(lambda: False, START + 420_000)
    practised = drill_tables(product).drill(drill).callout_id
    assert practised is not None
    with reading(product.database) as connection:
        waiting = Sql(connection).value("SELECT count(*) FROM attempt WHERE state = 1 AND channel = 1")
    assert waiting > 500, "the drill has all the lines, and hundreds of villages wait for one"

    before = len(wire.handed)
    came = clock.now()
    done = engine.take_in(came, demo_warning(ROOT / "config", came), "12379")
    demo.network.hang_up(done.hang_up, came)
    (real,) = done.result.callouts
    stage.play(lambda: clock.now() > came + 1_000, came + 1_000)
    within_a_second = [one for _, one in wire.handed[before:]]
    leaders = [one for one in within_a_second if one.callout_id == real]
    assert leaders, "the real one first, within a second"
    assert {one.callout_id for one in within_a_second} <= {real, *_own(product)}
    stage.play(lambda: False, came + 300_000)
    after = wire.handed[before:]
    assert all(one.callout_id != practised for _, one in after)
    assert not [one.text for _, one in after if one.purpose in (Purpose.CALL, Purpose.NOTICE) and "演练" in one.text]
    assert all("演练" in one.text for _, one in wire.handed[:before])

    view = drill_tables(product).drill(drill)
    assert (view.state, view.why) == (DrillState.INTERRUPTED, "real_warning")
    assert product.read.callout(practised).state is CallOutState.CLOSED
    report = drill_tables(product).report(drill)
    assert report.score is None
    assert report.in_time > 100
    shown = product.read.callout(real)
    assert shown.purpose is Purpose.CALL
    with reading(product.database) as connection:
        sql = Sql(connection)
        shared = sql.value(
            """SELECT count(*) FROM acknowledgement k JOIN callee c ON c.id = k.callee_id
            WHERE k.callout_id = ? AND c.callout_id <> ?""",
            real,
            real,
        )
        early = sql.value("SELECT count(*) FROM acknowledgement WHERE callout_id = ? AND at < ?", real, came)
    assert (shared, early) == (0, 0), "no answer to the drill is counted for the warning"


def _own(product: object) -> set[int]:
    """The bureau's call to itself: the officer is told that the drill was ended."""
    with reading(product.database) as connection:  # type: ignore[attr-defined] # the demonstration's product
        rows = Sql(connection).rows("SELECT id FROM callout WHERE purpose = ?", Purpose.SELF.value)
    return {row[0] for row in rows}
