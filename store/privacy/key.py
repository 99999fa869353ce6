"""The installation's key of digests: what is kept of erased people can be recognised, and never read."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.ports import StoreUnavailable
from store.database import StoreError
from store.tables import do_not_contact

OPTION = "infolinia_erasure_key"
_PREFIX = "erased:"


class KeyUnavailable(StoreError, StoreUnavailable):
    """Told at the start like a wrong database, and later like one that is away: the gate then refuses."""


class ErasureKey:
    """A file of 32 random bytes, made at the first erasure. All nodes of one database have the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._key: bytes | None = None

    def make(self) -> None:
        """Raises KeyUnavailable. Two processes that make it at once get the same one."""
        if self._read() is not None:
            return
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
            try:
                os.write(descriptor, secrets.token_bytes(32))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            try:
                os.link(partial, self.path)
            except FileExistsError:
                pass
            finally:
                partial.unlink()
        except OSError as error:
            raise KeyUnavailable(
                f"The key {self.path} of erased people cannot be made ({error.strerror}); "
                "give this user the right to write there."
            ) from error
        self._read()

    def contact_digest(self, contact_id: str) -> str:
        return self._digest(f"contact:{contact_id}")

    def point_digest(self, value: str) -> str:
        """As it stands in do_not_contact.value. It tells which key made it."""
        return f"{_PREFIX}{self.name}:{self._digest(f'point:{value}')}"

    @property
    def made(self) -> bool:
        return self._read() is not None

    @property
    def name(self) -> str:
        return self._digest("name")[:8]

    def _digest(self, text: str) -> str:
        key = self._read()
        if key is None:
            raise KeyUnavailable(
                f"The key {self.path} of erased people is not there; put it back from a backup."
            )
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _read(self) -> bytes | None:
        """Another process may make it at any time."""
        if self._key is None:
            try:
                self._key = self.path.read_bytes()
            except FileNotFoundError:
                return None
            except OSError as error:
                raise KeyUnavailable(
                    f"The key {self.path} of erased people cannot be read ({error.strerror}); "
                    "give this user the right to read it."
                ) from error
        return self._key


def key_of(connection: Connection) -> ErasureKey | None:
    """The key of the connection's engine."""
    found = connection.get_execution_options().get(OPTION)
    return found if isinstance(found, ErasureKey) else None


def digests_of(connection: Connection, values: set[str]) -> set[str]:
    """How these points stand among the objections of erased people."""
    key = key_of(connection)
    return {key.point_digest(value) for value in values} if key is not None and key.made else set()


async def check_key(engine: AsyncEngine, key: ErasureKey) -> None:
    """Raises StoreError when objections of erased people were kept under a key that is not here."""
    expected = f"{_PREFIX}{key.name}:" if key.made else None
    value = do_not_contact.c.value
    foreign = select(value).where(value.startswith(_PREFIX))
    if expected is not None:
        foreign = foreign.where(~value.startswith(expected))
    async with engine.connect() as connection:
        if (await connection.execute(foreign.limit(1))).first() is not None:
            raise StoreError(
                f"People who were erased and must not be contacted were kept under another key than "
                f"{key.path}; copy {key.path.name} here from the other node or from a backup."
            )
