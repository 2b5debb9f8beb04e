"""Which hazard a message means: by code, by name, by its headline."""

from __future__ import annotations

import pytest

from warning_dispatch.configuration import Configuration
from warning_dispatch.configuration.hazards import HazardCatalogue
from warning_dispatch.model.colour import Colour


@pytest.fixture
def catalogue(shipped: Configuration) -> HazardCatalogue:
    """The shipped catalogue."""
    return shipped.hazards


def key_of(catalogue: HazardCatalogue, code: str = "", name: str = "", headline: str = "") -> tuple[str | None, bool]:
    """What the catalogue makes of a message, by key."""
    hazard, disagree = catalogue.find(code, name, headline)
    return (hazard.key if hazard else None), disagree


def test_every_code_name_and_alias_finds_its_hazard(catalogue: HazardCatalogue) -> None:
    """However a sender writes it, the same hazard comes out, without a doubt raised."""
    for key, hazard in catalogue.hazards.items():
        for code in hazard.codes:
            assert key_of(catalogue, code=code) == (key, False)
            assert key_of(catalogue, code=f" {code.lower()} ") == (key, False)
        for name in (hazard.name, *hazard.aliases):
            assert key_of(catalogue, name=f" {name} ") == (key, False)
            assert key_of(catalogue, headline=f"临县气象台发布{name}红色预警信号") == (key, False)


@pytest.mark.parametrize(
    ("code", "key"), [("11B03", "rainstorm"), ("11B04", "snowstorm"), ("11B58", "thunderstorm_gale"), ("11B20", "thunderstorm_gale"), ("11B06", "gale")]
)  # fmt: skip
def test_the_codes_of_the_founding_text(catalogue: HazardCatalogue, code: str, key: str) -> None:
    """The four hazards that decide over a call-out have the codes of the national list."""
    assert key_of(catalogue, code=code) == (key, False)


@pytest.mark.parametrize("name", ["雷暴大风", "雷雨大风", "雷雨(暴)大风", "雷雨（暴）大风", "雷雨暴大风"])
def test_a_thunderstorm_gale_is_never_a_gale(catalogue: HazardCatalogue, name: str) -> None:
    """大风 stands inside 雷暴大风, but red 雷暴大风 calls people up and red 大风 does not."""
    headline = f"吕梁市气象台2026年7月28日发布{name}红色预警信号"
    assert key_of(catalogue, headline=headline) == ("thunderstorm_gale", False)
    assert key_of(catalogue, name=name) == ("thunderstorm_gale", False)
    assert key_of(catalogue, code="11B06", headline=headline) == ("thunderstorm_gale", True)


def test_a_gale_is_a_gale(catalogue: HazardCatalogue) -> None:
    """The other way round: plain 大风 starts nothing by itself."""
    assert key_of(catalogue, headline="吕梁市气象台发布大风红色预警信号") == ("gale", False)
    assert key_of(catalogue, code="11B58", name="大风") == ("gale", True)


def test_the_name_wins_over_the_code_and_it_is_said(catalogue: HazardCatalogue) -> None:
    """Some feeds put other numbers under the same prefix: people read the name, so it counts, flagged."""
    assert key_of(catalogue, code="11B06", name="暴雨") == ("rainstorm", True)
    assert key_of(catalogue, code="11B03", headline="岚县气象台发布暴雪红色预警信号") == ("snowstorm", True)


def test_the_name_given_counts_before_the_headline(catalogue: HazardCatalogue) -> None:
    """The element is meant as the name; the headline is prose."""
    found = key_of(catalogue, code="11B03", name="暴雨", headline="发布暴雨红色预警，伴有雷暴大风")
    assert found == ("rainstorm", False)


def test_a_headline_with_several_hazards_agrees_with_its_code(catalogue: HazardCatalogue) -> None:
    """暴雨 with code 11B03 stays 暴雨 (orange calls people up) although a longer name follows in the headline."""
    headline = "方山县气象台发布暴雨橙色预警信号，局地伴有雷暴大风"
    assert key_of(catalogue, code="11B03", headline=headline) == ("rainstorm", False)
    assert key_of(catalogue, code="11B06", headline=headline) == ("thunderstorm_gale", True)


def test_an_unknown_name_leaves_the_code(catalogue: HazardCatalogue) -> None:
    """A name we do not know does not hide a code we know; neither known is nothing, and a human is asked."""
    assert key_of(catalogue, code="11B03", name="强降水事件") == ("rainstorm", False)
    assert key_of(catalogue, code="11X99", name="未知", headline="发布预警") == (None, False)
    assert key_of(catalogue) == (None, False)


def test_a_hazard_says_what_the_texts_need(catalogue: HazardCatalogue) -> None:
    """Both languages, advice for a message without instruction, a validity for what may be dialled, real sectors."""
    assert set(catalogue.names()) == set(catalogue.hazards)
    for hazard in catalogue.hazards.values():
        assert catalogue.names()[hazard.key] == {"zh_CN": hazard.name, "en": hazard.english}
        assert all(hazard.advice[language] for language in ("zh_CN", "en"))
        assert {colour for colour in hazard.colours if colour >= Colour.ORANGE} == set(hazard.validity)
        assert set(hazard.sectors) <= set(catalogue.sectors)


def test_the_colours_of_order_16(catalogue: HazardCatalogue) -> None:
    """A colour that the national signal does not have would be a misread message."""
    without_blue = {"sandstorm", "heat", "drought", "lightning", "hail", "fog", "haze", "road_icing"}
    for key in without_blue:
        assert Colour.BLUE not in catalogue.hazards[key].colours, key
    assert Colour.RED not in catalogue.hazards["frost"].colours
