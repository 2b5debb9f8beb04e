"""预估 promises what then rings: only whom the message calls anew, each once, and nobody where it is attached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.model.console_views import CallPreview
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit

RED_CITY, ORANGE = "12379-red-rain-city.xml", "12379-orange-rain-counties.xml"
RED_COUNTY = "12379-county-red-rain.xml"
COUNTY = "141121000000"
AGAIN = "14110041600000_20260722213377"
EVERYBODY = Population.everyone(VoiceHabit.ANSWERS, TextHabit.TAPS)


def preview(place: Any, raw: bytes) -> CallPreview:
    """What the message would do now."""
    found: CallPreview = place.engine.preview(place.clock.now(), raw, "hand:x")
    return found


def test_the_same_warning_again_promises_no_call(town: Callable[..., Any]) -> None:
    """Everybody has answered the red: a second one is attached, says so, and no phone rings for it."""
    place = town(population=EVERYBODY)
    place.take_in(place.message(RED_CITY))
    place.play(seconds=3_600)
    calls = place.query("SELECT count(*) FROM attempt")
    raw = place.message(RED_CITY, identifier=AGAIN)
    found = preview(place, raw)
    assert (found.units, found.tiers, found.attached) == (0, (), (1,))
    assert found.reasons[-1] == "attached"
    place.take_in(raw)
    place.play(seconds=3_600)
    assert place.query("SELECT count(*) FROM attempt") == calls


def test_the_city_over_a_countys_red_counts_the_new_units_once(town: Callable[..., Any]) -> None:
    """Under the city's orange the county's red goes on as it is: its units are not promised, and no tier stands twice."""
    place = town()
    place.take_in(place.message(RED_CITY, geocode=COUNTY))
    raw = place.message(ORANGE, geocode="141100000000", identifier=AGAIN)
    found = preview(place, raw)
    place.take_in(raw)
    begun = place.query("SELECT count(*) FROM callee WHERE callout_id = 2 AND carries = 1")[0][0]
    assert found.units == begun > 0
    titles = [tier.title["zh_CN"] for tier in found.tiers]
    assert len(titles) == len(set(titles))
    assert found.attached == ()


def test_who_is_only_told_and_who_has_answered_is_not_promised(town: Callable[..., Any]) -> None:
    """A county's chain tells some offices: they are no calls. An answer that is carried over is none either."""
    place = town(population=EVERYBODY)
    raw = place.message(RED_COUNTY, senderCode="14112141600000", geocode="141121100000")
    first = preview(place, raw)
    place.take_in(raw)
    place.play(seconds=3_600)
    assert first.units == place.query("SELECT count(*) FROM callee WHERE carries = 1")[0][0]
    assert place.query("SELECT count(*) FROM callee WHERE carries = 0")[0][0]
    wider = place.message(
        RED_COUNTY, senderCode="14112141600000", geocode=COUNTY, identifier="14112141600000_20260722223377"
    )
    found = preview(place, wider)
    place.take_in(wider)
    new = place.query("SELECT count(*) FROM callee WHERE callout_id = 2 AND carries = 1 AND answered_at IS NULL")[0][0]
    carried = place.query("SELECT count(*) FROM callee WHERE callout_id = 2 AND answered_at IS NOT NULL")[0][0]
    assert found.units == new > 0
    assert carried > 0


def test_a_warning_that_is_attached_can_still_be_begun(town: Callable[..., Any]) -> None:
    """It is how an officer prolongs a signal before its validity is over: nothing begins anew, and voice goes on longer."""
    place = town(population=EVERYBODY)
    place.take_in(place.message(RED_CITY))
    place.play(seconds=3_600)
    until = "SELECT voice_until FROM callout"
    (before,) = place.query(until)
    raw = place.message(RED_CITY, identifier=AGAIN)
    assert preview(place, raw).attached == (1,)
    assert place.query(until) == [before]
    place.take_in(raw)
    [(after,)] = place.query(until)
    assert after > before[0]


def test_a_call_out_that_is_filled_in_pieces_is_promised_whole(town: Callable[..., Any]) -> None:
    """However many units there are to fill, the preview fills them all; one that still fills begins nothing the second time."""
    whole, pieces = town(), town()
    pieces.engine = pieces.stage.engine = pieces.build_engine(3)
    found = preview(pieces, pieces.message(RED_CITY))
    assert found.units == preview(whole, whole.message(RED_CITY)).units > 0
    pieces.take_in(pieces.message(RED_CITY))
    again = preview(pieces, pieces.message(RED_CITY, identifier=AGAIN))
    assert (again.units, again.attached) == (0, (1,))
