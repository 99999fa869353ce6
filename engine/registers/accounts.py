"""People who sign in, their sessions, and the tokens of other systems.

Secrets (passwords, session secrets, tokens) never come here: the register keeps a password's argon2 hash and
the SHA-256 of the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.registers.access import Role, Scope
from engine.registers.actor import Actor
from engine.registers.audit import AuditLog
from engine.registers.refusals import Refused

# A session that nobody uses ends after a shift, and any ends after a week.
SESSION_IDLE_SECONDS = 12 * 3600.0
SESSION_LONGEST_SECONDS = 7 * 24 * 3600.0
# When something was used is written at most so often.
USE_NOTED_EACH_SECONDS = 60.0
LONGEST_NAME = 80


def name_key(name: str) -> str:
    """A name as it is compared: "Anna", "ANNA" and " anna " are one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def checked_name(name: str) -> str:
    """The name as it is shown. Raises Refused for one that nobody could type or read."""
    shown = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 1 <= len(shown) <= LONGEST_NAME or not shown.isprintable():
        raise Refused(f"A name has 1 to {LONGEST_NAME} characters that can be read.", "name")
    return shown


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    role: Role
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class KnownPassword:
    """A person with their password's hash, for signing in and nothing else."""

    person: Person
    password_hash: str


@dataclass(frozen=True, slots=True)
class Token:
    """`hint` is how the token begins; `networks` in CIDR notation, empty: from anywhere."""

    id: str
    name: str
    hint: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime
    networks: tuple[str, ...] = ()
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    person: Person
    created_at: datetime
    seen_at: datetime


class People(Protocol):
    """Names are compared without regard to case. People are disabled, never removed: the audit log names
    them.

    Changes take `seen_version`, None: whatever it is now; they raise Missing, Changed and Refused. The last
    admin who can sign in is refused to be disabled or to lose the role.
    """

    async def any(self) -> bool:
        """Whether there is anybody who was ever added."""

    async def any_admin(self) -> bool:
        """Whether an admin can sign in."""

    async def add(self, actor: Actor, person: Person, password_hash: str) -> Person:
        """Raises Refused when there is somebody of this name."""

    async def get(self, id: str) -> Person:
        """Raises Missing."""

    async def named(self, name: str) -> KnownPassword | None:
        """Also one who is disabled."""

    async def known(self, id: str) -> KnownPassword:
        """Raises Missing."""

    async def list(self, *, limit: int, after: str | None = None) -> Sequence[Person]:
        """In order of id; those after `after`."""

    async def change_role(
        self, actor: Actor, id: str, role: Role, at: datetime, seen_version: int | None = None
    ) -> Person:
        """Ends the person's sessions."""

    async def change_password(
        self,
        actor: Actor,
        id: str,
        password_hash: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> Person:
        """Ends the person's sessions."""

    async def rehash(self, id: str, old_hash: str, new_hash: str) -> None:
        """The same password with new parameters; nothing is done when it was changed meanwhile."""

    async def disable(self, actor: Actor, id: str, at: datetime, seen_version: int | None = None) -> Person:
        """Ends the person's sessions. One who is disabled already stays so."""

    async def enable(self, actor: Actor, id: str, at: datetime, seen_version: int | None = None) -> Person:
        """Undoes `disable`."""


class SignInAttempts(Protocol):
    """The back-off before a password is tried. Keys are "name:…" and "address:…"."""

    async def try_password(self, keys: Sequence[str], at: datetime) -> float:
        """Counts a wrong password for each key before it is looked at, so that many at once are counted too.

        0: try it. Else the seconds to wait, and nothing was counted.
        """

    async def password_was_right(self, keys: Sequence[str], at: datetime) -> None:
        """Takes back what was counted: all of a name's, one of an address's."""


class Sessions(Protocol):
    async def begin(self, actor: Actor, digest: str, known: KnownPassword, at: datetime) -> None:
        """Raises Missing when the password was changed, or the person disabled, since it was read.

        Also removes sessions that are over.
        """

    async def find(self, digest: str, at: datetime, *, renew: bool) -> Session | None:
        """The session that goes on, of a person who is not disabled; `renew`: it was used just now."""

    async def end(self, actor: Actor, digest: str, at: datetime) -> None:
        """Idempotent."""


class Tokens(Protocol):
    async def add(self, actor: Actor, token: Token, digest: str) -> Token:
        """Keeps what another system will show."""

    async def find(self, digest: str, at: datetime) -> Token | None:
        """The token when it is valid now; notes that it was used."""

    async def get(self, id: str) -> Token:
        """Raises Missing."""

    async def list(self, *, limit: int, after: str | None = None) -> Sequence[Token]:
        """In order of id, also those that are over."""

    async def revoke(self, actor: Actor, id: str, at: datetime) -> Token:
        """Works at once. Raises Missing; one that is revoked already stays so."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Everything that is kept of who may do what, and of who did it."""

    people: People
    sessions: Sessions
    attempts: SignInAttempts
    tokens: Tokens
    audit: AuditLog
