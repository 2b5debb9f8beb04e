"""Division codes and the affected area."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.model.unit import CODE_LENGTH, UnitLevel
from warning_dispatch.routing.areas import Affected, affected_area, ancestors, as_prefix, level_of, trim

CITY = "1411"
GROUPS = (2, 4, 6, 9, 12)
DIVISIONS = {
    CITY: UnitLevel.CITY,
    **{f"1411{county}": UnitLevel.COUNTY for county in ("02", "23", "24")},
    **{f"1411{county}{town}": UnitLevel.TOWNSHIP for county in ("02", "23", "24") for town in ("001", "100", "200")},
    **{
        f"1411{county}{town}{village}": UnitLevel.VILLAGE
        for county in ("02", "23", "24")
        for town in ("001", "100", "200")
        for village in ("001", "200")
    },
}
"""A small prefecture, with groups that end and begin in zeros as in life."""


@st.composite
def own_codes(draw: st.DrawFn) -> str:
    """A code cut to its own group: the last group is not all zeros."""
    length = draw(st.sampled_from(GROUPS))
    digits = draw(st.text("0123456789", min_size=length, max_size=length))
    before = max((one for one in GROUPS if one < length), default=0)
    last = digits[before:]
    return digits if last.strip("0") else digits[:before] + "1" * len(last)


@given(code=own_codes(), width=st.sampled_from([12, 14]))
def test_padding_and_trimming_are_inverse(code: str, width: int) -> None:
    """Whatever zeros a message pads a code with, its group comes out again."""
    assert trim(code.ljust(width, "0")) == code


@given(code=st.text("0123456789", min_size=2, max_size=14))
def test_trimming_twice_is_trimming_once(code: str) -> None:
    """A trimmed code is in its final form, and a beginning of what was given."""
    once = trim(code)
    assert trim(once) == once
    assert code.startswith(once)


@pytest.mark.parametrize(
    ("given_code", "trimmed"),
    [
        ("141124100000", "141124100"),
        ("141124000000", "141124"),
        ("141100000000", "1411"),
        ("140000000000", "14"),
        ("141124100200", "141124100200"),
        ("141110", "141110"),
        ("1411", "1411"),
        ("14112410020099", "141124100200"),
    ],
)
def test_codes_are_cut_by_groups_never_by_zeros(given_code: str, trimmed: str) -> None:
    """`141124100000` is one township, not the county; `141110` keeps its zero."""
    assert trim(given_code) == trimmed


def test_ancestors_and_levels() -> None:
    """Nearest first; a province has no level of ours."""
    assert ancestors("141124100200") == ("141124100", "141124", "1411", "14")
    assert [level_of(code) for code in ("1411", "141124", "141124100", "141124100200", "14")] == [*UnitLevel, None]


codes = st.lists(
    st.one_of(
        st.sampled_from(sorted(DIVISIONS)),
        st.sampled_from(["14", "1501", "150102", "141199", "141124300", "141124100999", "141199100200"]),
    ).map(lambda code: code.ljust(12, "0")),
    max_size=5,
)


@given(given_codes=codes)
def test_affected_are_the_divisions_named_what_lies_below_and_what_lies_above(given_codes: list[str]) -> None:
    """Against the plain definition, for every division: nobody forgotten, nobody woken without cause."""
    affected = affected_area(given_codes, DIVISIONS.__contains__, CITY)
    named = [trim(code) for code in given_codes]
    ours = [code for code in named if code.startswith(CITY) or CITY.startswith(code)]
    roots = [CITY if CITY.startswith(code) else code for code in ours if code in DIVISIONS or CITY.startswith(code)]
    for area, level in DIVISIONS.items():
        below = any(area.startswith(root) for root in roots)
        above = any(code.startswith(area) for code in ours)
        assert affected.covers(area, level) == (below or above), area


@given(given_codes=codes)
def test_unknown_codes_are_reported_as_given(given_codes: list[str]) -> None:
    """A code of ours that the register does not have is named; a code outside is not our concern."""
    affected = affected_area(given_codes, DIVISIONS.__contains__, CITY)
    expected = [
        code for code in given_codes if code.startswith(CITY) and trim(code) not in DIVISIONS and trim(code) != CITY
    ]
    assert affected.unknown == tuple(dict.fromkeys(expected))


def test_a_township_code_is_that_township_with_its_villages_its_county_and_the_city() -> None:
    """The example of the field."""
    affected = affected_area(["141124100000"], DIVISIONS.__contains__, CITY)
    assert affected == Affected(("141124100",), ("141124", "1411"), ())
    covered = {area for area, level in DIVISIONS.items() if affected.covers(area, level)}
    assert covered == {"1411", "141124", "141124100", "141124100001", "141124100200"}


def test_an_unknown_village_calls_its_known_ancestors() -> None:
    """They are asked to pass it on; the other villages of the township sleep."""
    affected = affected_area(["141124100999"], DIVISIONS.__contains__, CITY)
    assert affected == Affected((), ("141124100", "141124", "1411"), ("141124100999",))


def test_a_code_of_the_province_means_all_of_ours() -> None:
    """A message from above concerns the whole prefecture."""
    assert affected_area(["140000000000"], DIVISIONS.__contains__, CITY).roots == (CITY,)


def test_our_neighbours_are_not_called() -> None:
    """A code outside our own area leads to nobody and is no finding."""
    assert affected_area(["150102000000"], DIVISIONS.__contains__, CITY) == Affected((), (), ())


def test_roots_within_roots_are_named_once() -> None:
    """A county and one of its townships in the same message: the county stands for both."""
    affected = affected_area(["141124000000", "141124100000"], DIVISIONS.__contains__, CITY)
    assert affected.roots == ("141124",)
    assert CODE_LENGTH[UnitLevel.COUNTY] == len(affected.roots[0])


def test_a_code_in_the_settings_is_a_prefix() -> None:
    """Padded to six or twelve digits it is what it stands for; a prefix between two groups stays what it is."""
    written = ("14", "1411", "141100", "141100000000", "141124000000", "141124100", "14112")
    assert [as_prefix(one) for one in written] == ["14", "1411", "1411", "1411", "141124", "141124100", "14112"]
