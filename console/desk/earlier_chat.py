"""The chat that whoever calls had just before: its last lines stand beside the call."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.desk.chat import Line, line_of
from console.words import Words
from engine.ports import StoreUnavailable
from engine.registers.chats import ChatFilter, Chats
from engine.registers.refusals import Missing

LATELY = timedelta(hours=6)
MOST_LINES = 12
# Of a long chat, only its end is read.
READ_BACK = 40


@dataclass(frozen=True, slots=True)
class EarlierChat:
    """`lines`: the last that were said, oldest first. `agent`: who talked, as shown, "" for nobody."""

    id: str
    opened_at: datetime
    site: str
    agent: str
    lines: Sequence[Line]


async def earlier_chat(
    chats: Chats, contact_id: str, words: Words, names: Mapping[str, str], now: datetime
) -> EarlierChat | None:
    """The newest of the person; None without one, and while the database is away."""
    with contextlib.suppress(StoreUnavailable, Missing):  # Missing: erased meanwhile
        found = await chats.list(ChatFilter(contact_id=contact_id, since=now - LATELY), limit=1)
        for row in found.items:
            chat = row.chat
            lines = await chats.lines(chat.id, after=max(0, chat.last_seq - READ_BACK), limit=READ_BACK)
            said = [line for line in (line_of(one, words, names) for one in lines) if line.side != "news"]
            if said:
                agent = "" if chat.agent is None else names.get(chat.agent, chat.agent)
                return EarlierChat(chat.id, chat.opened_at, chat.site, agent, said[-MOST_LINES:])
    return None
