"""一次性验证码: codes of six digits from a telephone, new every half minute (TOTP, RFC 6238), and the picture to begin with."""

from __future__ import annotations

import hmac
from typing import Final

import pyotp
import segno
from markupsafe import Markup

STEP_MS: Final = 30_000
DIGITS: Final = 6
EITHER_SIDE: Final = 1
"""Steps before and after the present one that count too: a telephone's clock is not ours."""


def new_secret() -> str:
    """A secret of 160 bits, as a telephone takes it."""
    return pyotp.random_base32()


def step_of_code(secret: str, code: str, now: int, after: int = 0) -> int | None:
    """The step whose code it is, later than `after`; None: it is none, or was used. `now` in ms."""
    given = "".join(code.split())
    if len(given) != DIGITS or not given.isascii() or not given.isdecimal():
        return None
    present = now // STEP_MS
    codes = pyotp.TOTP(secret, digits=DIGITS)
    fitting = [
        step
        for step in range(present - EITHER_SIDE, present + EITHER_SIDE + 1)
        if hmac.compare_digest(codes.generate_otp(step), given) and step > after
    ]
    return fitting[0] if fitting else None


def address_of(secret: str, name: str, issuer: str) -> str:
    """What the picture says to the telephone."""
    return pyotp.TOTP(secret, digits=DIGITS).provisioning_uri(name=name, issuer_name=issuer)


def picture_of(address: str) -> Markup:
    """The picture as a drawing that stands in the page itself: nothing is fetched, and no policy is loosened."""
    drawing = segno.make(address, micro=False).svg_inline(scale=5, dark="#000", light="#fff")
    return Markup(drawing)  # noqa: S704 - made by us from digits and strokes
