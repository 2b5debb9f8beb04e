"""Who is asked: a township for its villages, everybody else for themselves, and always somebody who can be written to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.unit import Channel, Role, Unit, UnitKind, UnitLevel, reach_bit
from warning_dispatch.renewal.registrars import asked_roles, registrar, takes_text

SMS, VOICE = reach_bit(Role.PRIMARY, Channel.SMS), reach_bit(Role.PRIMARY, Channel.VOICE)


def unit(code: str, level: UnitLevel, superior: str | None, kind: UnitKind = UnitKind.DIVISION) -> Unit:
    """A unit."""
    return Unit(code, code, kind, level, code, superior)


UNITS = {
    one.code: one
    for one in (
        unit("1411", UnitLevel.CITY, None),
        unit("141124", UnitLevel.COUNTY, "1411"),
        unit("141124-water", UnitLevel.COUNTY, "141124", UnitKind.DEPARTMENT),
        unit("141124-L1", UnitLevel.COUNTY, "141124", UnitKind.LEADER),
        unit("141124104", UnitLevel.TOWNSHIP, "141124"),
        unit("141124104201", UnitLevel.VILLAGE, "141124104"),
        unit("141124104-k01", UnitLevel.VILLAGE, "141124104", UnitKind.KEY_UNIT),
    )
}
ALL = dict.fromkeys(UNITS, SMS)


def test_villages_and_leaders_are_filed_by_the_unit_above() -> None:
    """One page for a township and its villages; a leader does not fill in forms."""
    asked = {code: registrar(one, UNITS, ALL) for code, one in UNITS.items()}
    assert asked["141124104201"] == "141124104"
    assert asked["141124-L1"] == "141124"
    assert all(asked[code] == code for code in ("1411", "141124", "141124-water", "141124104", "141124104-k01"))


def test_a_superior_who_cannot_be_written_to_is_not_asked() -> None:
    """The village files for itself then; and if it cannot either, the county is asked."""
    deaf = {**ALL, "141124104": VOICE}
    assert registrar(UNITS["141124104201"], UNITS, deaf) == "141124104201"
    assert registrar(UNITS["141124104201"], UNITS, {**deaf, "141124104201": 0}) == "141124"


@given(st.dictionaries(st.sampled_from(sorted(UNITS)), st.sampled_from([0, SMS, VOICE])))
def test_whoever_is_asked_can_be_written_to_if_anybody_above_can(reach: dict[str, int]) -> None:
    """Nobody is forgotten: somebody without an address is asked only where the whole line above has none."""
    for one in UNITS.values():
        found = registrar(one, UNITS, reach)
        line = [one.code]
        while (above := UNITS[line[-1]].superior) is not None:
            line.append(above)
        assert found in line
        assert takes_text(reach.get(found, 0)) or not any(takes_text(reach.get(code, 0)) for code in line)


def test_a_is_asked_and_b_when_it_is_overdue() -> None:
    """A first; B joins when A has not answered in time; a duty phone only where there is nobody else."""
    every = {Role.PRIMARY, Role.DEPUTY, Role.DUTY}
    assert asked_roles(every, overdue=False) == (Role.PRIMARY,)
    assert asked_roles(every, overdue=True) == (Role.PRIMARY, Role.DEPUTY)
    assert asked_roles({Role.DEPUTY, Role.DUTY}, overdue=False) == (Role.DEPUTY,)
    assert asked_roles({Role.DUTY}, overdue=True) == (Role.DUTY,)
    assert asked_roles(set(), overdue=True) == ()
