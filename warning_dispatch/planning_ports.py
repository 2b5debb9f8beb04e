"""What planning needs from outside, and what others read of it. Implemented in store/estimate_rows.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from warning_dispatch.model.estimate import JudgedShare, KeptEstimate


class EstimateReadings(Protocol):
    """预估 as it is kept with each call-out. For pages, the record form and statistics. Safe from any thread."""

    def estimates(self, callout_ids: Sequence[int]) -> Mapping[int, KeptEstimate]:
        """Call-out → what was expected of it; those without an estimate are left out."""
        ...

    def judged(self, callout_id: int) -> Sequence[JudgedShare]:
        """预估误差: share by share what was said at the launch and when it happened; nothing without an estimate."""
        ...
