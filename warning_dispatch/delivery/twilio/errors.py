"""What Twilio's codes mean: errors.toml as a table, with a default for each HTTP status."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from warning_dispatch.errors import TransportError

SERVER_FAULT = 500
UNSURE = frozenset({500, 502, 504})
"""The server broke while it had our request in hand: it may have carried it out."""


class TwilioRefusedError(TransportError):
    """Twilio refused a request."""

    def __init__(self, outcome: str, *, status: int, code: int, unsure: bool = False) -> None:
        """`outcome`: the row of the outcome table. `unsure`: it may have been carried out all the same."""
        self.outcome = outcome
        self.status = status
        self.code = code
        self.unsure = unsure
        super().__init__(f"HTTP {status}, code {code}: {outcome}")


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Codes, HTTP statuses, ends of calls and SIP responses → outcome."""

    codes: Mapping[int, str]
    statuses: Mapping[int, str]
    calls: Mapping[str, str]
    sips: Mapping[int, str]

    def refusal(self, status: int, code: int) -> str:
        """Of a request. What nobody has foreseen is refused for now; a broken server is down."""
        usual = "provider_down" if status >= SERVER_FAULT else "temporarily_refused"
        return self.codes.get(code) or self.statuses.get(status, usual)

    def undelivered(self, code: int) -> str:
        """Of a message that was taken and could not be delivered."""
        return self.codes.get(code, "undelivered")

    def unanswered(self, status: str, sip: int) -> str:
        """Of a call that nobody picked up; a failed one by its SIP response, else refused for now."""
        return self.calls.get(status) or self.sips.get(sip, "temporarily_refused")

    def outcomes(self) -> frozenset[str]:
        """Every row that is named."""
        return frozenset((*self.codes.values(), *self.statuses.values(), *self.calls.values(), *self.sips.values()))


@cache
def error_table() -> ErrorTable:
    """The table that comes with the package."""
    raw = tomllib.loads(files(__package__).joinpath("errors.toml").read_text(encoding="utf-8"))
    return ErrorTable(
        codes={int(code): outcome for code, outcome in raw["codes"].items()},
        statuses={int(code): outcome for code, outcome in raw["status"].items()},
        calls=raw["call"],
        sips={int(code): outcome for code, outcome in raw["sip"].items()},
    )
