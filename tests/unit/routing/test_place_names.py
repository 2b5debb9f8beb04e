"""Names of places as division codes; what fits several places is for a human."""

from __future__ import annotations

import pytest

from warning_dispatch.routing.place_names import PlaceNames, count_names

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


def test_how_many_places_are_named() -> None:
    """Qualifiers and the province are no places, and a translation is not counted."""
    texts = ["临县、方山县", "山西省 临县 部分地区", "Lin County, Fangshan County", ""]
    assert [count_names(one) for one in texts] == [2, 1, 0, 0]


def test_words_that_only_qualify_are_read_in_bounded_time() -> None:
    """A word that falls into qualifiers in many ways is looked at once, not in all of them."""
    hostile = "、".join("乡镇街道" * 14 + str(at) for at in range(400))
    assert PLACES.find([hostile], "1411").codes == ()
