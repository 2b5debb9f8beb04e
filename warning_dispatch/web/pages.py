"""Server-rendered pages: the template environment, and answers made from it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from warning_dispatch.clock import beijing_text
from warning_dispatch.web.alarm_words import alarm_detail, alarm_word
from warning_dispatch.web.catalogues import Catalogue, asked_language, load_catalogues, preferred_language

FOLDER: Final = Path(__file__).parent
MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
LANGUAGE_COOKIE: Final = "wd-language"
"""What somebody of the bureau chose last."""
FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One of our own files for the browser. `digest` names its content, so that a new version has a new address."""

    body: bytes
    media_type: str
    digest: str


def read_static_files(folder: Path = FOLDER / "static") -> dict[str, StaticFile]:
    """Every file of `static/` by its name."""
    return {path.name: _static_file(path) for path in sorted(folder.iterdir()) if path.suffix in MEDIA_TYPES}


def _static_file(path: Path) -> StaticFile:
    body = path.read_bytes()
    return StaticFile(body, MEDIA_TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])


def inline_style_policy(nonce: str) -> str:
    """The policy of a page with one inline style and a form to itself: no script, no image, no font, no frame."""
    return f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


class Pages:
    """Renders templates in a language. Undefined names are errors, every value is escaped."""

    def __init__(self) -> None:
        """Read the catalogues and the static files once."""
        self.catalogues = load_catalogues()
        self.static = read_static_files()
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["moment"] = beijing_text
        self._environment.filters["count"] = lambda number: f"{number:,}"
        self._environment.globals["static_address"] = self._static_address
        self._environment.globals |= {"alarm_word": alarm_word, "alarm_detail": alarm_detail}

    def _static_address(self, name: str) -> str:
        return f"static/{name}?v={self.static[name].digest}"

    def render(self, template: str, words: Catalogue, fields: Mapping[str, object]) -> str:
        """A template as HTML text."""
        return self._environment.get_template(template).render(t=words.text, words=words, **fields)

    def styled(
        self, template: str, words: Catalogue, fields: Mapping[str, object], *, status: int = 200
    ) -> HTMLResponse:
        """A page that carries its own style under a fresh nonce and needs nothing else from anywhere."""
        nonce = secrets.token_urlsafe(16)
        html = self.render(template, words, {**fields, "nonce": nonce})
        headers = {
            "Content-Security-Policy": inline_style_policy(nonce),
            "Content-Language": words.text("language.tag"),
        }
        return HTMLResponse(html, status_code=status, headers=headers)

    def words_for(self, request: Request, fallback: str | None = None) -> Catalogue:
        """The catalogue a request asks for: `?lang=`, else `fallback`, else what the browser prefers."""
        language = asked_language(request.query_params.get("lang")) or asked_language(fallback)
        return self.catalogues[language or preferred_language(request.headers.get("accept-language"))]

    def static_answer(self, request: Request) -> Response:
        """One of our own files, kept by the browser for ever under its digest."""
        name = str(request.path_params["name"])
        found = self.static.get(name)
        if found is None:
            return Response(status_code=404)
        fresh = request.query_params.get("v") == found.digest
        headers = {"Cache-Control": FOREVER if fresh else "no-cache", "ETag": f'"{found.digest}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(found.body, media_type=found.media_type, headers=headers)
