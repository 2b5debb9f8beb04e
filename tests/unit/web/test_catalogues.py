"""The words of the pages stand in the catalogues, in both languages, and nowhere else."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path

import pytest

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import AttemptState, CalleeState, CallOutState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.web.catalogues import FOLDER, Catalogue, asked_language, load_catalogues, preferred_language

WEB = FOLDER.parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
MARKUP = re.compile(
    r"<style.*?</style>|\{% block style %\}.*?\{% endblock %\}|<!doctype[^>]*>|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>|&#?\w+;",
    re.DOTALL,
)
SPOKEN_ATTRIBUTES = re.compile(r'\b(?:title|alt|placeholder|aria-label)="([^"]*)"')


def fields_of(text: str) -> set[str]:
    """The names in braces of a string."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_fields() -> None:
    """English is complete, and no sentence loses a fact on the way."""
    chinese, english = (load_catalogues()[language].texts for language in ("zh_CN", "en"))
    assert set(chinese) == set(english)
    assert {key: fields_of(text) for key, text in chinese.items()} == {
        key: fields_of(text) for key, text in english.items()
    }
    assert all(text.strip() for text in (*chinese.values(), *english.values()))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.name))
def test_no_template_has_words_of_its_own(path: Path) -> None:
    """What remains of a template without markup and expressions is punctuation."""
    text = path.read_text(encoding="utf-8")
    rest = MARKUP.sub(" ", text)
    assert not re.search(r"[^\W\d_]", rest), rest.strip()
    assert not CHINESE.search(text)
    for spoken in SPOKEN_ATTRIBUTES.findall(text):
        assert not re.search(r"[^\W\d_]", re.sub(r"\{\{.*?\}\}", "", spoken))


@pytest.mark.parametrize("path", sorted((WEB / "static").iterdir()), ids=lambda path: str(path.name))
def test_no_static_file_speaks(path: Path) -> None:
    """Scripts and style sheets carry no sentence and no address of anybody else's."""
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not CHINESE.search(text)
    assert not re.search(r"https?:|//[a-z]+\.", text)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_value_a_page_can_meet_has_a_word(language: str) -> None:
    """No state, channel, role, colour or means falls through to a missing key."""
    words = load_catalogues()[language]
    groups = {"callout": CallOutState, "callee": CalleeState, "attempt": AttemptState}
    for group, states in groups.items():
        for state in states:
            assert words.text(f"{group}.{state.name.lower()}")
    for colour in Colour:
        assert words.text(f"colour.{colour.key}")
        assert words.text(f"colour.glyph.{colour.key}")
    for means in Means:
        assert words.text(f"means.{means}")
    for role in Role:
        assert words.text(f"role.{role.key}")
    for channel in Channel:
        assert words.text(f"channel.{channel.key}")


def test_a_role_has_one_chinese_word() -> None:
    """Who is called A岗 on paper and in the terminal is called so on the page."""
    chinese = load_catalogues()["zh_CN"]
    assert {role: chinese.text(f"role.{role.key}") for role in Role} == {role: role.chinese for role in Role}


def test_every_shipped_outcome_has_a_word() -> None:
    """Lists and findings show no code where the shipped table is used."""
    outcomes = tomllib.loads((WEB.parents[1] / "config" / "outcomes.toml").read_text("utf-8"))
    keys = [key for key, row in outcomes.items() if isinstance(row, dict)]
    for words in load_catalogues().values():
        assert [key for key in keys if f"outcome.{key}" not in words.texts] == []


def test_an_unknown_outcome_is_shown_as_it_is() -> None:
    """Outcomes are configuration: a new row needs no new page."""
    words = load_catalogues()["en"]
    assert words.word("outcome", "busy") == "busy"
    assert words.word("outcome", "brand_new") == "brand_new"


def test_the_language_is_found_in_what_was_asked() -> None:
    """?lang= in any spelling; a browser's first known language; Chinese when nothing fits."""
    assert [asked_language(value) for value in ("zh", "zh-CN", "zh_CN", "EN", "fr", "", None)] == [
        "zh_CN", "zh_CN", "zh_CN", "en", None, None, None,
    ]  # fmt: skip
    assert preferred_language("fr-FR,en;q=0.8,zh;q=0.7") == "en"
    assert preferred_language("fr") == preferred_language(None) == "zh_CN"


def test_names_given_per_language_fall_back() -> None:
    """A hazard without an English name keeps its Chinese one; a signal reads like one."""
    english = load_catalogues()["en"]
    assert english.of({"zh_CN": "暴雨"}) == "暴雨"
    assert Catalogue("en", {}).of({}) == ""
    assert english.signal({"en": "Rainstorm"}, Colour.RED) == "Red rainstorm warning"
