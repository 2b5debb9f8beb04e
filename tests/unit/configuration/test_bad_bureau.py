"""Every rule of the bureau's own call: broken once, it is found at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.errors import Finding

BUREAU = "chains/bureau.toml"
Broken = Callable[[str, str, str], tuple[Finding, ...]]
TRIGGER = """[[triggers]]
hazards = ["rainstorm"]
colours = ["yellow"]
msg_types = ["Alert"]
issuer = "city"

[[tiers]]
name = "duty"
"""

RULES = {
    "a trigger": ('[[tiers]]\nname = "duty"\n', TRIGGER, "triggers"),
    "strangers": (
        'kind = "bureau", level = "city", codes = ["-duty"]',
        'kind = "leader", level = "city"',
        "duty.select",
    ),
    "a duty room that only opens": (
        'answering_roles = ["primary", "deputy", "duty"]\nhold = { red = "60s"',
        'answering_roles = ["primary", "deputy"]\ngate_roles = ["duty"]\nhold = { red = "60s"',
        "duty",
    ),
    "an end": ("[ladders.desk_red]\n", '[ladders.desk_red]\nvoice_for = "2h"\n', "duty.ladders.red"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_found(broken: Broken, rule: str) -> None:
    """No warning starts it, it calls nobody but the bureau, any answer claims, and it never ends by itself."""
    before, after, place = RULES[rule]
    assert f"chains/bureau: {place}" in [finding.where for finding in broken(BUREAU, before, after)]
