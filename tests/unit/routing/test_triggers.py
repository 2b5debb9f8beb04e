"""Which warnings start a call-out: the founding text, nothing more and nothing less."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.model.alert import Alert, AlertStatus, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.unit import UnitLevel
from warning_dispatch.routing.triggers import Verdict, match

FOUNDING_TEXT = {
    ("rainstorm", Colour.ORANGE),
    ("rainstorm", Colour.RED),
    ("snowstorm", Colour.RED),
    ("thunderstorm_gale", Colour.RED),
}
"""暴雨橙色、红色，暴雪红色，雷暴大风红色 (吕政办函〔2025〕23号)."""


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    """The shipped configuration."""
    return load_configuration(Path(__file__).resolve().parents[3] / "config")


def message(status: AlertStatus = AlertStatus.ACTUAL, msg_type: MsgType = MsgType.ALERT) -> Alert:
    """A message; of its content only status and type count here."""
    return Alert("12379", "id", "sender", "14110041600000", 0, status, msg_type, "Public", "None", "", (), ())


@pytest.mark.parametrize("issuer", [UnitLevel.CITY, UnitLevel.COUNTY])
@pytest.mark.parametrize("msg_type", [MsgType.ALERT, MsgType.UPDATE])
def test_the_triggers_are_exactly_the_founding_text(
    shipped: Configuration, issuer: UnitLevel, msg_type: MsgType
) -> None:
    """Over all hazards and colours: those four call people up, other orange and red ones ask, the rest is kept."""
    for hazard, colour in product(shipped.hazards.hazards, Colour):
        found = match(message(msg_type=msg_type), hazard, colour, issuer, shipped.chains)
        if (hazard, colour) in FOUNDING_TEXT:
            assert found.verdict is Verdict.START
            assert found.chain is not None
            assert found.chain.name == issuer.name.lower()
        else:
            expected = Verdict.ASK if colour >= Colour.ORANGE else Verdict.STORE
            assert (found.verdict, found.chain) == (expected, None), (hazard, colour)


@pytest.mark.parametrize("issuer", [UnitLevel.TOWNSHIP, UnitLevel.VILLAGE])
def test_nobody_below_a_county_issues(shipped: Configuration, issuer: UnitLevel) -> None:
    """A red from a level without a chain is put before the duty officer."""
    assert match(message(), "rainstorm", Colour.RED, issuer, shipped.chains).verdict is Verdict.ASK


@pytest.mark.parametrize("status", [one for one in AlertStatus if one is not AlertStatus.ACTUAL])
def test_only_actual_ever_dials(shipped: Configuration, status: AlertStatus) -> None:
    """Promise 5: Test, Draft, System, Exercise and unknown status never start a call-out, whatever the colour."""
    for hazard, colour in product(shipped.hazards.hazards, Colour):
        found = match(message(status), hazard, colour, UnitLevel.CITY, shipped.chains)
        assert found.verdict is Verdict.STORE
        assert found.reason == f"status_{status.value.lower()}"


@pytest.mark.parametrize("msg_type", [MsgType.CANCEL, MsgType.ACK, MsgType.ERROR, MsgType.UNKNOWN])
def test_only_alerts_and_updates_start(shipped: Configuration, msg_type: MsgType) -> None:
    """An Ack or a Cancel is no warning."""
    found = match(message(msg_type=msg_type), "rainstorm", Colour.RED, UnitLevel.CITY, shipped.chains)
    assert found.verdict is Verdict.STORE


def test_a_colour_that_cannot_be_told_asks_a_human(shipped: Configuration) -> None:
    """It might be red: it is neither dialled nor silently kept."""
    found = match(message(), "rainstorm", None, UnitLevel.CITY, shipped.chains)
    assert (found.verdict, found.reason) == (Verdict.ASK, "colour_unknown")


def test_the_strict_chain_ships_without_triggers(shipped: Configuration) -> None:
    """It stands beside the other two and starts only where a bureau says so."""
    assert shipped.chain("strict").triggers == ()
