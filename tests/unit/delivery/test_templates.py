"""Templates for a hazard, tier, role, colour or type: which one is taken, what is frozen, and what a name may say."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.templates import COLOURS, ROLES, TYPES, Variant, Vocabulary, chosen
from warning_dispatch.delivery.text_checks import particular_findings
from warning_dispatch.delivery.text_samples import sample_facts
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.engine.frozen import texts_from_json, texts_to_json
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import AlertFacts

SHIPPED = Path(__file__).parents[3] / "config" / "messages"
WORDS = Vocabulary(
    hazards=frozenset({"rainstorm", "heat"}), tiers=frozenset({"leaders", "townships", "villages", "outlets"})
)
RED_RAIN = replace(sample_facts(), hazard_key="rainstorm", msg_type=MsgType.ALERT)
BODY = "{}。{{{{ issuer }}}}{{{{ time_short }}}}{{{{ unit }}}}{{{{ link }}}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped templates, to be added to."""
    shutil.copytree(SHIPPED, tmp_path / "messages")
    return tmp_path / "messages"


def book_with(folder: Path, *names: str) -> TextBook:
    """The shipped book with SMS templates of these names, each saying its own."""
    for name in names:
        (folder / "zh_CN" / "sms" / f"{name}.j2").write_text(BODY.format(name), encoding="utf-8")
    return TextBook(folder, ("zh_CN", "en"), WORDS)


def taken(book: TextBook, facts: AlertFacts, tier: str, role: str, language: str = "zh_CN") -> str:
    """Which of them is said to a role of a tier."""
    body = texts_from_json(texts_to_json(book.freeze(facts))).get(language, "sms", "call", tier, role).body
    return body.split("。", maxsplit=1)[0] if body.startswith("call.") else "call"


def test_the_most_particular_one_is_taken(folder: Path) -> None:
    """A hazard weighs more than a tier, a tier more than a role, then colour, then type; frozen with the call-out."""
    book = book_with(
        folder, "call.red", "call.update", "call.duty", "call.villages", "call.rainstorm", "call.villages.deputy.red"
    )
    orange_heat = replace(RED_RAIN, hazard_key="heat", colour=Colour.ORANGE)
    for facts, tier, role, name in (
        (RED_RAIN, "villages", "primary", "call.rainstorm"),
        (replace(RED_RAIN, hazard_key="heat"), "villages", "primary", "call.villages"),
        (replace(RED_RAIN, hazard_key="heat"), "villages", "deputy", "call.villages.deputy.red"),
        (replace(RED_RAIN, hazard_key="heat"), "townships", "duty", "call.duty"),
        (replace(RED_RAIN, hazard_key="heat"), "townships", "primary", "call.red"),
        (replace(orange_heat, msg_type=MsgType.UPDATE), "townships", "primary", "call.update"),
        (orange_heat, "townships", "primary", "call"),
        (orange_heat, "villages", "duty", "call.villages"),
        (orange_heat, "", "", "call"),
    ):
        assert taken(book, facts, tier, role) == name, (facts.hazard_key, tier, role)
    assert taken(book, orange_heat, "villages", "primary", "en") == "call"  # a language has templates of its own


def test_every_kind_of_word_narrows(folder: Path) -> None:
    """Each word is for what it names and for nothing else."""
    book = book_with(folder, "call.leaders.heat.duty.orange.cancel")
    fitting = replace(RED_RAIN, hazard_key="heat", colour=Colour.ORANGE, msg_type=MsgType.CANCEL)
    assert taken(book, fitting, "leaders", "duty") != "call"
    for facts, tier, role in (
        (replace(fitting, hazard_key="rainstorm"), "leaders", "duty"),
        (replace(fitting, colour=Colour.RED), "leaders", "duty"),
        (replace(fitting, msg_type=MsgType.ALERT), "leaders", "duty"),
        (fitting, "villages", "duty"),
        (fitting, "leaders", "primary"),
    ):
        assert taken(book, facts, tier, role) == "call"


@given(data=st.data())
def test_one_template_is_always_the_most_particular(data: st.DataObject) -> None:
    """No two that fit the same person weigh the same, and whoever is told, the one taken fits."""
    choices = {"hazard": ["rainstorm"], "tier": ["villages"], "role": ["duty"], "colour": ["red"], "type": ["alert"]}
    sets = data.draw(st.lists(st.sets(st.sampled_from(sorted(choices))), max_size=8, unique_by=frozenset))
    variants = [
        Variant("plain", {}),
        *(Variant(str(n), {k: choices[k][0] for k in one}) for n, one in enumerate(sets) if one),
    ]
    for (tier, role), variant in chosen(variants, RED_RAIN).items():
        others = [one for one in variants if one.fits(RED_RAIN) and one.serves(tier, role)]
        assert variant in others
        assert [one.weight for one in others].count(variant.weight) == 1
        assert all(one.weight <= variant.weight for one in others)


def test_a_name_that_says_nothing_known_is_found(folder: Path) -> None:
    """A slip in a file's name would silently never be used: `check` names it, with the nearest word."""
    with pytest.raises(ConfigError) as caught:
        book_with(folder, "call.rainstrom", "cal", "call.red.orange", "self.red", "call.")
    found = [str(one) for one in caught.value.findings]
    assert len(found) == 6
    for start, words in (
        ("messages/zh_CN/sms/call.rainstrom.j2", "did you mean rainstorm?"),
        ("messages/zh_CN/sms/cal.j2", "did you mean call?"),
        ("messages/zh_CN/sms/call.red.orange.j2", "a second colour"),
        ("messages/zh_CN/sms/self.red.j2", "'red'"),
        ("messages/zh_CN/sms/call..j2", "''"),
    ):
        assert any(line.startswith(start) and words in line for line in found), (start, found)


def test_a_particular_template_is_tried_with_what_it_is_for(folder: Path) -> None:
    """StrictUndefined and every measure hold for each of them, with its own hazard and colour, at the start and in `check`."""
    (folder / "zh_CN" / "voice" / "call.villages.j2").write_text("{{ nothing }}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"voice/call\.villages\.j2:1: there is no placeholder 'nothing'"):
        book_with(folder)
    (folder / "zh_CN" / "voice" / "call.villages.j2").write_text("{{ issuer }}{{ time }}{{ unit }}", encoding="utf-8")
    assert [str(one.where) for one in particular_findings(book_with(folder))] == [
        "messages/zh_CN/voice/call.villages.j2"
    ]


def test_what_is_shipped_has_nothing_to_find() -> None:
    """Leaders are spoken to as leaders; and whatever is shipped passes its own checks."""
    book = TextBook(SHIPPED, ("zh_CN", "en"), WORDS)
    assert particular_findings(book) == []
    texts = book.freeze(RED_RAIN)
    assert "向您报告" in texts.get("zh_CN", "operator", "call", "leaders", "primary").body
    assert "向您报告" not in texts.get("zh_CN", "operator", "call", "villages", "primary").body


def test_words_have_one_meaning() -> None:
    """No colour, role or type of message shares its word."""
    words = [*COLOURS, *ROLES, *TYPES]
    assert len(words) == len(set(words))
