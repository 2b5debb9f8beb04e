"""One storm: what holds of every one of them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from warning_dispatch.escalation.timing import latest_ring
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.states import Means
from warning_dispatch.model.unit import Channel
from warning_dispatch.planning.crew import play_all
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import ALL, SHARES, bound_of, sum_up
from warning_dispatch.planning.storm import play
from warning_dispatch.planning.town import town_of
from warning_dispatch.simulation.superiors import SuperiorHabit

SEEDS = range(1, 6)
LINES = (2, 4, 8, 16, 64)


def test_the_same_seed_is_the_same_storm(question: Question, book: Phonebook) -> None:
    """Everything follows from the seed; another seed is another storm."""
    town = town_of(question, book)
    assert play(question, town, 1) == play(question, town, 1)
    assert play(question, town, 1) != play(question, town, 2)


def test_the_number_of_processes_changes_nothing(question: Question, book: Phonebook) -> None:
    """One process, three of them, or none of our own: the same results to the last figure."""
    alone = play_all([question], book, storms=4, seed=3, jobs=1)
    crew = play_all([question], book, storms=4, seed=3, jobs=3)
    assert [one.storms for one in alone] == [one.storms for one in crew]


def test_more_lines_are_never_later_in_distribution(question: Question, book: Phonebook) -> None:
    """Each time that a result tells falls with the lines, over the same people."""
    town = town_of(question, book)
    times = []
    for lines in LINES:
        with_lines = question.with_lines(lines)
        sums = [sum_up(with_lines, town, play(with_lines, town, seed)).times[ALL] for seed in SEEDS]
        times.append([sorted(one[at] or 1 << 60 for one in sums) for at in range(len(SHARES) - 1)])
    for few, many in itertools.pairwise(times):
        for share, other in zip(few, many, strict=True):
            assert all(more <= fewer for fewer, more in zip(share, other, strict=True))


@pytest.mark.parametrize("lines", LINES)
def test_no_line_is_used_twice_and_the_bound_holds(question: Question, book: Phonebook, lines: int) -> None:
    """Never more calls than lines, never more of the lines' time than there was, never faster than the bound."""
    asked, town = question.with_lines(lines), town_of(question, book)
    for seed in SEEDS:
        played = play(asked, town, seed)
        found = sum_up(asked, town, played)
        bound, nearly = bound_of(played, len(town.seats), lines), found.times[ALL][SHARES.index(0.95)]
        assert played.peak <= lines
        assert found.used is None or found.used <= 1
        assert bound is not None
        assert nearly is None or bound <= nearly


def test_every_unit_answers_once_and_in_order(question: Question, book: Phonebook) -> None:
    """A course only rises and never passes all."""
    town = town_of(question, book)
    played = play(question, town, 1)
    moments = [one.after for one in played.answers]
    assert moments == sorted(moments)
    assert len({one.seat for one in played.answers}) == len(moments) <= len(town.seats)
    course = sum_up(question, town, played).course
    assert list(course) == sorted(course)
    assert course[-1] == len(moments)


def test_without_a_line_and_without_a_text_nobody_answers(question: Question, book: Phonebook) -> None:
    """What is left out is left out."""
    mute = question.without_channel(Channel.VOICE).without_channel(Channel.SMS).without_channel(Channel.EMAIL)
    assert play(mute, town_of(mute, book), 1).answers == ()
    texts_only = question.without_channel(Channel.VOICE)
    played = play(texts_only, town_of(texts_only, book), 1)
    assert played.calls == 0
    assert {one.means for one in played.answers} <= {Means.LINK, Means.REPLY, Means.EMAIL}


def test_superiors_make_it_faster_and_are_counted_apart(question: Question, book: Phonebook) -> None:
    """The second cascade: on few lines most of the gain."""
    few = question.with_lines(3)
    town = town_of(few, book)
    working = replace(few, habits=replace(few.habits, superiors=SuperiorHabit()))
    alone, both = sum_up(few, town, play(few, town, 1)), sum_up(working, town, play(working, town, 1))
    at = SHARES.index(0.95)
    assert alone.superiors == 0 < both.superiors
    assert (both.times[ALL][at] or 0) < (alone.times[ALL][at] or 1 << 60)


def test_gates_open_by_their_holds_where_nobody_answers(question: Question, book: Phonebook) -> None:
    """With nobody at the phone above, villages are rung no later than the chain says."""
    town = town_of(question, book)
    played = play(question.with_lines(500), town, 1)
    latest = latest_ring(question.chain, question.colour)["villages"]
    assert latest is not None
    first = {seat: one.after for one in played.answers for seat in [one.seat]}
    villages = [at for at, seat in enumerate(town.seats) if question.chain.tiers[seat.tier].name == "villages"]
    answered = [first[at] for at in villages if at in first]
    assert min(answered) < latest + 60_000
