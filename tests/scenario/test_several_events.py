"""One message that warns of several things: each place is called at its own colour, and none is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from warning_dispatch.model.alert import Disposition

CAP = "cap12-red-rain-city.xml"
WORDS = {"Extreme": "红色", "Severe": "橙色", "Moderate": "黄色"}


def message(place: Any, *infos: tuple[str, str, str], **head: str) -> bytes:
    """A CAP message with one Chinese info for each (hazard, severity, code)."""
    root = etree.fromstring(place.message(CAP, **head))
    namespace = "{urn:oasis:names:tc:emergency:cap:1.2}"
    english, chinese = root.findall(f"{namespace}info")
    root.remove(english)
    root.remove(chinese)
    for hazard, severity, code in infos:
        info = etree.fromstring(etree.tostring(chinese))
        for parameter in (*info.findall(f"{namespace}parameter"), *info.findall(f"{namespace}eventCode")):
            info.remove(parameter)
        texts = {
            "event": hazard,
            "severity": severity,
            "headline": f"吕梁市气象台发布{hazard}{WORDS[severity]}预警信号",
            "description": hazard,
            "areaDesc": "x",
        }
        for name, text in texts.items():
            next(info.iter(namespace + name)).text = text
        next(info.iter(f"{namespace}geocode"))[1].text = code
        root.append(info)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def held(place: Any) -> list[tuple[object, ...]]:
    """Hazard and colour of what is in force."""
    return sorted(place.query("SELECT hazard, colour FROM alert_chain WHERE state = 1 AND plan_name <> ''"))


def test_red_here_and_orange_there(town: Callable[..., Any]) -> None:
    """Both counties are called, each at its colour, by one message."""
    place = town()
    result = place.take_in(message(place, ("暴雨", "Severe", "141122000000"), ("暴雨", "Extreme", "141121000000")))
    assert result.disposition is Disposition.ACCEPTED
    assert len(result.callouts) == 2
    assert held(place) == [("rainstorm", 3), ("rainstorm", 4)]
    place.play(seconds=1_200)
    colours = dict(
        place.query(
            """SELECT u.code, k.colour FROM callee c JOIN unit u ON u.id = c.unit_id JOIN callout k ON k.id = c.callout_id
            WHERE u.code IN ('141121100200', '141122100200') AND c.carries = 1"""
        )
    )
    assert colours == {"141121100200": 4, "141122100200": 3}


def test_an_update_that_drops_an_event_lets_go_of_it(town: Callable[..., Any]) -> None:
    """Rain and thunderstorm gales in red; the Update speaks of the rain only, so the gales' units are let go."""
    place = town()
    both = (("暴雨", "Extreme", "141121000000"), ("雷暴大风", "Extreme", "141122000000"))
    first = message(place, *both, identifier="14110041600000_20260722213300")
    place.take_in(first)
    assert held(place) == [("rainstorm", 4), ("thunderstorm_gale", 4)]
    place.play(seconds=60)
    update = etree.fromstring(message(place, both[0], msgType="Update"))
    scope = update.find("{urn:oasis:names:tc:emergency:cap:1.2}scope")
    references = etree.Element("{urn:oasis:names:tc:emergency:cap:1.2}references")
    references.text = "x,14110041600000_20260722213300,2026-07-22T21:33:00+08:00"
    scope.addnext(references)
    place.take_in(etree.tostring(update))
    assert held(place) == [("rainstorm", 4)]


def lifted(place: Any, **head: str) -> bytes:
    """A CAP message in two languages of which the Chinese says that the warning is over; only its headline does."""
    root = etree.fromstring(place.message(CAP, **head))
    for info in root.findall("{urn:oasis:names:tc:emergency:cap:1.2}info"):
        chinese = info.findtext("{*}language", "").startswith("zh")
        next(info.iter("{*}headline")).text = (
            "吕梁市气象台解除暴雨红色预警信号" if chinese else "The red warning is lifted"
        )
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def test_an_all_clear_in_two_languages_ends_the_calling(town: Callable[..., Any]) -> None:
    """The Chinese info says 解除, its translation is not understood as such: the end all the same, and a human is told."""
    place = town()
    assert place.take_in(place.message(CAP)).callouts == (1,)
    known = place.query("SELECT identifier FROM alert")[0][0]
    place.play(seconds=60)
    update = etree.fromstring(lifted(place, msgType="Update"))
    scope = update.find("{urn:oasis:names:tc:emergency:cap:1.2}scope")
    references = etree.Element("{urn:oasis:names:tc:emergency:cap:1.2}references")
    references.text = f"x,{known},2026-07-22T21:33:00+08:00"
    scope.addnext(references)
    place.take_in(etree.tostring(update))
    assert held(place) == []
    assert "lifted_without_cancel" in place.alarms()


def test_an_all_clear_in_two_languages_starts_nothing(town: Callable[..., Any]) -> None:
    """The same as an Alert of its own: nobody is called."""
    place = town()
    assert place.take_in(lifted(place)).callouts == ()
    assert held(place) == []


def test_a_cancel_ends_every_event(town: Callable[..., Any]) -> None:
    """Nothing of a message goes on after its Cancel."""
    place = town()
    both = (("暴雨", "Extreme", "141121000000"), ("雷暴大风", "Extreme", "141122000000"))
    place.take_in(message(place, *both))
    place.play(seconds=60)
    cancel = place.message("12379-red-rain-city-cancel.xml", references=place.identifier())
    assert place.take_in(cancel).disposition is Disposition.ACCEPTED
    assert held(place) == []


def test_two_languages_are_one_event(town: Callable[..., Any]) -> None:
    """An English twin is no second warning."""
    place = town(counties=1)
    result = place.take_in(place.message(CAP))
    assert len(result.callouts) == 1
    assert place.query("SELECT count(*) FROM alert") == [(1,)]
