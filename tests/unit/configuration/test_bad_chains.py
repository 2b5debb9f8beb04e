"""Every rule of a call chain: broken once, it is found at its place and said in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from warning_dispatch.errors import Finding

CITY, COUNTY = "chains/city.toml", "chains/county.toml"
Broken = Callable[[str, str, str], tuple[Finding, ...]]
SPARE = """[ladders.spare]
unreached_after = "5m"
rungs = [{ after = "0s", roles = ["primary"], channels = ["voice"] }]

[ladders.leader_red]
"""
VILLAGES = 'ladders = { red = "village_red", orange = "village_orange" }'
LEADERS = 'ladders = { red = "leader_red", orange = "leader_orange" }'
LEADERS_REPEAT = """[ladders.leader_red.repeat]
every = ["10m", "20m"]
rungs = [
  { after = "0s", roles = ["primary"], channels = ["voice"] },
  { after = "60s", roles = ["deputy"], channels = ["voice"] },
]
"""
LEADERS_SLOW = """[ladders.leader_red.slow]
every = ["10m", "20m"]
rungs = [{ after = "0s", roles = ["primary"], channels = ["voice"] }]
"""
VILLAGE_ANSWERS = 'answering_roles = ["primary", "deputy"] #'

SHAPES = {
    "unknown key": (CITY, 'gate = "tier"', 'gates = "tier"', "tiers[1].gates", "unknown key"),
    "missing key": (CITY, 'title = { zh_CN = "市领导", en = "City leaders" }\n', "", "tiers[0].title", "missing"),
    "one language": (CITY, ', en = "City-issued call chain"', "", "title.en", "missing"),
    "name": (CITY, 'name = "city"', 'name = "City 1"', "name", "'City 1'"),
    "no unit": (CITY, 'red = "60s"', 'red = "60"', "tiers[0].hold.red", "expected a duration"),
    "number": (CITY, 'red = "60s"', "red = 60", "tiers[0].hold.red", '"never"'),
    "target": (CITY, 'red = "5m"', 'red = "soon"', "target.red", "\"none\" ('soon')"),
    "no time": (CITY, '"5m"\nrungs', '"0s"\nrungs', "ladders.leader_red.unreached_after", "longer than 0"),
    "colour": (CITY, "hold = { red", "hold = { purple", "tiers[0].hold.purple", "unknown colour"),
    "role": (CITY, '["primary", "deputy"]', '["boss"]', "tiers[0].answering_roles[0]", "unknown role"),
    "channel": (CITY, '["sms"]', '["fax"]', "ladders.leader_red.rungs[0].channels[0]", "unknown channel"),
    "issuer": (CITY, 'issuer = "city"', 'issuer = "village"', "triggers[0].issuer", "unknown issuer level"),
    "cancel starts": (CITY, '["Alert", "Update"]', '["Cancel"]', "triggers[0].msg_types[0]", "unknown message type"),
    "no colour": (CITY, '["orange", "red"]', "[]", "triggers[0].colours", "at least one"),
    "kind": (CITY, 'kind = "leader"', 'kind = "boss"', "tiers[0].select.kind", "unknown unit kind"),
    "level": (CITY, 'level = "city"', 'level = "town"', "tiers[0].select.level", "unknown level"),
    "rule": (CITY, 'rule = "first"', 'rule = "some"', "tiers[0].rule", "unknown rule"),
    "gate": (CITY, 'gate = "tier"', 'gate = "door"', "tiers[1].gate", "unknown gate"),
    "need": (CITY, 'rule = "first"', 'need = 0\nrule = "first"', "tiers[0].need", '"any", "all" or a number from 1'),
    "need is no flag": (CITY, 'rule = "first"', 'need = true\nrule = "first"', "tiers[0].need", "number from 1"),
    "fraction": (CITY, 'rule = "first"', 'rule = "quorum"\nquorum = 1.5', "tiers[0].quorum", "must be ≤ 1"),
    "flag": (CITY, 'rule = "first"', 'notice = "perhaps"\nrule = "first"', "tiers[0].notice", "true or false"),
    "text": (CITY, 'opens_after = "leaders"', "opens_after = 1", "tiers[1].opens_after", "expected text"),
    "list": (CITY, 'gate_roles = ["duty"]', 'gate_roles = "duty"', "tiers[0].gate_roles", "expected a list"),
    "table": (CITY, LEADERS, 'ladders = "leader_red"', "tiers[0].ladders", "expected a table"),
    "repeat at once": (CITY, '["10m", "20m"]', '["0s"]', "ladders.leader_red.repeat.every[0]", "longer than 0"),
    "repeat of nothing": (CITY, '["10m", "20m"]', "[]", "ladders.leader_red.repeat.every", "at least one"),
}
STRUCTURE = {
    "doubled tier": (CITY, 'name = "departments"', 'name = "counties"', "tiers", "counties occurs 2 times"),
    "tier": (CITY, 'opens_after = "counties"', 'opens_after = "county"', "tiers[3].opens_after", "no tier county"),
    "ladder": (CITY, VILLAGES, VILLAGES.replace("_red", "_rot"), "tiers[4].ladders.red", "no ladder village_rot"),
    "circle": (
        CITY, 'select = { kind = "leader"', 'opens_after = "counties"\nselect = { kind = "leader"',
        "tiers[0].opens_after", "leaders → counties → leaders",
    ),
    "itself": (
        CITY, 'opens_after = "townships"', 'opens_after = "villages"',
        "tiers[4].opens_after", "villages → villages",
    ),
}  # fmt: skip
LOGIC = {
    "no target": (CITY, ', orange = "15m"', "", "target.orange", "no target for orange"),
    "hazard": (CITY, '["rainstorm"]', '["rainstrom"]', "triggers[0].hazards", "has no hazard rainstrom"),
    "red frost": (CITY, '["rainstorm"]', '["frost"]', "triggers[0].colours", "frost has no red warning"),
    "back in time": (CITY, 'after = "120s"', 'after = "250s"', "ladders.leader_red.rungs[4].after", "4m follows 250s"),
    "late start": (
        CITY, '{ after = "0s", roles = ["primary", "deputy"], channels = ["sms"] },\n  { after = "180s"',
        '{ after = "30s", roles = ["primary", "deputy"], channels = ["sms"] },\n  { after = "180s"',
        "ladders.village_orange.rungs[0].after", "must stand at 0s",
    ),
    "unreached too soon": (
        CITY, '[ladders.office_red]\nunreached_after = "5m"', '[ladders.office_red]\nunreached_after = "4m"',
        "ladders.office_red.unreached_after", "before the last rung at 285s",
    ),
    "voice too short": (CITY, '"2h"', '"1m"', "ladders.leader_orange.voice_for", "before the last rung at 8m"),
    "rounds overlap": (CITY, '["10m", "20m"]', '["60s"]', "ladders.leader_red.repeat.every", "final rung at 60s"),
    "repeat goes back": (
        CITY, LEADERS_REPEAT, LEADERS_REPEAT.replace('"0s"', '"90s"'),
        "ladders.leader_red.repeat.rungs[1].after", "60s follows 90s",
    ),
    "unused": (CITY, "[ladders.leader_red]\n", SPARE, "ladders.spare", "no tier uses"),
    "forgotten colour": (CITY, LEADERS, 'ladders = { red = "leader_red" }', "tiers[0].ladders.orange", "no ladder for"),
    "left out": (CITY, VILLAGES, f'{VILLAGES}\ncolours = ["red"]', "tiers[4].ladders.orange", "never used"),
    "branch of nobody": (CITY, 'opens_after = "counties"\n', "", "tiers[3].gate", "needs opens_after"),
    "behind a notice": (
        COUNTY, 'opens_after = "leaders"', 'opens_after = "city_notice"',
        "tiers[2].opens_after", "city_notice is a notice",
    ),
    "behind nobody": (
        COUNTY, 'opens_after = "leaders"', 'opens_after = "city_emergency"',
        "tiers[2].opens_after", "city_emergency is not called for orange",
    ),
    "no hold": (CITY, ', orange = "180s"', "", "tiers[0].hold.orange", "departments waits for it"),
    "branch of offices": (
        CITY, 'opens_after = "counties"', 'opens_after = "departments"',
        "tiers[3].gate", "needs departments to be divisions above",
    ),
    "no fraction": (CITY, 'rule = "all"', 'rule = "quorum"', "tiers[1].quorum", "rule quorum needs a fraction"),
    "fraction alone": (CITY, 'rule = "all"', 'rule = "all"\nquorum = 0.8', "tiers[1].quorum", "only rule quorum"),
    "two selections": (
        CITY, "of_hazard = true", 'of_hazard = true, sectors = ["water"]',
        "tiers[1].select.of_hazard", "exclude each other",
    ),
    "sector": (COUNTY, '["emergency"]', '["emergncy"]', "tiers[5].select.sectors", "unknown sector emergncy"),
    "nobody answers": (CITY, VILLAGE_ANSWERS, "#", "tiers[4].answering_roles", "nobody's answer counts"),
    "two meanings": (CITY, 'gate_roles = ["duty"]', 'gate_roles = ["deputy"]', "tiers[0].gate_roles", "deputy cannot"),
    "calling a notice": (
        COUNTY, 'ladders = { red = "notice"', 'ladders = { red = "office_red"',
        "tiers[6].ladders.red", "may only have rungs at 0s",
    ),
    "wrong people": (
        CITY, VILLAGE_ANSWERS, 'answering_roles = ["duty"] #',
        "tiers[4].ladders.red", "never calls anybody whose answer counts",
    ),
    "no repeat": (CITY, LEADERS_REPEAT, "", "tiers[0].ladders.red", "somebody would be forgotten"),
    "no slow": (CITY, LEADERS_SLOW, "", "tiers[0].ladders.red", "A is not called after the duty room"),
    "too late": (
        CITY, 'red = "120s", orange = "300s"', 'red = "10m", orange = "300s"',
        "target.red", "tier villages may be called as late as 13m, the target is 5m",
    ),
    "never": (
        CITY, 'red = "120s", orange = "420s"', 'red = "120s", orange = "never"',
        "target.orange", "tier villages may be called as late as never",
    ),
    "trigger twice": (
        COUNTY, 'issuer = "county"', 'issuer = "city"',
        "triggers[0]", "trigger rainstorm orange Alert city is already in chains/city.toml: triggers[0]",
    ),
    "name twice": (COUNTY, 'name = "county"', 'name = "city"', "name", "city is already in chains/city.toml"),
}  # fmt: skip
RULES = [pytest.param(*case, id=name) for table in (SHAPES, STRUCTURE, LOGIC) for name, case in table.items()]


@pytest.mark.parametrize(("file", "old", "new", "key", "words"), RULES)
def test_a_broken_rule_is_found(broken: Broken, file: str, old: str, new: str, key: str, words: str) -> None:
    """A wrong plan is refused before the season, at file and key, and not in the night it is needed."""
    found = broken(file, old, new)
    assert [one for one in found if one.where == f"{file}: {key}" and words in one.what], list(map(str, found))
    assert {one.where.partition(":")[0] for one in found} == {file}


def test_a_slip_is_met_with_the_right_word(broken: Broken) -> None:
    """A misspelt key says which one was meant, an unknown ladder which there are."""
    (slip,) = broken(CITY, 'gate = "tier"', 'gtae = "tier"')
    assert "did you mean gate?" in slip.remedy
    found = broken(CITY, 'red = "village_red"', 'red = "village"')
    assert any("village_red, village_orange" in one.remedy for one in found)


def test_a_colour_nobody_is_called_for(broken: Broken, folder: Path) -> None:
    """A trigger of which every tier is left out would start a call-out of nobody."""
    text = (folder / CITY).read_text(encoding="utf-8")
    (folder / CITY).write_text(text.replace('rule = "', 'colours = ["red"]\nrule = "'), encoding="utf-8")
    found = broken(CITY, "#", "#")
    assert (f"{CITY}: tiers", True) in [(one.where, "no tier is called for orange" in one.what) for one in found]


def test_a_broken_piece_does_not_make_others_look_broken(broken: Broken) -> None:
    """A tier or ladder that cannot be read is there all the same: nobody hears that its name is unknown."""
    assert len(broken(CITY, 'red = "120s", orange = "300s"', 'red = "120", orange = "300s"')) == 1
    found = broken(
        CITY, '[ladders.village_red]\nunreached_after = "10m"', "[ladders.village_red]\nunreached_after = 10"
    )
    assert [one.where for one in found] == [
        f"{CITY}: tiers[2].hold.red",
        f"{CITY}: ladders.village_red.unreached_after",
    ]


def test_a_disabled_chain_claims_no_trigger(broken: Broken, folder: Path) -> None:
    """Two plans for the same warning may lie side by side as long as one is switched off; it is checked all the same."""
    other = (folder / CITY).read_text(encoding="utf-8").replace('name = "city"', 'name = "other"')
    (folder / "chains" / "other.toml").write_text(other.replace("enabled = true", "enabled = false"), encoding="utf-8")
    (only,) = broken("chains/other.toml", 'rule = "first"', 'rule = "some"')
    assert only.where == "chains/other.toml: tiers[0].rule"
