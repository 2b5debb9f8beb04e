"""Who lives in the town of a storm: posts held twice, phones shared, posts vacant. A few towns of each size.

The number of towns is limited so that each is filled in once (see settlement.py) and copied for every further storm;
what people *do* is drawn anew in every storm.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from warning_dispatch.model.unit import Role

Post = tuple[str, Role]
TOWNS_PER_SIZE = 16


def draw_census(rng: Random, size: tuple[int, int, int]) -> dict[str, Any]:
    """The people of one of the towns of a size, as keywords of `Town`."""
    return _Census(size, rng.randrange(TOWNS_PER_SIZE)).keywords()


class _Census:
    """One town. Its people follow from its size and number alone."""

    def __init__(self, size: tuple[int, int, int], number: int) -> None:
        self._rng = Random(f"{size} {number}")
        self._size = size

    def keywords(self) -> dict[str, Any]:
        counties, townships, villages = self._size
        return {
            "counties": counties,
            "townships": townships,
            "villages": villages,
            "same_phone": self._shared_phones() if self._rng.random() < 0.7 else {},
            "without": self._missing_people(),
            "two_of": self._posts(),
            "second_phone": self._posts(),
            "clerks": [village for _, village in self._villages() if self._rng.random() < 0.4],
            "mail": self._mail(),
        }

    def _counties(self) -> list[str]:
        return [f"14112{county + 1}" for county in range(self._size[0])]

    def _townships(self) -> Iterator[str]:
        for county in self._counties():
            for township in range(self._size[1]):
                yield f"{county}1{township:02d}"

    def _villages(self) -> Iterator[tuple[str, str]]:
        for township in self._townships():
            for village in range(self._size[2]):
                yield township, f"{township}2{village:02d}"

    def _role(self) -> Role:
        return self._rng.choice((Role.PRIMARY, Role.PRIMARY, Role.DEPUTY))

    def _shared_phones(self) -> dict[Post, Post]:
        """Some people hold two posts: a village head who is the township's deputy, two villages with one head."""
        shared: dict[Post, Post] = {}
        if self._rng.random() < 0.6:  # one duty room for all leaders
            shared["1411-L2", Role.DUTY] = ("1411-L1", Role.DUTY)
        for county in self._counties():
            if self._rng.random() < 0.4:
                shared[f"{county}-L1", Role.DUTY] = (county, Role.DUTY)
        for township, village in self._villages():
            first = f"{township}200"
            if village != first and self._rng.random() < 0.25:
                shared[village, self._role()] = (first, self._role())
            if village == first and self._rng.random() < 0.4:
                shared[first, Role.DEPUTY] = (township, self._role())
        return shared

    def _missing_people(self) -> list[Post]:
        """Some posts are vacant; some units have nobody at all."""
        missing = [
            (village, role)
            for _, village in self._villages()
            for role in (Role.PRIMARY, Role.DEPUTY)
            if self._rng.random() < 0.08
        ]
        for township in self._townships():
            if self._rng.random() < 0.05:
                missing += [(township, role) for role in Role]
        return missing

    def _posts(self) -> list[Post]:
        """Some posts are held by two, some people have two phones."""
        counties = self._counties()
        codes = [*counties, *(f"{code}100200" for code in counties), "1411-emergency"]
        return [(code, self._role()) for code in codes if self._rng.random() < 0.3]

    def _mail(self) -> list[Post]:
        """Who has a mail address: offices, as a rule."""
        offices = ["1411-L1", "1411-water", *self._counties(), *self._townships()]
        return [(code, role) for code in offices for role in (Role.PRIMARY, Role.DEPUTY) if self._rng.random() < 0.5]
