"""Alarms in words: complete in both languages, and no code is left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warning_dispatch.escalation.alarms import URGENCY
from warning_dispatch.model.alarm_facts import facts_of, written
from warning_dispatch.model.views import AlarmRow
from warning_dispatch.web.alarm_words import alarm_detail, alarm_word, reason_text
from warning_dispatch.web.catalogues import load_catalogues

CODE = re.compile(r"[a-z]+_[a-z]+|[{}]")
ENGINE = Path(__file__).parents[3] / "warning_dispatch" / "engine"
INTAKE = "".join((ENGINE / name).read_text("utf-8") for name in ("intake.py", "judging.py", "locating.py"))
REASON = re.compile(
    r'reasons, "([a-z_]+)"|return "([a-z_]+)"|reasons\.append\("([a-z_]+)"|(?:why|unknown) = .*"([a-z_]+)"'
)
FACTS = {
    "area_unknown": written(code="141199"),
    "awaiting_lift": written(untold=3),
    "blackout_suspected": written(minutes=10, units=7, dark=6),
    "list_not_written": written(text="目录写不了 / the folder cannot be written"),
    "plan_missing": written(chain=4, plan="city"),
    "quarantined": written(message=7, why=["fault_ValueError"]),
    "route_down": written(route="电话一", outcome="credentials_refused"),
    "lines_dead": written(route="trunk", lines=4, dead="3, 4"),
    "source_silent": written(source="cma"),
    "superior_without_contact": written(branches=2),
    "units_unreachable": written(units=2, names=["A", "B"]),
    "register_worse": written(gaps={"stale": 4, "bad_number": 1}, score=71),
    "untriggered": written(alert=5, why=["too_old", "trigger_city", "colour-conflict"]),
}


def alarm(kind: str, detail: str) -> AlarmRow:
    """An alarm as it is stored."""
    return AlarmRow(1, 0, kind, detail, None, "")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("kind", sorted(URGENCY))
def test_every_kind_is_told_in_words(kind: str, language: str) -> None:
    """The duty officer reads what it is, of what, and what to do; every fact is in it."""
    words = load_catalogues()[language]
    told = f"{alarm_word(kind, words)} {alarm_detail(alarm(kind, FACTS.get(kind, '')), words)}"
    assert not CODE.search(told.replace("colour-conflict", ""))
    assert bool(re.search(r"[\u4e00-\u9fff]", told)) == (
        language == "zh_CN" or kind in ("route_down", "list_not_written")
    )
    for value in facts_of(FACTS.get(kind, "")).values():
        assert isinstance(value, list | dict) or kind == "route_down" or str(value) in told


def test_a_text_is_shown_as_it_was_written() -> None:
    """Rows of an older version, and whatever is no set of facts."""
    words = load_catalogues()["zh_CN"]
    assert alarm_detail(alarm("route_down", "phones"), words) == "phones"
    assert alarm_detail(alarm("brand_new", "{x} [1]"), words) == "{x} [1]"
    assert alarm_detail(alarm("quarantined", "7"), words) == "7"
    assert alarm_detail(alarm("no_contact", ""), words) == ""
    assert alarm_word("brand_new", words) == "brand_new"


def test_every_reason_of_intake_has_words() -> None:
    """A verdict's code is never all that a person gets to read."""
    found = {next(filter(None, groups)) for groups in REASON.findall(INTAKE)}
    assert {"too_old", "sender_not_allowed", "set_aside_by_an_officer", "nobody_in_area"} <= found
    assert [one for one in sorted(found) if CODE.search(reason_text(one, "zh_CN"))] == []
