"""/r/~loop/… and /hooks/~loop/…: proves to `check` that an address on the public network leads to this installation.

`check` makes up a word and asks for it by the public address. Only who holds the installation's keys can answer: a page of
the proxy, of another machine, or of somebody else cannot be taken for ours. The answer tells nothing else. Of several
processes only those answer that serve the door: else a callback's address would seem good that leads to one without channels.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

LINK_LOOP: Final = "/r/~loop/"
HOOK_LOOP: Final = "/hooks/~loop/"
_WORD = re.compile(r"[0-9a-f]{32}")


def answer_to(secret: bytes, word: str) -> str:
    """What the installation with this secret answers."""
    return hmac.digest(secret, f"loop {word}".encode(), "sha256").hex()[:32]


class Loop:
    """The far end of the loop."""

    def __init__(self, secret: bytes, doors: Collection[str] = (LINK_LOOP, HOOK_LOOP)) -> None:
        """`secret` of this purpose alone, 32 bytes; `doors`: those behind which this process serves what comes through them."""
        self._secret = secret
        self._doors = doors

    def routes(self) -> list[Route]:
        """To be mounted before the pages of links."""
        return [Route(f"{path}{{word}}", self.answer, methods=["GET"]) for path in self._doors]

    async def answer(self, request: Request) -> Response:
        """The answer to a word of ours, 404 for anything else."""
        word = request.path_params["word"]
        if not _WORD.fullmatch(word):
            return Response(status_code=404)
        return PlainTextResponse(answer_to(self._secret, word), headers={"Cache-Control": "no-store"})
