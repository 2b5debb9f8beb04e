"""The words for what happened, one sentence per kind of alarm: config/messages/{language}/causes.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from warning_dispatch.errors import Finding
from warning_dispatch.escalation.alarms import URGENCY, Urgency
from warning_dispatch.tomlfiles import both, read_toml

FILE = "causes.toml"
SMALL_WORDS = ("other", "somebody", "several", "more", "between")
"""For a kind without words, a unit nobody knows, several of a kind, what is left over, and between two sentences."""


def read_causes(folder: Path, label: str, findings: list[Finding]) -> Mapping[str, str]:
    """The words by kind. Every kind that can ring has some, and nothing else stands there."""
    where = f"{label}/{FILE}"
    raw = read_toml(folder / FILE, where, findings)
    if raw is None:
        return {}
    wanted = [*SMALL_WORDS, *(kind for kind, urgency in URGENCY.items() if urgency is not Urgency.ROW)]
    for key in wanted:
        if not isinstance(raw.get(key), str) or not raw[key]:
            what = both(f"缺少 {key} 的说法", f"no words for {key}")
            findings.append(Finding(f"{where}: {key}", what, both("参照随附文件", "see the shipped file")))
    for key in raw:
        if key not in wanted:
            what = both(f"没有 {key} 这种告警", f"there is no alarm {key}")
            findings.append(Finding(f"{where}: {key}", what, both("删去", "remove it")))
    return {key: words for key, words in raw.items() if isinstance(words, str)}
