"""One chat on its way into the store: in order, as often as it takes, and one write at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from engine.changes import Change
from engine.ports import StoreUnavailable
from engine.registers.chats import Chats
from engine.registers.refusals import Missing, Refused
from messaging.chat import Chat, ChatLine

KEEP_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
# More is not held for a store that is away: the visitor is asked to wait.
MOST_UNKEPT = 200

log = structlog.get_logger("chats")


class ChatKeeper:
    """`on_kept` is told the chat as the store has it: whose it is may have changed there."""

    def __init__(self, register: Chats, chat: Chat, on_kept: Callable[[Chat], None]) -> None:
        self._register = register
        self._chat = chat
        self._version = chat.version
        self._on_kept = on_kept
        self._lines: list[ChatLine] = []
        self._changes: list[Change] = []
        self._task: asyncio.Task[None] | None = None
        self._kept = asyncio.Event()
        self._kept.set()
        self.away = False
        self.gone = False  # erased, or never there

    @property
    def full(self) -> bool:
        """Whether no more lines are held."""
        return self.away and len(self._lines) >= MOST_UNKEPT

    def put(self, chat: Chat, lines: Sequence[ChatLine] = (), changes: Sequence[Change] = ()) -> None:
        """As it is now, with what is new."""
        if self.gone:
            return
        self._chat = chat
        self._lines += lines
        self._changes += changes
        self._kept.clear()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def kept(self, seconds: float) -> bool:
        """Whether all of it is in the store within that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._kept.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, seconds: float) -> None:
        """The engine stops: what is not kept by then is lost with it."""
        await self.kept(seconds)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        try:
            while not self.gone and not self._kept.is_set():
                await self._keep_once()
        except Exception:
            log.exception("a chat could not be kept", chat=self._chat.id)
            self.gone = True
        finally:
            self._task = None
            self._kept.set()

    async def _keep_once(self) -> None:
        """What there is now. The same again until it is known to be kept: an answer may be lost."""
        chat, lines, changes = self._chat, tuple(self._lines), tuple(self._changes)
        written = len(lines), len(changes)
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with asyncio.timeout(KEEP_SECONDS):
                    kept = await self._register.keep(replace(chat, version=self._version), lines, changes)
                break
            except (StoreUnavailable, TimeoutError) as away:
                if not self.away:
                    log.warning("a chat waits for the database", chat=chat.id, why=str(away))
                self.away = True
            except Missing:
                self.gone = True
                return
            except Exception as fault:
                if not isinstance(fault, Refused) or fault.field != "version":
                    # What cannot be written is left out: a chat that is over must not stay open for that.
                    if not lines and not changes:
                        raise
                    log.exception("a part of a chat is not kept", chat=chat.id, lines=not changes)
                    lines, changes = lines if changes else (), ()
                    continue
                if not await self._read_version():
                    self.away = True
                if self.gone:
                    return
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
        self.away = False
        self._version = kept.version
        del self._lines[: written[0]]
        del self._changes[: written[1]]
        if self._chat is chat and not self._lines and not self._changes:
            self._kept.set()
        self._on_kept(kept)

    async def _read_version(self) -> bool:
        """The visitor gave a number, or was erased: the row is of another version."""
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                known = await self._register.get(self._chat.id)
            self._version = known.version
            self.gone = known.secret_hash != self._chat.secret_hash
        except (StoreUnavailable, TimeoutError):
            return False
        except Missing:
            self.gone = True
        return True
