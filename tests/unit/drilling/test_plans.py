"""A plan cut down to some tiers, and an announcement."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from warning_dispatch.configuration import load_configuration
from warning_dispatch.drilling.plans import announcing, called, with_tiers
from warning_dispatch.escalation.timing import latest_ring, slowest_end
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain

ROOT = Path(__file__).resolve().parents[3]
CHAINS = list(load_configuration(ROOT / "config").chains)
COLOURS = (Colour.RED, Colour.ORANGE)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda one: one.name)
@pytest.mark.parametrize("colour", COLOURS)
def test_any_choice_of_tiers_is_a_plan(chain: CallChain, colour: Colour) -> None:
    """Whatever is left out, nobody waits for a tier that is not called, and the order stays."""
    names = called(chain, colour)
    for count in (1, 2, 3):
        for chosen in combinations(names, count):
            cut = with_tiers(chain, chosen)
            assert tuple(tier.name for tier in cut.tiers) == tuple(name for name in names if name in chosen)
            assert all(tier.opens_after is None or tier.opens_after in chosen for tier in cut.tiers)
            assert latest_ring(cut, colour)
            assert slowest_end(cut, colour) <= slowest_end(chain, colour)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda one: one.name)
def test_an_announcement_asks_for_nothing(chain: CallChain) -> None:
    """One SMS to each, at once, no call, nobody waits for anybody."""
    plan = announcing(chain, Colour.RED)
    assert tuple(tier.name for tier in plan.tiers) == called(chain, Colour.RED)
    for tier in plan.tiers:
        assert (tier.notice, tier.opens_after) == (True, None)
        assert [rung.after for rung in tier.ladders[Colour.RED].rungs] == [0]


def test_a_chain_without_end_is_counted_by_its_own_limit() -> None:
    """The strict chain waits for answers: an officer opens it when its tier has become unreached."""
    strict = next(one for one in CHAINS if one.name == "strict")
    assert slowest_end(strict, Colour.RED) > 0
