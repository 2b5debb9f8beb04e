"""日志: one line per thing that happened, an event name plus ids, and never a number that reaches a person.

Everything that prints goes one way: our own lines (structlog) and those of the libraries (the logging module) pass the
same processors, of which the mask is the last before the renderer. It hides phone numbers, mail addresses, the
tokens of links and of API keys wherever they stand, in our values, in a library's sentence, in a traceback.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

_TALKATIVE = ("alembic", "apscheduler", "httpcore2", "httpx2", "uvicorn.access")
"""Libraries with a line for every small step: warnings only, unless we debug."""
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")
_OF_SEVERAL_LINES = ("exception", "stack")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PHONE_INTEGERS = range(10_000_000_000, 20_000_000_000)

_SECRETS = re.compile(
    r"""
      (?P<keep> \b (?= [0-9]* [a-f] )                                    # a digest of ours: its digits are no number
          (?: [0-9a-f]{16} | [0-9a-f]{32} | [0-9a-f]{40} | [0-9a-f]{64} ) \b )
    | (?P<bearer> \b Bearer \s+ [^\s"',;]+ )
    | (?P<link> (?<= /r/) [A-Za-z2-7]{16} \b )
    | (?P<mail> [\w.+%-]+ @ [\w-]+ (?: \.[\w-]+ )+ )
    | (?P<phone> (?<! \d ) (?:
          (?: (?: \+ | 00 )? 86 [ -]? )? 1\d{2} [ -]? \d{4} [ -]? \d{4}  # mobile, +86 or not
        | [(（]? 0\d{2,3} [)）]? [ -]? \d{7,8}                           # landline with its area code
        | \+ \d (?: [ -]? \d ){6,16}                                     # any other country
      ) (?! \d ) )
    """,
    re.VERBOSE,
)


def mask_text(text: str) -> str:
    """The text with every phone number, mail address, link token and API key in it made unusable.

    Of a number the first three and the last four digits stay, of an address the first character and the domain.
    """
    return _SECRETS.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    found = match.group()
    kind = match.lastgroup
    if kind == "phone":
        return found[:3] + "****" + found[-4:]
    if kind == "mail":
        return found[0] + "***" + found[found.index("@") :]
    if kind == "bearer":
        return "Bearer ****"
    return "****" if kind == "link" else found


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor: every value of a line, however deep, masked. Objects become their masked repr.

    A line stays one line: what would break it or drive a terminal stands there in letters, but in tracebacks.
    """
    return {key: _one_line(key, _mask_value(value)) for key, value in event.items()}


def _one_line(key: str, value: object) -> object:
    if not isinstance(value, str) or key in _OF_SEVERAL_LINES:
        return value
    return _CONTROLS.sub(lambda found: repr(found.group())[1:-1], value)


def _mask_value(value: object) -> object:
    match value:
        case str():
            return mask_text(value)
        case bool() | float() | None:
            return value
        case int():
            return mask_text(str(int(value))) if value in _PHONE_INTEGERS else value
        case Mapping():
            return {mask_text(str(key)): _mask_value(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_mask_value(inner) for inner in value]
        case _:
            return mask_text(str(value) if isinstance(value, BaseException) else repr(value))


def configure_logging(level: str, *, json: bool, stream: TextIO | None = None) -> None:
    """Set up structlog and the logging module. `level` as in "info"; JSON lines, or columns for a person.

    `stream`: standard error if not given, where a command's own output does not mix with it. Times are ISO 8601 in UTC.
    May be called again; loggers bound before go on as they were set up. Start uvicorn with `log_config=None`.
    Raises ValueError for a level that does not exist.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"There is no log level {level!r}.")
    out = sys.stderr if stream is None else stream
    last = _last_processors(out, json=json)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_first_processors(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    _route_libraries(threshold, out, last)


def silent_logger() -> FilteringBoundLogger:
    """A logger that says nothing, whatever the set-up: storms and planning."""
    silent: FilteringBoundLogger = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )
    return silent


def _drop(_logger: WrappedLogger, _method: str, _event: EventDict) -> EventDict:
    raise structlog.DropEvent


def _first_processors() -> list[Processor]:
    return [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _last_processors(out: TextIO, *, json: bool) -> list[Processor]:
    """From the exception to the renderer. Tracebacks become text before the mask, or they would escape it."""
    renderer: Processor
    if json:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
    return [structlog.processors.StackInfoRenderer(), structlog.processors.format_exc_info, mask, renderer]


def _route_libraries(threshold: int, out: TextIO, last: list[Processor]) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_first_processors(), structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name in _UVICORN:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(threshold if threshold <= logging.DEBUG else max(threshold, logging.WARNING))
