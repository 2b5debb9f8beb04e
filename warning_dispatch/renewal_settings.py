"""[renewal] 年度更新备案: its part of the settings; see settings.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from warning_dispatch.tomlfiles import Shape, ours

_HourMinute = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class RenewalSettings(Shape):
    """[renewal] 年度更新备案."""

    approval: Literal["none", "new_numbers", "all"] = "none"
    """What the superior's registrar (or the bureau) must approve before it is in force."""
    proof: Literal["none", "new", "unproved"] = "unproved"
    """Which numbers get a test message when they are handed in."""
    proof_days: int = Field(default=14, ge=1, le=90)
    """After so many days without a word a number counts as unproved."""
    reminders: tuple[Annotated[int, Field(ge=-90, le=90)], ...] = (-14, -7, -3, -1, 1, 3, 7)
    """Days before (negative) and after the day due."""
    hours_from: _HourMinute = "08:30"
    hours_until: _HourMinute = "18:00"
    """Letters go between the two only, never at night."""

    @model_validator(mode="after")
    def _makes_sense(self) -> RenewalSettings:
        if not self.hours_from < self.hours_until:
            raise ours("hours_from", "应早于 hours_until", "must be before hours_until")
        return self
