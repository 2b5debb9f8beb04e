"""Estimates are kept with their call-out and judged by what happened, and the register is read without names and numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from by_path import loaded

from warning_dispatch.model.estimate import Estimate, Guess
from warning_dispatch.model.states import CalleeState, CallOutState, Means
from warning_dispatch.planning_ports import EstimateReadings
from warning_dispatch.store import schema
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.estimate_rows import keep_estimate
from warning_dispatch.store.planning_rows import called_now, lessons, stored_phonebook
from warning_dispatch.store.sql import Sql

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
START, TOWNSHIP = rows_by_hand.START, rows_by_hand.TOWNSHIP
TOWNSHIPS, VILLAGES = rows_by_hand.TOWNSHIPS, rows_by_hand.VILLAGES
MINUTE = 60_000
SAID = Estimate(
    made_at=START + 1_000,
    storms=4,
    units=2,
    lines=30,
    habits="default",
    guesses=(Guess(0.5, 2 * MINUTE, MINUTE, 3 * MINUTE), Guess(0.95, None, None, None)),
    course=((0, 0), (30_000, 2)),
)


def test_the_first_estimate_stays_and_the_latest_is_replaced(house: House) -> None:
    """What was said at the launch is never changed; unknown call-outs keep nothing."""
    callout, read = house.callout(), house.read
    port: EstimateReadings = read
    assert port.estimates([callout]) == {}
    assert list(port.judged(callout)) == []
    later = replace(SAID, made_at=START + 40_000, units=3)
    with writing(house.engine) as connection:
        for estimate in (SAID, replace(SAID, made_at=START + 9_000), later):
            keep_estimate(Sql(connection), callout, estimate)
        keep_estimate(Sql(connection), 999, SAID)
    kept = port.estimates([callout, 999])
    assert list(kept) == [callout]
    assert kept[callout].launch == SAID
    assert kept[callout].now == later


def test_an_estimate_is_judged_by_the_answers(house: House) -> None:
    """Half of two had answered after three minutes where two were said: half as long again."""
    callout = house.callout()
    branch = house.branch(callout, TOWNSHIPS, START, total=2, answered=1)
    house.callee(callout, branch, TOWNSHIP, TOWNSHIPS, CalleeState.ACKNOWLEDGED, answered_at=START + 3 * MINUTE)
    with writing(house.engine) as connection:
        keep_estimate(Sql(connection), callout, SAID)
    half, nearly = house.read.judged(callout)
    assert (half.happened, half.error, half.within) == (3 * MINUTE, 0.5, True)
    assert (nearly.happened, nearly.error) == (None, None)


def test_a_phone_book_has_no_number_and_no_name(house: House) -> None:
    """Every endpoint in use, behind a stand-in; the same number is the same stand-in."""
    with reading(house.engine) as connection:
        book = stored_phonebook(Sql(connection), rows_by_hand.SEALER, START)
    assert {unit.code for unit in book.units} >= set(book.endpoints)
    ids = {one.number_id for listed in book.endpoints.values() for one in listed}
    assert ids == set(book.numbers)
    assert all(len(said) <= 12 and str(number) in said for number, said in book.numbers.items())


def test_a_call_out_is_read_as_it_stands(house: House) -> None:
    """Callees with the core's own state, and their branches."""
    callout = house.callout()
    branch = house.branch(callout, TOWNSHIPS, START)
    chief = house.callee(callout, branch, TOWNSHIP, TOWNSHIPS, CalleeState.UNANSWERED)
    with reading(house.engine) as connection:
        found = called_now(Sql(connection), callout)
    assert [(one.id, one.callee.state) for one in found.callees] == [(chief, CalleeState.UNANSWERED)]
    assert [one.id for one in found.branches] == [branch]
    assert found.codes[found.callees[0].unit_id]


def test_past_calls_are_lessons_by_outcome_once_the_call_out_is_over(house: House) -> None:
    """Nothing of one that runs, nothing by a simulated route."""
    callout = house.callout()
    branch = house.branch(callout, TOWNSHIPS, START)
    chief = house.callee(callout, branch, TOWNSHIP, TOWNSHIPS, CalleeState.ACKNOWLEDGED)
    number = house.number("139****0001")
    house.attempt(
        callout,
        chief,
        outcome="key_pressed",
        route="real",
        number_id=number,
        handed_at=START,
        ended_at=START + 30_000,
    )
    house.answer(callout, chief, START + 9, counted=True, receiver=house.receiver(TOWNSHIP), means=Means.SUPERIOR)
    with reading(house.engine) as connection:
        assert lessons(Sql(connection)).callouts == 0
    house.change(schema.callout, callout, state=CallOutState.CLOSED.value, ended_at=START + 9)
    with reading(house.engine) as connection:
        taught, by_simulation = lessons(Sql(connection)), lessons(Sql(connection), ("real",))
    assert taught.callouts == 1
    (call,) = taught.calls
    assert (call.outcome, call.count, call.took, call.first) == ("key_pressed", 1, 30_000, True)
    assert taught.told == 1
    assert by_simulation.callouts == 0


def test_only_who_stood_on_a_superiors_list_teaches_what_superiors_do(house: House) -> None:
    """Lifted before its gate or before its ladder was climbed, waived, told, answered, taken over: nobody was to record it."""
    early = house.callout(state=CallOutState.CANCELLED.value, ended_at=START + MINUTE)
    branch = house.branch(early, VILLAGES, START)
    number = house.number("139****0001")
    passed = (
        (CalleeState.STOPPED, None, 0),
        (CalleeState.STOPPED, START, 0),
        (CalleeState.WAIVED, START, 3),
        (CalleeState.INFORMED, START, 1),
        (CalleeState.ACKNOWLEDGED, START, 2),
        (CalleeState.SUPERSEDED, START, 4),
    )
    for place, (state, opened_at, cycle) in enumerate(passed, 1):
        village = house.callee(early, branch, house.village(place), VILLAGES, state, opened_at=opened_at, cycle=cycle)
    house.attempt(early, village, outcome="no_answer", route="real", number_id=number, handed_at=START, ended_at=START)
    with reading(house.engine) as connection:
        taught = lessons(Sql(connection))
    assert (taught.callouts, taught.told, taught.open_below) == (1, 0, 0)
    late = house.callout(state=CallOutState.CLOSED.value, ended_at=START + 60 * MINUTE)
    branch, receiver = house.branch(late, VILLAGES, START), house.receiver(TOWNSHIP)
    listed = (
        (CalleeState.UNANSWERED, 0, 0),
        (CalleeState.STOPPED, 2, 0),
        (CalleeState.STOPPED, 0, 2),
        (CalleeState.ACKNOWLEDGED, 1, 0),
    )
    for place, (state, cycle, heard) in enumerate(listed, 11):
        village = house.callee(
            late, branch, house.village(place), VILLAGES, state, opened_at=START, cycle=cycle, heard=heard
        )
    house.answer(late, village, START + 9, counted=True, receiver=receiver, means=Means.SUPERIOR)
    with reading(house.engine) as connection:
        taught = lessons(Sql(connection))
    assert (taught.told, taught.open_below) == (1, 4)
