"""Words for people that the pages do not have: verdicts on messages, waits, permitted words."""

from __future__ import annotations

from collections.abc import Mapping

from warning_dispatch.tomlfiles import both
from warning_dispatch.web.alarm_words import Pair, pick

DISPOSITIONS: Mapping[str, Pair] = {
    "accepted": ("已受理", "accepted"),
    "duplicate": ("重复", "duplicate"),
    "conflict": ("冲突", "conflict"),
    "stored": ("仅存档", "stored"),
    "quarantined": ("隔离", "quarantined"),
}
_LONG = 120
"""Minutes from which a wait is told in hours."""


def wait_text(wait: int, language: str) -> str:
    """About how long something takes (ms): 约 12 分钟, about 12 min."""
    minutes = wait // 60_000
    if minutes < _LONG:
        return pick((f"约 {minutes} 分钟", f"about {minutes} min"), language)
    return pick((f"约 {minutes / 60:g} 小时", f"about {minutes / 60:g} h"), language)


def choices(*names: str) -> str:
    """A list of permitted words for a help text."""
    return both("可选:", "one of ") + ", ".join(names)
