"""config/outcomes.toml: what each outcome of an attempt makes of the callee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from warning_dispatch.configuration.words import Bilingual, DurationMs, NextWord
from warning_dispatch.errors import Finding
from warning_dispatch.model.plan import Next, Outcome
from warning_dispatch.tomlfiles import Shape, both, parse, read_toml

NEEDED = frozenset(
    {
        "key_pressed", "heard_no_key", "hung_up_early", "voicemail", "colour_ring", "machine", "no_answer", "rejected",
        "no_report", "undelivered", "hung_up_by_us", "busy", "switched_off", "out_of_coverage", "empty_number",
        "suspended", "invalid_number", "bounced", "opted_out", "number_limited", "over_concurrency",
        "line_lost", "no_line", "spoken", "told_deputy", "wrong_number", "temporarily_refused", "mail_deferred", "provider_down", "credentials_refused", "balance_exhausted", "misconfigured", "delivered",
    }
)  # fmt: skip
"""Rows that channels and the engine name."""
ONLY_BY = {"key_pressed": Next.ACKNOWLEDGE, "delivered": Next.DELIVERED}
"""Only a human acknowledges, and a delivery report is never an end: these two rows mean this, and no other row does."""
WAITING = frozenset(
    {Next.SAME_NUMBER, Next.OTHER_ENDPOINT, Next.DOUBTFUL, Next.OTHER_ROUTE, Next.ROUTE_DOWN, Next.AGAIN}
)
"""What goes to the same place again later; without a gap it would go on at once, without end."""


class OutcomeShape(Shape):
    """[KEY]."""

    title: Bilingual
    next: NextWord
    gap: DurationMs = 0
    ends: bool = True
    failure: bool = False


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
            outcomes[key] = Outcome(key, one.title.zh_CN, one.next, one.gap, one.ends, one.failure)
            findings.extend(_row_findings(f"{label}: {key}", outcomes[key]))
    for key in sorted(NEEDED - set(raw)):
        what = both("缺少程序需要的一行", "a row the program needs is missing")
        findings.append(Finding(f"{label}: {key}", what, both("从随附的默认配置复制", "copy it from the shipped one")))
    return None if len(findings) > before else outcomes


def _row_findings(where: str, outcome: Outcome) -> Iterator[Finding]:
    """What a row may not say, whatever the table is changed to."""
    meant = ONLY_BY.get(outcome.key)
    if outcome.next is not meant and (meant is not None or outcome.next in ONLY_BY.values()):
        owner = next((key for key, one in ONLY_BY.items() if one is outcome.next), outcome.key)
        if meant is not None:
            what = both(f"{outcome.key} 只能是 {meant.value}", f"{outcome.key} can only mean {meant.value}")
        else:
            what = both(f"只有 {owner} 可以是 {outcome.next.value}", f"only {owner} may mean {outcome.next.value}")
        yield Finding(f"{where}.next", what, both("改用其他后续动作", "choose another next step"))
    if outcome.ends is (outcome.next is Next.DELIVERED):
        what = both(
            "ends 与 next 不符:只有送达回执不是结束", "ends and next disagree: only a delivery report is no end"
        )
        yield Finding(f"{where}.ends", what, both("改正其一", "mend one of the two"))
    if outcome.next in WAITING and not outcome.gap:
        what = both(f"{outcome.next.value} 须写等待时间", f"{outcome.next.value} needs a waiting time")
        yield Finding(f"{where}.gap", what, 'gap = "60s"')
