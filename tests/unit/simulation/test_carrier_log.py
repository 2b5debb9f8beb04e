"""The carrier's own record: complete, without numbers, and there after the process is gone."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch
from warning_dispatch.simulation import carrier_log
from warning_dispatch.simulation.carrier_log import CarrierLog, CarrierRecord, read_carrier_log
from warning_dispatch.simulation.network import SimulatedNetwork
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit

START = 1_000_000
PHONE = "+8626010000001"
MAIL = "clerk@village.example"
KEY = b"a key of the test"
TIMES = Times(ring=(10_000, 10_000), listen=(8_000, 8_000), delivery=(5_000, 5_000), reply=(60_000, 60_000))
PEOPLE = Population.everyone(VoiceHabit.ANSWERS, TextHabit.REPLIES, times=TIMES)
Make = Callable[..., Dispatch]

KILLED = """
import os, signal, sys
from pathlib import Path
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch
from warning_dispatch.simulation import CarrierLog, SimulatedNetwork

network = SimulatedNetwork(1, log=CarrierLog(b"k", Path(sys.argv[1])))
for n in range(3):
    batch = [Dispatch(n * 10 + i, 1, Channel.VOICE, Purpose.CALL, "r", f"+86260{n}{i}", "zh_CN", "") for i in range(10)]
    network.accept(batch, 1_000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def seen(log: CarrierLog) -> list[tuple[int, int, str]]:
    """(moment, attempt, what) of everything kept."""
    return [(record.at, record.attempt_id, record.what) for record in log.records()]


def test_everything_that_happens_is_recorded(make: Make) -> None:
    """Hand-over, clash, refusal, key, end, reply and hang-up, each at its moment."""
    log = CarrierLog(KEY)
    network = SimulatedNetwork(1, PEOPLE, lines=3, log=log)
    network.accept([make(1, PHONE), make(2, PHONE), make(3), make(4), make(5, channel=Channel.SMS)], START)
    network.hang_up([3], START + 1_000)
    network.advance(START + 100_000)
    assert seen(log) == [
        (START, 1, carrier_log.HANDED),
        (START, 2, carrier_log.HANDED),
        (START, 2, carrier_log.CLASH),
        (START, 3, carrier_log.HANDED),
        (START, 4, "refused over_concurrency"),
        (START, 5, carrier_log.HANDED),
        (START + 1_000, 3, carrier_log.HUNG_UP),
        (START + 2_000, 2, "ended busy"),
        (START + 5_000, 5, "ended delivered"),
        (START + 18_000, 1, carrier_log.PRESSED),
        (START + 18_000, 1, "ended key_pressed"),
        (START + 65_000, 5, carrier_log.REPLIED),
    ]


def test_a_tap_and_the_mark_of_a_repeat_are_recorded(make: Make) -> None:
    """A repeated hand-over can be told from a first one by the record alone."""
    log = CarrierLog(KEY)
    network = SimulatedNetwork(1, Population.everyone(text=TextHabit.TAPS), log=log)
    network.accept([make(1, channel=Channel.SMS, link="L", possible_duplicate=True)], START)
    network.advance(START + 86_400_000)
    assert [record.what for record in log.records()] == [carrier_log.HANDED, "ended delivered", carrier_log.TAPPED]
    assert all(record.possible_duplicate for record in log.records())


def test_the_file_says_what_the_memory_says(make: Make, tmp_path: Path) -> None:
    """Read back, every record is the one that was kept, for every channel."""
    path = tmp_path / "carrier.jsonl"
    with CarrierLog(KEY, path) as log:
        network = SimulatedNetwork(1, PEOPLE, log=log)
        network.accept(
            [make(1), make(2, channel=Channel.SMS), make(3, MAIL, Channel.EMAIL), make(4, "desk", Channel.OPERATOR)],
            START,
        )
        network.advance(START + 100_000)
        assert tuple(read_carrier_log(path)) == log.records()
    assert {record.channel for record in log.records()} == set(Channel)


def test_no_number_stands_in_the_file(make: Make, tmp_path: Path) -> None:
    """Promise 11: neither a number nor a mailbox, whole or in part; one phone is one digest under one key."""
    path = tmp_path / "carrier.jsonl"
    with CarrierLog(KEY, path) as log:
        network = SimulatedNetwork(1, PEOPLE, log=log)
        network.accept([make(1, PHONE), make(2, MAIL, Channel.EMAIL), make(3, PHONE, Channel.SMS)], START)
        network.advance(START + 100_000)
    text = path.read_text(encoding="utf-8")
    assert not [part for part in (PHONE, PHONE[1:], PHONE[3:], "village", "clerk") if part in text]
    digests = {record.attempt_id: record.address for record in read_carrier_log(path)}
    assert digests[1] == digests[3] == log.digest(PHONE) != digests[2]
    assert CarrierLog(b"another key").digest(PHONE) != log.digest(PHONE)


def test_only_this_user_may_read_the_file(tmp_path: Path) -> None:
    """Who was called at night is nobody else's business."""
    path = tmp_path / "carrier.jsonl"
    CarrierLog(KEY, path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_batch_is_in_the_file_before_its_receipts_are_out(make: Make, tmp_path: Path) -> None:
    """Each batch, hang-up and look is flushed by itself: a reader never lags behind what the caller knows."""
    path = tmp_path / "carrier.jsonl"
    network = SimulatedNetwork(1, PEOPLE, log=CarrierLog(KEY, path))
    network.accept([make(1), make(2)], START)
    assert len(list(read_carrier_log(path))) == 2
    network.hang_up([1], START + 1_000)
    assert len(list(read_carrier_log(path))) == 3
    network.advance(START + 20_000)
    assert len(list(read_carrier_log(path))) == 5


def test_a_kill_loses_nothing_that_was_handed_over(tmp_path: Path) -> None:
    """Promise 4 needs a witness that outlives the daemon: after SIGKILL all three batches can be read."""
    path = tmp_path / "carrier.jsonl"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=30)  # noqa: S603 - our own text
    assert done.returncode == -signal.SIGKILL
    assert sorted(record.attempt_id for record in read_carrier_log(path)) == list(range(30))


@pytest.mark.parametrize("cut", [1, 2, 40, 100])
def test_a_torn_last_line_is_passed_over_and_the_next_process_goes_on(cut: int, make: Make, tmp_path: Path) -> None:
    """A crash may tear one line; what stands before it and what a new process writes after it is read."""
    path = tmp_path / "carrier.jsonl"
    with CarrierLog(KEY, path) as log:
        SimulatedNetwork(1, PEOPLE, log=log).accept([make(1), make(2)], START)
    path.write_bytes(path.read_bytes()[:-cut])
    whole = [1, 2] if cut == 1 else [1]
    assert [record.attempt_id for record in read_carrier_log(path)] == whole
    with CarrierLog(KEY, path) as log:
        SimulatedNetwork(1, PEOPLE, log=log).accept([make(3)], START)
    assert [record.attempt_id for record in read_carrier_log(path)] == [*whole, 3]


def test_memory_can_be_spared(make: Make, tmp_path: Path) -> None:
    """A long demo keeps the file and nothing else."""
    path = tmp_path / "carrier.jsonl"
    with CarrierLog(KEY, path, keep=False) as log:
        SimulatedNetwork(1, PEOPLE, log=log).accept([make(1)], START)
    assert log.records() == ()
    assert len(list(read_carrier_log(path))) == 1


def test_closing_writes_the_rest_and_may_be_repeated(tmp_path: Path) -> None:
    """What was added and not flushed is in the file after `close`; a second `close` does nothing."""
    path = tmp_path / "carrier.jsonl"
    log = CarrierLog(KEY, path)
    record = CarrierRecord(START, 1, 1, Channel.VOICE, log.digest(PHONE), carrier_log.HANDED)
    log.add(record)
    assert list(read_carrier_log(path)) == []
    log.close()
    log.close()
    assert list(read_carrier_log(path)) == [record]
