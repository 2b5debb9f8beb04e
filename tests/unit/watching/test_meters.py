"""Figures for Prometheus: what happened is counted once, nothing private is a label, and every rule asks for what there is."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from warning_dispatch.engine.observing import Counted
from warning_dispatch.errors import StoreError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.views import Health, RouteView
from warning_dispatch.model.watch_views import AlarmFigures, QueueRow, SourceFigures, TierFigures, WatchFigures
from warning_dispatch.watching.meters import ProcessMeters

ROOT = Path(__file__).resolve().parents[3]
MONITORING = ROOT / "config" / "monitoring"
ROUTE = RouteView("phones", Channel.VOICE, "down", 9, "provider_down", 30, 12, None, "", None)


def standing() -> WatchFigures:
    """A red night: two tiers of one call-out, a queue, a route that is down, a source, an alarm."""
    red = (7, Purpose.CALL, Colour.RED, CallOutState.RUNNING, 1_000)
    return WatchFigures(
        queue=[
            QueueRow(Channel.VOICE, False, False, Colour.RED, 4, 80),
            QueueRow(Channel.VOICE, True, False, Colour.RED, 0, 1),
        ],
        tiers=[TierFigures(*red, "townships", 154, 100, 4, 101), TierFigures(*red, "villages", 2456, 0, 0, 0)],
        routes=[ROUTE],
        sources=[SourceFigures("feed:province", 5_000, 4_000, 3, True, False)],
        alarms=[AlarmFigures("route_down", Colour.RED, 2, 6_000)],
    )


def read(meters: ProcessMeters) -> dict[str, float]:
    """Every sample: its name and labels → its value."""
    found = {}
    for family in text_string_to_metric_families(meters.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def full() -> ProcessMeters:
    """Meters that have seen one of each."""
    meters = ProcessMeters()
    meters.look_at(standing, lambda: Health(12_000, True, ""))
    counted = Counted(stepped=3, answered=2)
    counted.moves[CalleeState.CALLING, "Answered", CalleeState.ACKNOWLEDGED] += 2
    counted.callout_moves[CallOutState.RUNNING, "all_finished", CallOutState.COMPLETE] += 1
    counted.claims["phones", Purpose.CALL] += 5
    counted.ends["phones", "no_answer"] += 3
    counted.answers[Purpose.CALL, Colour.RED, "villages", 95] += 2
    counted.arrived["feed:province", "accepted"] += 1
    meters.observe(counted)
    meters.turned(0.012, 0.040)
    meters.turned(0.003, None)
    meters.answered("/r", 200, 0.004)
    return meters


def test_what_happened_is_counted_and_what_stands_is_shown() -> None:
    """Attempts by route and outcome, times to answer, the queue by tier and colour, routes, sources, alarms."""
    found = read(full())
    assert found["warning_dispatch_attempts_claimed_total{purpose=call,route=phones}"] == 5
    assert found["warning_dispatch_attempts_ended_total{outcome=no_answer,route=phones}"] == 3
    assert found["warning_dispatch_answer_seconds_count{colour=red,purpose=call,tier=villages}"] == 2
    assert found["warning_dispatch_answer_seconds_bucket{colour=red,le=60.0,purpose=call,tier=villages}"] == 0
    assert found["warning_dispatch_answer_seconds_bucket{colour=red,le=120.0,purpose=call,tier=villages}"] == 2
    assert found["warning_dispatch_engine_turn_seconds_count{}"] == 2
    assert found["warning_dispatch_engine_late_seconds_count{}"] == 1
    assert found["warning_dispatch_engine_last_turn_timestamp_seconds{}"] == 12
    assert found["warning_dispatch_callouts{colour=red,purpose=call,state=running}"] == 1
    assert found["warning_dispatch_units{colour=red,purpose=call,standing=answered,tier=townships}"] == 100
    assert found["warning_dispatch_units{colour=red,purpose=call,standing=open,tier=townships}"] == 49
    assert found["warning_dispatch_units{colour=red,purpose=call,standing=open,tier=villages}"] == 2456
    assert found["warning_dispatch_queue_attempts{channel=voice,colour=red,kind=own,level=0}"] == 1
    assert found["warning_dispatch_route_state{channel=voice,route=phones,state=down}"] == 1
    assert found["warning_dispatch_route_state{channel=voice,route=phones,state=in_service}"] == 0
    assert found["warning_dispatch_source_gap{source=feed:province}"] == 1
    assert found["warning_dispatch_alarms_open{colour=red,kind=route_down}"] == 2


def test_of_each_tier_the_standings_add_up_to_its_units() -> None:
    """Answered, open, unreached and ended otherwise: nobody twice, nobody left out."""
    sums: Counter[str] = Counter()
    for name, value in read(full()).items():
        if found := re.fullmatch(r"warning_dispatch_units\{.*tier=(\w+)\}", name):
            sums[found[1]] += int(value)
    assert sums == {"townships": 154, "villages": 2456}


def test_a_database_that_cannot_be_read_is_told_and_the_page_still_comes() -> None:
    """Monitoring is asked most when things break."""
    meters = ProcessMeters()

    def broken() -> WatchFigures:
        raise StoreError("The database is away.")

    meters.look_at(broken, lambda: Health(12_000, False, "away"))
    found = read(meters)
    assert found["warning_dispatch_figures_readable{}"] == 0
    assert found["warning_dispatch_engine_ok{}"] == 0
    assert found["warning_dispatch_engine_last_turn_timestamp_seconds{}"] == 12
    assert "warning_dispatch_callouts{}" not in found


def test_a_label_does_not_grow_with_the_files_that_are_ingested() -> None:
    """A name for each file would fill the memory of whoever scrapes us."""
    meters = ProcessMeters()
    for number in range(3):
        meters.observe(Counted(arrived=Counter({(f"file:{number}.xml", "accepted"): 1})))
    assert read(meters)["warning_dispatch_messages_total{disposition=accepted,source=file}"] == 3


def test_what_is_set_aside_is_counted_from_nought() -> None:
    """A series that is born with its first message never rises: the rule for it would not fire for a single one."""
    meters = ProcessMeters()
    meters.expect(["folder:city", "file", "api"])
    name = "warning_dispatch_messages_total{{disposition=quarantined,source={}}}"
    assert [read(meters)[name.format(source)] for source in ("folder:city", "file", "api")] == [0, 0, 0]
    meters.observe(Counted(arrived=Counter({("file:1.xml", "quarantined"): 1})))
    assert read(meters)[name.format("file")] == 1


def names_in(file: Path) -> set[str]:
    """The figures a file asks for."""
    return set(re.findall(r"\bwarning_dispatch_\w+", file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["warning-dispatch.rules.yml", "grafana-dashboard.json"])
def test_rules_and_dashboard_ask_for_figures_that_exist(name: str) -> None:
    """A figure that was renamed would make an alert that never fires."""
    known = {sample.partition("{")[0] for sample in read(full())}
    wanted = names_in(MONITORING / name)
    assert len(wanted) > 10
    assert wanted <= known


def test_the_dashboard_is_a_document_with_a_source_to_choose() -> None:
    """Imported into any Grafana: it names no data source of ours."""
    board: dict[str, Any] = json.loads((MONITORING / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${source}"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
