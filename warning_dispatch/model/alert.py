"""预警信息: one warning message as received, whatever its dialect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.errors import Finding
from warning_dispatch.model.colour import Colour

CN12379 = "12379"
"""The dialect of the 12379 platform."""
Ring = tuple[tuple[float, float], ...]
"""Points (longitude, latitude) in degrees; where the first is not the last, it is a line."""


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
class Circle:
    """A circle on the ground; a radius of 0 is a point. Degrees and metres."""

    longitude: float
    latitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class AlertArea:
    """An affected area: free description, division codes as given (digits only, 4-14 long), and shapes.

    `resolved`: division codes that the description or the shapes were found to mean, beside those that were given.
    """

    description: str
    geocodes: tuple[str, ...] = ()
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    resolved: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Where it is, as division codes: those given, and those found."""
        return (*self.geocodes, *self.resolved)


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """One info block. Times are ms UTC. `colour` is None when it cannot be told.

    `lifts`: it says that its event is over (AllClear, Past, 解除), whatever the type of the message.
    """

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
    urgency: str = ""
    certainty: str = ""
    lifts: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """预警信息. Identity is (sender_code or sender, identifier, sent). References are bare identifiers.

    `part`: of a message that speaks of several events, which one this is; empty for the gravest and for the only one.
    """

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
    part: str = ""

    @property
    def public(self) -> bool:
        """Whether it is for everybody and may leave the bureau: nothing Restricted or Private (CAP), nothing Inner (12379).

        What is neither said nor known is not public; a 12379 message that leaves both out is.
        """
        scope = self.scope.strip().lower()
        said = scope == "public" or (not scope and self.dialect == CN12379)
        return said and self.classification.strip().lower() in ("", "none")


@dataclass(frozen=True, slots=True)
class ReadAlert:
    """What a parser returns: the alert and everything odd about it."""

    alert: Alert
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """One part of a message that could not be read as a warning: where it stands, and every reason."""

    where: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """Everything a message holds. One part that cannot be read loses none of the others."""

    alerts: tuple[ReadAlert, ...]
    unread: tuple[Unread, ...] = ()
