"""疑似断网: a whole township that has fallen silent at once. PURE.

One phone that is off says something about its owner; most of a township's phones off within minutes say that the mast
is down. Then no call and no message helps, and the duty officer must hear of it while something else still does:
loudspeaker, satellite phone, a knock at the door.

What counts is the last word about each unit (a village, or the township itself) within the window: "off or out of
coverage" is dark; a phone that rang, was engaged or was answered proves that the network is there. Everything else (a
provider's trouble, a missing report, an empty number, a mailbox) says nothing about the network and is left out. So is
who has not been dialled lately.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PROOFS = frozenset({"key_pressed", "heard_no_key", "hung_up_early", "no_answer", "rejected", "busy", "colour_ring"})
"""Outcomes that only a phone within coverage gives."""
FEWEST = 3
"""Dark units below which nothing is suspected: two phones that are off at night are two people asleep."""


@dataclass(frozen=True, slots=True)
class BlackoutRule:
    """`share` of the units heard of within `window` (ms) that are dark; at least `least` units must have been heard of.

    In a township with fewer units all of them must. Said again after `again` ms, or when it had recovered.
    """

    share: float = 0.6
    window: int = 300_000
    least: int = 5
    again: int = 1_800_000


@dataclass(frozen=True, slots=True)
class Heard:
    """The last words about one unit (ms): that it is dark, and that its network is there. None: never, lately."""

    dark_at: int | None
    proof_at: int | None


@dataclass(frozen=True, slots=True)
class Silence:
    """A township under suspicion: so many of so many units heard of are dark."""

    dark: int
    heard_of: int


def suspected(rule: BlackoutRule, units: Sequence[Heard], now: int) -> Silence | None:
    """Whether the township these units make up has probably lost its network."""
    dark = sum(_is_dark(one, now - rule.window) for one in units)
    heard_of = sum(_last(one) >= now - rule.window for one in units)
    enough = min(rule.least, len(units))
    if dark < FEWEST or heard_of < enough or dark < rule.share * heard_of - 1e-9:
        return None
    return Silence(dark, heard_of)


def worth_saying(rule: BlackoutRule, units: Sequence[Heard], now: int, said_at: int | None) -> bool:
    """Whether the suspicion is news: never said, said long ago, or said before the network had come back.

    It had come back if since then so many units were reached that the share could not have been met.
    """
    if said_at is None or not 0 <= now - said_at < rule.again:
        return True
    back = sum(one.proof_at is not None and one.proof_at > said_at for one in units)
    return back > (1 - rule.share) * len(units)


def _is_dark(unit: Heard, since: int) -> bool:
    return unit.dark_at is not None and unit.dark_at >= max(since, unit.proof_at or 0)


def _last(unit: Heard) -> int:
    return max(unit.dark_at or 0, unit.proof_at or 0)
