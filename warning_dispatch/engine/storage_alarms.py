"""What the engine needs of the store about alarms (see engine/storage.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from warning_dispatch.engine.records import NewAlarm, StoredAlarm
from warning_dispatch.escalation.alarms import Cause
from warning_dispatch.model.colour import Colour


class AlarmRows(Protocol):
    """What a human must look at."""

    def like(self, alarms: Sequence[NewAlarm], since: int) -> Sequence[StoredAlarm]:
        """Alarms of the same kinds that nobody has claimed, or that were claimed after `since`; newest last."""
        ...

    def insert(self, alarms: Sequence[NewAlarm], now: int) -> None:
        """Write alarms."""
        ...

    def count_up(self, alarm_ids: Sequence[int]) -> None:
        """The same facts were reported again."""
        ...

    def look_again(self, moments: Sequence[tuple[int, int]]) -> None:
        """(alarm, when): the engine must look at it itself then, claimed or not."""
        ...

    def unrung(self) -> Colour | None:
        """The highest colour among unclaimed alarms that should ring and for which no self-call does; None: there is none."""
        ...

    def attach(self, callout_id: int) -> None:
        """Give all of those to a self-call, which tells them from now on."""
        ...

    def claim(self, callout_id: int, at: int, by: str, told: int | None) -> Sequence[int]:
        """Claim what a self-call tells up to the alarm `told` (None: all of it); the ids. Later ones leave it."""
        ...

    def claim_rows(self, alarm_ids: Sequence[int] | None, at: int, by: str) -> Sequence[int]:
        """Claim unclaimed alarms themselves (None: all of them); their ids."""
        ...

    def told_in(self, attempt_id: int) -> int:
        """The newest alarm that a call or message of the bureau to itself told; 0: none."""
        ...

    def told_to(self, callout_id: int, receiver_id: int) -> int:
        """The newest alarm that any message of a self-call told a receiver; 0: none."""
        ...

    def told_before(self, attempt_id: int, moment: int) -> int:
        """The newest alarm that messages to the same number, for the same self-call, had told by then.

        Where none had gone by then: what the oldest told; 0 if that may have gone before with other words.
        """
        ...

    def load(self, alarm_ids: Sequence[int]) -> Sequence[StoredAlarm]:
        """By id, claimed or not."""
        ...

    def causes(self, callout_ids: Sequence[int]) -> Mapping[int, Sequence[Cause]]:
        """Self-call → its unclaimed alarms, as they are told."""
        ...

    def last_alarms(self, kind: str, unit_ids: Sequence[int]) -> Mapping[tuple[int, int], int]:
        """(call-out, unit) → when an alarm of this kind was last raised for it."""
        ...

    def due(self, now: int) -> Sequence[StoredAlarm]:
        """Alarms, claimed or not, that the engine must look at itself; each is given once."""
        ...

    def next_due(self) -> int | None:
        """The earliest such moment."""
        ...

    def was_raised(self, kind: str, callout_id: int, since: int) -> bool:
        """Whether a call-out has had such an alarm since then."""
        ...
