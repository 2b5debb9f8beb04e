"""What many storms come to, the estimate that is kept of it, how right it was, and the picture."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.estimate import SHARES, Estimate, Guess, judged
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.planning.crew import play_all
from warning_dispatch.planning.plot import Words, plot
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import estimate_of, spread_of

MINUTE = 60_000


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**8)), min_size=1, max_size=50))
def test_a_spread_is_ordered_and_what_never_came_is_later_than_any(times: list[int | None]) -> None:
    """Low before the middle before high; where more than half never came there is no middle."""
    found = spread_of(times)
    known = [one for one in (found.low, found.middle, found.high) if one is not None]
    assert known == sorted(known)
    never = sum(one is None for one in times)
    assert found.reached == (len(times) - never) / len(times)
    if never > len(times) / 2:
        assert found.middle is None


def test_an_estimate_is_told_and_judged(question: Question, book: Phonebook) -> None:
    """What was said at the launch, against what happened: a tenth late is a tenth late."""
    result = play_all([question], book, storms=3, seed=1, jobs=1)[0]
    estimate = estimate_of(result, 1_000, SHARES)
    nearly = estimate.guess()
    assert nearly is not None
    assert nearly.middle is not None
    assert estimate.units == result.total
    late = round(nearly.middle * 1.1)
    answers = [(500 + late, round(0.95 * estimate.units) + 1)]
    half, most, last = judged(estimate, answers, 500)
    assert last.error is not None
    assert abs(last.error - 0.1) < 0.001
    assert half.happened == most.happened == late


def test_what_has_not_happened_is_not_judged() -> None:
    """No error without an end, none where nothing was said."""
    said = Estimate(0, 1, 100, 10, "default", (Guess(0.95, None, None, None), Guess(0.5, MINUTE, MINUTE, 2 * MINUTE)))
    nearly, half = judged(said, [(MINUTE, 50)], 0)
    assert nearly.error is nearly.within is nearly.happened is None
    assert half.error == 0
    assert half.within is True


def test_the_plot_is_a_picture_for_itself_and_for_a_page(question: Question, book: Phonebook) -> None:
    """Well-formed, no style of its own (the page's policy allows none), every curve named and drawn differently."""
    results = play_all([question.with_lines(4), question.with_lines(40)], book, storms=2, seed=1, jobs=1)
    svg = plot(results, ["四条<线>", "四十条线"], Words(title='推演 "一"'))
    root = ET.fromstring(svg)  # noqa: S314 - we drew it
    text = "".join(root.itertext())
    assert "四条<线>" in text
    assert "四十条线" in text
    assert "style" not in svg
    lines = root.findall("{*}polyline")
    assert len({(one.get("stroke"), one.get("stroke-dasharray")) for one in lines}) == len(results)


def test_a_plot_of_what_never_gets_there_is_drawn_all_the_same(question: Question, book: Phonebook) -> None:
    """One line for a county in a quarter of an hour: no dot at 95 %, and a dash for its time."""
    brief = replace(question.with_lines(1), validity=900_000)
    svg = plot(play_all([brief], book, storms=2, seed=1, jobs=1), ["一条线"], Words(title="推演"))
    assert "一条线: —" in svg
    assert "<circle" not in svg
