"""Who had a document made, when and why: on every page of it."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.clock import beijing_text


@dataclass(frozen=True, slots=True)
class Stamp:
    """`at` in ms."""

    actor: str
    at: int
    reason: str = ""

    @property
    def who(self) -> str:
        """The actor, as people know them."""
        return self.actor.removeprefix("user:")

    @property
    def text(self) -> str:
        """For every page."""
        why = f" · {self.reason}" if self.reason else ""
        return f"{self.who} · {beijing_text(self.at, '%Y-%m-%d %H:%M:%S')}{why}"
