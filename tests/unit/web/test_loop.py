"""The loop over the public address: only this installation can answer, and it answers nothing else."""

from __future__ import annotations

import secrets

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from warning_dispatch.web.hooks import Hooks
from warning_dispatch.web.loop import HOOK_LOOP, LINK_LOOP, Loop, answer_to

OURS, ANOTHERS = b"o" * 32, b"a" * 32


def site(secret: bytes) -> TestClient:
    """An installation."""
    return TestClient(Starlette(routes=Hooks({}, "", Loop(secret)).routes()))


@pytest.mark.parametrize("path", [LINK_LOOP, HOOK_LOOP])
def test_an_installation_proves_itself(path: str) -> None:
    """By both doors, and not with another's keys; no cache may answer for it."""
    word = secrets.token_hex(16)
    answer = site(OURS).get(path + word)
    assert answer.text == answer_to(OURS, word)
    assert answer.headers["cache-control"] == "no-store"
    assert site(ANOTHERS).get(path + word).text != answer_to(OURS, word)


@pytest.mark.parametrize("word", ["", "x", "0" * 31, "0" * 33, "Z" * 32, "../r"])
def test_it_answers_only_words_of_check(word: str) -> None:
    """Nobody gets anything of his own choosing signed."""
    assert site(OURS).get(LINK_LOOP + word).status_code == 404


def test_nobody_is_called_back_where_there_is_no_loop() -> None:
    """The demonstration has neither."""
    assert Hooks({}, "").routes() == []
