"""What planning is asked: everything wrong with it at once, before a minute is spent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.planning.asking import Asked, Ground, questions_of
from warning_dispatch.planning.gains import changes
from warning_dispatch.planning.habits import usual
from warning_dispatch.planning.question import Question


def findings(asked: Asked, ground: Ground, book: Phonebook) -> list[str]:
    """Where something is wrong."""
    with pytest.raises(ConfigError) as caught:
        questions_of(asked, ground, usual(3), book)
    return [one.where.split(" / ")[1] for one in caught.value.findings]


def test_one_question_for_each_number_of_lines_and_each_chain(
    asked: Asked, ground: Ground, book: Phonebook, configuration: Configuration
) -> None:
    """Side by side: the chain's first, then the other's; without a number those that are configured."""
    several = replace(asked, lines=(10, 30), against=configuration.chain("strict"))
    found = questions_of(several, ground, usual(3), book)
    assert [(one.chain.name, one.lines.voice) for one in found] == [
        ("city", 10),
        ("city", 30),
        ("strict", 10),
        ("strict", 30),
    ]
    assert questions_of(asked, ground, usual(3), book)[0].lines.voice == 30


def test_everything_wrong_is_said_at_once(asked: Asked, ground: Ground, book: Phonebook) -> None:
    """Lines, storms, the hour, the area."""
    wrong = replace(asked, lines=(0, -1), storms=0, hour=24, areas=("9999", "x"))
    assert findings(wrong, ground, book) == ["lines", "lines", "storms", "hour", "area", "area"]


def test_a_chain_without_this_colour_is_refused(asked: Asked, ground: Ground, book: Phonebook) -> None:
    """No chain of ours calls for blue."""
    assert findings(replace(asked, colour=Colour.BLUE), ground, book) == ["chain city"]


def test_a_chain_that_cannot_finish_in_time_is_refused(asked: Asked, ground: Ground, book: Phonebook) -> None:
    """Villages that ring after the warning is over, and lines that cannot ring them all."""
    chain = asked.chain
    slow = replace(chain, tiers=tuple(replace(one, hold=dict.fromkeys(one.hold, 4 * 3_600_000)) for one in chain.tiers))
    assert "chain city" in findings(replace(asked, chain=slow), ground, book)
    brief = replace(asked, hazard=replace(asked.hazard, validity={Colour.RED: 900_000}), areas=("1411",), lines=(1,))
    assert findings(brief, ground, book) == ["lines"]


def test_an_area_where_nobody_is_called_is_refused(asked: Asked, ground: Ground, book: Phonebook) -> None:
    """An empty phone book, and a register without numbers."""
    assert findings(asked, ground, Phonebook(book.units, {}, {})) == ["register"]
    assert findings(replace(asked, areas=("1411",)), ground, Phonebook((), {}, {})) == ["chain city"]


def test_what_brings_how_much_differs_in_one_thing(question: Question, book: Phonebook) -> None:
    """Lines, each rung of the largest tier, each channel, the superiors; each with words of its own."""
    found = changes(question, book)
    assert found[0].question == question
    words = [one.chinese for one in found]
    assert len(set(words)) == len(words)
    assert {"15 条线", "45 条线", "60 条线", "不打电话", "不发短信", "上级不逐个落实"} <= set(words)
    assert sum("只用前" in word for word in words) == 5
    assert all(one.question != question for one in found[1:-1])
