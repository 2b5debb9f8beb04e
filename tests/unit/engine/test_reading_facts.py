"""The few facts of a message that decisions need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warning_dispatch.engine.reading import read_facts
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, AlertStatus, MsgType
from warning_dispatch.model.colour import Colour

INFO = AlertInfo(
    language="zh-CN",
    event_code="11B03",
    event_name="",
    colour=Colour.RED,
    severity="Red",
    headline="暴雨红色",
    description="",
    instruction="",
    sender_name="",
    effective=None,
    onset=None,
    expires=None,
    areas=(AlertArea("临县", ("141124000000",)),),
)


def message(*infos: AlertInfo, sender_code: str = "14110041600000", references: tuple[str, ...] = ()) -> Alert:
    """A message with these infos."""
    return Alert(
        "12379",
        "id",
        "气象台",
        sender_code,
        0,
        AlertStatus.ACTUAL,
        MsgType.ALERT,
        "Public",
        "None",
        "",
        references,
        infos,
    )


def test_of_several_infos_the_highest_colour_speaks() -> None:
    """A red beside an orange is a red, whatever comes first."""
    orange = replace(INFO, colour=Colour.ORANGE, areas=(AlertArea("兴县", ("141123000000",)),))
    facts = read_facts(message(orange, INFO), "1411")
    assert facts.colour is Colour.RED
    assert facts.codes == ("141124000000",)


@pytest.mark.parametrize(("ends", "last"), [((10, 20), 20), ((20, 10), 20), ((10, None), None), ((None, 10), None)])
def test_areas_that_are_joined_hold_until_the_last_is_over(ends: tuple[int | None, ...], last: int | None) -> None:
    """In any order; the end of a translation is not asked for."""
    infos = [
        replace(INFO, expires=end, areas=(AlertArea("x", (f"14112{place}000000",)),)) for place, end in enumerate(ends)
    ]
    english = replace(INFO, language="en-US", expires=99)
    facts = read_facts(message(english, *infos), "1411")
    assert facts.expires == last
    assert {"141120000000", "141121000000"} <= set(facts.codes)


def test_the_chinese_info_speaks_and_areas_of_its_colour_are_joined() -> None:
    """An English twin adds no second area and no English name."""
    english = replace(INFO, language="en", headline="Red", areas=(AlertArea("Linxian", ("141124000000",)),))
    more = replace(INFO, areas=(AlertArea("兴县", ("141123000000",)),))
    facts = read_facts(message(english, INFO, more), "1411")
    assert facts.headline == "暴雨红色"
    assert facts.codes == ("141124000000", "141123000000")
    assert facts.area_names == ("临县", "兴县")


def test_the_issuers_area_comes_from_its_code() -> None:
    """14110041600000 is the city's, 14112441600000 a county's; without a code our own area stands in."""
    assert read_facts(message(INFO), "1411").issuer_area == "1411"
    assert read_facts(message(INFO, sender_code="14112441600000"), "1411").issuer_area == "141124"
    assert read_facts(message(INFO, sender_code=""), "1411").issuer_area == "1411"


def test_a_message_without_info_has_no_colour() -> None:
    """It cannot be told, so a human is asked."""
    facts = read_facts(message(), "1411")
    assert (facts.colour, facts.codes) == (None, ())


def test_a_chain_begins_with_what_is_referred_to() -> None:
    """An Update belongs to the chain of the message it names first."""
    assert read_facts(message(INFO, references=("first", "second")), "1411").root == "first"
    assert read_facts(message(INFO), "1411").root == "id"
