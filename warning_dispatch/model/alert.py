"""预警信息: one warning message as received, whatever its dialect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.colour import Colour


class AlertStatus(StrEnum):
    """Only ACTUAL may ever dial; UNKNOWN is never taken for ACTUAL."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"
    UNKNOWN = "Unknown"


class MsgType(StrEnum):
    """What the message does to its chain."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"
    UNKNOWN = "Unknown"


class Disposition(StrEnum):
    """What became of a message that came in (contract of POST /api/v1/alerts)."""

    ACCEPTED = "accepted"
    """Read, kept, and acted upon: a call-out started, changed or ended."""
    DUPLICATE = "duplicate"
    """The same identity and content was there already."""
    CONFLICT = "conflict"
    """The same identity with other content: both kept, a human is told."""
    STORED = "stored"
    """Read and kept; nothing to dial (test, blue, expired, no trigger …)."""
    QUARANTINED = "quarantined"
    """Could not be read or trusted; kept with its reasons, a human is told."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about a message. `path` is the element; `essential` means it may not dial by itself."""

    code: str
    path: str
    detail: str
    essential: bool = False


@dataclass(frozen=True, slots=True)
class AlertArea:
    """An affected area: free description and division codes as given (digits only, 4-14 long)."""

    description: str
    geocodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """One info block. Times are ms UTC. `colour` is None when it cannot be told."""

    language: str
    event_code: str
    event_name: str
    colour: Colour | None
    severity: str
    headline: str
    description: str
    instruction: str
    sender_name: str
    effective: int | None
    onset: int | None
    expires: int | None
    areas: tuple[AlertArea, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """预警信息. Identity is (sender_code or sender, identifier, sent). References are bare identifiers."""

    dialect: str
    identifier: str
    sender: str
    sender_code: str
    sent: int
    status: AlertStatus
    msg_type: MsgType
    scope: str
    classification: str
    note: str
    references: tuple[str, ...]
    infos: tuple[AlertInfo, ...]


@dataclass(frozen=True, slots=True)
class ReadAlert:
    """What a parser returns: the alert and everything odd about it."""

    alert: Alert
    problems: tuple[Problem, ...] = ()
