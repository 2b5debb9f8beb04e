"""What an ARI route may say: [routes.options]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from warning_dispatch.delivery.ari.causes import Causes, shipped_causes
from warning_dispatch.delivery.http import HttpRules
from warning_dispatch.delivery.spoken.options import SpokenOptions

Cause = Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]


class AriOptions(SpokenOptions):
    """Asterisk 线路. The secret `password` comes from the environment, a credential or `password_file`."""

    url: str = Field(pattern=r"^https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[A-Za-z0-9/_-]*)?$", max_length=200)
    """Where ARI is, without a slash at its end: http://10.0.0.4:8088/ari."""
    user: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    password_file: str = ""
    app: str = Field(default="warning-dispatch", pattern=r"^[A-Za-z0-9_-]{1,40}$")
    """Our name at Asterisk: one for each daemon."""
    endpoint: str = Field(
        default="PJSIP/{number}@trunk", pattern=r"^[A-Za-z0-9_/@.+{}:-]*\{number\}[A-Za-z0-9_/@.+:-]*$"
    )
    """Whom Asterisk rings; {number} is filled in."""
    caller_id: str = Field(default="", pattern=r"^\+?[0-9]{3,15}$|^$")
    numbers: Literal["domestic", "e164", "plain"] = "domestic"
    prefix: str = Field(default="", pattern=r"^[0-9*#]{0,8}$")
    ring_s: int = Field(default=35, ge=5, le=90)
    sound_folder: str = Field(pattern=r"^/[A-Za-z0-9/._-]+$")
    """Where we write what is played: a folder that Asterisk reads too."""
    asterisk_folder: str = Field(default="", pattern=r"^/[A-Za-z0-9/._-]+$|^$")
    """The same folder as Asterisk sees it; empty: the same path."""
    causes: dict[Cause, str] = Field(default_factory=dict)
    """Q.850 cause → row of config/outcomes.toml, where this PBX differs from the shipped table."""
    cleartext: bool = False
    """Allow http beyond this machine (the bureau's own network)."""
    timeout_s: float = Field(default=5.0, gt=0, le=30)

    @property
    def table(self) -> Causes:
        """How calls end at this PBX."""
        return shipped_causes().changed(self.causes)

    @property
    def rules(self) -> HttpRules:
        """How Asterisk is talked to."""
        return HttpRules(timeout_s=self.timeout_s, connect_s=2.0, connections=16, cleartext=self.cleartext)
