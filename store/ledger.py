"""The ledger: commits grouped into transactions, and kept on disk while the database is away.

One task does all the writing, so the order of commits is the order of writing:

    commit -> pending -> (database answers) one transaction of all that is pending
                      -> (it does not)      the spool; later, its oldest lines into the database

As long as the spool holds anything, new commits go behind it. Durable ones are refused meanwhile. What is
written twice, after a crash or a lost answer, is the same as written once: see store.rows.

What can be lost: non-durable commits of the last `flush_seconds` when the process is killed; those that find
neither database nor disk nor room (counted and told).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from engine.changes import Change
from engine.ports import Clock, LedgerUnavailable
from store.spool import DeadLetters, Spool
from store.spooled import Commit, SpooledUnreadable, commit_of, dead_line, dead_text, line_of
from store.transactions import DatabaseAway, Refused, Transactions

log = structlog.get_logger("store")

# Commits in one transaction, and lines replayed from the spool at once.
BATCH = 500
# Commits held in memory while a write hangs, or while neither database nor disk takes them; more are lost.
PENDING_LIMIT = 100_000
# Pauses between tries to reach a database that is away; the last one goes on.
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
DURABLE_LIMIT_SECONDS = 30.0

HealthListener = Callable[[bool, str], None]


class ChangeRefused(LedgerUnavailable):
    """The database refused the values of a durable commit; asking again will not help."""


@dataclass(slots=True)
class _Pending:
    commit: Commit
    written: asyncio.Future[None] | None


class GroupLedger:
    """Implements engine.ports.Ledger. `start` before the first commit, `close` after the last."""

    def __init__(
        self,
        transactions: Transactions,
        spool: Spool,
        clock: Clock,
        on_health: HealthListener,
        flush_seconds: float,
    ) -> None:
        self._transactions = transactions
        self._spool = spool
        self._dead_letters = DeadLetters(spool.folder)
        self._clock = clock
        self._on_health = on_health
        self._flush_seconds = flush_seconds
        self._pending: list[_Pending] = []
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._failures = 0
        self._retry_at = 0.0
        self._away = ""
        self._disk_trouble = ""
        self._refused = 0
        self._lost = 0
        self._told: tuple[bool, str] | None = None

    async def commit(self, changes: Sequence[Change], *, durable: bool = False) -> None:
        """See engine.ports.Ledger. A durable commit that the database refuses raises ChangeRefused."""
        if self._task is None or self._closing:
            raise LedgerUnavailable("The ledger is not open.")
        commit = Commit(self._clock.now(), tuple(changes))
        if durable:
            await self._commit_durably(commit)
        elif len(self._pending) < PENDING_LIMIT:
            self._pending.append(_Pending(commit, None))
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(self._flush_seconds, self._wake.set)
        else:
            self._lost += 1

    async def start(self) -> None:
        """Replay what an earlier process left, then take commits. Raises DatabaseAway, OSError."""
        replayed = 0
        while not self._spool.empty:
            replayed += await self._replay()
        if replayed or self._spool.torn:
            log.info("the spool was replayed", commits=replayed, cut_short=self._spool.torn)
        self._task = asyncio.create_task(self._write_on(), name="ledger")
        self._tell()

    async def close(self) -> None:
        """Write what is pending, to the database or else to the spool. Idempotent."""
        if self._task is not None and not self._closing:
            self._closing = True
            self._wake.set()
            await self._task
            if self._timer is not None:
                self._timer.cancel()
            if self._pending:
                log.error("commits were lost at the end", commits=len(self._pending), why=self._disk_trouble)
        await self._transactions.close()

    async def _commit_durably(self, commit: Commit) -> None:
        if self._away or not self._spool.empty:
            raise LedgerUnavailable(self._away or "The database is still being brought up to date.")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(_Pending(commit, written))
        self._wake.set()
        try:
            async with asyncio.timeout(DURABLE_LIMIT_SECONDS):
                await written
        except TimeoutError:
            raise LedgerUnavailable(f"The database took more than {DURABLE_LIMIT_SECONDS:.0f} s.") from None

    async def _write_on(self) -> None:
        """The one task that writes, until the ledger is closed and nothing is pending."""
        loop = asyncio.get_running_loop()
        while not (self._closing and not self._pending):
            await self._wait_for_work()
            try:
                if self._closing and (self._away or not self._spool.empty):
                    await self._keep(self._take())
                    break
                if loop.time() < self._retry_at:
                    await self._keep(self._take())
                    continue
                await self._write_next()
                self._failures = 0
                self._away = ""
            except DatabaseAway as error:
                self._note_failure(f"The database is away ({error})")
            except OSError as error:
                self._note_failure(f"The spool folder {self._spool.folder} fails ({error})")
            self._tell()

    async def _write_next(self) -> None:
        if not self._spool.empty:
            await self._keep(self._take())
            await self._replay()
        elif self._pending:
            await self._write(self._take(BATCH))
        elif self._away:
            await self._transactions.check()

    async def _wait_for_work(self) -> None:
        """Until there are commits to write or lines to replay, or a pause after a failure is over."""
        if not self._closing:
            pause: float | None = None
            if self._away:
                pause = max(0.0, self._retry_at - asyncio.get_running_loop().time())
            elif not self._spool.empty:
                pause = 0.0
            elif self._pending:
                pause = self._flush_seconds
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
        self._wake.clear()

    def _take(self, limit: int = PENDING_LIMIT) -> list[_Pending]:
        """The oldest pending commits, without the durable ones whose caller no longer waits."""
        taken, self._pending = self._pending[:limit], self._pending[limit:]
        if self._pending:
            self._wake.set()
        elif self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return [p for p in taken if p.written is None or not p.written.done()]

    async def _write(self, batch: list[_Pending]) -> None:
        try:
            refused = await self._transactions.write([p.commit for p in batch])
        except DatabaseAway:
            await self._keep(batch)
            raise
        reasons = {id(refusal.commit): refusal for refusal in refused}
        for pending in batch:
            refusal = reasons.get(id(pending.commit))
            if pending.written is None:
                if refusal is not None:
                    await self._set_aside(refusal)
            elif not pending.written.done():
                if refusal is None:
                    pending.written.set_result(None)
                else:
                    pending.written.set_exception(ChangeRefused(f"The database refused it: {refusal.why}"))

    async def _keep(self, batch: list[_Pending]) -> None:
        """Put commits into the spool; durable ones are told that they were not written."""
        lines: list[bytes] = []
        kept: list[_Pending] = []
        for pending in batch:
            if pending.written is not None:
                if not pending.written.done():
                    pending.written.set_exception(LedgerUnavailable(self._away or "The database is away."))
                continue
            try:
                lines.append(line_of(pending.commit))
                kept.append(pending)
            except TypeError as error:
                await self._set_aside(Refused(pending.commit, str(error)))
        if not lines:
            return
        try:
            self._lost += len(lines) - await asyncio.to_thread(self._spool.append, lines)
        except OSError as error:
            # They wait in memory, at the front, for a disk or a database that takes them.
            self._pending[:0] = kept
            self._disk_trouble = f" The spool folder {self._spool.folder} takes nothing ({error.strerror})."
        else:
            self._disk_trouble = ""

    async def _replay(self) -> int:
        """Write the oldest lines of the spool into the database and forget them; returns how many."""
        lines = await asyncio.to_thread(self._spool.first, BATCH)
        commits: list[Commit] = []
        for line in lines:
            try:
                commits.append(commit_of(line))
            except SpooledUnreadable as error:
                await self._add_dead_letter(dead_text(line, str(error), self._clock.now()), str(error))
        for refusal in await self._transactions.write(commits):
            await self._set_aside(refusal)
        await asyncio.to_thread(self._spool.forget, lines)
        return len(lines)

    async def _set_aside(self, refusal: Refused) -> None:
        await self._add_dead_letter(dead_line(refusal.commit, refusal.why, self._clock.now()), refusal.why)

    async def _add_dead_letter(self, line: bytes, why: str) -> None:
        self._refused += 1
        log.error("a commit was refused and set aside", why=why, file=str(self._dead_letters.path))
        try:
            await asyncio.to_thread(self._dead_letters.add, line)
        except OSError as error:
            self._lost += 1
            log.error("a refused commit could not be kept", reason=str(error))

    def _note_failure(self, what: str) -> None:
        self._retry_at = (
            asyncio.get_running_loop().time() + RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        )
        self._failures += 1
        self._away = what

    def _tell(self) -> None:
        ok = not self._away and self._spool.empty
        if self._away:
            limit_mb = self._spool.limit_bytes >> 20
            said = f"{self._away}; commits are kept in {self._spool.folder}, up to {limit_mb} MB."
        elif not ok:
            said = "The database answers again; what was kept on disk is being written."
        else:
            said = "The database answers."
        said += self._disk_trouble
        if self._refused:
            said += f" Refused and set aside in {self._dead_letters.path}: {self._refused}."
        if self._lost:
            said += f" Lost for want of room: {self._lost}."
        if self._told != (ok, said):
            if self._told is not None or not ok:  # that it works from the start is no news
                log.log(logging.INFO if ok else logging.WARNING, said)
            self._told = (ok, said)
            self._on_health(ok, said)
