"""config/outcomes.toml: what each outcome of an attempt makes of the callee."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from warning_dispatch.configuration.words import Bilingual, DurationMs, NextWord
from warning_dispatch.errors import Finding
from warning_dispatch.model.plan import Outcome
from warning_dispatch.tomlfiles import Shape, both, parse, read_toml

NEEDED = frozenset(
    {
        "key_pressed", "heard_no_key", "hung_up_early", "voicemail", "colour_ring", "machine", "no_answer", "rejected",
        "no_report", "undelivered", "hung_up_by_us", "busy", "switched_off", "out_of_coverage", "empty_number",
        "suspended", "invalid_number", "bounced", "opted_out", "number_limited", "over_concurrency",
        "temporarily_refused", "provider_down", "credentials_refused", "balance_exhausted", "misconfigured", "delivered",
    }
)  # fmt: skip
"""Rows that channels and the engine name."""


class OutcomeShape(Shape):
    """[KEY]."""

    title: Bilingual
    next: NextWord
    gap: DurationMs = 0
    ends: bool = True


def load_outcomes(path: Path, label: str, findings: list[Finding]) -> Mapping[str, Outcome] | None:
    """Read the table; None (and findings) when it cannot be used."""
    before = len(findings)
    raw = read_toml(path, label, findings)
    if raw is None:
        return None
    outcomes: dict[str, Outcome] = {}
    for key, table in raw.items():
        one = parse(OutcomeShape, table, f"{label}: {key}", findings)
        if one is not None:
            outcomes[key] = Outcome(key, one.title.zh_CN, one.next, one.gap, one.ends)
    for key in sorted(NEEDED - set(raw)):
        what = both("缺少程序需要的一行", "a row the program needs is missing")
        findings.append(Finding(f"{label}: {key}", what, both("从随附的默认配置复制", "copy it from the shipped one")))
    return None if len(findings) > before else outcomes
