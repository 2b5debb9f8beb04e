"""Names of places as division codes; what fits several places is for a human."""

from __future__ import annotations

import pytest

from warning_dispatch.routing.place_names import PlaceNames

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
