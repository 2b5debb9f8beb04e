"""What several warnings mean for one unit: the rules as sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.routing.obligations import Fate, Holder, Standing, fate, grown, in_force, in_order, plan_round
from warning_dispatch.routing.selection import TierSelection

VILLAGES = TierSelection(4, UnitKind.DIVISION, UnitLevel.VILLAGE, (), (), ("141121",), ())
ORANGE = Holder(1, 1, Colour.ORANGE, 1_000, "1411", "city", (VILLAGES,), 90_000, valid_guessed=True)
RED = replace(ORANGE, chain_id=2, colour=Colour.RED, began_at=2_000)
RUNNING = Standing(7, 1, Colour.ORANGE, "1411", "city", until=90_000, live=True)


@pytest.mark.parametrize(
    ("holder", "wanted", "carrier", "expected"),
    [
        (ORANGE, Colour.ORANGE, None, Fate.NEW),
        (RED, Colour.RED, RUNNING, Fate.RENEWED),
        (ORANGE, Colour.ORANGE, RUNNING, Fate.CARRIED),
        (replace(ORANGE, chain_id=3), Colour.ORANGE, RUNNING, Fate.CARRIED),
        (replace(ORANGE, issuer_area="141121"), Colour.ORANGE, RUNNING, Fate.STAYS),
        (replace(ORANGE, plan_name="county"), Colour.ORANGE, RUNNING, Fate.STAYS),
        (ORANGE, Colour.ORANGE, replace(RUNNING, colour=Colour.RED), Fate.LOWERED),
        (ORANGE, Colour.RED, replace(RUNNING, colour=Colour.RED), Fate.HIGHER),
        (replace(ORANGE, began_at=90_001), Colour.RED, replace(RUNNING, colour=Colour.RED, chain_id=2), Fate.NEW),
        (ORANGE, Colour.RED, None, Fate.NEW),
        (replace(RED, began_at=90_001), Colour.RED, replace(RUNNING, colour=Colour.RED), Fate.NEW),
        (replace(RED, began_at=90_001, chain_id=1), Colour.RED, replace(RUNNING, colour=Colour.RED), Fate.CARRIED),
        (ORANGE, Colour.ORANGE, replace(RUNNING, live=False), Fate.STAYS),
        (ORANGE, Colour.ORANGE, replace(RUNNING, live=False, colour=Colour.RED), Fate.STAYS),
        (RED, Colour.RED, replace(RUNNING, live=False), Fate.RENEWED),
        (replace(RED, raised_at=95_000), Colour.RED, replace(RUNNING, live=False, colour=Colour.RED), Fate.NEW),
    ],
)
def test_the_fate_of_one_unit(holder: Holder, wanted: Colour, carrier: Standing | None, expected: Fate) -> None:
    """Equal or lower from anywhere calls nobody who answered; a higher colour, a new area or a new day does."""
    assert fate(holder, wanted, carrier) is expected


def test_a_round_knows_how_each_call_out_meets_it() -> None:
    """The store is told in ids what the rules say in words."""
    county = replace(RUNNING, callout_id=8, colour=Colour.RED, issuer_area="141121", plan_name="county", chain_id=5)
    closed = replace(RUNNING, callout_id=9, live=False)
    stale = replace(RUNNING, callout_id=10, until=500, chain_id=6)
    plan = plan_round(ORANGE, (ORANGE, RED), (RUNNING, county, closed, stale))
    assert (plan.carried, plan.lowered, plan.stays, plan.stale, plan.renewed) == ((7,), (8,), (9,), (10,), ())
    assert plan.higher == (VILLAGES,)
    assert plan.above == (8,)
    assert plan.moved == (7, 8, 10)


def test_a_warning_that_nobody_lifted_holds_on_through_the_call_out_it_was_there_for() -> None:
    """A signal stands until it is lifted; but one of yesterday does not hold on to what today's warning began."""
    assert in_force(ORANGE, 89_999, ())
    assert not in_force(ORANGE, 90_000, ())
    assert in_force(ORANGE, 200_000, (replace(RUNNING, started_at=80_000),))
    assert not in_force(ORANGE, 200_000, (replace(RUNNING, started_at=100_000),))
    assert not in_force(ORANGE, 200_000, (replace(RUNNING, live=False),))


def test_a_notice_holds_nobody() -> None:
    """Whoever is only told is under no obligation by it."""
    told = replace(VILLAGES, notice=True)
    assert replace(ORANGE, coverage=(VILLAGES, told)).asking == (VILLAGES,)


def test_red_makes_its_round_before_orange() -> None:
    """Whom the red takes the orange need not take; of one colour the message that has just come goes first."""
    other = replace(ORANGE, chain_id=3)
    assert in_order((ORANGE, other, RED), first=3) == (RED, other, ORANGE)
    assert in_order((other, ORANGE), first=None) == (ORANGE, other)


def test_an_area_grows_by_what_lies_outside_it() -> None:
    """A township of a county that was named is nothing new; the county of a township that was named is."""
    township = replace(VILLAGES, roots=("141121100",))
    assert not grown((VILLAGES,), (township,))
    assert grown((township,), (VILLAGES,))
    assert grown((), (VILLAGES,))
