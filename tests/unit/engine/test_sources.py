"""When a source counts as silent, and that this is told once."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from warning_dispatch.engine.sources import LONGEST_TROUBLE, attend, keep_watch, watch
from warning_dispatch.model.alarm_facts import facts_of
from warning_dispatch.model.source_rules import SourceRules
from warning_dispatch.model.sources import SourceHealth, Watched

NOW = 1_785_000_000_000
MINUTE = 60_000


class Rows:
    """The rows of one source, and what was done with them."""

    def __init__(self, *, seen: int, message: int, free: bool = True) -> None:
        self.row = SourceHealth("feed:a", NOW - seen, NOW - message, 3, "HTTP 500")
        self.free = free
        self.said: list[Any] = []
        self.alarms: list[tuple[str, Any]] = []
        self.untold = {"gap", "quiet"}

    def health(self, _names: Sequence[str]) -> list[SourceHealth]:
        """As it fares."""
        return [self.row]

    def tell_gap(self, _name: str) -> bool:
        """Once."""
        return self._tell("gap")

    def tell_quiet(self, _name: str) -> bool:
        """Once."""
        return self._tell("quiet")

    def _tell(self, what: str) -> bool:
        told = what in self.untold
        self.untold.discard(what)
        return told

    def claim(self, _name: str, _holder: str, _now: int, _until: int) -> bool:
        """As the test set it."""
        return self.free

    def define(self, _names: Sequence[str], now: int) -> None:
        """Keep it."""
        self.said.append(("define", now))

    def seen(self, _name: str, now: int) -> None:
        """Keep it."""
        self.said.append(("seen", now))

    def troubled(self, _name: str, trouble: str) -> None:
        """Keep it."""
        self.said.append(("troubled", trouble))

    @property
    def ledger(self) -> Any:
        """A ledger over these rows."""

        def alarm(kind: str, detail: str, *, about: str) -> None:
            assert about == "feed:a"
            self.alarms.append((kind, facts_of(detail)))

        transaction = SimpleNamespace(sources=self, leases=self)
        return SimpleNamespace(tx=transaction, now=NOW, alarm=alarm, note_system=lambda _entry: None)


def test_a_gap_is_told_once_with_its_trouble() -> None:
    """Beyond the limit, not at it; a second look tells nothing."""
    source = Watched("feed:a", gap=10 * MINUTE)
    assert watch(Rows(seen=10 * MINUTE, message=0).ledger, [source]) == 0
    rows = Rows(seen=11 * MINUTE, message=0)
    assert [watch(rows.ledger, [source]), watch(rows.ledger, [source])] == [1, 0]
    assert rows.alarms == [("source_unreachable", {"source": "feed:a", "minutes": 11, "trouble": "HTTP 500"})]


def test_one_daemon_watches_and_begins_anew_when_it_takes_over() -> None:
    """What was silent while nobody watched is no silence of the source; who does not hold the watch tells nothing."""
    source = Watched("feed:a", gap=10 * MINUTE)
    rows = Rows(seen=11 * MINUTE, message=0)
    assert keep_watch(rows.ledger, [source], "me", 30_000, anew=True) == 0
    assert (rows.said, rows.alarms) == ([("define", NOW)], [])
    assert keep_watch(rows.ledger, [source], "me", 30_000, anew=False) == 1
    other = Rows(seen=11 * MINUTE, message=0, free=False)
    assert keep_watch(other.ledger, [source], "me", 30_000, anew=True) is None
    assert (other.said, other.alarms) == ([], [])


def test_silence_is_another_fact_than_a_gap() -> None:
    """The way is open and nothing comes; both can be true; without limits neither is told."""
    rows = Rows(seen=0, message=120 * MINUTE)
    assert watch(rows.ledger, [Watched("feed:a", gap=10 * MINUTE, quiet=60 * MINUTE)]) == 1
    assert [kind for kind, _ in rows.alarms] == ["source_silent"]
    rows = Rows(seen=120 * MINUTE, message=120 * MINUTE)
    assert watch(rows.ledger, [Watched("feed:a", gap=1, quiet=1)]) == 2
    assert watch(Rows(seen=10**9, message=10**9).ledger, [Watched("feed:a")]) == 0
    assert watch(Rows(seen=10**9, message=10**9).ledger, [Watched("feed:b", gap=1)]) == 0


def test_only_its_holder_speaks_for_a_source() -> None:
    """Nothing known, open, in trouble: and nothing at all from a daemon that does not hold it."""
    rows = Rows(seen=0, message=0)
    for trouble in (None, "", "x" * 1_000):
        assert attend(rows.ledger, "feed:a", "me", 30_000, trouble)
    assert rows.said == [("seen", NOW), ("troubled", "x" * LONGEST_TROUBLE)]
    other = Rows(seen=0, message=0, free=False)
    assert not attend(other.ledger, "feed:a", "me", 30_000, "")
    assert other.said == []


def test_a_source_may_say_what_its_lists_allow() -> None:
    """Empty lists allow all; senders are codes or prefixes, areas prefixes of division codes."""
    anything = SourceRules("a")
    assert anything.allows("x")
    assert anything.covers("14")
    narrow = SourceRules("a", senders=("1411*", "x"), areas=("141124", "1401"))
    assert [narrow.allows(one) for one in ("14110041600000", "x", "1401", "xy")] == [True, True, False, False]
    assert [narrow.covers(one) for one in ("141124", "141124100", "1411", "140105")] == [True, True, False, True]
