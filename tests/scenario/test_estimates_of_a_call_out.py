"""预估: said when a call-out begins and while it runs, by the storms that `simulate` plays; its error is told afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.bootstrap.estimating import ANEW
from warning_dispatch.model.states import CalleeState

WITHIN = 0.25
"""The estimate reckons with superiors who work their lists; on the simulated network none does."""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demonstration's bureau on the virtual clock, with a red warning over the whole prefecture."""
    module = loaded("tests_console_site", Path(__file__).parents[1] / "console_site.py")
    site = module.Bureau(tmp_path_factory.mktemp("estimates"))
    site.callout = site.warn()
    site.play(5)
    yield site
    site.estimator.close()
    site.product.close()


def test_an_estimate_is_kept_from_the_start_and_worked_out_anew(night: Any) -> None:
    """The first stays as it was said; while the call-out runs there is one from where it stands."""
    assert night.estimator.look_now() == 1
    assert night.estimator.look_now() == 0, "it is fresh"
    launch = night.read.estimates([night.callout])[night.callout]
    assert launch.latest is None
    assert launch.launch.units == 2_651
    assert launch.launch.lines == 120
    night.play(ANEW / 1000 * 8)
    assert night.estimator.look_now() == 1
    kept = night.read.estimates([night.callout])[night.callout]
    assert kept.launch == launch.launch
    assert kept.latest is not None
    answered = night.read.callout(night.callout)
    done = sum(tier.acknowledged + tier.duty_answered for tier in answered.tiers)
    course = dict(kept.latest.course)
    before = max(at for at in course if at <= ANEW * 8)
    assert abs(course[before] - done) < 0.1 * 2_651, "it goes on from what has been answered"


def test_its_error_is_told_when_it_has_happened(night: Any) -> None:
    """Half, nine in ten, and 95 %: when that was said to come, and when it came."""
    night.play(1_500)
    assert not night.read.callees(night.callout, states=(CalleeState.WAITING,), limit=1)
    judged = night.read.judged(night.callout)
    assert [one.guess.share for one in judged] == [0.5, 0.9, 0.95]
    assert all(one.happened is not None for one in judged)
    errors = [one.error for one in judged if one.error is not None]
    assert len(errors) == 3
    assert max(map(abs, errors)) < WITHIN
