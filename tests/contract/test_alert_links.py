"""What hangs together by references is found again, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from warning_dispatch.model.states import ChainState
from warning_dispatch.store.alert_rows import AlertTable
from warning_dispatch.store.database import writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

NOW = 1_785_000_000_000
CITY, COUNTY = "14110041600000", "14112441600000"


@pytest.fixture
def alerts(each_kind: Any) -> Iterator[AlertTable]:
    """The table in a transaction on an empty database, of either kind."""
    with writing(each_kind.create()) as connection:
        yield AlertTable(Sql(connection), AesSealer(KeyRing.simulated(1)))


def chain(alerts: AlertTable, root: str, issuer: str = CITY) -> int:
    """A chain that begins with a message."""
    return alerts.new_chain(root, issuer, issuer[:4], "rainstorm", 4, NOW)


def found(alerts: AlertTable, *identifiers: str, issuer: str = CITY) -> list[int]:
    """The chains that hang together with these messages."""
    return [one.id for one in alerts.linked(issuer, identifiers)]


def test_links_lead_both_ways_and_on(alerts: AlertTable) -> None:
    """Whoever is referred to is found from whoever refers, and the other way round, over any number of steps."""
    first, second = chain(alerts, "a"), chain(alerts, "d")
    alerts.link(CITY, "b", ["a"])
    alerts.link(CITY, "c", ["b", "unknown"])
    assert found(alerts, "c") == found(alerts, "a") == [first]
    alerts.link(CITY, "d", ["c"])
    assert found(alerts, "a") == found(alerts, "d") == [first, second]
    assert found(alerts, "nobody") == []


def test_nothing_leads_round_in_circles(alerts: AlertTable) -> None:
    """A message that refers to itself, a circle, the same link twice: all end."""
    alone = chain(alerts, "a")
    alerts.link(CITY, "a", ["a"])
    alerts.link(CITY, "a", ["b", "b"])
    alerts.link(CITY, "b", ["a"])
    alerts.link(CITY, "a", ["b"])
    assert found(alerts, "a", "b", "a") == [alone]


def test_an_issuer_has_its_own_names(alerts: AlertTable) -> None:
    """The same identifier at another sender is another message."""
    mine, theirs = chain(alerts, "a"), chain(alerts, "a", COUNTY)
    alerts.link(COUNTY, "b", ["a"])
    assert found(alerts, "b") == []
    assert found(alerts, "a") == [mine]
    assert found(alerts, "b", issuer=COUNTY) == [theirs]


def test_a_chain_that_was_merged_is_the_others(alerts: AlertTable) -> None:
    """It is found no more; what it led to still is."""
    one, other = chain(alerts, "a"), chain(alerts, "c")
    alerts.link(CITY, "b", ["a", "c"])
    alerts.merge(other, one, NOW)
    assert found(alerts, "c") == [one]
    alerts.update_chain(one, 4, ChainState.ENDED, NOW)
    assert [record.state for record in alerts.linked(CITY, ["c"])] == [ChainState.ENDED]
