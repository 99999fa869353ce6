"""PageNews: what has changed since a page last fetched it. A part that waits is not told twice."""

from __future__ import annotations

import asyncio

from engine.desk.view import DeskPart


class PageNews(asyncio.Queue[DeskPart]):
    """As an asyncio.Queue; it is never longer than there are parts, however slow its reader."""

    def tell(self, part: DeskPart) -> None:
        if part not in self._told:
            self._told.add(part)
            self.put_nowait(part)

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._told: set[DeskPart] = set()

    def _get(self) -> DeskPart:
        part = super()._get()
        self._told.discard(part)
        return part
