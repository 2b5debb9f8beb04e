"""Who may start a call-out."""

from __future__ import annotations

import pytest

from warning_dispatch.engine.intake import IntakeSettings


@pytest.mark.parametrize(
    ("senders", "issuer", "allowed"),
    [
        (("1411*",), "14110041600000", True),
        (("1411*",), "14112441600000", True),
        (("1411*",), "14010041600000", False),
        (("1411*",), "", False),
        (("14110041600000",), "14110041600000", True),
        (("14110041600000",), "141100416000001", False),
        (("1411*", "14010041600000"), "14010041600000", True),
        ((), "anybody", True),
    ],
)
def test_allowed_senders(senders: tuple[str, ...], issuer: str, allowed: bool) -> None:
    """Exact, or as the beginning of a code with "*"; an empty list allows all."""
    settings = IntakeSettings(senders=senders, within="1411", max_age=1)
    assert settings.allows(issuer) is allowed
