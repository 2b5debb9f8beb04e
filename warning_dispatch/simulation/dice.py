"""Seeded chance that depends on what is asked, never on the order of asking."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from struct import Struct
from typing import Generic, TypeVar

_WORDS = Struct("<4I")
_SCALE = 1.0 / 4_294_967_296.0

T = TypeVar("T")

Rolls = tuple[float, float, float, float]


class Dice:
    """Four fractions in [0, 1) for every question; the same seed and question give the same fractions for ever."""

    def __init__(self, seed: int, purpose: str) -> None:
        """`purpose` (at most 16 bytes) keeps two dice of one seed independent of each other."""
        key = seed.to_bytes(32, "little", signed=True)
        self._root = blake2b(digest_size=_WORDS.size, key=key, person=purpose.encode())

    def roll(self, question: str) -> Rolls:
        """The fractions that belong to a question."""
        state = self._root.copy()
        state.update(question.encode())
        a, b, c, d = _WORDS.unpack(state.digest())
        return a * _SCALE, b * _SCALE, c * _SCALE, d * _SCALE


class Shares(Generic[T]):
    """A choice between things by their shares, quick to ask."""

    def __init__(self, shares: Mapping[T, float]) -> None:
        """`shares` sum to 1 (see `Population`); what has no share is left out."""
        self._bounds: list[tuple[float, T]] = []
        total = 0.0
        for thing, share in shares.items():
            if share > 0:
                total += share
                self._bounds.append((total, thing))

    def pick(self, fraction: float) -> T:
        """The thing whose share holds `fraction`; the last one takes what rounding leaves over."""
        for bound, thing in self._bounds:
            if fraction < bound:
                return thing
        return self._bounds[-1][1]


def between(span: tuple[int, int], fraction: float) -> int:
    """A point of a span, both ends included."""
    low, high = span
    return low + int((high - low + 1) * fraction)
