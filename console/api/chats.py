"""/chats: what visitors of web sites wrote, and what a flow or an agent answered."""

from __future__ import annotations

from functools import partial
from typing import Any

from console.api.access import Role, Scope
from console.api.chat_shapes import (
    ChatAndLines,
    ChatPage,
    ChatsQuery,
    LinesQuery,
    chat_and_lines,
    chat_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.written_points import not_there
from engine.registers.chats import ChatFilter
from engine.registers.refusals import Missing


class ChatsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._chats = parts.chats

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {
            "tag": "chats",
            "scope": Scope.INTERACTIONS_READ,
            "role": Role.AGENT,
            "notes": "chat.seen",
        }
        get = partial(Operation, "GET")
        return (
            get(
                "/chats", "list_chats", self._list, "Chats, with the newest line first",
                query=ChatsQuery, answer=ChatPage, **read,
            ),
            get(
                "/chats/{chat_id}", "get_chat", self._get, "One chat with its lines, in order",
                description=(
                    "While `last_seq` is greater than the number of the last line, there are more: ask with "
                    "`after`."
                ),
                query=LinesQuery, answer=ChatAndLines, **read,
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        query: ChatsQuery = asked.query
        wanted = ChatFilter(
            phases=query.phase,
            site=query.site,
            queue=query.queue,
            agent=query.agent,
            contact_id=query.contact_id,
            since=query.since,
        )
        after = after_of(query.cursor, "time", "id")
        try:
            page = await self._chats.list(wanted, limit=query.limit, after=after)
        except Missing as missing:
            raise not_there("contact_id", missing) from missing
        items = [chat_shape(row) for row in page.items]
        seen = tuple(f"chat:{row.id}" for row in items)
        return Answer(ChatPage(items=items, next=next_of(page)), seen=seen)

    async def _get(self, asked: Asked) -> Answer:
        query: LinesQuery = asked.query
        row = await self._chats.row(asked.path["chat_id"])
        lines = await self._chats.lines(row.chat.id, after=query.after, limit=query.limit)
        return Answer(chat_and_lines(row, list(lines)))
