"""[login] 登录: how long people stay logged in, and how long whoever guesses has to wait. A leaf below settings."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from warning_dispatch.tomlfiles import Shape, ours

Seconds = Annotated[int, Field(ge=1)]
Hours = Annotated[int, Field(ge=1, le=240)]


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ours("proxies", f"{text} 不是地址", f"{text} is no address") from None


Address = Annotated[str, AfterValidator(_address)]


class LoginSettings(Shape):
    """[login] 登录."""

    idle_h: Hours = 12
    """A session that nobody uses ends after so many hours; an open live page is use."""
    absolute_h: Hours = 36
    """Every session ends after so many hours."""
    free_tries: int = Field(default=5, ge=1, le=100)
    """The first wrong tries for an account that lock nothing are one fewer."""
    address_tries: int = Field(default=30, ge=1, le=10_000)
    """The same for an address, over all accounts: a whole office may come from one."""
    first_wait_s: Seconds = 60
    longest_wait_s: Seconds = 900
    codes_required: bool = False
    """Everybody must switch one-time codes on before any other page."""
    proxies: tuple[Address, ...] = ()
    """Addresses of reverse proxies whose X-Forwarded-For is believed."""

    @model_validator(mode="after")
    def _makes_sense(self) -> LoginSettings:
        if self.absolute_h < self.idle_h:
            raise ours("login", "absolute_h 不能小于 idle_h", "absolute_h must not be less than idle_h")
        if self.longest_wait_s < self.first_wait_s:
            raise ours(
                "login", "longest_wait_s 不能小于 first_wait_s", "longest_wait_s must not be less than first_wait_s"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether a server that listens there is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
