"""The plan and texts frozen into a call-out, read once and kept: they never change while it runs."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from warning_dispatch.engine.records import CalleeRecord, CallOutRecord
from warning_dispatch.engine.storage import CallOutRows
from warning_dispatch.escalation.order import place
from warning_dispatch.escalation.state import Rules
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Ladder, Tier
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.texts import FrozenText, FrozenTexts
from warning_dispatch.model.unit import UnitKind, UnitLevel

COUNTY_SILENT = "county_silent"
"""The alarm when a county under a red warning has not answered within its ladder's limit."""
_VALUES = "values"
"""Beside the texts, whose keys all have a slash."""
KEEP = 64
"""Call-outs whose frozen plan is kept in memory."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A call-out's plan and texts."""

    plan: CallChain
    texts: FrozenTexts

    def place(self, tier: int) -> int:
        """Where a tier stands in every queue."""
        return place(self.plan.tiers, tier)

    def ladder(self, tier: int, colour: Colour) -> Ladder:
        """The ladder of a tier for the call-out's colour."""
        return self.plan.tiers[tier].ladders[colour]


def texts_to_json(texts: FrozenTexts) -> str:
    """Freeze texts."""
    written: dict[str, object] = {key: [text.subject, text.body, *text.shorter] for key, text in texts.by_key.items()}
    if texts.values:
        written[_VALUES] = texts.values
    return json.dumps(written, ensure_ascii=False)


def texts_from_json(text: str) -> FrozenTexts:
    """Thaw texts."""
    written = json.loads(text)
    values = written.pop(_VALUES, {})
    return FrozenTexts(
        {key: FrozenText(subject, body, tuple(more)) for key, (subject, body, *more) in written.items()}, values
    )


class FrozenPlans:
    """A small cache in front of the frozen columns."""

    def __init__(self, plan_from_json: Callable[[str], CallChain]) -> None:
        """`plan_from_json` reads the frozen plan."""
        self._plan_from_json = plan_from_json
        self._kept: OrderedDict[int, Frozen] = OrderedDict()

    @contextmanager
    def kept_if_committed(self) -> Iterator[None]:
        """Around a transaction; forget everything if it fails: a call-out that is rolled back leaves its id to the next."""
        try:
            yield
        except BaseException:
            self._kept.clear()
            raise

    def get(self, rows: CallOutRows, callout_id: int) -> Frozen:
        """The frozen plan of a call-out."""
        found = self._kept.get(callout_id)
        if found is None:
            plan, texts = rows.frozen(callout_id)
            found = self._kept[callout_id] = Frozen(self._plan_from_json(plan), texts_from_json(texts))
            if len(self._kept) > KEEP:
                self._kept.popitem(last=False)
        return found


def purpose_for(frozen: Frozen, callout: CallOutRecord, record: CalleeRecord) -> Purpose:
    """What an attempt for a callee is for: to be answered, or only to tell."""
    if callout.purpose is Purpose.SELF:
        return Purpose.SELF
    if frozen.plan.tiers[record.tier].notice:
        return Purpose.NOTICE
    return Purpose.DRILL if callout.purpose is Purpose.DRILL else Purpose.CALL


def rules_for(frozen: Frozen, callout: CallOutRecord, record: CalleeRecord, answerers: int = 1) -> Rules:
    """The rules under which a callee is called."""
    tier = frozen.plan.tiers[record.tier]
    return Rules(
        ladder=tier.ladders[callout.colour],
        answering=tier.answering,
        gate_roles=tier.gate_roles,
        need=tier.need,
        reach=record.reach,
        voice_until=callout.voice_until,
        answerers=answerers,
        notice=tier.notice,
        superior=record.superior,
        alarm_silent=COUNTY_SILENT if callout.colour is Colour.RED and _calls_counties(tier) else "",
        until_claimed=callout.purpose is Purpose.SELF,
    )


def _calls_counties(tier: Tier) -> bool:
    """Whether the tier's units are counties. Nobody but the bureau sees that one of them is silent; a township has one."""
    return tier.select.kind is UnitKind.DIVISION and tier.select.level is UnitLevel.COUNTY
