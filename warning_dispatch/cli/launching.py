"""What a launch may be expected to take, told before it begins: storms over the plan, the register and the routes."""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.bootstrap.installation import planning_ground
from warning_dispatch.configuration import Configuration
from warning_dispatch.escalation.waiting import rounded
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.estimate import GOAL, Estimate
from warning_dispatch.model.lessons import Seen
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.plan import CallChain, Hazard
from warning_dispatch.planning.habits import learned
from warning_dispatch.planning.launching import expected, hour_of, launch_question
from warning_dispatch.settings import Settings

MINUTE = 60_000
STORMS = 2
"""Played for one figure while somebody waits."""


def launch_estimate(
    configuration: Configuration,
    settings: Settings,
    chain: CallChain,
    hazard: Hazard,
    colour: Colour,
    areas: Sequence[str],
    book: Phonebook,
    past: Seen,
    now: int,
    storms: int = STORMS,
) -> Estimate | None:
    """What a call-out of this area may be expected to take; None where nobody can know."""
    ground = planning_ground(settings, configuration)
    question = launch_question(chain, hazard, colour, areas, ground, learned(past, hour_of(now)), now)
    return expected(question, book, now, storms)


def estimate_words(found: Estimate) -> tuple[str, str]:
    """In both languages: 2,640 个单位、30 条线：预计约 10 分钟一半应答，约 23 分钟 95% 应答."""
    lines, english_lines = (
        (f"{found.lines} 条线", f"{found.lines} lines")
        if found.lines is not None
        else ("线路不限", "no limit of lines")
    )
    head, english = f"{found.units:,} 个单位、{lines}", f"{found.units:,} units, {english_lines}"
    half, nearly = found.guess(0.5), found.guess(GOAL)
    if nearly is None or nearly.middle is None or half is None or half.middle is None:
        return f"{head}：预警有效期内叫不到 95%。", f"{english}: 95 % will not have answered while the warning holds."
    first, second = (rounded(one) // MINUTE for one in (half.middle, nearly.middle))
    return (
        f"{head}：预计约 {first} 分钟一半应答，约 {second} 分钟 95% 应答。",
        f"{english}: half are expected to have answered after about {first} min, 95 % after about {second} min.",
    )


def estimate_document(found: Estimate) -> dict[str, object]:
    """The same as JSON, in seconds; null: not while the warning holds."""

    def seconds(ms: int | None) -> float | None:
        return None if ms is None else round(ms / 1000, 1)

    return {
        "units": found.units,
        "lines": found.lines,
        "storms": found.storms,
        "habits": found.habits,
        "shares": [
            {"share": one.share, "seconds": seconds(one.middle), "low": seconds(one.low), "high": seconds(one.high)}
            for one in found.guesses
        ],
    }
