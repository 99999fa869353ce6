"""What is live now: calls in progress, and a stream of their changes for pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from calls.call import Call
from calls.events import CallEvent

# A page that reads slower than this many changes behind is told to load anew.
WATCHER_BACKLOG = 200


class LiveCalls:
    """The calls in progress, by id; and watchers that are told the id of each call that changed or ended.

    `on_ended` is told each call once, when it has ended; `on_event` each event of a call's log at once.
    """

    def __init__(self) -> None:
        self.on_ended: Callable[[Call], None] = lambda call: None
        self.on_event: Callable[[CallEvent], None] = lambda event: None
        self._calls: dict[str, Call] = {}
        self._watchers: set[asyncio.Queue[str | None]] = set()

    def __len__(self) -> int:
        return len(self._calls)

    def all(self) -> tuple[Call, ...]:
        """Oldest first."""
        return tuple(self._calls.values())

    def get(self, call_id: str) -> Call | None:
        return self._calls.get(call_id)

    def put(self, call: Call) -> None:
        """Show the call as it is now; one that has ended is taken off."""
        if call.ended_at is None:
            self._calls[call.id] = call
        else:
            self._calls.pop(call.id, None)
            self.on_ended(call)
        self._tell(call.id)

    def heard(self, event: CallEvent) -> None:
        """An event was added to a call's log."""
        self.on_event(event)

    def changed(self, subject: str) -> None:
        """Tell the watchers that something else they show has changed, such as "health" or "history"."""
        self._tell(subject)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[str | None]]:
        """A queue of call ids and subjects that changed. None: the watcher fell behind and must load anew."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(WATCHER_BACKLOG)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def _tell(self, subject: str) -> None:
        for queue in self._watchers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(subject)
