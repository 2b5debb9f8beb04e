"""线路设置: the shapes of [[routes]]. A leaf below settings.py, which reads them; what a kind of channel asks for is its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from warning_dispatch.tomlfiles import Shape, ours

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class PerNumberSettings(Shape):
    """per_number 每号呼叫次数: what one number may be called by this route, wherever the minute, hour or day is laid."""

    minute: int = Field(default=1, ge=1)
    hour: int = Field(default=5, ge=1)
    day: int = Field(default=20, ge=1)
    reserve_for_red: int = Field(default=2, ge=0)
    """Of the hour's calls so many are for red alone; drills and campaigns have no share in them."""

    @model_validator(mode="after")
    def _makes_sense(self) -> PerNumberSettings:
        if not self.minute <= self.hour <= self.day:
            raise ours("per_number", "应满足 minute ≤ hour ≤ day", "minute ≤ hour ≤ day must hold")
        if self.reserve_for_red >= self.hour:
            raise ours(
                "per_number",
                f"为红色预留 {self.reserve_for_red} 次，不少于每小时 {self.hour} 次：橙色将永远不能呼叫",
                f"reserve_for_red {self.reserve_for_red} leaves nothing of {self.hour} an hour: orange would never call",
            )
        return self


class RouteSettings(Shape):
    """[[routes]] 线路: one way to a carrier."""

    name: Name
    channel: Literal["voice", "sms", "email", "operator"]
    adapter: Name
    """A kind of channel, see delivery/kinds.py: what it carries and what `options` may hold is the kind's to say."""
    lines: int | None = Field(default=None, ge=1)
    """Calls at the same time at most; none: no such limit."""
    rate_per_minute: int | None = Field(default=None, ge=1)
    per_number: PerNumberSettings | None = None
    """Voice only; left out: the usual limits."""
    signature: str = Field(default="", max_length=20)
    """SMS only: what the provider puts in front of every message, without 【】; it counts among the characters."""
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """[routes.options]: the kind's own keys."""

    @property
    def number_limits(self) -> PerNumberSettings | None:
        """What a number may be called by this route; None: it rings no phone."""
        return (self.per_number or PerNumberSettings()) if self.channel == "voice" else None

    @model_validator(mode="after")
    def _fits(self) -> RouteSettings:
        if self.lines is not None and self.channel != "voice":
            raise ours("lines", "只有 voice 线路有 lines", "only a voice route has lines; use rate_per_minute")
        if self.per_number is not None and self.channel != "voice":
            raise ours("per_number", "只有 voice 线路有 per_number", "only a voice route has per_number")
        if self.signature and self.channel != "sms":
            raise ours("signature", "只有 sms 线路有 signature", "only an SMS route has a signature")
        return self


def distinct_routes(routes: tuple[RouteSettings, ...]) -> tuple[RouteSettings, ...]:
    """Refuse two routes that could be taken for one another."""
    names = [route.name.replace("-", "_") for route in routes]  # as in the names of variables
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        text = ", ".join(doubled)
        raise ours("routes", f"线路名称重复：{text}", f"route names stand twice: {text}")
    return routes
