"""The loop over the public address: only this installation can answer, and it answers nothing else."""

from __future__ import annotations

import secrets

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from warning_dispatch.bootstrap import Part
from warning_dispatch.bootstrap.installation import EVERYTHING, loop_of
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.web.hooks import Hooks
from warning_dispatch.web.loop import HOOK_LOOP, LINK_LOOP, Loop, answer_to

OURS, ANOTHERS = b"o" * 32, b"a" * 32


def site(secret: bytes) -> TestClient:
    """An installation."""
    return opened(Loop(secret))


def opened(loop: Loop) -> TestClient:
    """What listens where that loop ends."""
    return TestClient(Starlette(routes=Hooks({}, "", loop).routes()))


@pytest.mark.parametrize("path", [LINK_LOOP, HOOK_LOOP])
def test_an_installation_proves_itself(path: str) -> None:
    """By both doors, and not with another's keys; no cache may answer for it."""
    word = secrets.token_hex(16)
    answer = site(OURS).get(path + word)
    assert answer.text == answer_to(OURS, word)
    assert answer.headers["cache-control"] == "no-store"
    assert site(ANOTHERS).get(path + word).text != answer_to(OURS, word)


@pytest.mark.parametrize(("part", "served"), [(Part.WEB, [LINK_LOOP]), (Part.ENGINE, [HOOK_LOOP]), (Part.INGEST, [])])
def test_of_several_processes_each_answers_behind_its_own_door(part: Part, served: list[str]) -> None:
    """A callback's address that leads to the pages loses every pressed key: `check` must not be told that it is good."""
    keys = KeyRing(OURS, OURS, OURS, OURS)
    word = secrets.token_hex(16)
    client = opened(loop_of(keys, frozenset([part])))
    assert [path for path in (LINK_LOOP, HOOK_LOOP) if client.get(path + word).status_code == 200] == served
    whole = opened(loop_of(keys, EVERYTHING))
    assert {whole.get(path + word).status_code for path in (LINK_LOOP, HOOK_LOOP)} == {200}


@pytest.mark.parametrize("word", ["", "x", "0" * 31, "0" * 33, "Z" * 32, "../r"])
def test_it_answers_only_words_of_check(word: str) -> None:
    """Nobody gets anything of his own choosing signed."""
    assert site(OURS).get(LINK_LOOP + word).status_code == 404


def test_nobody_is_called_back_where_there_is_no_loop() -> None:
    """The demonstration has neither."""
    assert Hooks({}, "").routes() == []
