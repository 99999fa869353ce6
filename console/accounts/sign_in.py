"""Signing in and out, and changing one's own password."""

from __future__ import annotations

import math
from dataclasses import replace

import structlog

from console.accounts.credentials import digest, new_session
from console.accounts.passwords import LONGEST, Passwords, check_new
from console.api.rate_limits import address_key
from engine.ports import Clock
from engine.registers.accounts import LONGEST_NAME, Accounts, KnownPassword, name_key
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditNote
from engine.seen_notes import SeenNotes

log = structlog.get_logger(__name__)


class WrongPassword(Exception):
    """The name or the password is wrong, or the person may not sign in any more: it is not told which."""


class MustWait(Exception):
    """Too many wrong passwords lately: not even the right one is looked at for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Wait {math.ceil(seconds)} s.")
        self.seconds = math.ceil(seconds)


class SignIn:
    """Answers with the secret of a new session; the one that the browser had before is ended."""

    def __init__(self, accounts: Accounts, passwords: Passwords, notes: SeenNotes, clock: Clock) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._notes = notes
        self._clock = clock

    async def sign_in(self, name: str, password: str, address: str, before: str | None) -> str:
        """Raises WrongPassword, MustWait, passwords.TooBusy; Missing when the password was just changed."""
        known = await self._checked(name, password, address)
        actor = Actor(ActorKind.PERSON, known.person.id, address)
        return await self._begin(actor, known, before)

    async def sign_out(self, actor: Actor, secret: str) -> None:
        await self._accounts.sessions.end(actor, digest(secret), self._clock.now())

    async def change_password(self, actor: Actor, current: str, new: str, before: str | None) -> str:
        """Ends all sessions of the person and begins one. Raises as `sign_in`, and Refused with a field."""
        person = (await self._accounts.people.known(actor.id)).person
        check_new(new, person.name, field="new_password")
        known = await self._checked(person.name, current, actor.address)
        new_hash = await self._passwords.hash(new)
        changed = await self._accounts.people.change_password(
            actor, person.id, new_hash, self._clock.now(), known.person.version
        )
        return await self._begin(actor, KnownPassword(changed, new_hash), before)

    async def _checked(self, name: str, password: str, address: str) -> KnownPassword:
        """Every try counts as wrong until it was right: many at once get no more tries than one by one."""
        if len(name) > LONGEST_NAME or not name.isprintable() or len(password) > LONGEST:
            raise WrongPassword
        keys = (f"name:{name_key(name)}", address_key(address))
        wait = await self._accounts.attempts.try_password(keys, self._clock.now())
        if wait > 0:
            raise MustWait(wait)
        known = await self._accounts.people.named(name)
        verdict = await self._passwords.verify(password, known.password_hash if known else None)
        if known is None or not verdict.right or known.person.disabled_at is not None:
            log.warning("A sign-in was refused: wrong name or password", address=address)
            if known is not None:
                self._note_refusal(known, address)
            raise WrongPassword
        await self._accounts.attempts.password_was_right(keys, self._clock.now())
        if verdict.new_hash is not None:
            await self._accounts.people.rehash(known.person.id, known.password_hash, verdict.new_hash)
            known = replace(known, password_hash=verdict.new_hash)
        return known

    async def _begin(self, actor: Actor, known: KnownPassword, before: str | None) -> str:
        """A secret that nobody chose but we: one that was planted in the browser is worth nothing."""
        now = self._clock.now()
        if before is not None:
            await self._accounts.sessions.end(actor, digest(before), now)
        secret = new_session()
        await self._accounts.sessions.begin(actor, digest(secret), known, now)
        return secret

    def _note_refusal(self, known: KnownPassword, address: str) -> None:
        """Written later, lest the answer come later than to a name that nobody has."""
        actor = Actor(ActorKind.PERSON, known.person.id, address)
        subject = f"person:{known.person.id}"
        self._notes.add(AuditNote(self._clock.now(), actor, "session.refused", subject))
