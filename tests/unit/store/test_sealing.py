"""Encryption at rest: only the right key, place and bytes open a value; an index finds a number without showing it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.errors import StoreError
from warning_dispatch.ports import Sealer
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.sealing import AesSealer, link_hash, link_token

KEYS = KeyRing.simulated(1)
SEALER: Sealer = AesSealer(KEYS)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_again(clear: bytes, context: str) -> None:
    """Promise 10: every byte comes back; the envelope costs 31 bytes."""
    sealed = SEALER.seal(clear, context)
    assert SEALER.unseal(sealed, context) == clear
    assert len(sealed) == len(clear) + 31


def test_the_same_number_is_sealed_differently_each_time() -> None:
    """Promise 11: equal numbers cannot be told by their ciphertext."""
    assert len({SEALER.seal(b"+8600000000000", "number") for _ in range(100)}) == 100


@given(st.binary(max_size=40), st.data())
def test_any_changed_byte_is_noticed(clear: bytes, data: st.DataObject) -> None:
    """A value that was touched, header included, never opens as another one."""
    sealed = bytearray(SEALER.seal(clear, "number"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        SEALER.unseal(bytes(sealed), "number")


@given(st.binary(max_size=30))
def test_rubbish_is_refused_in_our_words(rubbish: bytes) -> None:
    """Whatever lies in the column, the error is a StoreError."""
    with pytest.raises(StoreError):
        SEALER.unseal(rubbish, "number")


def test_a_value_moved_to_another_column_does_not_open() -> None:
    """The context is bound: a name put where a number belongs is refused."""
    with pytest.raises(StoreError, match="does not open"):
        SEALER.unseal(SEALER.seal("某人".encode(), "receiver.name"), "number")


def test_other_keys_do_not_open() -> None:
    """A stolen database without its keys stays closed, and the message says where to look."""
    with pytest.raises(StoreError, match="Are the keys those of this database"):
        AesSealer(KeyRing.simulated(2)).unseal(SEALER.seal(b"x", "number"), "number")


def test_a_foreign_key_id_and_a_newer_form_are_told_apart() -> None:
    """The header says why a value cannot be opened."""
    sealed = SEALER.seal(b"x", "number")
    with pytest.raises(StoreError, match="key 9"):
        SEALER.unseal(sealed[:2] + b"\x09" + sealed[3:], "number")
    with pytest.raises(StoreError, match="newer"):
        SEALER.unseal(b"\x02" + sealed[1:], "number")


def test_the_blind_index_finds_a_number_and_needs_the_key() -> None:
    """The same number always has the same index; without the key it cannot be tried out."""
    assert SEALER.blind_index("+8600000000000") == SEALER.blind_index("+8600000000000")
    assert SEALER.blind_index("+8600000000000") != SEALER.blind_index("+8600000000001")
    assert AesSealer(KeyRing.simulated(2)).blind_index("+8600000000000") != SEALER.blind_index("+8600000000000")


@given(st.tuples(*[st.integers(0, 2**40)] * 4))
def test_a_link_token_is_sixteen_characters_and_derivable(facts: tuple[int, int, int, int]) -> None:
    """80 bits in lower-case base32, the same for a repeat of the message."""
    token = link_token(KEYS.link_key, *facts)
    assert len(token) == 16
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert token == link_token(KEYS.link_key, *facts)


def test_each_fact_changes_the_token() -> None:
    """No receiver's link is another's, nor that of another call-out, purpose, generation or installation."""
    facts = [(1, 1, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2), (11, 1, 1, 1), (1, 11, 1, 1)]
    tokens = {link_token(KEYS.link_key, *fact) for fact in facts}
    assert len(tokens | {link_token(KeyRing.simulated(2).link_key, 1, 1, 1, 1)}) == len(facts) + 1


def test_a_token_typed_in_capitals_is_the_same_token() -> None:
    """A village head who copies the link by hand is not turned away."""
    token = link_token(KEYS.link_key, 1, 2, 1, 1)
    assert link_hash(token) == link_hash(f" {token.upper()} ")
    assert len(link_hash(token)) == 32
