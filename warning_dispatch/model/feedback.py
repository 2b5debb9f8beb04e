"""反馈: what a receiver reports after the answer, and what a superior adds about a unit it has told. It may name people."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 200
"""Characters of a text: a few words from a phone in the rain."""
MOST = 20
"""Reports of one person about one unit: more is somebody at play with a forwarded link."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """All of it is optional. `moved`: people moved to safety, None when nothing was said. `told`: a superior's words."""

    on_post: bool = False
    measures: str = ""
    moved: int | None = None
    dangers: str = ""
    told: str = ""

    def __bool__(self) -> bool:
        """Whether anything was said."""
        return bool(self.on_post or self.measures or self.moved is not None or self.dangers or self.told)
