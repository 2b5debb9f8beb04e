"""The verifier that goes out beside a journal: it finds whatever was done to it, alone, on any machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from warning_dispatch.logs import silent_logger
from warning_dispatch.reports import verify_journal
from warning_dispatch.store.database import create_in_memory, reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.journal_check import export
from warning_dispatch.store.keys import KeyRing

KEYS = KeyRing.simulated(1)
PUBLIC = KEYS.journal_public
STREAM = "callout:7"
SCRIPT = Path(verify_journal.__file__)
Damage = Callable[[list[str]], list[str]]
STORY = st.lists(
    st.lists(st.fixed_dictionaries({"k": st.text(max_size=6), "n": st.integers(-9, 9)}), min_size=1, max_size=3),
    min_size=2,
    max_size=5,
)


def written(story: list[list[dict[str, object]]], keys: KeyRing = KEYS) -> list[str]:
    """The exported lines of a journal with a block for each list."""
    database = create_in_memory()
    journal = Journal(keys.journal_key, silent_logger())
    with writing(database) as connection:
        for at, entries in enumerate(story):
            journal.append(connection, STREAM, entries, 1_000 + at)
    with reading(database) as connection:
        lines = list(export(connection, STREAM))
    database.dispose()
    return lines


LINES = written([[{"k": "callout.started", "名": "临县"}], [{"k": "answer", "callee": 3}, {"k": "act"}], [{"k": "z"}]])
BLOCKS = [at for at, line in enumerate(LINES) if '"previous"' in line]


def changed(lines: list[str]) -> list[str]:
    """One letter of one entry."""
    return [line.replace('"callee":3', '"callee":4') for line in lines]


def dropped_entry(lines: list[str]) -> list[str]:
    """One entry is gone."""
    return [line for line in lines if '"k":"act"' not in line]


def dropped_block(lines: list[str]) -> list[str]:
    """A block is gone from the middle."""
    return lines[: BLOCKS[1]] + lines[BLOCKS[2] :]


def reordered(lines: list[str]) -> list[str]:
    """Two blocks have changed places."""
    return lines[: BLOCKS[1]] + lines[BLOCKS[2] : -1] + lines[BLOCKS[1] : BLOCKS[2]] + lines[-1:]


def reordered_entries(lines: list[str]) -> list[str]:
    """Two entries of a block have changed places."""
    first = BLOCKS[1] + 1
    return [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]]


def cut_tail(lines: list[str]) -> list[str]:
    """The last block is gone, the seal has stayed."""
    return lines[: BLOCKS[2]] + lines[-1:]


def cut_off(lines: list[str]) -> list[str]:
    """Everything behind the second block is gone, the seal too."""
    return lines[: BLOCKS[2]]


def cut_and_said_so(lines: list[str]) -> list[str]:
    """The last block is gone, and the seal's line says what is left."""
    left, last = cut_off(lines), json.loads(lines[BLOCKS[1]])
    head = {**json.loads(lines[-1]), "head": 2, "entries": 3, "hash": last["hash"]}
    return [*left, json.dumps(head)]


@pytest.mark.parametrize(
    "damage",
    [changed, dropped_entry, dropped_block, reordered, reordered_entries, cut_tail, cut_off, cut_and_said_so],
)
def test_whatever_was_done_to_it_is_found(damage: Damage) -> None:
    """Promise 8: changed, dropped, reordered, cut at the end, all are detected outside the system as well."""
    damaged = damage(LINES)
    assert damaged != LINES
    assert verify_journal.verify(damaged, PUBLIC)[0]


def test_what_a_forger_recomputes_is_not_sealed() -> None:
    """A journal written anew, whole in itself and sealed with another key, is none of ours."""
    forged = written([[{"k": "callout.started"}]], KeyRing.simulated(2))
    faults, facts = verify_journal.verify(forged, PUBLIC)
    assert len(faults) == 1
    assert "封印无效" in faults[0]
    assert verify_journal.verify(forged)[0] == []
    assert not verify_journal.verify(forged)[1]["seal_checked"], "without the key it says that it has not looked"
    assert facts["seal_checked"]


@given(story=STORY)
@settings(max_examples=25)
def test_what_was_written_is_whole(story: list[list[dict[str, object]]]) -> None:
    """Whatever the entries hold, an untouched journal passes with its seal."""
    faults, facts = verify_journal.verify(written(story), PUBLIC)
    assert faults == []
    assert facts == {
        "stream": STREAM,
        "blocks": len(story),
        "entries": sum(map(len, story)),
        "seal_checked": True,
    }


@given(place=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_no_flipped_bit_passes(place: int, bit: int) -> None:
    """Any single bit of the file that changes what it says is noticed, or makes it unreadable."""
    octets = bytearray("\n".join(LINES).encode())
    octets[place % len(octets)] ^= 1 << bit
    text = octets.decode(errors="replace")
    try:
        same = [json.loads(line) for line in text.split("\n") if line] == [json.loads(line) for line in LINES]
    except ValueError:
        same = False
    try:
        faults, _ = verify_journal.verify(text.split("\n"), PUBLIC)
    except (ValueError, KeyError, TypeError):
        return
    assert same or faults


@settings(max_examples=30)
@given(message=st.binary(max_size=80), seed=st.binary(min_size=32, max_size=32), wrong=st.integers(0, 511))
def test_signatures_are_judged_as_the_library_judges_them(message: bytes, seed: bytes, wrong: int) -> None:
    """The few lines of Ed25519 accept what `cryptography` signed, and no flipped bit of it."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert verify_journal.signed(public, message, bytes(signature))
    signature[wrong // 8] ^= 1 << wrong % 8
    assert not verify_journal.signed(public, message, bytes(signature))


def run(*arguments: str) -> tuple[int, str]:
    """The script alone: no site packages, none of ours on its path."""
    found = subprocess.run(  # noqa: S603 - our own script under our own interpreter
        [sys.executable, "-I", "-S", str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    return found.returncode, found.stdout


def test_it_runs_alone(tmp_path: Path) -> None:
    """Without any package it tells whole, unsealed, damaged and unreadable apart by its exit code."""
    file, key = tmp_path / "journal.jsonl", tmp_path / "journal.pub"
    file.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    key.write_text(PUBLIC.hex() + "\n", encoding="ascii")
    assert run(str(file), "--key", str(key))[0] == verify_journal.WHOLE
    assert run(str(file), "--key", PUBLIC.hex())[0] == verify_journal.WHOLE
    assert run(str(file))[0] == verify_journal.UNSEALED
    file.write_text("\n".join(cut_tail(LINES)), encoding="utf-8")
    code, said = run(str(file), "--key", str(key))
    assert code == verify_journal.WRONG
    assert "末尾被截" in said
    for wrong in ([], ["--key"], [str(file), "--key", "12"], [str(tmp_path / "none")], [str(SCRIPT)]):
        assert run(*wrong)[0] == verify_journal.UNREADABLE
