"""链接之门: what every page behind a secret link has in common. GET shows, POST acts, and nothing else ever does.

A link that is none is told kindly, then slowly, then refused and logged, one count for all kinds of pages (guesses.py);
whoever has a right link is never kept out by the guesses of others behind the same address. What a machine read ahead
changes nothing, and what could not be stored is not thanked for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.errors import NotFoundError, StoreError, TransportError
from warning_dispatch.web.failures import Failures
from warning_dispatch.web.filing_visit import Visit
from warning_dispatch.web.guesses import Guesses
from warning_dispatch.web.pages import Pages

TOKEN: Final = re.compile(r"([A-Za-z2-7]{16})(?![A-Za-z0-9])")
"""16 characters base32, written in small letters; a person may type capitals. What a chat program glues to the end of a link (。 or a bracket) is passed over."""
PREFETCH_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")

Answer = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class LinkWords:
    """Names of the small pages that tell what went wrong: no such link, read ahead, not shown, not stored."""

    wrong: str
    ahead: str
    unread: str
    unsaved: str


WARNING: Final = LinkWords("link", "prefetch", "trouble", "unsaved")
FILING: Final = LinkWords("filing", "filing_prefetch", "filing_unsaved", "filing_unsaved")
PROOF: Final = LinkWords("proof", "filing_prefetch", "filing_unsaved", "filing_unsaved")


class LinkDoor:
    """Stands before the pages behind a link."""

    def __init__(self, pages: Pages, failures: Failures, guesses: Guesses) -> None:
        """`guesses` are counted over all pages of the application together."""
        self.pages = pages
        self.failures = failures
        self.guesses = guesses

    async def answer(self, request: Request, words: LinkWords, show: Answer, act: Answer) -> Response:
        """The page of a right link. NotFoundError out of `show` or `act`: the link is none."""
        token = token_in(str(request.path_params["token"]))
        if token is None:
            return await self.guesses.wrong_link(request, self.failures, words.wrong)
        visit = Visit(request, token, self.pages.words_for(request))
        posted = request.method == "POST"
        if posted and is_prefetch(request):
            return self.failures.page(request, words.ahead, 403)
        try:
            return await (act if posted else show)(visit)
        except NotFoundError:
            return await self.guesses.wrong_link(request, self.failures, words.wrong)
        except (StoreError, TransportError):
            return self.failures.page(request, words.unsaved if posted else words.unread, 503)


def token_in(text: str) -> str | None:
    """The token at the start of a path's last part; None when it has not the form of one."""
    found = TOKEN.match(text)
    return found.group(1).lower() if found else None


def is_prefetch(request: Request) -> bool:
    """Whether the request says of itself that no person made it."""
    said = " ".join(request.headers.get(name, "") for name in PREFETCH_HEADERS).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))
