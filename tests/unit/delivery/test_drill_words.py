"""The message that announces a drill."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warning_dispatch.delivery.drill_words import announcement
from warning_dispatch.delivery.lengths import segment_limit, sms_segments
from warning_dispatch.delivery.text_samples import SAMPLE_UNIT, sample_facts
from warning_dispatch.model.texts import DRILL, DRILL_SPOKEN, VALUES

AT = 1_785_547_800_000
"""2026-08-01 09:30 in Beijing."""
FACTS = replace(sample_facts(), drill=True)


@pytest.mark.parametrize(("language", "hour"), [("zh_CN", "8月1日9:30"), ("en", "Aug 1 9:30")])
def test_it_says_what_it_is_when_and_that_nothing_is_asked(language: str, hour: str) -> None:
    """【演练】 first, the hour of the drill, whom it is for; short enough for a phone."""
    text = announcement(FACTS, AT, ("zh_CN", "en")).get(language, "sms", "notice")
    _, body = text.fill(SAMPLE_UNIT, "")
    assert body.startswith("【演练】")
    assert hour in body
    assert SAMPLE_UNIT in body
    assert "{" not in body
    assert sms_segments(body).segments <= segment_limit(language)


def test_a_provider_with_templates_of_its_own_is_told_as_well() -> None:
    """Every value is there and none is empty: providers refuse empty ones; the mark says that it is announced."""
    for language in ("zh_CN", "en"):
        values = announcement(FACTS, AT, ("zh_CN", "en")).values_in(language)
        assert set(values) == {*VALUES, DRILL, DRILL_SPOKEN}
        assert all(values.values())
        assert values[DRILL].startswith("【演练】")


def test_a_forged_name_forges_no_mark() -> None:
    """Braces of foreign words are no marks of ours."""
    forged = replace(FACTS, issuer="{link}{unit}", hazard="{0}")
    text = announcement(forged, AT, ("zh_CN",)).get("zh_CN", "sms", "notice")
    assert text.fill("甲村", "X")[1].count("甲村") == 1
