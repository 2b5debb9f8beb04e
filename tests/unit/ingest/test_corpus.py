"""The corpus: how each message of tests/data/messages must be read, as a table that a change has to own up to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.ingest import read_parts
from warning_dispatch.model.alert import Alert, ReadAlert

FOLDER = Path(__file__).parents[2] / "data" / "messages"
GOLDEN = FOLDER / "golden.json"
FILES = sorted(FOLDER.glob("*.xml"))


def row_of(raw: bytes) -> dict[str, Any]:
    """What becomes of a message: each alert, and each refusal by its place."""
    message = read_parts(raw)
    return {
        "alerts": [alert_row(one) for one in message.alerts],
        "unread": [f"{finding.where}: {finding.what[:40]}" for part in message.unread for finding in part.findings],
    }


def alert_row(read: ReadAlert) -> dict[str, Any]:
    """The facts that decisions rest on."""
    alert = read.alert
    return {
        "dialect": alert.dialect,
        "status": alert.status.value,
        "type": alert.msg_type.value,
        "colours": [info.colour.key if info.colour else None for info in alert.infos],
        "chain": chain_key(alert),
        "areas": sorted({code for info in alert.infos for area in info.areas for code in area.geocodes}),
        "shapes": sum(len(area.polygons) + len(area.circles) for info in alert.infos for area in info.areas),
        "lifts": [info.lifts for info in alert.infos],
        "problems": sorted({("!" if one.essential else "") + one.code for one in read.problems}),
    }


def chain_key(alert: Alert) -> str:
    """Issuer and the identifier that its chain is looked for by."""
    return f"{alert.sender_code or alert.sender} {(*alert.references, alert.identifier)[0]}"


def test_every_message_is_read_as_the_table_says(pytestconfig: pytest.Config) -> None:
    """(dialect, status, type, colours, chain, areas, problems) of every file; Chinese and English for every refusal."""
    found = {path.name: row_of(path.read_bytes()) for path in FILES}
    if pytestconfig.getoption("--write-golden"):
        GOLDEN.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_the_corpus_covers_the_rows() -> None:
    """A kind of message that can lie in a file has one here."""
    numbers = {path.name[3:5] for path in FILES if path.name.startswith("row")}
    behaviour_only = {"14", "16", "32", "33", "34", "35"}
    assert numbers | behaviour_only == {f"{number:02d}" for number in range(1, 36)}
