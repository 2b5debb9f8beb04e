"""How many messages a second are read, judged and stored: every dialect, most of them below any trigger, as on a real feed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.country import START, product_on
from benchmarks.databases import Place
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.ingest import read_parts
from warning_dispatch.ingest.samples import restamp

SAMPLES = Path(__file__).resolve().parents[1] / "config" / "samples"
WORDS = (("蓝色", "Blue", "Minor"), ("黄色", "Yellow", "Moderate"))


def feed(count: int) -> list[bytes]:
    """So many messages, half 12379 and half CAP 1.2 in two languages, blue and yellow, each with its own identity."""
    return [raw for _, raw in zip(range(count), _messages(), strict=False)]


def _messages() -> Iterator[bytes]:
    texts = [(SAMPLES / name).read_text("utf-8") for name in ("12379-red-rain-city.xml", "cap12-red-rain-city.xml")]
    number = 0
    while True:
        chinese, colour, severity = WORDS[number // 2 % len(WORDS)]
        text = texts[number % 2].replace("红色", chinese).replace(">Red<", f">{colour}<").replace("Extreme", severity)
        yield restamp(text.encode(), START - number * 1_000)
        number += 1


def intake(place: Place, *, messages: int) -> dict[str, float | int]:
    """Messages per second of CPU: only read; read, validated and judged with their rows; each durably by itself.

    Of CPU, because this is what one core can do: on a shared machine the clock on the wall measures the others.
    """
    raws = feed(2 * messages)
    began = place.cpu()
    for raw in raws:
        read_parts(raw)
    read = place.cpu() - began
    product = product_on(place.url, villages=2_600)
    began = place.cpu()
    for raw in raws[:messages]:
        product.engine.take_in(START, raw, "bench")
    stored = place.cpu() - began
    began = place.cpu()
    inside = product.engine
    with product.storage.writing() as tx:
        ledger = Ledger(tx, inside._plans, START, inside._bureau)  # noqa: SLF001 - one transaction for many, only here
        for raw in raws[messages:]:
            inside._intake.take_in(ledger, raw, "bench")  # noqa: SLF001 - see above
        ledger.close()
    judged = place.cpu() - began
    product.close()
    return {
        "messages": messages,
        "read_per_cpu_s": len(raws) / read,
        "judged_per_cpu_s": messages / judged,
        "stored_each_by_itself_per_cpu_s": messages / stored,
    }
