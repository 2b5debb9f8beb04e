"""Names of places as division codes; what fits several places is for a human."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from warning_dispatch.routing.areas import trim
from warning_dispatch.routing.place_names import Named, PlaceNames, count_names

DIVISIONS = [
    ("1411", "吕梁市"),
    ("141124", "临县"),
    ("141128", "方山县"),
    ("141181", "孝义市"),
    ("141124101", "白文镇"),
    ("141124102", "城庄镇"),
    ("141128103", "城庄镇"),
    ("141121104", "孝义镇"),
    ("141124101001", "东关村民委员会"),
    ("141128103001", "东关村民委员会"),
]
PLACES = PlaceNames(DIVISIONS, "1411")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("吕梁市", ("1411",)),
        ("全市", ("1411",)),
        ("山西省吕梁市临县", ("141124",)),
        ("临县、方山县大部", ("141124", "141128")),
        ("临县和方山北部", ("141124", "141128")),
        ("临县白文镇", ("141124101",)),
        ("临县白文镇东关村委会", ()),
        ("临县城庄镇", ("141124102",)),
        ("孝义", ("141181",)),
        ("白文镇一带", ("141124101",)),
    ],
)
def test_what_a_description_means(text: str, codes: tuple[str, ...]) -> None:
    """From the left, each below the one before; counties before towns of the same name; qualifiers say nothing."""
    assert PLACES.find([text], "1411").codes == codes


def test_a_village_below_its_town() -> None:
    """A village's name counts below a place that was named."""
    assert PLACES.find(["临县白文镇东关"], "1411").codes == ("141124101001",)
    assert PLACES.find(["东关"], "1411").unknown == ("东关",)
    assert PLACES.find(["东关"], "141124").codes == ("141124101001",)


def test_ambiguous_and_unknown() -> None:
    """Two towns of one name, and a place that is not ours."""
    found = PLACES.find(["城庄镇、太原市、临县"], "1411")
    assert (found.codes, found.ambiguous, found.unknown) == (("141124",), ("城庄镇",), ("太原市",))


def test_the_issuers_own_county() -> None:
    """A county may speak of its towns, and of itself, without naming itself."""
    assert PLACES.find(["城庄镇"], "141128").codes == ("141128103",)
    assert PLACES.find(["全县"], "141128").codes == ("141128",)


@pytest.mark.parametrize("text", ["", "、，,;", "和" * 5000, "市" * 100_000, "大部大部大部" * 1000, "a b c"])
def test_any_text_ends(text: str) -> None:
    """No description keeps the intake busy."""
    assert PLACES.find([text], "1411").codes == ()


@pytest.mark.parametrize(
    ("text", "codes", "more"),
    [
        ("临县、方山县", ("141124",), (("141128",), (), ())),
        ("临县和方山县北部", ("141124",), (("141128",), (), ())),
        ("临县大部、部分地区", ("141124",), ((), (), ())),
        ("山西省、吕梁市、临县", ("141124",), ((), (), ())),
        ("临县、吕梁市", ("141124",), ((), ("吕梁市",), ())),
        ("白文镇、城庄镇、东关", ("141124",), ((), (), ())),
        ("临县白文镇", ("141124101",), ((), (), ())),
        ("临县、阴山县", ("141124",), ((), (), ("阴山县",))),
        ("临县、方山县", ("420100",), (("141124", "141128"), (), ())),
    ],
)
def test_what_a_description_names_beside_its_codes(
    text: str, codes: tuple[str, ...], more: tuple[tuple[str, ...], ...]
) -> None:
    """A place below none of the codes is added; a larger one than they say, and one nobody knows, are for a human."""
    found = PLACES.beside(text, codes, "1411")
    assert (found.codes, found.ambiguous, found.unknown) == more


def _our_prefecture() -> PlaceNames:
    table = Path(__file__).parents[3] / "contacts/divisions.csv"
    with table.open(encoding="utf-8-sig", newline="") as rows:
        return PlaceNames([(trim(row["code"]), row["name"]) for row in csv.DictReader(rows)], "1411")


@pytest.mark.parametrize(
    ("text", "code", "more"),
    [
        ("兴县、柳林", "141123", ("141125",)),
        ("兴县和柳林大部", "141123", ("141125",)),
        ("兴县、交口、岚县", "141123", ("141130", "141127")),
        ("文水、孝义", "141121", ("141181",)),
        ("离石、交口、中阳", "141102", ("141130", "141129")),
    ],
)
def test_a_county_with_the_name_of_a_village_of_the_coded_one(text: str, code: str, more: tuple[str, ...]) -> None:
    """Beside counties it is a county, and is called."""
    found = _our_prefecture().beside(text, [code], "1411")
    assert (found.codes, found.ambiguous, found.unknown) == (more, (), ())


def test_a_county_s_name_among_villages_is_for_a_human() -> None:
    """It may be the village; and a county that speaks names what is its own. What is the code's is no rival."""
    places = _our_prefecture()
    assert places.beside("孝义、开栅镇", ["141121"], "1411") == Named(ambiguous=("孝义",))
    assert places.beside("文水、孝义", ["141121"], "141121") == Named(ambiguous=("孝义",))
    assert places.beside("文水县孝义镇、孝义镇、开栅镇", ["141121"], "1411") == Named()
    assert places.beside("离石、柳林", ["1411"], "1411") == Named()


def test_how_many_places_are_named() -> None:
    """Qualifiers and the province are no places, and a translation is not counted."""
    texts = ["临县、方山县", "山西省 临县 部分地区", "Lin County, Fangshan County", ""]
    assert [count_names(one) for one in texts] == [2, 1, 0, 0]


def test_words_that_only_qualify_are_read_in_bounded_time() -> None:
    """A word that falls into qualifiers in many ways is looked at once, not in all of them."""
    hostile = "、".join("乡镇街道" * 14 + str(at) for at in range(400))
    assert PLACES.find([hostile], "1411").codes == ()
