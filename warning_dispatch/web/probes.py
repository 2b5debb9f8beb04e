"""/healthz and /readyz: for systemd, load balancers and monitoring."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from warning_dispatch.clock import Clock, iso_text
from warning_dispatch.errors import DispatchError
from warning_dispatch.model.views import Health
from warning_dispatch.ports import Desk

TURN_LIMIT: Final = 10.0
"""Real seconds since the engine's last turn after which it no longer counts as alive."""


class Probes:
    """Says whether the process lives and whether the engine works."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        """`desk` knows when the engine last turned."""
        self._desk = desk
        self._clock = clock

    def alive(self, _request: Request) -> JSONResponse:
        """Always 200: the process answers."""
        return JSONResponse({"status": "ok"})

    def ready(self, _request: Request) -> JSONResponse:
        """200 when the engine turned lately and the database can be written, else 503 and what is wrong."""
        health = self._health()
        turned = self._turned(health)
        ready = turned and health.database
        body = {
            "status": "ready" if ready else "not_ready",
            "engine": {
                "ok": turned,
                "turned_at": iso_text(health.turned_at) if health.turned_at else None,
                "seconds_ago": round(self._ago(health), 1) if health.turned_at else None,
            },
            "database": {"ok": health.database},
            "detail": health.detail,
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    def is_ready(self) -> bool:
        """What /readyz says, for a heartbeat."""
        health = self._health()
        return self._turned(health) and health.database

    def _turned(self, health: Health) -> bool:
        return health.turned_at > 0 and self._ago(health) <= TURN_LIMIT

    def _ago(self, health: Health) -> float:
        return self._clock.real_seconds(max(0, self._clock.now() - health.turned_at))

    def _health(self) -> Health:
        try:
            return self._desk.health()
        except DispatchError as error:
            return Health(turned_at=0, database=False, detail=str(error))
