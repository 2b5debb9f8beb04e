"""The office double, its clock, and clients on both applications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from by_path import loaded
from fastapi import FastAPI
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.web.application import Renewal, create_app
from warning_dispatch.web.control import create_control_app

BODY_LIMIT = 1_000


def load_office() -> ModuleType:
    """The double's module."""
    return load("web_office_double", "office.py")


def load(name: str, file: str) -> Any:
    """A module beside this one."""
    return loaded(name, Path(__file__).with_name(file))


@pytest.fixture(name="loaded")
def loaded_beside() -> Callable[[str, str], ModuleType]:
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
def registrars() -> ModuleType:
    """The module of the double of the yearly refresh, for its constants."""
    return load("web_renewal_double", "renewal_office.py")


@pytest.fixture
def renewal(registrars: ModuleType, clock: VirtualClock) -> Any:
    """A campaign without units."""
    return registrars.RenewalOffice(clock)


@pytest.fixture
def application(office: Any, clock: VirtualClock) -> Callable[..., FastAPI]:
    """Makes the application with the pages of the yearly refresh for an address; the bureau's pages stand open."""

    def make(public_url: str, renewal: Any, **more: Any) -> FastAPI:
        return create_app(
            office,
            office,
            public_url=public_url,
            body_limit=BODY_LIMIT,
            clock=clock,
            renewal=Renewal(renewal, renewal),
            **{"live_page": True, **more},
        )

    return make


@pytest.fixture
def registrar(application: Callable[..., FastAPI], renewal: Any) -> Iterator[TestClient]:
    """A registrar's browser."""
    with TestClient(application("http://testserver", renewal), follow_redirects=False) as client:
        yield client


@pytest.fixture
def control(office: Any) -> Iterator[TestClient]:
    """A command before the local socket."""
    with TestClient(create_control_app(office, office, body_limit=BODY_LIMIT)) as client:
        yield client
