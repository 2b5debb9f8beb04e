"""What a site says its lines' endings mean: every word must be a row of the outcome table, and none of them an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from warning_dispatch.configuration.outcomes import load_outcomes
from warning_dispatch.delivery.kinds import RouteFacts
from warning_dispatch.tomlfiles import both

Fault = tuple[str, str, str]
"""Key below the route, what is wrong, remedy."""


def ending_faults(section: str, endings: Mapping[str, str], route: RouteFacts) -> Iterator[Fault]:
    """`section`: where the endings stand, "options.causes"."""
    if not endings or route.config_dir is None:
        return
    known = load_outcomes(route.config_dir / "outcomes.toml", "outcomes.toml", []) or {}
    for ending, outcome in endings.items():
        if outcome not in known or outcome == "key_pressed":
            what = both(f"结果表里没有 {outcome}", f"the outcome table has no {outcome}")
            remedy = both("只有按键算应答；见 outcomes.toml", "see outcomes.toml; only a key answers")
            yield f"{section}.{ending}", what, remedy
