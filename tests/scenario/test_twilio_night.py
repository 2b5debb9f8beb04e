"""A night over two Twilio accounts, one of them broken in every way: the whole daemon, real requests, real callbacks.

Only the telephones are ours (tests/twilio_server). The judge of the fault runs looks at database and carrier afterwards.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, cycle
from pathlib import Path
from typing import Any

import httpx2
import pytest

from warning_dispatch.bootstrap import Product, build_daemon, open_product
from warning_dispatch.clock import ScaledClock, SystemClock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.delivery.twilio.errors import error_table
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.register import Register
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, ReceiverEntry
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.simulation.faults import Faults
from warning_dispatch.store.database import open_database, reading, upgrade, writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.sealing import AesSealer

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = "https://jiaoying.example.cn"
TOWNSHIPS = ("141124100", "141124105", "141124109", "141124207")
SPEED = 60
LEASE = 1_200
"""Seconds of a clock that runs so fast: two thirds of the usual time for real requests."""
OVER_WITHIN = 90.0
"""Real seconds."""
UNSETTLED = (CalleeState.WAITING, CalleeState.CALLING, CalleeState.RELAYED)
FAULTS = Faults(
    late=0.08,
    late_by=(5_000, 90_000),
    doubled=0.15,
    doubled_after=(1, 60_000),
    reordered=0.2,
    reordered_by=(1, 8_000),
    lost=0.03,
)
REFUSALS: tuple[tuple[int, int] | str, ...] = (
    (400, 21211),
    "hang",
    (400, 21214),
    (429, 20429),
    "cut",
    (400, 99999),
    (400, 21216),
    (500, 20500),
    "hang",
    (400, 21610),
    (401, 20003),
    (402, 0),
    (404, 20404),
    (503, 20503),
)
"""How the first account fails, one way after the other."""
REFUSED_AS = frozenset(error_table().refusal(*one) for one in REFUSALS if isinstance(one, tuple))


def register() -> Register:
    """Some townships and the county above them, with people whose numbers are no sample numbers."""
    units = read_register(ROOT / "contacts").units
    ours = [one for one in units if one.code in ("1411", "141124") or one.code.startswith(("141124-", *TOWNSHIPS))]
    return Register(tuple(ours), tuple(_reachable(one) for one in sample_receivers(ours, 1)))


def _reachable(receiver: ReceiverEntry) -> ReceiverEntry:
    """Mobiles and landlines such as a real route takes; no mail."""
    phones = [
        replace(one, address=one.address.replace("+8626010", "+8613900").replace("+862602", "+86358"))
        for one in receiver.endpoints
        if one.channel is not Channel.EMAIL
    ]
    return replace(receiver, sample=False, endpoints=tuple(phones))


@dataclass
class Night:
    """An installation, its two providers, and the people at their phones."""

    settings: Settings
    clock: ScaledClock
    broken: Any
    sound: Any
    witness: Any
    keys: KeyRing
    token: str
    authorization: str

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[Product, EngineDesk]]:
        """The daemon, up and then drained."""
        product = open_product(self.settings)
        daemon = build_daemon(self.settings, product, self.clock)
        up: asyncio.Future[EngineDesk] = asyncio.get_running_loop().create_future()

        async def started(desk: EngineDesk) -> None:
            up.set_result(desk)

        work = asyncio.create_task(daemon.run(started))
        try:
            await asyncio.wait([up, work], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
            yield product, up.result()
        finally:
            daemon.stop()
            await work
            product.close()

    async def settled(self, product: Product) -> None:
        """Until everybody has answered or stands on the list of the unreached."""
        async with asyncio.timeout(OVER_WITHIN):
            while await asyncio.to_thread(product.read.callees, 1, states=UNSETTLED, limit=1):  # noqa: ASYNC110 - the database
                await asyncio.sleep(0.2)

    def rows(self, sql: str) -> list[Any]:
        """What is stored."""
        database = open_database(self.settings.database_url)
        with reading(database) as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
        database.dispose()
        return found

    def judged(self, judge: Any) -> Any:
        """The verdict of the faults' judge. What our tables mark as a possible duplicate was said to be one."""
        marked = {row[0] for row in self.rows("SELECT id FROM attempt WHERE possible_duplicate = 1")}
        seen: Counter[tuple[int, str]] = Counter()
        records = []
        for one in self.witness.records:
            seen[one.attempt_id, one.what] += 1
            again = seen[one.attempt_id, one.what] > 1 and one.attempt_id in marked
            records.append(replace(one, possible_duplicate=again))
        database = open_database(self.settings.database_url)
        with reading(database) as connection:
            verdict = judge.judged(connection, records, self.keys)
        database.dispose()
        return verdict


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def failing() -> Iterator[Any]:
    """Two requests in three go well, the third fails in the next way."""
    return chain.from_iterable(("", "", one) for one in cycle(REFUSALS))


def routes(home: Path, token: str, broken: Any, sound: Any, account: str) -> list[dict[str, Any]]:
    """Two accounts for calls, one of them for messages too."""
    secret = home / "token"
    secret.write_text(token)
    secret.chmod(0o600)
    own = {
        "account_sid": account,
        "auth_token_file": str(secret),
        "from_numbers": ["+12025550100", "+12025550101"],
        "timeout_s": 1.5,
        "duty_number": "+8635882220000",
    }
    return [
        {
            "name": "voice-broken",
            "channel": "voice",
            "adapter": "twilio",
            "lines": 15,
            "options": {**own, "address": broken.address},
        },
        {
            "name": "voice-sound",
            "channel": "voice",
            "adapter": "twilio",
            "lines": 15,
            "options": {**own, "address": sound.address},
        },
        {"name": "sms-broken", "channel": "sms", "adapter": "twilio", "options": {**own, "address": broken.address}},
        {"name": "sms-sound", "channel": "sms", "adapter": "twilio", "options": {**own, "address": sound.address}},
        {"name": "operator", "channel": "operator", "adapter": "operator"},
    ]


@pytest.fixture
async def night(tmp_path: Path, twilio_server: Any) -> AsyncIterator[Night]:
    """An installation with a register of its own, between two Twilios."""
    port = free_port()
    local = f"http://127.0.0.1:{port}"
    clock = ScaledClock(SystemClock().now(), SPEED)
    rest, callbacks = twilio_server("rest"), twilio_server("callbacks")
    witness, people = twilio_server("witness").Witness(), twilio_server("people").People(7)
    browser = httpx2.AsyncClient(base_url=local, trust_env=False)

    async def tap(link: str) -> None:
        page = link.removeprefix(PUBLIC)
        with suppress(httpx2.TransportError):  # the night is over, and they tap all the same
            assert (await browser.get(page)).status_code == 200
            assert (await browser.post(page)).status_code == 303

    given = {"public": PUBLIC, "local": local, "people": people, "witness": witness, "faults": FAULTS, "tap": tap}
    broken = rest.TwilioServer(clock, seed=1, sms_route="sms-broken", **given)
    sound = rest.TwilioServer(clock, seed=2, sms_route="sms-sound", **given)
    broken.failing, broken.hangs_for = failing(), 3.0
    async with browser, broken.running(), sound.running():
        settings = load_settings(
            ROOT / "config",
            {},
            state_dir=str(tmp_path / "state"),
            web={"port": port, "public_url": PUBLIC, "callback_url": PUBLIC},
            bureau={"call_itself": False},
            engine={"claim_lease_s": LEASE},
            routes=routes(tmp_path, callbacks.TOKEN, broken, sound, callbacks.ACCOUNT),
        )
        settings.state_dir.mkdir(parents=True)
        keys = KeyRing.create(settings.keys_dir)
        database = open_database(settings.database_url)
        upgrade(database)
        with writing(database) as connection:
            replace_register(connection, AesSealer(keys), register(), clock.now())
        database.dispose()
        authorization = rest.AUTHORIZATION.removeprefix("Basic ")
        yield Night(settings, clock, broken, sound, witness, keys, callbacks.TOKEN, authorization)


def warning(clock: ScaledClock) -> bytes:
    """A county's red rain over four townships, issued now."""
    text = (ROOT / "config" / "samples" / "12379-county-red-rain.xml").read_text(encoding="utf-8")
    area = ",".join(f"{one}000" for one in TOWNSHIPS)
    return restamp(text.replace("<geocode>141124000000<", f"<geocode>{area}<").encode(), clock.now())


async def test_a_night_over_a_broken_and_a_sound_provider(
    night: Night,
    fault_runs: Callable[[str], Any],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Everybody is reached or on the list, rung once for each attempt, silenced by an answer, and answered by people alone."""
    async with night.running() as (product, desk):
        await desk.take_in(warning(night.clock), "test")
        await night.settled(product)
        await _overheard_again(night)
    verdict = night.judged(fault_runs("judge"))
    assert verdict.broken == []
    assert _rung_twice(night) == []
    assert verdict.callees >= 150
    assert verdict.answered > verdict.callees // 2  # the others are on the list: that is the judge's affair
    assert {status for one in (night.broken, night.sound) for status in one.callbacks.refused} <= {0}
    _failed_in_every_way(night)
    _no_secret_is_kept(night, caplog.text + "".join(capsys.readouterr()))
    assert not {"wire.fault", "hook.fault"} & {record.message for record in caplog.records}


def _rung_twice(night: Night) -> list[int]:
    """Attempts that rang more than once. A message of which nobody can tell may go again, marked: the judge looks at that."""
    calls = Counter(one.attempt for server in (night.broken, night.sound) for one in server.rang)
    return [attempt for attempt, count in calls.items() if count > 1]


async def _overheard_again(night: Night) -> None:
    """Somebody sends every key and every reply of the night once more: none of them answers a second time."""
    for server in (night.broken, night.sound):
        for told in list(server.callbacks.told):
            if "Digits" in told.form or "Body" in told.form:
                await server.callbacks.again(told)
    await asyncio.sleep(0.3)
    twice = """SELECT attempt_id, callee_id, receiver_id, role FROM acknowledgement WHERE means = 'key'
        GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"""
    assert night.rows(twice) == []


def _no_secret_is_kept(night: Night, said: str) -> None:
    """Neither log nor database, journal or printed list holds the account's token; the journal holds no number."""
    for secret in (night.token, night.authorization):
        assert secret not in said
        holders = [
            one for one in night.settings.state_dir.rglob("*") if one.is_file() and secret.encode() in one.read_bytes()
        ]
        assert holders == []
    assert not any("+86" in row[0] for row in night.rows("SELECT body FROM journal_block"))


def _failed_in_every_way(night: Night) -> None:
    """Each refusal of the first account has ended an attempt, and its people were reached by the second."""
    blocks = night.rows("SELECT body FROM journal_block WHERE stream = 'callout:1'")
    entries = [entry for (body,) in blocks for entry in json.loads(body)]
    outcomes = Counter(one["outcome"] for one in entries if one["k"] == "attempt.ended")
    assert outcomes.keys() >= REFUSED_AS, outcomes
    assert len(night.sound.rang) > len(night.broken.rang)
