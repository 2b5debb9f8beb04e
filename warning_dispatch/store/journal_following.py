"""Reading on in the journal of call-outs from where one stopped: a look at the heads, then only what is new."""

from __future__ import annotations

import json
from collections.abc import Sequence

from warning_dispatch.model.journal_views import JournalBlock, JournalEnds
from warning_dispatch.store.sql import Sql

CALLOUTS = "callout:"
BLOCKS_AT_ONCE = 2_000
"""Blocks of one stream that are read in one look."""


def journal_ends(sql: Sql) -> JournalEnds:
    """Where the streams of all call-outs end now."""
    rows = sql.rows("SELECT stream, seq FROM journal_head WHERE stream LIKE ? AND tombstone = 0", f"{CALLOUTS}%")
    return {str(stream): int(seq) for stream, seq in rows}


def journal_after(sql: Sql, ends: JournalEnds) -> tuple[Sequence[JournalBlock], JournalEnds]:
    """What was committed behind these ends, stream by stream, and where that stopped."""
    blocks: list[JournalBlock] = []
    reached: dict[str, int] = {}
    for stream, last in journal_ends(sql).items():
        known = ends.get(stream, -1)
        reached[stream] = min(known, last)
        if last <= known:
            continue
        rows = sql.rows(
            "SELECT seq, at, body FROM journal_block WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            stream,
            known,
            BLOCKS_AT_ONCE,
        )
        for seq, at, body in rows:
            blocks.append(JournalBlock(stream, seq, at, json.loads(body)))
            reached[stream] = seq
    return blocks, reached
