"""What the bureau's people are told, in words: short enough for a call, complete in a mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from warning_dispatch.bootstrap.wiring import vocabulary_of
from warning_dispatch.configuration import load_configuration
from warning_dispatch.delivery.text_checks import self_findings
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.engine.causes import sentences, with_causes
from warning_dispatch.errors import ConfigError
from warning_dispatch.escalation.alarms import URGENCY, Cause, Urgency
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import FrozenTexts
from warning_dispatch.model.unit import Channel

MESSAGES = Path(__file__).parents[3] / "config" / "messages"
TIERS = vocabulary_of(load_configuration(MESSAGES.parent))
R, O = Colour.RED, Colour.ORANGE  # noqa: E741 - orange


@pytest.fixture(scope="module")
def texts() -> FrozenTexts:
    """The shipped texts of the bureau's own call."""
    return TextBook(MESSAGES, ("zh_CN", "en"), TIERS).freeze_self()


def test_the_shipped_texts_have_no_finding() -> None:
    """Key within five seconds, call within twenty, message within its parts, link and unit named."""
    assert self_findings(TextBook(MESSAGES, ("zh_CN", "en"), TIERS)) == []


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_kind_that_rings_has_a_sentence(texts: FrozenTexts, language: str) -> None:
    """Nobody is woken to hear a code word."""
    for kind in (kind for kind, urgency in URGENCY.items() if urgency is not Urgency.ROW):
        (said,) = sentences(texts, language, [Cause(kind, R, 0, "白文镇")])
        assert kind not in said
        assert "{" not in said


def test_the_unit_is_named_or_stands_for_somebody(texts: FrozenTexts) -> None:
    """An alarm without a unit is a sentence too."""
    assert sentences(texts, "zh_CN", [Cause("county_silent", R, 0, "临县")]) == ["临县红色预警无人应答"]
    assert sentences(texts, "zh_CN", [Cause("county_silent", R, 0)]) == ["有单位红色预警无人应答"]


def test_an_unheard_of_kind_is_still_told(texts: FrozenTexts) -> None:
    """A newer program joins an alarm to an older self-call."""
    assert sentences(texts, "zh_CN", [Cause("comet", R, 0)]) == ["有告警要处理"]


def test_a_call_says_three_and_counts_the_rest(texts: FrozenTexts) -> None:
    """A mail says them all."""
    causes = [Cause(kind, R, 0) for kind in ("quarantined", "route_down", "pause_over", "awaiting_lift")]
    voice = with_causes(texts.get("zh_CN", "voice", "self"), texts, "zh_CN", Channel.VOICE, causes).body
    assert "有4项告警" in voice
    assert "另有1项" in voice
    mail = with_causes(texts.get("zh_CN", "email", "self"), texts, "zh_CN", Channel.EMAIL, causes)
    assert mail.subject == "【值班叫应】4项告警，请认领"
    assert "另有" not in mail.body
    assert "{unit}" in mail.body
    assert "{link}" in mail.body


def test_missing_and_misspelt_words_are_found(tmp_path: Path) -> None:
    """Found when the program starts, not at 3 a.m."""
    for file in MESSAGES.rglob("*.*"):
        target = tmp_path / file.relative_to(MESSAGES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text("utf-8"), "utf-8")
    words = tmp_path / "zh_CN" / "causes.toml"
    words.write_text(words.read_text("utf-8").replace("route_down =", "rout_down ="), "utf-8")
    (tmp_path / "en" / "sms" / "self.j2").write_text("{{ cause }}", "utf-8")
    with pytest.raises(ConfigError) as caught:
        TextBook(tmp_path, ("zh_CN", "en"), TIERS)
    places = [finding.where for finding in caught.value.findings]
    assert any(place.endswith("causes.toml: route_down") for place in places)
    assert any(place.endswith("causes.toml: rout_down") for place in places)
    assert any("self.j2" in place for place in places)
