"""预估与误差: what was expected of a call-out and how right that was, as a terminal and a program see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from warning_dispatch.cli.launching import estimate_document
from warning_dispatch.cli.terminal import Terminal
from warning_dispatch.model.estimate import JudgedShare, KeptEstimate

MINUTE = 60_000
SECOND = 1000


def kept_document(kept: KeptEstimate | None, judged: Sequence[JudgedShare]) -> dict[str, object]:
    """What `callout show --json` says under "estimate"; null where nothing was expected. Seconds after the start."""
    if kept is None:
        return {"estimate": None}
    errors = [
        {
            "share": one.guess.share,
            "expected_seconds": None if one.guess.middle is None else round(one.guess.middle / SECOND, 1),
            "happened_seconds": None if one.happened is None else round(one.happened / SECOND, 1),
            "error": None if one.error is None else round(one.error, 4),
            "within": one.within,
        }
        for one in judged
    ]
    latest = None if kept.latest is None else estimate_document(kept.latest)
    return {"estimate": {"launch": estimate_document(kept.launch), "latest": latest, "errors": errors}}


def kept_text(terminal: Terminal, judged: Sequence[JudgedShare]) -> Iterator[Text]:
    """预计：95% 23 分钟（20～26），实际 25 分钟，晚 9%。 One line for each share."""
    for one in judged:
        guess, share = one.guess, f"{one.guess.share:.0%}"
        if guess.middle is None:
            said, english = "预警有效期内达不到", "not while the warning holds"
        else:
            middle, low, high = (_minutes(each) for each in (guess.middle, guess.low, guess.high))
            said, english = f"{middle} 分钟（{low}～{high}）", f"after {middle} min ({low} to {high})"
        chinese, line = f"启动时预计 {share} 应答：{said}", f"At the launch {share} were expected {english}"
        if one.happened is not None:
            chinese, line = (
                f"{chinese}；实际 {_minutes(one.happened)} 分钟",
                f"{line}; it was {_minutes(one.happened)} min",
            )
        if one.error is not None:
            late, early = f"晚 {one.error:.0%}", f"早 {-one.error:.0%}"
            chinese = f"{chinese}，{late if one.error >= 0 else early}"
            line = f"{line}, {abs(one.error):.0%} {'later' if one.error >= 0 else 'sooner'}"
        yield Text(terminal.say(f"{chinese}。", f"{line}."))


def _minutes(ms: int | None) -> str:
    return "—" if ms is None else f"{ms / MINUTE:.1f}"
