"""One request at the console: who asks, in which language, and what every page of it carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warning_dispatch.console_ports import ConsoleView
from warning_dispatch.errors import Finding, NotYoursError
from warning_dispatch.model.unit import CODE_LENGTH, UnitLevel
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.catalogues import CHINESE, ENGLISH, Catalogue, asked_language
from warning_dispatch.web.console.door import FORM_FIELD, Officer
from warning_dispatch.web.console.sent import Sent
from warning_dispatch.web.cookies import cookie_of, strict_name
from warning_dispatch.web.pages import Pages

COOKIE: Final = "console_lang"
YEAR: Final = 31_536_000
DONE: Final = "done"
"""The parameter by which a page says what has just been done: a key of the catalogue below console.done."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of an officer."""

    request: Request
    officer: Officer
    words: Catalogue
    home: str
    read: ConsoleView
    """What the officer is shown."""
    acting: ConsoleView
    """The part of it on which they may act."""
    bureau: str = ""
    """Whose officers may do what reaches beyond a part."""
    drilling: bool = False
    """Whether there are pages of drills, and for whoever asks."""

    @property
    def root(self) -> str:
        """The way back to the application's root, so that it may stand anywhere behind a proxy."""
        return "../" * (self.request.url.path.count("/") - 1) or "./"

    @property
    def console(self) -> str:
        """The way to the console's first page."""
        return f"{self.root}{self.home}/"

    @property
    def whence(self) -> str:
        """The page that this request is about: browsers here do not say where they come from."""
        params = self.request.path_params
        if "/records" in self.request.url.path:
            if "/records/season" in self.request.url.path:
                return f"{self.console}records/season"
            return f"{self.console}records" + (f"/{params['callout']}" if "callout" in params else "")
        if "callout" in params:
            unit = f"/units/{params['callee']}" if "callee" in params else ""
            return f"{self.console}callouts/{params['callout']}{unit}"
        if "drill" in params or "day" in params:
            return f"{self.console}drills" + (f"/{params['drill']}" if "drill" in params else "")
        for page in ("start", "planning", "drills/new", "drills"):
            if f"/{page}" in self.request.url.path:
                return f"{self.console}{page}"
        return f"{self.console}warnings/{params['raw']}" if "raw" in params else self.console

    def number(self, name: str) -> int:
        """A number in the path; the router has made sure that it is one."""
        return int(self.request.path_params[name])

    @property
    def home_area(self) -> str:
        """Where maps and trees begin: the division of an officer of one unit; empty: the whole, or several."""
        sees = self.officer.sees
        area = sees[0].partition("-")[0] if sees and len(sees) == 1 else ""
        return area if len(area) >= CODE_LENGTH[UnitLevel.COUNTY] else ""

    async def require_unit(self, callee_id: int) -> None:
        """NotYoursError unless the officer may act on a unit of the call-out in the path."""
        if self.officer.acts is None:
            return
        if not await to_thread.run_sync(self.acting.mine, self.number("callout"), [callee_id]):
            raise not_yours()

    def require_all(self) -> None:
        """NotYoursError unless the officer may do what concerns the whole area."""
        if not self.officer.may_all:
            raise NotYoursError(
                both(
                    f"这项操作影响您范围以外的单位，没有执行；由{self.bureau}值班员操作",
                    f"this reaches beyond your units; nothing was done. It is for the duty officer of {self.bureau}",
                )
            )

    def may_on(self, callout_id: int, callee_ids: Sequence[int]) -> frozenset[int]:
        """Those callees on which the officer may act; asked of the database only where that is another part than is shown."""
        if not self.officer.may_act:
            return frozenset()
        if self.officer.acts in (None, self.officer.sees):
            return frozenset(callee_ids)
        return self.acting.mine(callout_id, callee_ids)

    def asked(self) -> Mapping[str, str]:
        """What stands behind the question mark."""
        return dict(self.request.query_params)

    def frame(self) -> dict[str, object]:
        """What the frame of every page names."""
        asked = self.asked()
        done = asked.get(DONE, "")
        kept = {name: value for name, value in asked.items() if name not in (DONE, "lang")}
        stream = {**kept, "lang": self.words.language}
        return {
            "root": self.root,
            "console": self.console,
            "officer": self.officer,
            "bureau": self.bureau,
            "form_field": FORM_FIELD,
            "done": self.words.texts.get(f"console.done.{done}", ""),
            "other_language": self.other_language("", **kept),
            "stream": f"{self.root}{self.request.url.path.strip('/')}/events?{urlencode(stream)}",
            "section": "",
            "sent": Sent(),
            "mend": "",
            "drilling": self.drilling,
        }

    def other_language(self, address: str, **kept: str) -> str:
        """The way to a page in the other language."""
        other = ENGLISH if self.words.language == CHINESE else CHINESE
        return f"{address}?" + urlencode({**kept, "lang": other})

    def elsewhere(self, address: str, *, done: str = "", anchor: str = "") -> Response:
        """Go and see: another page of the console (its address below the console's first page)."""
        joint = "&" if "?" in address else "?"
        where = f"{self.console}{address}" + (f"{joint}{DONE}={done}" if done else "")
        return RedirectResponse(where + (f"#{anchor}" if anchor else ""), status_code=303)


def not_yours() -> NotYoursError:
    """What is told whoever acts on what lies outside their part."""
    return NotYoursError(
        both(
            "这个单位不在您的范围内，没有操作；请联系它的上级值班员",
            "this unit is not one of yours; nothing was done. Ask the officer of its own area",
        )
    )


def language_of(request: Request) -> str:
    """What the address asks for, else what this browser asked for last, else Chinese."""
    said = asked_language(request.query_params.get("lang")) or asked_language(cookie_of(request, COOKIE))
    return said or CHINESE


def remembered(request: Request, answer: Response, *, secure: bool) -> Response:
    """Keep the language that was asked for."""
    said = asked_language(request.query_params.get("lang"))
    if said and said != cookie_of(request, COOKIE):
        name = strict_name(COOKIE, secure=secure)
        answer.set_cookie(name, said, max_age=YEAR, path="/", httponly=True, samesite="lax", secure=secure)
    return answer


def words_of(request: Request, pages: Pages) -> Catalogue:
    """The catalogue of a request."""
    return pages.catalogues[language_of(request)]


def in_words(error: Exception, words: Catalogue) -> str:
    """What an error says, in the language that is asked for."""
    return half(str(error), words)


def half(text: str, words: Catalogue) -> str:
    """Our errors and notes say everything twice, Chinese before English: the half that is asked for."""
    chinese, slash, english = text.partition(" / ")
    return english if slash and words.language == ENGLISH else chinese


def finding_text(finding: Finding, words: Catalogue) -> str:
    """A finding as one line in the language that is asked for."""
    said = f"{half(finding.where, words)}: {half(finding.what, words)}"
    return said + (f" → {half(finding.remedy, words)}" if finding.remedy else "")
