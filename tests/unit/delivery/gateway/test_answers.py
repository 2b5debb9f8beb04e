"""What comes back at once, and numbers in the forms of others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.gateway.answers import judge, look_up, text_at
from warning_dispatch.delivery.gateway.description import AnswerShape
from warning_dispatch.delivery.gateway.numbers import as_e164, is_served, number_forms
from warning_dispatch.delivery.gateway.pacing import Pace
from warning_dispatch.delivery.http import HttpAnswer

SHAPE = AnswerShape(success={"Code": "OK"}, code=("Error.Code", "Code"), ref="Id")
ERRORS = {"isv.LIMIT": "number_limited", "Auth*": "credentials_refused", "Auth.Busy": "over_concurrency"}


def told(status: int, document: object = None, raw: bytes | None = None) -> tuple[str, str, bool]:
    """Outcome, reference, unsure."""
    body = raw if raw is not None else json.dumps(document).encode()
    verdict = judge(HttpAnswer(status, body), SHAPE, ERRORS, "temporarily_refused")
    return verdict.outcome, verdict.ref, verdict.unsure


@pytest.mark.parametrize(
    ("status", "document", "expected"),
    [
        (200, {"Code": "OK", "Id": "c1"}, ("", "c1", False)),
        (200, {"Code": "isv.LIMIT"}, ("number_limited", "", False)),
        (400, {"Error": {"Code": "Auth.Wrong"}}, ("credentials_refused", "", False)),
        (400, {"Error": {"Code": "Auth.Busy"}}, ("over_concurrency", "", False)),
        (200, {"Code": "brand.new"}, ("temporarily_refused", "", False)),
        (400, {"Code": "brand.new"}, ("temporarily_refused", "", False)),
        (401, {}, ("credentials_refused", "", False)),
        (429, [], ("over_concurrency", "", False)),
        (500, {"Code": "OK"}, ("temporarily_refused", "", True)),
        (503, None, ("provider_down", "", False)),
        (504, None, ("temporarily_refused", "", True)),
        (200, {}, ("temporarily_refused", "", True)),
        (200, "text", ("temporarily_refused", "", True)),
    ],
)
def test_a_table_first_then_the_status(status: int, document: object, expected: tuple[str, str, bool]) -> None:
    """Codes mean what the provider's table says; statuses what HTTP says; what says nothing leaves it open."""
    assert told(status, document) == expected


@given(st.binary(max_size=200), st.sampled_from([200, 201, 400, 500]))
def test_any_bytes_are_judged(raw: bytes, status: int) -> None:
    """No answer, however broken, raises; none but a right one is an acceptance."""
    outcome, _, _ = told(status, raw=raw)
    assert outcome or b"OK" in raw


def test_success_may_be_that_something_is_there() -> None:
    """A provider that names the call has taken it."""
    shape = AnswerShape(success={"R.CallId": "*"}, ref="R.CallId")
    assert judge(HttpAnswer(200, b'{"R":{"CallId":"x"}}'), shape, {}, "temporarily_refused").outcome == ""
    assert judge(HttpAnswer(200, b'{"R":{"CallId":""}}'), shape, {}, "temporarily_refused").outcome


def test_paths_lead_through_lists() -> None:
    """Numbers index lists; truth values and numbers are told as text; what is not there is nothing."""
    document = {"a": [{"b": 1}, {"b": True}]}
    assert [text_at(document, path) for path in ("a.0.b", "a.1.b", "a.2.b", "a.b", "x")] == ["1", "true", "", "", ""]


def test_the_longest_beginning_wins() -> None:
    """A row for one code stands before a row for a family."""
    assert [look_up(ERRORS, code) for code in ("Auth.Busy", "Auth.X", "isv.LIMITS")] == [
        "over_concurrency",
        "credentials_refused",
        "",
    ]


@pytest.mark.parametrize(
    ("address", "plain", "domestic"),
    [
        ("+8610000000001", "8610000000001", "10000000001"),
        ("+863580000000", "863580000000", "03580000000"),
        ("+8675500000000", "8675500000000", "075500000000"),
        ("+85200000000", "85200000000", "85200000000"),
    ],
)
def test_numbers_in_the_form_a_provider_wants(address: str, plain: str, domestic: str) -> None:
    """Mobiles as eleven digits, landlines with their zero, other countries with their code."""
    assert number_forms(address) == {"e164": address, "plain": plain, "domestic": domestic}
    assert as_e164(domestic if address.startswith("+86") else plain, "" if address.startswith("+86") else "852") in (
        address,
        "+852" + plain,
    )


def test_what_is_no_number_has_no_form() -> None:
    """Short codes and mail addresses go by other routes."""
    assert not number_forms("66123")
    assert not number_forms("a@example.cn")
    assert not is_served("+85200000000", ("86",))
    assert is_served("+85200000000", ())


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("10000000001", "", "+8610000000001"),
        ("8610000000001", "86", "+8610000000001"),
        ("+86 100-0000-0001", "", "+8610000000001"),
        ("008610000000001", "", "+8610000000001"),
        ("03580000000", "86", "+863580000000"),
        ("00000000", "852", ""),
        ("1", "", ""),
        ("call me", "", ""),
    ],
)
def test_numbers_as_providers_report_them(number: str, country: str, expected: str) -> None:
    """Every writing of one number is one number; what is none is nobody."""
    assert as_e164(number, country) == expected


async def test_turns_are_spread() -> None:
    """However many ask at once, no second sees more turns than are allowed; a pause saves none up."""
    now, taken = [0.0], []

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(20, lambda: now[0], sleep)
    for at in range(100):
        if at == 50:
            now[0] += 30.0
        await pace.turn()
        taken.append(now[0])
    for first in range(len(taken) - 20):
        assert taken[first + 20] - taken[first] >= 1.0 - 1e-9
