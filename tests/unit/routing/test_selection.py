"""Whom a tier calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel
from warning_dispatch.routing.areas import affected_area
from warning_dispatch.routing.selection import select, superior_code, wanted

L = UnitLevel
K = UnitKind
CITY = Unit("1411", "吕梁市", K.DIVISION, L.CITY, "1411", None, callable=False)
UNITS = (
    CITY,
    Unit("1411-L1", "市领导", K.LEADER, L.CITY, "1411", "1411"),
    Unit("1411-water", "市水利局", K.DEPARTMENT, L.CITY, "1411", "1411", "water"),
    Unit("1411-railway", "铁路", K.DEPARTMENT, L.CITY, "1411", "1411", "railway"),
    Unit("1411-BUREAU", "市气象局", K.BUREAU, L.CITY, "1411", "1411"),
    *(
        unit
        for county in ("141123", "141124")
        for unit in (
            Unit(county, "县", K.DIVISION, L.COUNTY, county, "1411"),
            Unit(f"{county}-L1", "县领导", K.LEADER, L.COUNTY, county, county),
            Unit(f"{county}-water", "县水利局", K.DEPARTMENT, L.COUNTY, county, county, "water"),
            Unit(f"{county}100", "镇", K.DIVISION, L.TOWNSHIP, f"{county}100", county),
            Unit(f"{county}101", "乡", K.DIVISION, L.TOWNSHIP, f"{county}101", county),
            Unit(f"{county}100200", "村", K.DIVISION, L.VILLAGE, f"{county}100200", f"{county}100"),
            Unit(f"{county}100201", "虚拟社区", K.DIVISION, L.VILLAGE, f"{county}100201", f"{county}100", "", False),
            Unit(f"{county}101200", "村", K.DIVISION, L.VILLAGE, f"{county}101200", f"{county}101"),
        )
    ),
)
AREAS = {unit.area for unit in UNITS if unit.kind is K.DIVISION}


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    """The shipped configuration."""
    return load_configuration(Path(__file__).resolve().parents[3] / "config")


def called(shipped: Configuration, chain_name: str, hazard_key: str, *codes: str) -> dict[str, set[str]]:
    """Tier → codes of the units it calls."""
    chain = shipped.chain(chain_name)
    hazard = shipped.hazards.hazards[hazard_key]
    affected = affected_area(codes, AREAS.__contains__, "1411")
    selections = select(chain, hazard, affected, tuple(range(len(chain.tiers))))
    return {chain.tiers[one.tier].name: {unit.code for unit in UNITS if wanted(unit, one)} for one in selections}


def test_one_township_of_a_city_warning(shipped: Configuration) -> None:
    """Its villages, itself, its county, the departments concerned and the leaders; nobody of the next county."""
    found = called(shipped, "city", "rainstorm", "141124100000")
    assert {tier: units for tier, units in found.items() if units} == {
        "leaders": {"1411-L1"},
        "departments": {"1411-water"},
        "counties": {"141124"},
        "townships": {"141124100"},
        "villages": {"141124100200"},
    }


def test_a_countys_own_warning_stays_in_the_county(shipped: Configuration) -> None:
    """Its leaders, duty room, departments, townships and villages; the city side gets its notice."""
    found = called(shipped, "county", "rainstorm", "141123000000")
    assert found["leaders"] == {"141123-L1"}
    assert found["county_office"] == {"141123"}
    assert found["departments"] == {"141123-water"}
    assert found["townships"] == {"141123100", "141123101"}
    assert found["villages"] == {"141123100200", "141123101200"}
    assert found["city_notice"] == {"1411-water"}
    assert found["city_emergency"] == set()


def test_the_hazard_decides_which_departments(shipped: Configuration) -> None:
    """Rain concerns water, snow the railways."""
    assert called(shipped, "city", "rainstorm", "141100000000")["departments"] == {"1411-water"}
    assert called(shipped, "city", "snowstorm", "141100000000")["departments"] == {"1411-railway"}


def test_what_is_no_callee_is_not_called(shipped: Configuration) -> None:
    """Industrial zones in a village's place, the city itself and the bureau are called by no tier."""
    everybody = set().union(*called(shipped, "city", "rainstorm", "141100000000").values())
    assert everybody.isdisjoint({"141123100201", "141124100201", "1411", "1411-BUREAU"})


@given(codes=st.lists(st.sampled_from(sorted(AREAS)), min_size=1, max_size=4))
def test_divisions_are_called_exactly_where_the_area_says(shipped: Configuration, codes: list[str]) -> None:
    """The selection and `Affected.covers` are two ways of saying the same."""
    affected = affected_area(codes, AREAS.__contains__, "1411")
    found = called(shipped, "city", "rainstorm", *codes)
    chosen = found["counties"] | found["townships"] | found["villages"]
    divisions = [unit for unit in UNITS if unit.kind is K.DIVISION and unit.callable]
    assert chosen == {unit.code for unit in divisions if affected.covers(unit.area, unit.level)}


def test_a_branch_waits_for_its_own_division(shipped: Configuration) -> None:
    """A village waits for its township, a township for its county; where the tier answers as a whole, for no unit."""
    chain = shipped.chain("city")
    village = next(unit for unit in UNITS if unit.code == "141124100200")
    township = next(unit for unit in UNITS if unit.code == "141124100")
    county = next(unit for unit in UNITS if unit.code == "141124")
    assert superior_code(village, chain.tier("villages"), chain.tier("townships")) == "141124100"
    assert superior_code(township, chain.tier("townships"), chain.tier("counties")) == "141124"
    assert superior_code(county, chain.tier("counties"), chain.tier("leaders")) is None
    assert superior_code(county, chain.tier("leaders"), None) is None


def test_key_units_are_concerned_by_where_they_stand(shipped: Configuration) -> None:
    """A mine of the township and one in a village of it, those of its county, none of the next; the city's outlets."""
    more = (
        Unit("141124100-k1", "煤业", K.KEY_UNIT, L.TOWNSHIP, "141124100", "141124100"),
        Unit("141124101-k1", "别的乡的", K.KEY_UNIT, L.TOWNSHIP, "141124101", "141124101"),
        Unit("141124100200-k1", "水库", K.KEY_UNIT, L.VILLAGE, "141124100200", "141124100200"),
        Unit("141124-k1", "景区", K.KEY_UNIT, L.COUNTY, "141124", "141124"),
        Unit("141123-k1", "邻县的", K.KEY_UNIT, L.COUNTY, "141123", "141123"),
        Unit("1411-tv", "电视台", K.OUTLET, L.CITY, "1411", "1411"),
    )
    chain = shipped.chain("city")
    affected = affected_area(("141124100000",), AREAS.__contains__, "1411")
    selections = select(chain, shipped.hazards.hazards["rainstorm"], affected, tuple(range(len(chain.tiers))))
    found = {chain.tiers[one.tier].name: {unit.code for unit in more if wanted(unit, one)} for one in selections}
    assert {tier: units for tier, units in found.items() if units} == {
        "key_units_county": {"141124-k1"},
        "key_units_township": {"141124100-k1"},
        "key_units_village": {"141124100200-k1"},
        "outlets": {"1411-tv"},
    }
    by_name = {tier.name: tier for tier in chain.tiers}
    for unit, superior in zip(more[:4:3], ("141124100", "141124"), strict=True):
        tier = by_name["key_units_township" if unit.level is L.TOWNSHIP else "key_units_county"]
        assert superior_code(unit, tier, by_name[str(tier.opens_after)]) == superior
