"""The composition root: plain constructor calls, in one place. Importing it does nothing."""

from __future__ import annotations

from warning_dispatch.bootstrap.console import atlas_of, console_parts
from warning_dispatch.bootstrap.demo import Demo, build_demo, demo_warning
from warning_dispatch.bootstrap.installation import (
    EVERYTHING,
    Part,
    build_daemon,
    metrics_of,
    open_product,
    printable_lists,
    retention_of,
    route_plans,
    serve,
    take_over_of,
)
from warning_dispatch.bootstrap.memory import spare_the_collector
from warning_dispatch.bootstrap.mornings import RegisterMornings, term_of
from warning_dispatch.bootstrap.records import record_counter, record_tables, records_of
from warning_dispatch.bootstrap.register_look import TableRegisterLook
from warning_dispatch.bootstrap.response import response_parts
from warning_dispatch.bootstrap.superiors import superior_parts
from warning_dispatch.bootstrap.wiring import (
    REACHED,
    EngineParts,
    Product,
    RoutePlan,
    alert_from_json,
    alert_to_json,
    build_engine,
    wire_product,
)

__all__ = [
    "EVERYTHING",
    "REACHED",
    "Demo",
    "EngineParts",
    "Part",
    "Product",
    "RegisterMornings",
    "RoutePlan",
    "TableRegisterLook",
    "alert_from_json",
    "alert_to_json",
    "atlas_of",
    "build_daemon",
    "build_demo",
    "build_engine",
    "console_parts",
    "demo_warning",
    "metrics_of",
    "open_product",
    "printable_lists",
    "record_counter",
    "record_tables",
    "records_of",
    "response_parts",
    "retention_of",
    "route_plans",
    "serve",
    "spare_the_collector",
    "superior_parts",
    "take_over_of",
    "term_of",
    "wire_product",
]
