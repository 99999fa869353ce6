"""SeenNotes: who saw what, gathered for a second so that reading stays cheap."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

import structlog

from engine.ports import Clock, StoreUnavailable
from engine.registers.actor import Actor
from engine.registers.audit import AuditLog, AuditNote

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 1.0
# Some minutes of a busy office while the database is away; reads need the database anyway.
MOST_WAITING = 10_000
AT_ONCE = 500
SAME_LOOK_SECONDS = 600.0
MOST_TOLD = 50_000

Look = tuple[Actor, str, str]


class SeenNotes:
    """A page that is fetched anew as things change is one look, told once in ten minutes.

    A process that is killed loses the notes of its last second; a graceful end loses none.
    """

    def __init__(self, audit: AuditLog, clock: Clock, *, flush_seconds: float = FLUSH_SECONDS) -> None:
        self._audit = audit
        self._clock = clock
        self._flush_seconds = flush_seconds
        self._waiting: list[AuditNote] = []
        self._told: OrderedDict[Look, datetime] = OrderedDict()
        self._flushing = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def note(self, actor: Actor, action: str, subjects: Iterable[str], **data: object) -> None:
        """Call it before the answer is sent. Raises StoreUnavailable when no more can be kept."""
        at = self._clock.now()
        subjects = tuple(subject for subject in subjects if not self._is_told((actor, action, subject), at))
        self.add(*(AuditNote(at, actor, action, subject, data) for subject in subjects))
        self._told.update(((actor, action, subject), at) for subject in subjects)
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)

    def add(self, *notes: AuditNote) -> None:
        """Each of them is told. Raises as `note`."""
        if len(self._waiting) + len(notes) > MOST_WAITING:
            raise StoreUnavailable("what is done cannot be noted in the audit log")
        self._waiting += notes

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """Writes what waits; what the database does not take is told in the log. Idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        await task
        await self.flush()
        if self._waiting:
            log.error("Notes of what was seen are lost: the database was away", notes=len(self._waiting))

    async def flush(self) -> None:
        """Those that cannot be written now stay for the next time."""
        async with self._flushing:
            while self._waiting:
                some = self._waiting[:AT_ONCE]
                try:
                    await self._audit.add(some)
                except StoreUnavailable as away:
                    log.warning("What was seen cannot be noted yet", reason=str(away))
                    return
                del self._waiting[: len(some)]

    def _is_told(self, look: Look, at: datetime) -> bool:
        told_at = self._told.get(look)
        if told_at is None:
            return False
        if (at - told_at).total_seconds() < SAME_LOOK_SECONDS:
            return True
        del self._told[look]
        return False

    async def _work(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._flush_seconds)
            try:
                await self.flush()
            except Exception:  # one note that cannot be written must not stop the others for ever
                log.exception("What was seen could not be noted", notes=len(self._waiting))
