"""Sources, leases and what is passed on, as the engine relies on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from warning_dispatch.engine.storage_sources import NewPublication
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import Posted
from warning_dispatch.model.views import IntakeResult
from warning_dispatch.store import schema
from warning_dispatch.store.alert_rows import ALERT_CONTEXT
from warning_dispatch.store.database import writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.publication_rows import PublicationTable, feed_page, one_publication, outlet_views
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.source_rows import LeaseTable, SourceTable
from warning_dispatch.store.sql import Sql

NOW = 1_785_000_000_000
SEALER = AesSealer(KeyRing.simulated(1))


@pytest.fixture
def sql(each_kind: Any) -> Iterator[Sql]:
    """A transaction on an empty database, of either kind."""
    with writing(each_kind.create()) as connection:
        yield Sql(connection)


def add_alert(
    sql: Sql, identifier: str, disposition: Disposition = Disposition.ACCEPTED, status: str = "Actual"
) -> int:
    """An alert with the row it came in."""
    raw = {"received_at": NOW, "source": "s", "digest": identifier, "size": 1, "sealed": b"x"}
    verdict = {"disposition": disposition.value, "reasons": "[]"}
    key = sql.connection.execute(
        insert(schema.raw_message).returning(schema.raw_message.c.id), {**raw, **verdict}
    ).scalar_one()
    values = {
        "raw_message_id": key,
        "dialect": "cap-1.2",
        "identifier": identifier,
        "issuer": "14110041600000",
        "sender": "吕梁市气象台",
        "sent": NOW,
        "received_at": NOW,
        "status": status,
        "msg_type": "Alert",
        "hazard": "rainstorm",
        "colour": 4,
        "headline": "暴雨红色预警",
        "content_digest": identifier,
        "sealed": SEALER.seal(identifier.encode(), ALERT_CONTEXT),
        **verdict,
    }
    return int(sql.connection.execute(insert(schema.alert).returning(schema.alert.c.id), values).scalar_one())


# --- sources ----------------------------------------------------------------------------------------------


def test_health_follows_what_is_heard(sql: Sql) -> None:
    """Seen, heard, in trouble, told once until it is heard of again; one that nobody watches is none."""
    sources = SourceTable(sql)
    sources.define(["folder:a", "push:b"], NOW)
    sources.define(["folder:a"], NOW + 5)
    sources.heard("push:nobody", NOW)
    first, second = sources.health(["push:b", "folder:a", "push:nobody"])
    assert (first.name, first.seen_at, first.message_at, first.messages) == ("folder:a", NOW + 5, NOW, 0)
    assert second.name == "push:b"
    sources.troubled("folder:a", "not mounted")
    assert [sources.tell_gap("folder:a"), sources.tell_gap("folder:a")] == [True, False]
    assert [sources.tell_quiet("folder:a"), sources.tell_quiet("folder:a")] == [True, False]
    (row,) = sources.health(["folder:a"])
    assert (row.trouble, row.gap_told, row.quiet_told) == ("not mounted", True, True)
    sources.seen("folder:a", NOW + 6)
    (row,) = sources.health(["folder:a"])
    assert (row.seen_at, row.trouble, row.gap_told, row.quiet_told) == (NOW + 6, "", False, True)
    sources.heard("folder:a", NOW + 7)
    (row,) = sources.health(["folder:a"])
    assert (row.message_at, row.messages, row.quiet_told) == (NOW + 7, 1, False)
    assert sources.health([]) == []


def test_what_is_taken_in_is_known_by_its_name(sql: Sql) -> None:
    """With its verdict; the same name at another source is another thing; many are asked for at once."""
    sources = SourceTable(sql)
    result = IntakeResult(7, Disposition.STORED, ("原因",), ())
    sources.take("feed:a", "item", NOW, result)
    assert sources.taken("feed:a", "item") == result
    assert sources.taken("feed:b", "item") is None
    assert sources.all_taken("feed:a", [*map(str, range(1_200)), "item"]) == {"item"}
    assert sources.all_taken("feed:a", []) == frozenset()


def test_a_feed_remembers_where_it_is(sql: Sql) -> None:
    """Nothing at first."""
    sources = SourceTable(sql)
    assert sources.cursor("feed:a") == "{}"
    sources.define(["feed:a"], NOW)
    sources.move_cursor("feed:a", '{"etag": "1"}')
    assert sources.cursor("feed:a") == '{"etag": "1"}'


def test_a_lease_has_one_holder_until_it_lapses(sql: Sql) -> None:
    """Prolonged by its holder, refused to others, free when it is over or given back."""
    leases = LeaseTable(sql)
    assert leases.claim("a", "one", NOW, NOW + 30)
    assert not leases.claim("a", "two", NOW + 10, NOW + 40)
    assert leases.claim("a", "one", NOW + 10, NOW + 40)
    assert leases.claim("b", "two", NOW + 10, NOW + 40)
    assert not leases.claim("a", "two", NOW + 39, NOW + 80)
    assert leases.claim("a", "two", NOW + 40, NOW + 80)
    leases.let_go(["a"], "one")
    assert not leases.claim("a", "one", NOW + 41, NOW + 90)
    leases.let_go(["a", "b"], "two")
    assert leases.claim("a", "one", NOW + 41, NOW + 90)


# --- what is passed on ------------------------------------------------------------------------------------


def test_only_what_was_accepted_is_passed_on_and_once(sql: Sql) -> None:
    """Oldest first; practice and what was only stored are not; a message that is accepted later is."""
    publications = PublicationTable(sql, SEALER)
    first = add_alert(sql, "first")
    later = add_alert(sql, "later", Disposition.STORED)
    add_alert(sql, "test", status="Test")
    second = add_alert(sql, "second")
    waiting = publications.waiting(10)
    assert [(one.alert_id, one.content) for one in waiting] == [(first, "first"), (second, "second")]
    publications.publish([NewPublication(one.alert_id, f"<{one.content}/>", ("tv",)) for one in waiting], NOW)
    publications.publish([NewPublication(first, "<again/>", ("tv", "radio"))], NOW + 1)
    assert publications.waiting(10) == []
    sql.run("UPDATE alert SET disposition = 'accepted' WHERE id = ?", later)
    assert [one.alert_id for one in publications.waiting(10)] == [later]
    publications.publish([NewPublication(later, None)], NOW + 2)
    assert [one.identifier for one in feed_page(sql, None, 10)] == ["second", "first"]
    newest = feed_page(sql, None, 1)[0]
    assert [one.identifier for one in feed_page(sql, newest.number, 10)] == ["first"]
    assert one_publication(sql, newest.number) == newest
    assert one_publication(sql, newest.number + 50) is None
    found = publications.referred("14110041600000", ["first", "nobody"])
    assert [(one.identifier, one.sent) for one in found] == [("first", NOW)]


def test_a_post_is_one_tries_until_it_is_settled(sql: Sql) -> None:
    """Leased while it is under way, due again when the lease lapses or as said, never again once it is settled."""
    publications = PublicationTable(sql, SEALER)
    publications.publish([NewPublication(add_alert(sql, "a"), "<a/>", ("tv", "radio"))], NOW)
    assert publications.next_post() == NOW
    first, second = publications.claim_posts(NOW, NOW + 100, 10)
    assert (first.outlet, second.outlet, first.body, first.tries, first.since) == ("tv", "radio", "<a/>", 1, NOW)
    assert publications.claim_posts(NOW + 1, NOW + 101, 10) == []
    again = Posted(first.id, delivered=False, status=503, receipt="HTTP 503", again_at=NOW + 50)
    publications.posted([again, Posted(second.id, delivered=True, status=200, receipt="taken")], NOW + 2)
    assert publications.next_post() == NOW + 50
    (repeat,) = publications.claim_posts(NOW + 50, NOW + 150, 10)
    assert (repeat.key, repeat.tries) == (first.key, 2)
    publications.posted([Posted(first.id, delivered=False, status=410, receipt="gone")], NOW + 60)
    publications.posted([again], NOW + 70)
    assert publications.next_post() is None
    tv, radio, other = outlet_views(sql, ["tv", "radio", "other"])
    assert (tv.waiting, tv.delivered, tv.failed, tv.last_receipt) == (0, 0, 1, "gone")
    assert (radio.waiting, radio.delivered, radio.failed, radio.last_receipt) == (0, 1, 0, "taken")
    assert (other.waiting, other.last_at) == (0, None)


def test_an_outlet_hears_everything_in_order(sql: Sql) -> None:
    """What an outlet has not taken yet holds up what comes after it, for this outlet alone, and says when to look again."""
    publications = PublicationTable(sql, SEALER)
    publications.publish([NewPublication(add_alert(sql, "alert"), "<alert/>", ("tv", "radio"))], NOW)
    tv, radio = publications.claim_posts(NOW, NOW + 100, 10)
    publications.posted(
        [
            Posted(tv.id, delivered=False, status=503, receipt="", again_at=NOW + 900),
            Posted(radio.id, delivered=True, status=200, receipt=""),
        ],
        NOW + 1,
    )
    publications.publish([NewPublication(add_alert(sql, "cancel"), "<cancel/>", ("tv", "radio"))], NOW + 10)
    (only,) = publications.claim_posts(NOW + 10, NOW + 110, 10)
    assert (only.outlet, only.body) == ("radio", "<cancel/>")
    publications.posted([Posted(only.id, delivered=True, status=200, receipt="")], NOW + 11)
    assert publications.next_post() == NOW + 900
    both = publications.claim_posts(NOW + 900, NOW + 1_000, 10)
    assert [(one.outlet, one.body) for one in both] == [("tv", "<alert/>"), ("tv", "<cancel/>")]


def test_what_an_outlet_stumbles_over_holds_up_its_own_chain(sql: Sql) -> None:
    """A red of another chain is claimed although an older yellow waits; how the yellow ends is not."""
    publications = PublicationTable(sql, SEALER)
    yellow, red = _chain(sql, "yellow"), _chain(sql, "red")
    publications.publish(
        [NewPublication(_in_chain(sql, "yellow", yellow, Disposition.ACCEPTED), "<yellow/>", ("tv",))], NOW
    )
    (first,) = publications.claim_posts(NOW, NOW + 100, 10)
    publications.posted([Posted(first.id, delivered=False, status=500, receipt="", again_at=NOW + 900)], NOW + 1)
    cancel = _in_chain(sql, "cancel", yellow, Disposition.ACCEPTED)
    publications.publish([NewPublication(cancel, "<cancel/>", ("tv",))], NOW + 10)
    publications.publish(
        [NewPublication(_in_chain(sql, "red", red, Disposition.ACCEPTED), "<red/>", ("tv",))], NOW + 20
    )
    assert publications.next_post() == NOW + 20
    (only,) = publications.claim_posts(NOW + 20, NOW + 120, 10)
    assert (only.body, only.chain_id, only.colour) == ("<red/>", red, Colour.RED)
    publications.posted([Posted(only.id, delivered=True, status=200, receipt="")], NOW + 21)
    assert publications.next_post() == NOW + 900
    assert [one.body for one in publications.claim_posts(NOW + 900, NOW + 999, 10)] == ["<yellow/>", "<cancel/>"]


def test_how_a_chain_ends_is_passed_on(sql: Sql) -> None:
    """A Cancel that ended nothing any more goes out after the warning did; what came late, or of a chain that never went out, does not."""
    publications = PublicationTable(sql, SEALER)
    heard, unheard = _chain(sql, "heard"), _chain(sql, "unheard")
    first = _in_chain(sql, "first", heard, Disposition.ACCEPTED)
    publications.publish([NewPublication(first, "<first/>", ("tv",))], NOW)
    _in_chain(sql, "late", heard, Disposition.STORED, '["older_than_its_chain"]')
    _in_chain(sql, "other", unheard, Disposition.STORED)
    cancel = _in_chain(sql, "cancel", heard, Disposition.STORED, '["cancelled"]')
    assert [(one.alert_id, one.chain_id) for one in publications.waiting(10)] == [(cancel, heard)]
    assert publications.hearers([heard, unheard]) == {heard: frozenset({"tv"})}
    sql.run("UPDATE alert SET received_at = ? WHERE id = ?", NOW + 90_000_000, add_alert(sql, "a day later"))
    assert cancel not in [one.alert_id for one in publications.waiting(10)]


def _chain(sql: Sql, root: str) -> int:
    values = {
        "root": root,
        "issuer": "14110041600000",
        "issuer_area": "1411",
        "hazard": "rainstorm",
        "colour": 4,
        "state": 1,
        "updated_at": NOW,
    }
    return int(
        sql.connection.execute(insert(schema.alert_chain).returning(schema.alert_chain.c.id), values).scalar_one()
    )


def _in_chain(sql: Sql, identifier: str, chain: int, disposition: Disposition, reasons: str = "[]") -> int:
    alert = add_alert(sql, identifier, disposition)
    sql.run("UPDATE alert SET chain_id = ?, reasons = ?text WHERE id = ?", chain, reasons, alert)
    return alert
