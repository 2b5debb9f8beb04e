"""The events of one message: each becomes a case of its own, with its own colour, area and chain. PURE.

Several infos are languages of one event, or different events; a message that warns of red here and orange there must
call both places, each at its own colour. Infos of one language belong together when hazard and colour are the same;
what another language says goes with the event of that colour. An info that says it is over is left out while others go
on; whether an event goes on, its leading language says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from warning_dispatch.engine.rounds import HazardFinder
from warning_dispatch.model.alert import Alert, AlertInfo, MsgType

MOST_EVENTS = 12
"""Of one message. Nobody warns of more at once; such a message is for a human."""
LONGEST_EVENT = 80
"""Characters of an event that the catalogue does not have, as the name of its chain."""
_Key = tuple[str, int]


def events_of(alert: Alert, find_hazard: HazardFinder) -> tuple[Alert, ...]:
    """The message, or one message for each of its events: the gravest first, with an empty `part`.

    More than MOST_EVENTS + 1 are never returned; whoever gets that many asks a human.
    """
    if len(alert.infos) < 2 or over(alert) or alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE):  # noqa: PLR2004 - several
        return (alert,)
    found = _grouped(alert.infos, find_hazard)
    groups = {key: kept for key, infos in found.items() if (kept := _going(infos))}
    if len(groups) == 1 and sum(len(infos) for infos in groups.values()) == len(alert.infos):
        return (alert,)
    gravest = max(groups, key=lambda key: key[1])
    parts = [replace(alert, infos=tuple(groups.pop(gravest)))]
    for (event, colour), infos in list(groups.items())[:MOST_EVENTS]:
        parts.append(replace(alert, infos=tuple(infos), part=f"{event}/{colour}"))
    return tuple(parts)


def over(alert: Alert) -> bool:
    """Whether a message says that its events are over: all infos of its leading language do, whatever translations say."""
    return bool(alert.infos) and all(info.lifts for info in spoken(alert.infos))


def _going(infos: Sequence[AlertInfo]) -> list[AlertInfo]:
    """What goes on of an event: nothing once its leading language says that it is over."""
    return [] if all(info.lifts for info in spoken(infos)) else [info for info in infos if not info.lifts]


def spoken(infos: Sequence[AlertInfo]) -> tuple[AlertInfo, ...]:
    """The infos of the leading language: Chinese where there is any, else that of the first."""
    tongues = [_tongue(info) for info in infos]
    leading = "zh" if "zh" in tongues else "".join(tongues[:1])
    return tuple(info for info, tongue in zip(infos, tongues, strict=True) if tongue == leading)


def _grouped(infos: Sequence[AlertInfo], find_hazard: HazardFinder) -> dict[_Key, list[AlertInfo]]:
    """Infos by event and colour: the leading language makes the groups, the others join them."""
    leading = spoken(infos)
    groups: dict[_Key, list[AlertInfo]] = {}
    for info in leading:
        groups.setdefault((_event(info, find_hazard), int(info.colour or 0)), []).append(info)
    for info in infos:
        if _tongue(info) != _tongue(leading[0]):
            groups.setdefault(_home(info, groups, find_hazard), []).append(info)
    return groups


def _home(info: AlertInfo, groups: dict[_Key, list[AlertInfo]], find_hazard: HazardFinder) -> _Key:
    """The group that a translation belongs to; one that names a colour of its own is an event of its own."""
    event, colour = _event(info, find_hazard), int(info.colour or 0)
    if (event, colour) in groups:
        return event, colour
    same = [key for key in groups if key[1] == colour or not colour]
    for key in same:
        if info.event_code and any(one.event_code == info.event_code for one in groups[key]):
            return key
    return same[0] if same else (event, colour)


def _event(info: AlertInfo, find_hazard: HazardFinder) -> str:
    hazard, _ = find_hazard(info.event_code, info.event_name, info.headline)
    return hazard.key if hazard else _short(info.event_code or info.event_name.casefold())


def _short(event: str) -> str:
    """An event as it is, as long as it is short enough to be part of a key."""
    return event if len(event) <= LONGEST_EVENT else sha256(event.encode("utf-8", "replace")).hexdigest()


def _tongue(info: AlertInfo) -> str:
    return info.language[:2].lower()
