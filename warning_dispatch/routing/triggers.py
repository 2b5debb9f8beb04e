"""触发: does a warning start a call-out, and by which chain. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.alert import Alert, AlertStatus, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.unit import UnitLevel


class Verdict(StrEnum):
    """What is to be done with a readable alert."""

    START = "start"
    """A trigger matches: a call-out starts or the running one changes."""
    ASK = "ask"
    """Orange or red without a trigger (the notice's "等"): put before the duty officer."""
    STORE = "store"
    """Kept; nobody is called."""


@dataclass(frozen=True, slots=True)
class Match:
    """The decision with its reason in words."""

    verdict: Verdict
    reason: str
    chain: CallChain | None = None


def match(alert: Alert, hazard: str, colour: Colour | None, issuer: UnitLevel, chains: Sequence[CallChain]) -> Match:
    """Evaluate the triggers on an Alert or Update. Only Actual messages may ever start a call-out."""
    if alert.status is not AlertStatus.ACTUAL:
        return Match(Verdict.STORE, f"status_{alert.status.value.lower()}")
    if alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE):
        return Match(Verdict.STORE, f"msg_type_{alert.msg_type.value.lower()}")
    if colour is None:
        return Match(Verdict.ASK, "colour_unknown")
    for chain in chains:
        for trigger in chain.triggers:
            if (
                trigger.issuer is issuer
                and hazard in trigger.hazards
                and colour in trigger.colours
                and alert.msg_type in trigger.msg_types
            ):
                return Match(Verdict.START, f"trigger_{chain.name}", chain)
    if colour >= Colour.ORANGE:
        return Match(Verdict.ASK, "no_trigger")
    return Match(Verdict.STORE, "colour_below_triggers")


def for_practice(hazard: str, colour: Colour, issuer: UnitLevel, chains: Sequence[CallChain]) -> CallChain | None:
    """The chain that such a warning would be called by, whoever had to decide it; None: there is none."""
    triggers = ((chain, trigger) for chain in chains for trigger in chain.triggers if trigger.issuer is issuer)
    fits = (chain for chain, trigger in triggers if hazard in trigger.hazards and colour in trigger.colours)
    found = next(fits, None)
    return found or chosen_by_hand(Match(Verdict.ASK, "no_trigger"), colour, issuer, chains).chain


def chosen_by_hand(found: Match, colour: Colour | None, issuer: UnitLevel, chains: Sequence[CallChain]) -> Match:
    """An officer has decided what no trigger decides (the notice's "等"): the issuer's chain is used.

    Only where its first tier has a ladder for the colour; what a trigger has decided stays as it is.
    """
    if found.verdict is not Verdict.ASK or colour is None:
        return found
    for chain in chains:
        if any(trigger.issuer is issuer for trigger in chain.triggers) and colour in chain.tiers[0].ladders:
            return Match(Verdict.START, "by_hand", chain)
    return found
