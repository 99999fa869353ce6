"""Codes that are sent to a caller to prove who they are. Nobody here keeps one: only its salted hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

CODE_SECONDS = 600.0
MOST_CHECKS = 5


class RandomCodes:
    """Implements engine.ports.Codes."""

    def new(self, digits: int) -> str:
        return "".join(secrets.choice("0123456789") for _ in range(digits))

    def salt(self) -> bytes:
        return secrets.token_bytes(16)


def new_webhook_secret() -> str:
    """256 random bits; its beginning tells what it is, should it turn up where it does not belong."""
    return f"whsec_{secrets.token_urlsafe(32)}"


class SentCode:
    """A code on its way: good until `expires_at` (monotonic seconds), and for so many checks."""

    def __init__(self, code: str, salt: bytes, expires_at: float) -> None:
        self._salt = salt
        self._hash = _hashed(code, salt)
        self._expires_at = expires_at
        self._checks_left = MOST_CHECKS

    def matches(self, answer: str, now: float) -> bool:
        """Whether this is the code. A code that was given rightly is used up."""
        if now >= self._expires_at or self._checks_left == 0:
            return False
        self._checks_left -= 1
        if not hmac.compare_digest(_hashed(answer, self._salt), self._hash):
            return False
        self._checks_left = 0
        return True


def same_answer(answer: str, known: object) -> bool:
    """Whether an answer is what is kept of the person; capitals, accents' forms and outer blanks apart."""
    return hmac.compare_digest(_normal(answer), _normal(str(known)))


def _hashed(code: str, salt: bytes) -> bytes:
    return hmac.digest(salt, _normal(code), hashlib.sha256)


def _normal(text: str) -> bytes:
    return unicodedata.normalize("NFKC", text).casefold().strip().encode("utf-8", "surrogatepass")
