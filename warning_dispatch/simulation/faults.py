"""What goes wrong between a carrier and us: reports late, doubled, out of order or lost; hand-overs refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch
from warning_dispatch.simulation.dice import Dice, between
from warning_dispatch.simulation.population import Span


@dataclass(frozen=True, slots=True)
class Outage:
    """A window [start, end) in ms in which a channel (or one route of it) refuses everything.

    `outcome` names the row of the outcome table in the refusal; an empty `route` means every route.
    """

    channel: Channel
    start: int
    end: int
    outcome: str
    route: str = ""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often things go wrong, as chances 0 … 1; spans in ms. The default is a network without faults.

    `late`, `doubled` and `reordered` concern reports and written replies, `lost` only the final report of a
    call: it never comes. A reordered report is held back for a moment, so that later ones overtake it.
    `refused`: the hand-over itself is refused with `refused_outcome`.
    """

    late: float = 0.0
    late_by: Span = (15_000, 900_000)
    doubled: float = 0.0
    doubled_after: Span = (1, 120_000)
    reordered: float = 0.0
    reordered_by: Span = (1, 10_000)
    lost: float = 0.0
    refused: float = 0.0
    refused_outcome: str = "provider_down"
    outages: tuple[Outage, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no chance."""
        chances = {
            "late": self.late,
            "doubled": self.doubled,
            "reordered": self.reordered,
            "lost": self.lost,
            "refused": self.refused,
        }
        findings = [
            Finding(f"faults: {name}", f"{chance} is no chance", "0 … 1")
            for name, chance in chances.items()
            if not 0 <= chance <= 1
        ]
        if findings:
            raise ConfigError(findings)


class FaultyLine:
    """Decides, from the seed, what goes wrong with each hand-over and each report."""

    def __init__(self, seed: int, faults: Faults) -> None:
        """The same seed and faults spoil the same things."""
        self._faults = faults
        self._refusal = Dice(seed, "refusal")
        self._passage = Dice(seed, "passage")
        self._switched: dict[Channel, str] = {}
        self._spoils = any((faults.late, faults.doubled, faults.reordered, faults.lost))
        self._refuses = bool(faults.refused or faults.outages)

    def set_outage(self, channel: Channel, outcome: str | None) -> None:
        """Switch an outage of a channel on (with its outcome) or off (None), until switched again."""
        if outcome is None:
            self._switched.pop(channel, None)
        else:
            self._switched[channel] = outcome

    def refusal(self, dispatch: Dispatch, now: int) -> str:
        """The outcome with which a hand-over is refused; empty when it is not."""
        if self._switched and dispatch.channel in self._switched:
            return self._switched[dispatch.channel]
        if not self._refuses:
            return ""
        faults = self._faults
        for outage in faults.outages:
            if (
                outage.channel is dispatch.channel
                and outage.start <= now < outage.end
                and outage.route in ("", dispatch.route)
            ):
                return outage.outcome
        if faults.refused and self._refusal.roll(f"{dispatch.attempt_id} {now}")[0] < faults.refused:
            return faults.refused_outcome
        return ""

    def arrivals(self, attempt_id: int, step: int, at: int, *, losable: bool) -> Iterable[int]:
        """The moments at which a report about `at` reaches us: none when lost, two when doubled."""
        if not self._spoils:
            return (at,)
        faults = self._faults
        lost, late, doubled, reordered = self._passage.roll(f"{attempt_id} {step} {at}")
        if losable and lost < faults.lost:
            return ()
        first = at
        if late < faults.late:
            first += between(faults.late_by, late / faults.late)
        if reordered < faults.reordered:
            first += between(faults.reordered_by, reordered / faults.reordered)
        if doubled < faults.doubled:
            return (first, first + between(faults.doubled_after, doubled / faults.doubled))
        return (first,)
