"""线路设置: the shapes of [[routes]]. A leaf below settings.py, which reads them; what a kind of channel asks for is its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from warning_dispatch.tomlfiles import Shape, ours

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Country = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,6}$")]
"""The beginning of an E.164 number."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of the day in Beijing."""


class PerNumberSettings(Shape):
    """per_number 每号次数: what one number may be called or sent by this route, wherever the minute, hour or day is laid.

    Left out: of a voice route the usual, of an SMS route no such limit.
    """

    minute: int | None = Field(default=None, ge=1)
    hour: int | None = Field(default=None, ge=1)
    day: int | None = Field(default=None, ge=1)
    reserve_for_red: int | None = Field(default=None, ge=0)
    """Of the hour's calls so many are for red alone; drills and campaigns have no share in them."""

    def of(self, channel: str) -> PerNumberSettings:
        """With what is usual on the channel."""
        usual = USUAL_CALLS if channel == "voice" else {"reserve_for_red": 0}
        return PerNumberSettings.model_construct(**{**usual, **self.model_dump(exclude_none=True)})

    @model_validator(mode="after")
    def _makes_sense(self) -> PerNumberSettings:
        _require_sense(self)
        return self


def _require_sense(limits: PerNumberSettings) -> None:
    """A budget that lets somebody through."""
    given = [one for one in (limits.minute, limits.hour, limits.day) if one is not None]
    if given != sorted(given):
        raise ours("per_number", "应满足 minute ≤ hour ≤ day", "minute ≤ hour ≤ day must hold")
    reserve, hour = limits.reserve_for_red, limits.hour
    if reserve and hour is not None and reserve >= hour:
        raise ours(
            "per_number",
            f"为红色预留 {reserve} 次，不少于每小时 {hour} 次：橙色将永远不能呼叫",
            f"reserve_for_red {reserve} leaves nothing of {hour} an hour: orange would never call",
        )


USUAL_CALLS: Mapping[str, int] = {"minute": 1, "hour": 5, "day": 20, "reserve_for_red": 2}
"""What a provider of calls allows one number."""


class HoursSettings(Shape):
    """hours 时段: when the provider takes anything, Beijing time; over midnight when it ends before it begins."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="until")

    @model_validator(mode="after")
    def _last(self) -> HoursSettings:
        if self.start == self.end:
            raise ours("hours", "from 与 until 相同", "from and until are the same")
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
    """Voice and SMS; left out: the usual limits of voice, none of SMS."""
    order: int | None = Field(default=None, ge=0)
    """Lower goes first, equal ones share; left out: in the order of the file."""
    countries: tuple[Country, ...] = ()
    """Numbers it reaches; empty: all."""
    operators: tuple[Literal["mobile", "unicom", "telecom", "broadcast"], ...] = ()
    """Networks it is meant for, a hint; empty: all."""
    public_cloud: bool = False
    """What is not public never goes by it."""
    hours: HoursSettings | None = None
    """When it takes anything; left out: always."""
    signature: str = Field(default="", max_length=20)
    """SMS only: what the provider puts in front of every message, without 【】; it counts among the characters."""
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """[routes.options]: the kind's own keys."""

    @property
    def number_limits(self) -> PerNumberSettings | None:
        """What a number may be called or sent by this route; None: no such limit."""
        if self.per_number is None and self.channel != "voice":
            return None
        return (self.per_number or PerNumberSettings()).of(self.channel)

    @model_validator(mode="after")
    def _fits(self) -> RouteSettings:
        if self.lines is not None and self.channel != "voice":
            raise ours("lines", "只有 voice 线路有 lines", "only a voice route has lines; use rate_per_minute")
        if self.signature and self.channel != "sms":
            raise ours("signature", "只有 sms 线路有 signature", "only an SMS route has a signature")
        if self.channel not in ("voice", "sms"):
            for key in ("per_number", "countries", "operators"):
                if getattr(self, key):
                    chinese, english = f"只有 voice、sms 线路有 {key}", f"only a voice or SMS route has {key}"
                    raise ours(key, chinese, english)
        if self.per_number is not None:
            _require_sense(self.per_number.of(self.channel))
        return self


def distinct_routes(routes: tuple[RouteSettings, ...]) -> tuple[RouteSettings, ...]:
    """Refuse two routes that could be taken for one another."""
    names = [route.name.replace("-", "_") for route in routes]  # as in the names of variables
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        text = ", ".join(doubled)
        raise ours("routes", f"线路名称重复：{text}", f"route names stand twice: {text}")
    return routes


class RobotSettings(Shape):
    """[[robots]] 群机器人: a group of the bureau's own people that is told of new alarms."""

    name: Name
    every_s: float = Field(default=10.0, ge=6, le=3_600)
    """At most one message in so many seconds."""
    options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """[robots.options]: the provider and the files of its secrets."""
