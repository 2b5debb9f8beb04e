"""What a line says besides the text of a warning: phrases.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def _all() -> Mapping[str, Mapping[str, str]]:
    raw = files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    return {language: dict(words) for language, words in tomllib.loads(raw).items()}


def phrases(language: str) -> Mapping[str, str]:
    """By name; Chinese for a language that we do not know."""
    known = _all()
    return known.get(language) or known["zh_CN"]


def languages() -> tuple[str, ...]:
    """Those there are."""
    return tuple(_all())
