"""Chats in a person's timeline: what was said in each, and on which pages the visitor was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.desk.chat import SeenPage, line_of, page_of
from console.words import Words
from engine.chat.sides import PageSeen
from engine.ports import StoreUnavailable
from engine.registers.chats import Chats
from history.interaction import Channel, Interaction
from messaging.chat import ChatLine, LineKind

# A visitor may write no more, and few go to as many pages.
MOST_LINES = 500
# Each is read by itself.
MOST_CHATS = 30


@dataclass(frozen=True, slots=True)
class PastLine:
    """`side` as console.desk.chat.Line; `page` of a line that says where the visitor went."""

    at: datetime
    side: str
    by: str
    text: str
    icon: str
    buttons: tuple[str, ...]
    page: SeenPage | None


@dataclass(frozen=True, slots=True)
class PastChat:
    """`cut`: there are more lines. `first`: the visitor's first words."""

    lines: tuple[PastLine, ...]
    cut: bool
    first: str


def is_chat(row: Interaction) -> bool:
    """One of ours: what another system wrote has no lines here, and what was erased names itself."""
    return row.channel is Channel.CHAT and row.source is None and row.subject_id != row.id


async def past_chats(
    chats: Chats | None,
    rows: Sequence[Interaction],
    words: Words,
    names: Mapping[str, str],
    *,
    visitor: str | None,
) -> Mapping[str, PastChat]:
    """By the chat's id, those of the rows that are still kept, the first ones. `visitor`: their name.

    While the store does not answer there are none: the desk shows a caller's history all the same.
    """
    if chats is None:
        return {}
    ids = list(dict.fromkeys(row.subject_id for row in rows if is_chat(row)))[:MOST_CHATS]
    try:
        kept = {id_: await chats.lines(id_, limit=MOST_LINES + 1) for id_ in ids}
    except StoreUnavailable:
        return {}
    who = visitor or words("chats_visitor")
    return {id_: _past(lines, words, names, who) for id_, lines in kept.items() if lines}


def _past(lines: Sequence[ChatLine], words: Words, names: Mapping[str, str], visitor: str) -> PastChat:
    shown = tuple(_line(one, words, names, visitor) for one in lines[:MOST_LINES])
    first = next((one.text for one in shown if one.side == "visitor"), "")
    return PastChat(shown, len(lines) > MOST_LINES, " ".join(first.split()))


def _line(one: ChatLine, words: Words, names: Mapping[str, str], visitor: str) -> PastLine:
    line = line_of(one, words, names)
    page = None
    if one.kind is LineKind.PAGE:
        page = page_of(PageSeen(one.at, one.text, str(one.data.get("title") or "")))
    by = visitor if line.side == "visitor" else line.by
    return PastLine(one.at, line.side, by, line.text, line.icon, line.buttons, page)
