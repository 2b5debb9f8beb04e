"""Which endpoint a voice attempt dials, chosen at the moment of dialling. PURE."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from warning_dispatch.escalation.state import Callee, Verdict
from warning_dispatch.model.unit import Channel, EndpointView


def dialable(callee: Callee, endpoints: Sequence[EndpointView], now: int) -> list[EndpointView]:
    """The voice endpoints for what the callee wants, the best first.

    Never an endpoint known to be dead or still held back (off, doubtful: a rung that came in between would make a
    lying network's "empty number" permanent too soon), never a receiver who has answered or whom the roster leaves out. A before B before the duty
    phone, then the one that was engaged, then the least tried, then by rank.
    """
    found: list[tuple[tuple[int, bool, int, int, int], EndpointView]] = []
    for endpoint in endpoints:
        if endpoint.channel is not Channel.VOICE or endpoint.off_duty or not endpoint.role & callee.wanted:
            continue
        memory = callee.memory_of(endpoint.endpoint_id)
        if memory.verdict is Verdict.DEAD or memory.until > now or endpoint.receiver_id in callee.answers:
            continue
        engaged = memory.verdict is Verdict.BUSY
        found.append(((int(endpoint.role), not engaged, memory.count, endpoint.rank, endpoint.endpoint_id), endpoint))
    return [endpoint for _, endpoint in sorted(found, key=lambda one: one[0])]


def choose(
    callee: Callee, endpoints: Sequence[EndpointView], now: int, barred: Collection[int] = ()
) -> EndpointView | None:
    """The voice endpoint to dial; None when nobody wanted can be dialled. `barred`: numbers over their budget."""
    return next((one for one in dialable(callee, endpoints, now) if one.number_id not in barred), None)


def other_roles(callee: Callee, endpoints: Sequence[EndpointView], endpoint_id: int, roles: int, now: int) -> int:
    """Roles (within `roles`) that have a voice endpoint other than `endpoint_id` not ruled out or held back."""
    mask = 0
    for endpoint in endpoints:
        if endpoint.channel is not Channel.VOICE or endpoint.off_duty or endpoint.endpoint_id == endpoint_id:
            continue
        memory = callee.memory_of(endpoint.endpoint_id)
        if endpoint.role & roles and memory.verdict is not Verdict.DEAD and memory.until <= now:
            mask |= 0 if endpoint.receiver_id in callee.answers else endpoint.role
    return mask


def all_dead(callee: Callee, endpoints: Sequence[EndpointView], endpoint_id: int) -> bool:
    """Whether every voice endpoint but `endpoint_id` is known to be wrong for good."""
    return all(
        callee.memory_of(one.endpoint_id).verdict is Verdict.DEAD
        for one in endpoints
        if one.channel is Channel.VOICE and one.endpoint_id != endpoint_id
    )


def text_endpoints(
    channel: Channel, roles: int, endpoints: Sequence[EndpointView], answers: Sequence[int]
) -> list[EndpointView]:
    """Where a text to `roles` goes: the first endpoint of each receiver who has not answered and is not off duty.

    An operator task goes to the phone a human would dial, so it takes voice endpoints.
    """
    kind = Channel.VOICE if channel is Channel.OPERATOR else channel
    first: dict[int, EndpointView] = {}
    for endpoint in sorted(endpoints, key=lambda one: (one.rank, one.endpoint_id)):
        wanted = endpoint.channel is kind and endpoint.role & roles and not endpoint.off_duty
        if wanted and endpoint.receiver_id not in answers:
            first.setdefault(endpoint.receiver_id, endpoint)
    return list(first.values())
