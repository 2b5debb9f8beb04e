"""Numbers of the register that no provider of the configured voice routes rings at all: found before the season."""

from __future__ import annotations

from collections.abc import Iterator

from warning_dispatch.delivery.configured import documented_limits, simulated_routes
from warning_dispatch.delivery.kinds import RouteLimits
from warning_dispatch.errors import Finding
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel
from warning_dispatch.settings import SETTINGS_FILE, Settings
from warning_dispatch.tomlfiles import both


def unrung_numbers(settings: Settings, register: Register) -> Iterator[Finding]:
    """One finding for all of them; none while calls go to simulated routes alone."""
    simulated, limits = simulated_routes(settings), documented_limits(settings)
    real = [one.name for one in settings.routes if one.channel == "voice" and one.name not in simulated]
    if not real:
        return
    never = [limits.get(name, RouteLimits()).never for name in real]
    numbers = {
        endpoint.address
        for entry in register.receivers
        for endpoint in entry.endpoints
        if endpoint.channel is Channel.VOICE
    }
    lost = sum(all(number.startswith(beginnings) for beginnings in never) for number in numbers)
    if lost:
        yield Finding(
            f"{SETTINGS_FILE}: routes",
            both(
                f"名册里 {lost} 个号码，没有一条语音线路的服务商打得通",
                f"{lost} numbers of the register are rung by no provider of a voice route",
            ),
            both("为它们配一条语音线路，见 docs/providers.md", "have a voice route for them, see docs/providers.md"),
        )
