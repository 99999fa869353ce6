"""What became of messages, written down in batches: a transaction costs the same for one as for a hundred."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from engine.ports import StoreUnavailable
from engine.registers.messages import Message, MessageQueue, Move
from messaging.provider import Receipt

log = structlog.get_logger("messages")

AWAY_SECONDS = 2.0
# So long answers wait for others.
GATHER_SECONDS = 0.02
BATCH = 500


class Writer:
    """Runs between `start` and `close`. `moved` is told of each message whose state has changed."""

    def __init__(self, queue: MessageQueue, moved: Callable[[Message], None]) -> None:
        self._queue = queue
        self._moved = moved
        self._moves: list[tuple[Move, asyncio.Future[None] | None]] = []
        self._receipts: list[tuple[Receipt, asyncio.Future[None]]] = []
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.away: str | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._write_on())

    async def close(self) -> None:
        """What is known by now is written, if the database lets it. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            try:
                while self._moves or self._receipts:
                    await self._write()
            except StoreUnavailable as away:
                log.error("answers were not written: they are in doubt", answers=len(self._moves), why=away)
                for _, written in self._moves:
                    if written is not None and not written.done():  # nobody waits for what comes no more
                        written.set_exception(away)

    def answered(self, move: Move) -> None:
        self._moves.append((move, None))
        self._something.set()

    async def answered_late(self, move: Move) -> None:
        """Returns once it is written, which it is although the database is away meanwhile."""
        written = self._to_write()
        self._moves.append((move, written))
        await written

    async def receipt(self, receipt: Receipt) -> None:
        """Returns once it is written. Raises StoreUnavailable."""
        written = self._to_write()
        self._receipts.append((receipt, written))
        await written

    def _to_write(self) -> asyncio.Future[None]:
        if self._task is None:
            raise StoreUnavailable("the hotline is stopping")
        self._something.set()
        return asyncio.get_running_loop().create_future()

    async def _write_on(self) -> None:
        while True:
            await self._something.wait()
            if len(self._moves) + len(self._receipts) < BATCH:
                await asyncio.sleep(GATHER_SECONDS)
            self._something.clear()
            try:
                while self._moves or self._receipts:
                    await self._write()
                self._note(None)
            except StoreUnavailable as away:
                self._note(str(away))
                self._something.set()
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                log.exception("what became of messages could not be written; trying again")
                self._something.set()
                await asyncio.sleep(AWAY_SECONDS)

    async def _write(self) -> None:
        """Answers with the receipts that are there: these are about them. What could not be written is kept
        for the next time.
        """
        moves = list(self._moves)
        receipts, self._receipts = self._receipts[:BATCH], self._receipts[BATCH:]
        try:
            await self._settle([move for move, _ in moves], [receipt for receipt, _ in receipts])
        except BaseException as failure:
            # The provider is told, does not confirm, and so hears of it again.
            told = StoreUnavailable(str(failure) or type(failure).__name__)
            for _, written in receipts:
                if not written.done():
                    written.set_exception(told)
            raise
        del self._moves[: len(moves)]
        for _, heard in (*moves, *receipts):
            if heard is not None and not heard.done():
                heard.set_result(None)

    async def _settle(self, moves: Sequence[Move], receipts: Sequence[Receipt]) -> None:
        try:
            changed = await self._queue.settle(moves, receipts)
        except StoreUnavailable:
            raise
        except Exception:
            changed = await self._moved_together(moves)
            changed = [*changed, *await self._queue.receipts(receipts)]
        for message in changed:
            self._moved(message)

    async def _moved_together(self, moves: Sequence[Move]) -> Sequence[Message]:
        """One that cannot be written keeps none of the others back; its message comes into doubt."""
        try:
            return await self._queue.move(moves)
        except StoreUnavailable:
            raise
        except Exception:
            if len(moves) == 1:
                log.exception("an answer could not be written", message=moves[0].message_id)
                return ()
            return [message for move in moves for message in await self._moved_together([move])]

    def _note(self, away: str | None) -> None:
        if away is not None and self.away is None:
            log.warning("answers of providers wait for the database", why=away)
        self.away = away
