"""Drills and their reports as JSON, for the API of commands. Moments as ISO text, spans in seconds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from warning_dispatch.clock import iso_text
from warning_dispatch.model.drills import CalleeFact, Comparison, DrillDay, DrillReport, DrillView


def drill_document(view: DrillView) -> dict[str, Any]:
    """One drill."""
    return {
        "id": view.id,
        "title": view.title,
        "kind": view.kind.key,
        "state": view.state.key,
        "hazard": view.hazard,
        "colour": view.colour.key,
        "areas": list(view.area_names),
        "tiers": [tier.name for tier in view.tiers],
        "people": view.people,
        "valid_seconds": view.valid // 1000,
        "alert_id": view.alert_id,
        "starts_at": _moment(view.starts_at),
        "announce_at": _moment(view.announce_at),
        "created_at": _moment(view.created_at),
        "created_by": view.created_by,
        "released": [
            {"by": by, "at": _moment(at)}
            for by, at in ((view.first_by, view.first_at), (view.second_by, view.second_at))
            if by
        ],
        "releases_needed": max(0, view.needs),
        "announced_callout_id": view.announced_id,
        "callout_id": view.callout_id,
        "began_at": _moment(view.began_at),
        "ended_at": _moment(view.ended_at),
        "ended_by": view.ended_by,
        "why": view.why,
        "score": view.score,
    }


def report_document(view: DrillView, report: DrillReport, before: Comparison | None) -> dict[str, Any]:
    """A drill with its report, and how it compares with the last one."""
    return {
        "drill": drill_document(view),
        "score": report.score,
        "asked": report.asked,
        "in_time": report.in_time,
        "late": report.late,
        "silent": report.silent,
        "uncalled": report.uncalled,
        "unopened": report.unopened,
        "median_seconds": _seconds(report.median),
        "slowest_seconds": _seconds(report.slowest),
        "means": dict(report.means),
        "roles": dict(report.roles),
        "reported": report.reported,
        "tiers": [{**_without(asdict(one), "median"), "median_seconds": _seconds(one.median)} for one in report.tiers],
        "failed": [_failed(one) for one in report.failed],
        "mend": [asdict(one) for one in report.mend],
        "without_contact": [_failed(one) for one in report.without],
        "compared_with": None if before is None else _comparison(before),
    }


def day_document(day: DrillDay) -> dict[str, Any]:
    """A day of the calendar."""
    return {**asdict(day), "kind": day.kind.key}


def _failed(one: CalleeFact) -> dict[str, Any]:
    return {
        "unit_code": one.unit_code,
        "unit": f"{one.path} {one.unit_name}".strip(),
        "tier": one.tier,
        "calls": one.calls,
        "texts": one.texts,
        "outcome": one.outcome,
    }


def _comparison(before: Comparison) -> dict[str, Any]:
    return {
        **_without(asdict(before), "median"),
        "began_at": _moment(before.began_at),
        "median_seconds": _seconds(before.median),
    }


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def _moment(at: int | None) -> str | None:
    return None if at is None else iso_text(at)


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else round(ms / 1000, 1)
