"""What receivers report, as other systems read it: the same on every database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.feedback import Feedback, FeedbackBrief
from warning_dispatch.model.states import CalleeState
from warning_dispatch.store.database import writing
from warning_dispatch.store.feedback_rows import FeedbackTable
from warning_dispatch.store.reading_own_list import OwnListTables
from warning_dispatch.store.sql import Sql

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
START, TOWNSHIPS, VILLAGES = rows_by_hand.START, rows_by_hand.TOWNSHIPS, rows_by_hand.VILLAGES
COUNTY, TOWNSHIP, SEALER = rows_by_hand.COUNTY, rows_by_hand.TOWNSHIP, rows_by_hand.SEALER
S = CalleeState


@pytest.fixture
def night(house: Any) -> dict[str, Any]:
    """A township and three villages that have confirmed; one person answers for two of the villages."""
    callout = house.callout()
    upper = house.branch(callout, TOWNSHIPS, START)
    chief = house.callee(callout, upper, TOWNSHIP, TOWNSHIPS, S.ACKNOWLEDGED)
    lower = house.branch(callout, VILLAGES, START, superior_callee_id=chief)
    villages = [house.callee(callout, lower, house.village(n), VILLAGES, S.ACKNOWLEDGED) for n in (201, 202, 203)]
    return {"callout": callout, "chief": chief, "villages": villages}


def say(house: Any, callees: list[int], receiver: int, seconds: int, said: Feedback) -> None:
    """A report, as the desk keeps it."""
    with writing(house.engine) as connection:
        FeedbackTable(Sql(connection), SEALER).add(callees, receiver, START + seconds * 1000, said)


def readings(house: Any) -> OwnListTables:
    """The readings under test."""
    return OwnListTables(house.engine, SEALER, b"k" * 32, house.read, lambda: START)


def test_reports_come_newest_first_with_counts_by_county(house: Any, night: dict[str, Any]) -> None:
    """Every report with its unit; the newest number of people counts, and who reports for two villages at once counts once."""
    one, two, three = night["villages"]
    say(house, [one, two], 7, 1, Feedback(on_post=True, moved=37, measures="转移沿河户"))
    say(house, [three], 8, 2, Feedback(moved=5))
    say(house, [three], 8, 3, Feedback(moved=6, dangers="桥已漫水"))
    say(house, [three], 9, 4, Feedback(told="支书在堤上"))
    say(house, [night["chief"]], 4, 5, Feedback(on_post=True, moved=48))
    read = readings(house)
    page = read.feedback(night["callout"])
    assert [row.at for row in page.rows] == [START + second * 1000 for second in (5, 4, 3, 2, 1, 1)]
    newest = page.rows[0]
    assert (newest.unit_name, newest.path, newest.county, newest.said.moved) == ("白文镇", "临县", "141124", 48)
    assert (page.rows[2].path, page.rows[2].said.dangers) == ("临县 白文镇", "桥已漫水")
    township, villages = page.counts
    assert (township.county_name, township.callees, township.reported, township.moved) == ("临县", 1, 1, 48)
    assert (villages.callees, villages.reported, villages.on_post, villages.moved, villages.dangers) == (3, 3, 2, 43, 1)
    second = read.feedback(night["callout"], limit=2, offset=2)
    assert [row.id for row in second.rows] == [row.id for row in page.rows[2:4]]
    assert (second.total, second.counts) == (6, page.counts)
    assert read.feedback(night["callout"], county="141125").rows == ()
    with pytest.raises(NotFoundError):
        read.feedback(99)


def test_a_list_of_units_has_what_their_reports_come_to(house: Any, night: dict[str, Any]) -> None:
    """Without a word that could name a person; a unit of which nothing was reported is left out."""
    one, two, three = night["villages"]
    say(house, [one], 7, 1, Feedback(on_post=True, moved=37))
    say(house, [one], 7, 9, Feedback(dangers="桥已漫水"))
    say(house, [three], 7, 2, Feedback(told="x"))
    assert readings(house).briefs([one, two, three]) == {
        one: FeedbackBrief(2, START + 9_000, on_post=True, moved=37, dangers=True, told=False),
        three: FeedbackBrief(1, START + 2_000, on_post=False, moved=None, dangers=False, told=True),
    }
    assert readings(house).briefs([]) == {}


def test_free_words_are_listed_and_are_in_no_count(house: Any, night: dict[str, Any]) -> None:
    """A message that came back is read with the reports; the unit has reported nothing by it."""
    one = night["villages"][0]
    say(house, [one], 7, 1, Feedback(replied="桥断了，快来人"))
    page = readings(house).feedback(night["callout"])
    assert [row.said.replied for row in page.rows] == ["桥断了，快来人"]
    assert [(count.tier, count.reported, count.dangers) for count in page.counts][1] == ("villages", 0, 0)
    brief = readings(house).briefs([one])[one]
    assert (brief.replied, brief.told, brief.dangers) == (True, False, False)
    with writing(house.engine) as connection:
        rows = FeedbackTable(Sql(connection), SEALER)
        assert [rows.count([one], 7), rows.count([one], 7, replies=True)] == [0, 1]


def test_where_nobody_has_reported_the_counts_say_so(house: Any, night: dict[str, Any]) -> None:
    """The units stand there with noughts: silence is a fact too."""
    page = readings(house).feedback(night["callout"])
    assert (page.rows, page.total) == ((), 0)
    assert [(one.tier, one.callees, one.reported) for one in page.counts] == [("townships", 1, 0), ("villages", 3, 0)]
