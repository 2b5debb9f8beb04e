"""服务商描述: what a file of config/providers/ may say. Shapes only; `files` reads them, `filling` compiles the requests.

A path names a place in an answer or a callback: "Response.SendStatusSet.0.Code"; "" is the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from warning_dispatch.tomlfiles import Shape

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
CallbackName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
Code = Annotated[str, Field(min_length=1)]
"""A provider's code; "AuthFailure*" stands for all that begin so."""
OutcomeName = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
"""A row of config/outcomes.toml."""
Moment = Literal["beijing", "utc", "epoch_s", "epoch_ms"]
"""How a provider writes a moment: "2026-07-22 21:33:00" in either zone, or a number."""


class Words(Shape):
    """One thing in both languages."""

    zh_CN: str = Field(min_length=1)  # noqa: N815 - the name of the language
    en: str = Field(min_length=1)


class OptionShape(Words):
    """选项: what a site sets in [routes.options.set]. Without a default it must be set."""

    default: str | None = None
    per_purpose: bool = False
    """One value for each of call, notice, all_clear and self (templates that were approved each for itself)."""


class NumberLimits(Shape):
    """The provider's documented calls per number."""

    minute: int | None = Field(default=None, ge=1)
    hour: int | None = Field(default=None, ge=1)
    day: int | None = Field(default=None, ge=1)


class LimitShape(Shape):
    """限制: what the provider documents. A route that asks for more is a finding."""

    lines: int | None = Field(default=None, ge=1)
    rate_per_minute: int | None = Field(default=None, ge=1)
    per_second: int | None = Field(default=None, ge=1)
    """Requests a second; kept by each process for itself, and the shared `rate_per_minute` above it."""
    per_number: NumberLimits | None = None


class SignerShape(Shape):
    """签名方式. `id` and `key` name secrets."""

    scheme: str = "none"
    id: str = ""
    key: str = ""
    extra: dict[str, str] = Field(default_factory=dict)


class RequestShape(Shape):
    """请求. Values are templates, see filling.py; texts may stand in query, form and json alone."""

    method: Literal["GET", "POST"] = "POST"
    url: str = Field(pattern=r"^https?://[^/{}\s]+/[^\s?#]*$")
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, Any] = Field(default_factory=dict)
    form: dict[str, Any] | None = None
    json_body: dict[str, Any] | None = Field(default=None, alias="json")
    signer: SignerShape = SignerShape()


class AnswerShape(Shape):
    """应答. Accepted when every path of `success` has its value; "*": any."""

    success: dict[str, str] = Field(min_length=1)
    code: tuple[str, ...] = ()
    """Where the error code stands; the first that is there."""
    ref: str = ""
    """Where the provider's own name of the attempt stands."""


class ReadingShape(Shape):
    """How one kind of callback (or polled answer) is read: reports about attempts, or replies."""

    items: str = ""
    """Path of an object or a list of objects; what is not there is not read."""
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Conditions on paths of the whole."""
    tells: Literal["report", "reply"] = "report"
    attempt: str = ""
    """Path of our attempt's id, where the provider gives it back."""
    ref: str = ""
    """Path of the provider's own name of it, for where our id is missing."""
    number: str = ""
    country: str = ""
    """Path of the country code; none: 86."""
    code: str = ""
    outcomes: dict[Code, OutcomeName | Literal[""]] = Field(default_factory=dict)
    """Code → outcome, "*" for all others; "" is passed over."""
    key: str = ""
    """Path of the keys that were pressed."""
    acknowledges: str = "1"
    """The key that acknowledges, alone or repeated; other keys do not."""
    seconds: str = ""
    """Path of the duration of a call, in seconds."""
    began: str = ""
    ended: str = ""
    """Paths of two moments, where the duration is not given."""
    heard_s: int = Field(default=0, ge=0)
    """heard_no_key after less than that is hung_up_early, where the provider does not tell them apart."""
    weak_s: float = Field(default=0.0, ge=0, le=60)
    """Told only when nothing better came about the same attempt within so many seconds."""
    at: str = ""
    moment: Moment = "beijing"
    text: str = ""
    """Path of a reply's text."""


class VerifyShape(Shape):
    """What a callback must carry besides its signed address. `id`, `key` name secrets."""

    scheme: Literal["wsse"]
    header: str
    id: str
    key: str
    required: bool = False
    """Whether a callback without the header is refused; a wrong one always is."""


class CallbackShape(Shape):
    """回调: one address that the provider calls."""

    body: Literal["json", "form"] = "json"
    bound: bool = False
    """An address for each attempt, which says whose it is; for providers that take the address with the request."""
    verify: VerifyShape | None = None
    readings: tuple[ReadingShape, ...] = Field(min_length=1)
    answer: dict[str, Any] = Field(default_factory=dict)
    """What the provider wants to read, as JSON; empty: just the status."""


class PollShape(Shape):
    """轮询: a request that fetches reports or replies where no callback can reach us."""

    request: RequestShape
    readings: tuple[ReadingShape, ...] = Field(min_length=1)
    most: int = Field(default=100, ge=1)
    """Items of one answer at the most: a full one is followed by the next request."""


class ProviderShape(Shape):
    """One provider's way to carry one channel."""

    title: Words
    channel: Literal["voice", "sms", "group"]
    """`group`: a robot in a group chat, see robot.py; it is no route."""
    serves: tuple[Annotated[str, Field(pattern=r"^\d{1,3}$")], ...] = ("86",)
    """Country codes it can reach; empty: all."""
    public_cloud: bool = True
    """Whether messages that are not public must never go by it."""
    documents: tuple[str, ...] = ()
    """The provider's documents this file was written from."""
    to_register: tuple[Words, ...] = Field(default=(), alias="register")
    """What must be applied for at the provider before it works."""
    secrets: dict[Name, Words] = Field(default_factory=dict)
    options: dict[Name, OptionShape] = Field(default_factory=dict)
    limits: LimitShape = LimitShape()
    request: RequestShape
    answer: AnswerShape
    errors: dict[Code, OutcomeName] = Field(default_factory=dict)
    unknown: OutcomeName = "temporarily_refused"
    """Outcome of an error that stands in no table."""
    callbacks: dict[CallbackName, CallbackShape] = Field(default_factory=dict)
    every_s: float = Field(default=5.0, ge=1)
    polls: dict[Name, PollShape] = Field(default_factory=dict)


BY_STATUS: Mapping[int, str] = {
    401: "credentials_refused",
    402: "balance_exhausted",
    403: "credentials_refused",
    404: "misconfigured",
    405: "misconfigured",
    408: "temporarily_refused",
    429: "over_concurrency",
    500: "temporarily_refused",
    502: "temporarily_refused",
    503: "provider_down",
    504: "temporarily_refused",
}
"""Outcome by HTTP status, where the answer has no code that a table knows."""
UNSURE_STATUSES = frozenset({408, 500, 502, 504})
"""After these the provider may have taken the request all the same."""
