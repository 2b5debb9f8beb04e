"""What two systems that share a secret sign: a moment and a body. A leaf; the same for what comes in and what goes out.

X-Warning-Timestamp: 1785000000                  seconds since 1970, UTC
X-Warning-Signature: sha256=<hex>                HMAC-SHA256 over "<timestamp>." and the raw body
"""

from __future__ import annotations

import hmac

TIMESTAMP = "X-Warning-Timestamp"
SIGNATURE = "X-Warning-Signature"
_FORM = "sha256="
SHORTEST_SECRET = 16
"""Characters a shared secret has at least."""


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature header."""
    return _FORM + hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()


def is_signed(secret: str, seconds: int, body: bytes, given: str) -> bool:
    """Whether the header's value is right; takes as long for a wrong one."""
    return hmac.compare_digest(signature(secret, seconds, body).encode(), given.strip().lower().encode())
