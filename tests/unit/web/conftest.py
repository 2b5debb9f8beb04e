"""The office double, its clock, and clients on both applications."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.web.application import create_app
from warning_dispatch.web.control import create_control_app

BODY_LIMIT = 1_000


def load(name: str, file: str) -> ModuleType:
    """A module beside this one: tests are no package, so it is loaded by its path."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def load_office() -> ModuleType:
    """The double's module."""
    return load("web_office_double", "office.py")


@pytest.fixture
def loaded() -> Callable[[str, str], ModuleType]:
    """Other modules beside this file."""
    return load


@pytest.fixture
def doubles() -> ModuleType:
    """The double's module, for its constants."""
    return load_office()


@pytest.fixture
def clock(doubles: ModuleType) -> VirtualClock:
    """A clock that stands at the start."""
    return VirtualClock(doubles.START)


@pytest.fixture
def office(doubles: ModuleType, clock: VirtualClock) -> Any:
    """An office without call-outs."""
    return doubles.Office(clock)


@pytest.fixture
def client(office: Any, clock: VirtualClock) -> Iterator[TestClient]:
    """A browser or program before the whole application, live page included."""
    app = create_app(
        office, office, public_url="http://127.0.0.1:8080", live_page=True, body_limit=BODY_LIMIT, clock=clock
    )
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.fixture
def control(office: Any) -> Iterator[TestClient]:
    """A command before the local socket."""
    with TestClient(create_control_app(office, office, body_limit=BODY_LIMIT)) as client:
        yield client
