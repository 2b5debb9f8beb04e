"""接法: the kinds of channel there are, found by the word after `adapter =` in [[routes]].

A kind says which channels it carries, what its own options look like, what would fail at 3 a.m., and builds the channel of
a route. Ours and those of other packages are declared alike, as entry points of the group `warning_dispatch.channels`;
ours are named here as well, so that the metadata of an older installation never hide what the running code has
(ADR 22). A kind is imported when a route names it, not before.

A built channel is a ChannelPort. What else it can do it says by having the method: `Hooked`, `Polled`, `Probed`, `Running`.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel
from structlog.typing import FilteringBoundLogger

from warning_dispatch.clock import Clock
from warning_dispatch.errors import Finding
from warning_dispatch.installed import loaded_from, names_in
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, Event, OpenCall

T = TypeVar("T")

GROUP = "warning_dispatch.channels"
OURS: Mapping[str, str] = {
    "ari": "warning_dispatch.delivery.ari.kind:KIND",
    "gateway": "warning_dispatch.delivery.gateway.kind:KIND",
    "operator": "warning_dispatch.delivery.operator:KIND",
    "simulated": "warning_dispatch.bootstrap.simulated:KIND",
    "sip": "warning_dispatch.delivery.sip.kind:KIND",
    "smtp": "warning_dispatch.delivery.email.kind:KIND",
    "twilio": "warning_dispatch.delivery.twilio.kind:KIND",
}
"""Our own kinds, as in pyproject.toml (a test compares): for an installation whose metadata are older than its code."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a kind is told of a configured route before anything is built."""

    name: str
    channel: Channel
    where: str
    """How findings name it: `warning-dispatch.toml: routes[2]`; its options are `{where}.options.KEY`."""
    lines: int | None = None
    rate: int | None = None
    """Messages a minute."""
    hook_url: str = ""
    """Public base of its callbacks, `…/hooks/<route>`; empty: providers cannot reach us."""
    secret: Callable[[str], str] = field(default=lambda _name: "", repr=False)
    """A secret by name; empty when there is none. ConfigError when it is there and cannot be used. See settings.py."""
    config_dir: Path | None = None
    """Where the site's own files lie."""
    state_dir: Path | None = None
    """Where what the daemon makes for itself lies."""


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """What a kind knows of its provider's limits. They hold for a route that sets none. `per_number`: minute, hour, day.

    `public_cloud`: what is not public never goes by it, whatever the route says.
    """

    lines: int | None = None
    rate: int | None = None
    per_number: tuple[int | None, int | None, int | None] | None = None
    public_cloud: bool = False


async def nothing_known(_asked: Sequence[tuple[str, str]]) -> Mapping[str, int]:
    """No attempt is known by a provider's name."""
    return {}


class Shared:
    """What several routes of one process use together: a network, a connection, a client."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What is known by the name; made by the first that asks."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made


async def _everybody(_number: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class ChannelTools:
    """What a channel is given when it is built."""

    route: str
    channel: Channel
    clock: Clock
    """For ages and sleeping; what time it is says `now`."""
    hear: Callable[[Event], None]
    """Report, Reply or Tap, back to the engine; from any thread, returns at once."""
    hook_url: str
    """As in RouteFacts."""
    hook_secret: bytes = field(repr=False)
    """32 bytes of this route alone, to sign callback addresses of providers that sign nothing."""
    secret: Callable[[str], str] = field(repr=False)
    """As in RouteFacts."""
    open_calls: Callable[[str], Awaitable[Sequence[OpenCall]]]
    """回拨: what is open for the number (E.164) that rings us; nothing for one we do not know."""
    log: FilteringBoundLogger
    attempts_of: Callable[[Sequence[tuple[str, str]]], Awaitable[Mapping[str, int]]] = nothing_known
    """(provider_ref, number in E.164) of attempts of this route → the attempts, by provider_ref."""
    alike: Sequence[RouteFacts] = ()
    """All routes of the same kind, this one among them."""
    shared: Shared = field(default_factory=Shared)
    knows: Callable[[str], Awaitable[bool]] = _everybody
    """回拨: whether the number that rings us stands in the register; a stranger is put to the duty officer."""
    lines: int | None = None
    """How many calls at once, as the route says."""
    config_dir: Path | None = None
    """As in RouteFacts."""
    state_dir: Path | None = None
    """As in RouteFacts."""

    @property
    def now(self) -> Callable[[], int]:
        """What time it is, ms UTC."""
        return self.clock.now


class ChannelKind(Protocol):
    """接法: one way to talk to a provider.

    A kind whose calls end with our process says so with `dies_with_us = True`: after a crash they count as not answered at once.
    A kind may also have `cannot_ring`, a tuple of beginnings of E.164 numbers that its provider does not ring whatever the
    settings say ("+86"): other routes go first, and `check` is loud when there is none.
    """

    @property
    def name(self) -> str:
        """The word after `adapter =`."""
        ...

    @property
    def channels(self) -> frozenset[Channel]:
        """What it carries."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether it reaches nobody."""
        ...

    @property
    def options(self) -> type[BaseModel]:
        """Its own keys, [routes.options]: a tomlfiles.Shape, so that an unknown key is a finding.

        A key `<name>_file` is where the secret `<name>` may be read from.
        """
        ...

    def check(self, options: Any, route: RouteFacts) -> Sequence[Finding]:
        """What would fail at 3 a.m., found without ringing. `options`: as read by `self.options`."""
        ...

    def build(self, options: Any, tools: ChannelTools) -> ChannelPort:
        """The channel of a route. ConfigError with every finding when it cannot be."""
        ...


@runtime_checkable
class Worded(Protocol):
    """A kind whose providers may fill templates of their own: Dispatch.values is made for such routes only."""

    def wants_values(self, options: Any, route: RouteFacts) -> bool:
        """Whether this route does."""
        ...


@runtime_checkable
class Hearing(Protocol):
    """A kind that knows whether what people send or dial back over a route reaches us. The texts go by it (ways.py).

    One that does not say is taken to hear written replies, and no calls.
    """

    def hears(self, options: Any, route: RouteFacts) -> bool | None:
        """Replies of an SMS or mail route, calls to the number of a voice route. None: nobody is reached, say nothing."""
        ...


@runtime_checkable
class Limited(Protocol):
    """A kind that knows what its provider documents."""

    def limits(self, options: Any, route: RouteFacts) -> RouteLimits:
        """The provider's limits for this route."""
        ...


@runtime_checkable
class Addressed(Protocol):
    """A kind whose callback addresses are entered at the provider by hand."""

    def addresses(self, options: Any, route: RouteFacts, hook_secret: bytes) -> Mapping[str, str]:
        """Address by the callback's name; whoever knows one can call back."""
        ...


@runtime_checkable
class Signing(Protocol):
    """A kind that knows the signature its provider puts in front of an SMS: it counts, and is not written by us."""

    def signature(self, options: Any) -> str:
        """Without its brackets; empty: none."""
        ...


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A provider's callback. `path`: below /hooks/<route>/; headers in lower case; `url`: as the provider saw it."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What the provider gets back."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"


@runtime_checkable
class Hooked(Protocol):
    """A channel that its provider calls back below /hooks/<route>/."""

    async def hook(self, request: HookRequest) -> HookAnswer:
        """Take a callback in. Who it is from is for the channel to verify: 401 or 403 for a forged one, never an exception."""
        ...


@runtime_checkable
class Polled(Protocol):
    """A channel that asks its provider for keys, replies and receipts, where no callback can reach us."""

    @property
    def every_s(self) -> float:
        """Seconds between two polls; 0: not needed."""
        ...

    async def poll(self) -> None:
        """Ask once, and say what was heard. One daemon at a time asks; what was heard twice does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """How a provider fares. `why`: an outcome of config/outcomes.toml; `balance`: for people, as the provider says it.

    `dead_lines`: of a route with lines of its own, those (from 1) that do not come back while others do the work.
    """

    healthy: bool
    why: str = ""
    balance: str = ""
    dead_lines: Sequence[int] = ()


@runtime_checkable
class Probed(Protocol):
    """A channel that can be asked how it fares without ringing anybody."""

    async def probe(self) -> Probe:
        """Health and balance. One daemon at a time asks."""
        ...


@runtime_checkable
class Running(Protocol):
    """A channel with work of its own for as long as the daemon runs: a connection that is kept, a network in this process."""

    async def run(self) -> None:
        """Until cancelled or closed; its end by an exception ends the daemon."""
        ...


def known_kinds() -> Sequence[str]:
    """The names of all kinds of this installation, without importing them."""
    return sorted({*OURS, *names_in(GROUP)})


@cache
def kind_of(name: str) -> ChannelKind:
    """The kind by its name. KindNotFoundError when there is none, or when its package is broken."""
    if name in OURS:  # a name of ours is ours, whatever else is installed
        module, _, attribute = OURS[name].partition(":")
        ours: ChannelKind = getattr(importlib.import_module(module), attribute)
        return ours
    kind: ChannelKind = loaded_from(GROUP, name)
    return kind
