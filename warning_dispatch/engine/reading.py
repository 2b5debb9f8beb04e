"""What an alert says, brought to the few facts that decisions need. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.model.alert import Alert, AlertInfo, AlertStatus
from warning_dispatch.model.colour import Colour
from warning_dispatch.routing.areas import trim


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts of an alert. `codes` are geocodes as given; `root` is the identifier its chain begins with."""

    issuer: str
    issuer_name: str
    issuer_area: str
    root: str
    sent: int
    actual: bool
    msg_type: str
    event_code: str
    event_name: str
    colour: Colour | None
    headline: str
    description: str
    instruction: str
    expires: int | None
    codes: tuple[str, ...]
    area_names: tuple[str, ...]
    confidential: bool = False
    """Not for everybody: it may not leave the bureau's hands."""


def read_facts(alert: Alert, within: str) -> Reading:
    """Read an alert. Of several infos the Chinese one with the highest colour speaks; areas of that colour are joined.

    It holds until the last of these is over; where one has no end, it has none.
    `within` is our own area code: it stands for the issuer when the message carries no sender code.
    """
    info = _leading(alert)
    same = [one for one in alert.infos if info is not None and one.colour == info.colour]
    ends = [one.expires for one in same if info is not None and one.language[:2].lower() == info.language[:2].lower()]
    areas = [area for one in same for area in one.areas]
    chinese = [area for one in same if one.language.startswith("zh") for area in one.areas]
    return Reading(
        issuer=alert.sender_code or alert.sender,
        issuer_name=alert.sender,
        issuer_area=trim(alert.sender_code[:6]) if alert.sender_code[:6].isdigit() else within,
        root=alert.references[0] if alert.references else alert.identifier,
        sent=alert.sent,
        actual=alert.status is AlertStatus.ACTUAL,
        msg_type=alert.msg_type.value,
        event_code=info.event_code if info else "",
        event_name=info.event_name if info else "",
        colour=info.colour if info else None,
        headline=info.headline if info else "",
        description=info.description if info else "",
        instruction=info.instruction if info else "",
        expires=max((end for end in ends if end is not None), default=None) if None not in ends else None,
        codes=tuple(dict.fromkeys(code for area in areas for code in area.codes)),
        area_names=tuple(dict.fromkeys(area.description for area in chinese or areas if area.description)),
        confidential=not alert.public,
    )


def _leading(alert: Alert) -> AlertInfo | None:
    """The info that speaks for the alert."""
    return max(
        alert.infos,
        key=lambda one: (one.colour or 0, one.language.lower().startswith("zh")),
        default=None,
    )
