"""Exports and verdicts over the local socket: what a command writes is in the journal of the running daemon first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.record_views import Verdict
from warning_dispatch.record_ports import ExportAccount, ExportKind
from warning_dispatch.web.record_control import RecordControl


class Office:
    """record_ports.RecordOffice that remembers."""

    def __init__(self) -> None:
        self.accounts: list[ExportAccount] = []
        self.verdicts: list[tuple[Any, ...]] = []

    async def exported(self, account: ExportAccount) -> None:
        """See the port."""
        if account.clear and not account.reason:
            raise RefusedError("须写明理由 / a reason is needed")
        self.accounts.append(account)

    async def judged(self, callout_id: int, verdict: Verdict, *, actor: str, reason: str) -> None:
        """See the port."""
        self.verdicts.append((callout_id, verdict, actor, reason))


@pytest.fixture
def office() -> Office:
    """Nothing is on the record yet."""
    return Office()


@pytest.fixture
def socket(office: Office) -> Iterator[TestClient]:
    """The local socket."""
    app = FastAPI()
    app.include_router(RecordControl(office).router())
    with TestClient(app) as client:
        yield client


EXPORT = {
    "kind": "workbook",
    "callout_id": 7,
    "actor": "wang",
    "reason": "",
    "units": 12,
    "clear": False,
    "within": None,
}


def test_an_export_is_accounted_for(socket: TestClient, office: Office) -> None:
    """Kind, call-out, actor and how much, as the command said it; a season has no call-out."""
    assert socket.post("/records/exports", json=EXPORT).json() == {"callout_id": 7, "noted": True}
    socket.post("/records/exports", json={**EXPORT, "kind": "season", "callout_id": None, "within": ["141124"]})
    assert office.accounts == [
        ExportAccount(ExportKind.WORKBOOK, 7, "wang", "", 12),
        ExportAccount(ExportKind.SEASON, None, "wang", "", 12, within=("141124",)),
    ]


def test_a_verdict_is_passed_on(socket: TestClient, office: Office) -> None:
    """With actor and reason."""
    body = {"callout_id": 7, "verdict": "false", "actor": "wang", "reason": "无降水"}
    assert socket.post("/records/verdicts", json=body).status_code == 200
    assert office.verdicts == [(7, Verdict.FALSE, "wang", "无降水")]


@pytest.mark.parametrize(
    "wrong", [{"actor": ""}, {"kind": "everything"}, {"units": "many"}, {"more": 1}, {"within": ["x" * 41]}]
)
def test_what_is_no_export_is_refused(socket: TestClient, office: Office, wrong: dict[str, object]) -> None:
    """Nothing is recorded for it."""
    assert socket.post("/records/exports", json={**EXPORT, **wrong}).status_code == 422
    assert office.accounts == []
