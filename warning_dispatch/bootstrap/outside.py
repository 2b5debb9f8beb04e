"""The listener for the internet, where the bureau wants one of its own: pages behind links, callbacks, the feed."""

from __future__ import annotations

from fastapi import FastAPI

from warning_dispatch.bootstrap.renewal import renewal_desk, renewal_tables
from warning_dispatch.bootstrap.response import response_parts
from warning_dispatch.bootstrap.sources import feeds_of
from warning_dispatch.bootstrap.superiors import superior_parts
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.daemon import EngineDesk
from warning_dispatch.settings import Settings
from warning_dispatch.web.application import Renewal, create_outside_app
from warning_dispatch.web.hooks import Hooks
from warning_dispatch.web.metrics import Metrics


def outside_app(
    settings: Settings, product: Product, clock: Clock, desk: EngineDesk, hooks: Hooks, metrics: Metrics
) -> FastAPI:
    """What listens on [web] outside_host."""
    return create_outside_app(
        product.read,
        desk,
        public_url=settings.web.public_url,
        clock=clock,
        feeds=feeds_of(settings, product.read),
        renewal=Renewal(renewal_tables(settings, product, clock), renewal_desk(settings, product, desk, clock)),
        superiors=superior_parts(product, desk, clock),
        response=response_parts(product, desk, clock, settings.contacts.review_days),
        proxies=frozenset(settings.login.proxies),
        hooks=hooks,
        metrics=metrics,
    )
