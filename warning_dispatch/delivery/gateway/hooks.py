"""Callbacks: who may call, what was told, and what the provider gets back.

An address is signed: its last part is a keyed digest of its name, of this route alone, so that only whom we gave it to
knows it. Where a provider signs too, that must be right as well. Everything may come twice, late and in any order: a
report ends an attempt once, and a weak one ("not answered") waits a moment for a better one ("switched off").
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from warning_dispatch.delivery.gateway.description import CallbackShape, ReadingShape, SignerShape
from warning_dispatch.delivery.gateway.plan import Plan
from warning_dispatch.delivery.gateway.reading import Reader, Said, Told, as_id
from warning_dispatch.delivery.gateway.references import References
from warning_dispatch.delivery.gateway.signers import is_wsse
from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest
from warning_dispatch.ports import Reply, Report

LOOK_AHEAD = 60_000
"""ms by which a provider's clock may be ahead; a moment beyond is taken as now."""
_DIGEST_LENGTH = 16
_JSON = "application/json; charset=utf-8"


def callback_address(hook_url: str, secret: bytes, about: str) -> str:
    """A signed address below the route's; empty without a public one."""
    return f"{hook_url}/{about}/{_digest(secret, about)}" if hook_url else ""


def _digest(secret: bytes, about: str) -> str:
    raw = hmac.digest(secret, f"callback {about}".encode(), "sha256")
    return base64.b32encode(raw).decode()[:_DIGEST_LENGTH].lower()


class Callbacks:
    """The callbacks of one route."""

    def __init__(
        self, shapes: Mapping[str, CallbackShape], plan: Plan, tools: ChannelTools, references: References
    ) -> None:
        """`shapes` by the name that stands in their address."""
        self._shapes = shapes
        self._readers = {name: self.reader(shape.readings) for name, shape in shapes.items()}
        self._plan = plan
        self._tools = tools
        self._references = references
        self._weak: dict[int, tuple[asyncio.TimerHandle, Report]] = {}
        self.by_reference = any(reader.by_reference for reader in self._readers.values())

    def reader(self, shapes: Sequence[ReadingShape]) -> Reader:
        """What reads them."""
        return Reader(shapes)

    @property
    def bound(self) -> Sequence[str]:
        """Those that have an address for each attempt."""
        return [name for name, shape in self._shapes.items() if shape.bound]

    def address(self, name: str, attempt_id: int = 0) -> str:
        """Where the provider is to call, about this attempt if it is a bound one; empty without a public address."""
        about = f"{name}/{attempt_id}" if attempt_id else name
        return callback_address(self._tools.hook_url, self._tools.hook_secret, about)

    async def take(self, request: HookRequest) -> HookAnswer:
        """1. A known name. 2. A right address and signature. 3. Readable. 4. Told, whoever it is about."""
        about, _, digest = request.path.rpartition("/")
        name, _, attempt = about.partition("/")
        shape = self._shapes.get(name)
        if shape is None or shape.bound != bool(attempt):
            return HookAnswer(404)
        if not hmac.compare_digest(digest.encode(), _digest(self._tools.hook_secret, about).encode()):
            self._tools.log.warning("gateway.forged", callback=name)
            return HookAnswer(403)
        if not self._is_verified(shape, request):
            self._tools.log.warning("gateway.unsigned", callback=name)
            return HookAnswer(401)
        document = _document(shape, request)
        if document is None:
            self._tools.log.warning("gateway.unreadable", callback=name, size=len(request.body))
            return HookAnswer(400)
        await self.tell(self._readers[name].read(document, as_id(attempt)))
        return (
            HookAnswer(200, json.dumps(shape.answer, ensure_ascii=False).encode(), _JSON)
            if shape.answer
            else HookAnswer()
        )

    def _is_verified(self, shape: CallbackShape, request: HookRequest) -> bool:
        verify = shape.verify
        if verify is None:
            return True
        given = request.headers.get(verify.header.lower(), "")
        if not given:
            return not verify.required
        return is_wsse(given, self._plan.credentials(SignerShape(id=verify.id, key=verify.key)), request.url)

    # --- telling ------------------------------------------------------------------------------------------

    async def tell(self, told: Sequence[Told | Said]) -> int:
        """Say it to the engine. Returns how many there were."""
        asked = [(one.ref, one.number) for one in told if isinstance(one, Told) and one.ref and not one.attempt_id]
        known = await self._references.find(asked) if asked else {}
        lost = 0
        for one in told:
            if isinstance(one, Said):
                self._tools.hear(
                    Reply(self._tools.channel, one.number, one.text, self._at(one.at), route=self._tools.route)
                )
                continue
            attempt_id = one.attempt_id or known.get(one.ref, 0)
            if attempt_id:
                self._report(Report(attempt_id, one.outcome, self._at(one.at)), one.weak_s)
            else:
                lost += 1
        if lost:
            self._tools.log.warning("gateway.unknown_references", count=lost)
        return len(told)

    def _report(self, report: Report, weak_s: float) -> None:
        """A weak report waits, a strong one sends it away; of two weak ones the first is enough."""
        waiting = self._weak.get(report.attempt_id)
        if weak_s:
            if waiting is None:
                loop = asyncio.get_running_loop()
                handle = loop.call_later(weak_s, self._told_at_last, report.attempt_id)
                self._weak[report.attempt_id] = (handle, report)
            return
        if waiting is not None:
            waiting[0].cancel()
            del self._weak[report.attempt_id]
        self._tools.hear(report)

    def _told_at_last(self, attempt_id: int) -> None:
        _, report = self._weak.pop(attempt_id)
        self._tools.hear(report)

    def close(self) -> None:
        """Tell what still waits."""
        for attempt_id, (handle, _) in list(self._weak.items()):
            handle.cancel()
            self._told_at_last(attempt_id)

    def _at(self, moment: int | None) -> int:
        """When it was, as far as that can be believed."""
        now = self._tools.now()
        return now if moment is None or moment <= 0 or moment > now + LOOK_AHEAD else moment


def _document(shape: CallbackShape, request: HookRequest) -> object:
    """The body, or a form of it; None when it cannot be read."""
    try:
        if shape.body == "json":
            found: object = json.loads(request.body)
            return found
        text = request.body.decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True)) | dict(request.query)
    except (ValueError, RecursionError):
        return None
