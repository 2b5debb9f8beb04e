"""预估 ↔ rows: what was expected of a call-out at its launch, and lately. planning_ports.EstimateReadings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from warning_dispatch.model.estimate import Estimate, Guess, KeptEstimate
from warning_dispatch.store.sql import Sql

_COLUMNS = "callout_id, made_at, said, latest_at, latest"


def keep_estimate(sql: Sql, callout_id: int, estimate: Estimate) -> None:
    """The first one of a call-out is that of its launch, and stays; every later one takes the place of the latest."""
    said = _written(estimate)
    new = sql.run(
        """INSERT INTO estimate (callout_id, made_at, said) SELECT id, ?, ?text FROM callout WHERE id = ?
        AND NOT EXISTS (SELECT 1 FROM estimate e WHERE e.callout_id = ?)""",
        estimate.made_at,
        said,
        callout_id,
        callout_id,
    )
    if not new:
        sql.run(
            "UPDATE estimate SET latest_at = ?, latest = ?text WHERE callout_id = ?", estimate.made_at, said, callout_id
        )


def kept_estimates(sql: Sql, callout_ids: Sequence[int]) -> Mapping[int, KeptEstimate]:
    """See planning_ports.EstimateReadings.estimates."""
    if not callout_ids:
        return {}
    rows = sql.rows(f"SELECT {_COLUMNS} FROM estimate WHERE callout_id IN {{ids}}", sql.ids(callout_ids))
    return {
        row[0]: KeptEstimate(_read(row[1], row[2]), None if row[4] is None else _read(row[3], row[4])) for row in rows
    }


def _written(estimate: Estimate) -> str:
    fields: dict[str, Any] = {
        "storms": estimate.storms,
        "units": estimate.units,
        "lines": estimate.lines,
        "habits": estimate.habits,
        "guesses": [[one.share, one.middle, one.low, one.high] for one in estimate.guesses],
        "course": estimate.course,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _read(made_at: int, said: str) -> Estimate:
    fields = json.loads(said)
    return Estimate(
        made_at=made_at,
        storms=fields["storms"],
        units=fields["units"],
        lines=fields["lines"],
        habits=fields["habits"],
        guesses=tuple(Guess(*one) for one in fields["guesses"]),
        course=tuple((at, answered) for at, answered in fields["course"]),
    )
