"""Pages and drawings that are made from the code say what the code says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture(scope="module")
def configuration() -> Any:
    """docs/make_configuration.py."""
    return loaded("make_configuration", DOCS / "make_configuration.py")


@pytest.fixture(scope="module")
def layers() -> Any:
    """docs/make_layers.py."""
    return loaded("make_layers", DOCS / "make_layers.py")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_configuration_reference_is_up_to_date(configuration: Any, language: str) -> None:
    """docs/configuration*.md is what the models and comments say; after a change: python -m docs.make_configuration."""
    assert configuration.PAGES[language].read_text(encoding="utf-8") == configuration.page(language)


def test_every_key_is_explained_in_both_languages(configuration: Any) -> None:
    """A key without a bilingual comment in config/warning-dispatch.toml (or a line in the script) helps nobody at night."""
    assert configuration.unexplained() == []


def test_the_reference_names_every_key(configuration: Any) -> None:
    """No field of any model is left out of the page."""
    page = configuration.page("en")
    for table in configuration.tables():
        for key, field in table.shape.model_fields.items():
            assert f"| `{field.alias or key}` |" in page, f"{table.name}.{key}"


def test_halves_of_a_comment_are_told_apart(configuration: Any) -> None:
    """A slash inside either half splits nothing."""
    assert configuration.split("打开 a / b 两处 / open a or b.") == ("打开 a / b 两处", "open a or b")
    assert configuration.split("english only / really") is None


def test_the_drawing_of_the_layers_is_up_to_date(layers: Any) -> None:
    """docs/images/layers.svg is the import contract; after a change: python -m docs.make_layers."""
    assert layers.DRAWING.read_text(encoding="utf-8") == layers.drawing()


def test_the_drawing_shows_every_module(layers: Any) -> None:
    """Each name of the contract once, from the top down, and every layer with words in both languages."""
    rows, pure = layers.contract()
    drawing = layers.drawing()
    places = [drawing.index(f">{name}</text>") for row in rows for name in row]
    assert places == sorted(places)
    assert drawing.count('class="pure"') == len(pure)
    assert [row for row in rows if not any(name in layers.CAPTIONS for name in row)] == []
