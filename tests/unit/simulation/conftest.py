"""Calls and messages to people who do not exist, and the outcome table that every outcome must stand in."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch

ROOT = Path(__file__).resolve().parents[3]


def dispatch(
    attempt_id: int, address: str | None = None, channel: Channel = Channel.VOICE, **fields: object
) -> Dispatch:
    """An attempt on a sample mobile of its own, unless told otherwise."""
    values: dict[str, object] = {
        "callout_id": 1,
        "purpose": Purpose.CALL,
        "route": "r",
        "language": "zh_CN",
        "text": "",
    }
    number = f"+862601{attempt_id:07d}" if address is None else address
    return Dispatch(attempt_id, channel=channel, address=number, **{**values, **fields})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make() -> Callable[..., Dispatch]:
    """Makes an attempt: `make(7)` calls sample mobile 7."""
    return dispatch


@pytest.fixture(scope="session")
def table() -> frozenset[str]:
    """The keys of config/outcomes.toml."""
    return frozenset(tomllib.loads((ROOT / "config" / "outcomes.toml").read_text(encoding="utf-8")))
