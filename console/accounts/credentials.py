"""Secrets that are handed out once: of sessions and of tokens. Only their digest is kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import zlib

PREFIX = "inf_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 256 bits in base 62, then a CRC-32 by which a mistyped or cut token is told without asking the database.
_SECRET_LENGTH = 43
_CHECK_LENGTH = 6
HINT_LENGTH = len(PREFIX) + 4


def new_token() -> str:
    """Secret scanners know it by its beginning and its checksum."""
    secret = PREFIX + _base62(secrets.randbits(256), _SECRET_LENGTH)
    return secret + _check(secret)


def is_token(text: str) -> bool:
    """Whether it can be one at all."""
    if len(text) != len(PREFIX) + _SECRET_LENGTH + _CHECK_LENGTH or not text.startswith(PREFIX):
        return False
    return text.isascii() and hmac.compare_digest(_check(text[:-_CHECK_LENGTH]), text[-_CHECK_LENGTH:])


def new_session() -> str:
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """A random secret of 256 bits needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(session: str) -> str:
    """The session's own token for its forms; it tells nothing of the session's secret."""
    made = hmac.digest(session.encode("utf-8", "surrogatepass"), b"infolinia csrf", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _check(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
