"""Who may do what, and where."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.rights import RIGHTS_OF, Grant, GrantKind, Right, covers, may, units_with

CITY = ("1411",)
LIN = ("141124", "1411")
BAIWEN = ("141124101", "141124", "1411")
VILLAGE = ("141124101200", "141124101", "141124", "1411")
WATER = ("141124-water", "141124", "1411")
XING = ("141123", "1411")
PATHS = (CITY, LIN, BAIWEN, VILLAGE, WATER, XING)

grants = st.lists(
    st.builds(Grant, st.sampled_from(GrantKind), st.sampled_from([path[0] for path in PATHS])), max_size=4
)


def test_the_table_in_words() -> None:
    """Everybody sees; officers act, registrars keep the register, administrators keep the accounts; a viewer does nothing."""
    assert set(RIGHTS_OF) == set(GrantKind)
    assert all(Right.SEE in rights for rights in RIGHTS_OF.values())
    doing = {kind: RIGHTS_OF[kind] - {Right.SEE} for kind in GrantKind}
    assert doing == {
        GrantKind.VIEWER: frozenset(),
        GrantKind.OFFICER: {Right.ACT},
        GrantKind.REGISTRAR: {Right.REGISTER},
        GrantKind.ADMINISTRATOR: {Right.ACCOUNTS},
    }


def test_a_county_officer_acts_on_the_own_county() -> None:
    """On the county, its townships, villages and departments; not on the city above, not on the next county."""
    officer = [Grant(GrantKind.OFFICER, "141124")]
    assert [path for path in PATHS if may(officer, Right.ACT, path)] == [LIN, BAIWEN, VILLAGE, WATER]
    assert [path for path in PATHS if may(officer, Right.SEE, path)] == [LIN, BAIWEN, VILLAGE, WATER]


def test_the_city_sees_all() -> None:
    """A grant at the root holds for every unit."""
    assert all(may([Grant(GrantKind.OFFICER, "1411")], Right.ACT, path) for path in PATHS)


def test_a_code_that_only_begins_alike_is_another_unit() -> None:
    """What lies below is told by the tree, not by the digits."""
    assert not may([Grant(GrantKind.OFFICER, "14112")], Right.ACT, LIN)
    assert not may([Grant(GrantKind.OFFICER, "1411")], Right.ACT, ("141188",))


def test_an_unknown_unit_is_nobodys() -> None:
    """No path, no right; and nothing is covered by covering nothing."""
    city = [Grant(kind, "1411") for kind in GrantKind]
    assert not any(may(city, right, ()) for right in Right)
    assert not covers(city, Right.SEE, [])
    assert covers(city, Right.SEE, [LIN, XING])
    assert not covers([Grant(GrantKind.VIEWER, "141124")], Right.SEE, [LIN, XING])


@given(held=grants, right=st.sampled_from(Right))
def test_rights_go_down_the_tree_and_never_up(held: list[Grant], right: Right) -> None:
    """Whoever may on a unit may on everything below it; a viewer's grants never add an act; more grants never take away."""
    for path in PATHS:
        for below in PATHS:
            if path[0] in below and may(held, right, path):
                assert may(held, right, below)
        without = [one for one in held if one.kind is not GrantKind.VIEWER]
        if right is not Right.SEE:
            assert may(held, right, path) == may(without, right, path)
        assert not may(without, right, path) or may(held, right, path)
    assert set(units_with(held, right)) == {one.unit_code for one in held if right in RIGHTS_OF[one.kind]}
