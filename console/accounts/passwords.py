"""Passwords: argon2id, in a thread of its own so that neither the event loop nor calls wait for it."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from engine.registers.refusals import Refused

SHORTEST = 12
LONGEST = 200
# Passwords that wait to be hashed; each takes a tenth of a second and 64 MiB.
MOST_WAITING = 32

Result = TypeVar("Result")


class TooBusy(Exception):
    """More people sign in than can be checked; trying again in some seconds helps."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`new_hash`: the same password under today's parameters, where they have changed."""

    right: bool
    new_hash: str | None = None


class Passwords:
    """One at a time; RFC 9106's second recommendation but in one lane, for calls need the other cores."""

    def __init__(self, *, passes: int = 3, memory_kib: int = 64 * 1024) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Raises TooBusy."""
        return await self._in_thread(self._hasher.hash, prepared(password))

    async def verify(self, password: str, known_hash: str | None) -> Verdict:
        """`known_hash` None: there is nobody of that name, which takes as long. Raises TooBusy."""
        return await self._in_thread(self._verify, prepared(password), known_hash)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password: bytes, known_hash: str | None) -> Verdict:
        if known_hash is None:
            if self._nobodys is None:
                self._nobodys = self._hasher.hash(secrets.token_bytes(32))
            self._right(self._nobodys, password)
            return Verdict(False)
        if not self._right(known_hash, password):
            return Verdict(False)
        stale = self._hasher.check_needs_rehash(known_hash)
        return Verdict(True, self._hasher.hash(password) if stale else None)

    def _right(self, known_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(known_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        if self._waiting >= MOST_WAITING:
            raise TooBusy("Too many people sign in at this moment: try again in some seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        finally:
            self._waiting -= 1


def prepared(password: str) -> bytes:
    """The bytes that are hashed: the same however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


class PasswordRefused(Refused):
    """`why`: "short", "long" or "easy"."""

    def __init__(self, why: str, message: str, field: str) -> None:
        super().__init__(message, field)
        self.why = why


def check_new(password: str, name: str = "", *, field: str = "password") -> None:
    """Raises PasswordRefused for a password that nobody may choose."""
    length = len(unicodedata.normalize("NFKC", password))
    if length < SHORTEST:
        raise PasswordRefused(
            "short", f"A password has at least {SHORTEST} characters; several words are good.", field
        )
    if length > LONGEST:
        raise PasswordRefused("long", f"A password has at most {LONGEST} characters.", field)
    if len(set(password)) < 4 or (name and password.casefold().strip() == name.casefold()):
        raise PasswordRefused("easy", "This password is too easy to guess; several words are good.", field)
