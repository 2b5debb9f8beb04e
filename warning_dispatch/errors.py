"""Every error of ours has one root. A class docstring is its default message, in words for a person.

DispatchError
├── FindingsError        bad input: every finding at once, each with its place and remedy
│   ├── ConfigError      a file under config/
│   ├── RegisterError    a register file (units, receivers)
│   │   └── ReceiverError    one receiver that is to be added in mid-storm
│   ├── DrillError       a drill that is asked for
│   └── UnreadableAlertError    a message that cannot be read as a warning
├── RefusedError         a well-formed request that must not be carried out
│   ├── ChangedError         somebody else was quicker: what the officer looked at is not so any more
│   └── NotYoursError        it lies outside the units of whoever asks, or reaches beyond them
├── NotFoundError        the thing named does not exist
├── StoreError           the database cannot be used
│   ├── StoreBusyError   another transaction was in the way; the same once more may go through
│   ├── ClockMovedError  another worker has moved the deadlines along with a clock that was set
│   └── UnreachableError     not now: waiting and trying again may help
└── TransportError       a channel could not hand over (one bit: is retrying pointless)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

INFORMATION = "信息 information: "
"""How the `what` of a finding begins that needs no mending, only to be known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with an input: where it stands, what is wrong, what to do.

    `where` names the file and row, column, element or key ("chains/city.toml: tiers[2].hold.red").
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.where}: {self.what}" + (f" → {self.remedy}" if self.remedy else "")


class DispatchError(Exception):
    """Something went wrong in the dispatcher."""

    def __init__(self, message: str | None = None) -> None:
        """Take the class docstring when no message is given."""
        super().__init__(message or (type(self).__doc__ or "").strip())


class FindingsError(DispatchError):
    """The input has findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep every finding; the message lists them all."""
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class ConfigError(FindingsError):
    """The configuration cannot be used."""


class RegisterError(FindingsError):
    """The register cannot be taken over; nothing was written."""


class ReceiverError(RegisterError):
    """The receiver cannot be added; nothing was written."""


class DrillError(FindingsError):
    """The drill cannot be held; nothing was sent."""


class UnreadableAlertError(FindingsError):
    """The message cannot be read as a warning."""


class RefusedError(DispatchError):
    """The request was understood and is refused."""


class ChangedError(RefusedError):
    """What was looked at has changed meanwhile; nothing was done."""


class NotYoursError(RefusedError):
    """It lies outside the units of whoever asks, or reaches beyond them; nothing was done."""


class NotFoundError(DispatchError):
    """There is no such thing."""


class StoreError(DispatchError):
    """The database cannot be used."""


class StoreBusyError(StoreError):
    """Another transaction was in the way; the same once more may go through."""


class ClockMovedError(StoreError):
    """Another worker has moved the deadlines along with a clock that was set."""


class UnreachableError(StoreError):
    """The database cannot be reached now; it may be in a while."""


class TransportError(DispatchError):
    """A channel could not hand over."""

    def __init__(self, message: str | None = None, *, permanent: bool = False) -> None:
        """`permanent` says that retrying is pointless."""
        self.permanent = permanent
        super().__init__(message)
