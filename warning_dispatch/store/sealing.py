"""Encryption at rest, the blind index, and the tokens of links.

The envelope, in bytes:

    version 1 | algorithm 1 | key id 1 | nonce 12 | AES-256-GCM ciphertext with its 16-byte tag

The three header bytes and the context ("number", "receiver.name" …) are authenticated, so nothing sealed for one
column opens in another. The algorithm byte leaves room for SM4-GCM, the key id for a change of keys.

Nonces are drawn from the system one by one. A stock of them would be a little faster, and a fork would use it twice,
which breaks GCM.
"""

from __future__ import annotations

import hmac
import os
from base64 import b32encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from warning_dispatch.errors import StoreError
from warning_dispatch.model.unit import Channel
from warning_dispatch.store.keys import KeyRing

_VERSION = 1
_AES_256_GCM = 1
_FORM = bytes((_VERSION, _AES_256_GCM))
_HEADER_BYTES = 3
_NONCE_BYTES = 12
_BODY = _HEADER_BYTES + _NONCE_BYTES
_TAG_BYTES = 16
_TOKEN_BYTES = 10


class AesSealer:
    """The Sealer of ports.py. Safe to use from several threads."""

    def __init__(self, keys: KeyRing) -> None:
        """Take the data keys and the index key."""
        self.key_id = keys.data_key_id
        self.index_key_id = keys.index_key_id
        self._header = _FORM + bytes((keys.data_key_id,))
        self._cipher = AESGCM(keys.data_key)
        self._ciphers = {number: AESGCM(key) for number, key in keys.former.items()} | {self.key_id: self._cipher}
        self._index_key = keys.index_key

    def seal(self, clear: bytes, context: str) -> bytes:
        """Encrypt; 31 bytes longer than `clear`, and different every time."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, clear, self._header + context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raises StoreError when key, context or bytes do not match."""
        envelope = bytes(sealed)
        if len(envelope) < _BODY + _TAG_BYTES:
            raise StoreError(f"密文（{context}）太短 / A sealed value ({context}) is too short to be one.")
        header = envelope[:_HEADER_BYTES]
        cipher = self._ciphers.get(header[2])
        if header[:2] != _FORM or cipher is None:
            raise StoreError(_foreign(envelope, context))
        try:
            return cipher.decrypt(envelope[_HEADER_BYTES:_BODY], envelope[_BODY:], header + context.encode())
        except InvalidTag as error:
            raise StoreError(
                f"密文（{context}）打不开：被改动、从别处移来，或用别的密钥加密。密钥是不是这个数据库的？ / "
                f"A sealed value ({context}) does not open: it was changed, moved here from elsewhere, or sealed "
                "with other keys. Are the keys those of this database?"
            ) from error

    def blind_index(self, clear: str) -> bytes:
        """HMAC-SHA256 of the text, 32 bytes. The caller brings numbers into one form (E.164) first."""
        return hmac.digest(self._index_key, clear.encode(), "sha256")


def _foreign(envelope: bytes, context: str) -> str:
    version, algorithm, key_id = envelope[:3]
    if (version, algorithm) != (_VERSION, _AES_256_GCM):
        return (
            f"密文（{context}）的形式本程序不认识，是不是更新的版本加密的？ / "
            f"A sealed value ({context}) has a form this program does not know; was it sealed by a newer one?"
        )
    return f"密文（{context}）用密钥 {key_id} 加密，本安装没有这把 / A sealed value ({context}) was sealed with key {key_id}, which this installation does not hold."


def link_token(
    link_key: bytes, callout_id: int, receiver_id: int, purpose: int, generation: int, channel: Channel = Channel.SMS
) -> str:
    """The token of a receiver's link: 16 lower-case base32 characters, 80 bits, the same whenever it is derived."""
    facts = f"{int(callout_id)}:{int(receiver_id)}:{int(purpose)}:{int(generation)}:{int(channel)}".encode()
    return b32encode(hmac.digest(link_key, facts, "sha256")[:_TOKEN_BYTES]).decode().lower()


def link_hash(token: str) -> bytes:
    """SHA-256 of a token, 32 bytes: what is stored. A token typed in capitals is the same token."""
    return sha256(token.strip().lower().encode()).digest()


def derived_token(link_key: bytes, facts: str) -> str:
    """The token of any other link: 80 bits of the link key and of what it is for, the same whenever it is derived."""
    return b32encode(hmac.digest(link_key, facts.encode(), "sha256")[:_TOKEN_BYTES]).decode().lower()
