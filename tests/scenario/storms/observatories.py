"""Several warnings at once: the city's observatory and the counties', two hazards, and messages that come late.

What each message means is worked out by the oracle, from the messages alone, and compared with the tables after every
step. The issuers keep to their own warnings; between them anything may be in force together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .forecasters import PRACTICE, Forecasters
from .messages import CITY, HAZARDS, Bulletin, county_sender
from .oracle import Oracle

if TYPE_CHECKING:
    from .night import Storm

MINUTE = 60_000
SECOND = 1_000
MESSAGES = 0.04
"""How likely a message is in a round at the least."""
DEEDS = {
    "begin": 4,
    "raise": 4,
    "lower": 3,
    "move": 5,
    "replace": 3,
    "cancel": 3,
    "again": 1,
    "practice": 1,
}
"""What an observatory does, and how often."""
UP = {"Blue": "Orange", "Yellow": "Orange", "Orange": "Red", "Red": "Red"}
DOWN = {"Red": "Orange", "Orange": "Yellow", "Yellow": "Blue", "Blue": "Blue"}


@dataclass(slots=True)
class _Warning:
    """A chain as its issuer sees it: the first message and the last."""

    first: Bulletin
    last: Bulletin


class Observatories(Forecasters):
    """All of them."""

    def __init__(self, storm: Storm) -> None:
        """They share the storm's random numbers and nothing else."""
        super().__init__(storm)
        town = storm.town
        self._counties = [unit.code for unit in town.units if unit.code.isdigit() and len(unit.code) == 6]
        self._townships = [unit.code for unit in town.units if unit.code.isdigit() and len(unit.code) == 9]
        self._warnings: list[_Warning] = []
        self._post: list[tuple[int, Bulletin]] = []
        self._last_sent: dict[str, int] = {}
        hazards = town.configuration.hazards.hazards
        tiers = [(chain.name, place, tier) for chain in town.chains for place, tier in enumerate(chain.tiers)]
        self.oracle = Oracle(
            units=town.units,
            sectors={key: hazards[key].sectors for key in HAZARDS},
            told_only={(name, place) for name, place, tier in tiers if tier.notice},
        )
        self._putting_aside = False

    def begin(self) -> None:
        """One warning, sometimes two."""
        self._begin()
        if self._rng.random() < 0.4:
            self._begin()

    def look_out(self) -> None:
        """Deliver what is due; now and then say something more."""
        storm = self._storm
        due = [one for one in self._post if one[0] <= storm.town.clock.monotonic()]
        self._post = [one for one in self._post if one not in due]
        for _, said in due:
            self._take_in(said)
        if self._rng.random() < max(MESSAGES, storm.weather.message):
            self._do(self._rng.choices(tuple(DEEDS), weights=tuple(DEEDS.values()))[0])

    def putting_aside(self) -> None:
        """An officer is about to lift or close a call-out; at the next look it is done or was refused."""
        self._putting_aside = True

    def broken_now(self, *, turned: bool) -> list[str]:
        """What does not follow from the messages."""
        storm = self._storm
        if self._putting_aside:
            self.oracle.set_aside(storm)
            self._putting_aside = False
        turned_at = None if storm.truth.clock_was_set or storm.paused else storm.turned_at
        alone = storm.crew is None  # of several workers one may have claimed at this moment before the message came
        return self.oracle.broken(storm, turned_at, storm.town.clock.now() if turned and alone else None)

    # --- what they do -------------------------------------------------------------------------------------

    def _do(self, deed: str) -> None:
        if deed == "begin" or not self._warnings:
            self._begin()
            return
        warning = self._rng.choice(self._warnings)
        match deed:
            case "raise":
                self._update(warning, colour=UP[warning.last.colour])
            case "lower":
                self._update(warning, colour=DOWN[warning.last.colour])
            case "move":
                self._update(warning, areas=self._areas(warning.first.sender))
            case "replace":
                self._replace(warning)
            case "cancel":
                self._cancel(warning, late=0)
            case "again":
                self._take_in(self._rng.choice(self._said))
            case _:
                self._practise(self._rng.choice(("Red", "Orange")))

    def _begin(self) -> None:
        sender = self._rng.choice((CITY, *(county_sender(county) for county in self._counties)))
        hazard = self._rng.choice(("rainstorm", "rainstorm", "thunderstorm_gale"))
        colours = ("Red", "Orange", "Orange", "Yellow") if hazard == "rainstorm" else ("Red", "Red", "Orange")
        self._new(sender, hazard, self._rng.choice(colours), self._areas(sender))

    def _new(self, sender: str, hazard: str, colour: str, areas: tuple[str, ...]) -> None:
        said = Bulletin(sender, self._moment(sender), "Alert", colour, areas, hazard=hazard)
        self._warnings.append(_Warning(said, said))
        self._mail(said)

    def _update(self, warning: _Warning, *, colour: str = "", areas: tuple[str, ...] = ()) -> None:
        last = warning.last
        warning.last = replace(
            last,
            kind="Update",
            sent=self._moment(last.sender),
            colour=colour or last.colour,
            areas=areas or last.areas,
            refers=warning.first.named,
        )
        self._mail(warning.last)

    def _replace(self, warning: _Warning) -> None:
        """A fresh Alert instead of an Update, and the old one cancelled a little later: a habit of forecasters."""
        last = warning.last
        colour = self._rng.choice((last.colour, UP[last.colour], DOWN[last.colour]))
        areas = self._rng.choice((last.areas, self._areas(last.sender)))
        self._new(last.sender, last.hazard, colour, areas)
        self._cancel(warning, late=self._rng.choice((1, 30, 120, 600)) * SECOND)

    def _cancel(self, warning: _Warning, late: int) -> None:
        last = warning.last
        self._warnings.remove(warning)
        sent = self._moment(last.sender)
        self._mail(replace(last, kind="Cancel", sent=sent, refers=warning.first.named), late)

    def _practise(self, colour: str) -> None:
        """Promise 5, about a warning that is in force or none."""
        sender = self._rng.choice((CITY, county_sender(self._counties[0])))
        warning = self._rng.choice(self._warnings)
        kind, refers = self._rng.choice(
            (("Alert", ""), ("Update", warning.first.named), ("Cancel", warning.first.named))
        )
        sender = warning.first.sender if refers else sender
        areas = self._areas(sender)
        status = self._rng.choice(PRACTICE)
        said = Bulletin(sender, self._moment(sender), kind, colour, areas, refers=refers, status=status)
        self._without_effect(said)

    # --- how it is written --------------------------------------------------------------------------------

    def _mail(self, said: Bulletin, late: int = 0) -> None:
        """Most come at once, some late, a few after what was said later."""
        chance = self._rng.random()
        if chance > 0.7:
            late += self._rng.randint(1, 120 if chance < 0.92 else 1_800) * SECOND
        self._said.append(said)
        if late:
            self._post.append((self._storm.town.clock.monotonic() + late, said))
        else:
            self._take_in(said)

    def _take_in(self, said: Bulletin) -> None:
        """The oracle hears it as well: a message that was committed counts, whoever was told so."""
        storm = self._storm
        self.oracle.hear(said, storm.town.clock.now())
        super()._take_in(said)

    def _moment(self, sender: str) -> int:
        """The present second, or the next that this sender has not used: no two messages of a second."""
        now = self._storm.town.clock.now() // SECOND * SECOND
        moment = max(now, self._last_sent.get(sender, 0) + SECOND)
        self._last_sent[sender] = moment
        return moment

    def _areas(self, sender: str) -> tuple[str, ...]:
        """One county, two, all of them; a township or two."""
        draw = self._rng.random()
        own = [sender[:6]] if sender != CITY else self._counties
        inside = [township for township in self._townships if township[:6] in own]
        if sender == CITY and draw < 0.3:
            return ("1411",)
        if draw < 0.65:
            return tuple(sorted(self._rng.sample(own, min(len(own), self._rng.randint(1, 2)))))
        return tuple(sorted(self._rng.sample(inside, min(len(inside), self._rng.randint(1, 2)))))
