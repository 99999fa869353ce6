"""A chat as it is shown to agents and supervisors: who it is, where they are, what was said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from console import display
from console.words import Words
from engine.chat.sides import ChatItem, PageSeen
from engine.registers.chats import ChatRow
from history.interaction import PointKind
from messaging.chat import ChatLine, ChatPhase, LineKind, Speaker

LONGEST_LINE = 2000
LONGEST_ADDRESS = 120
# Of the way that the visitor came, what is shown: the newest.
MOST_PAGES = 12
MOST_LINES = 400
# Of the choices that they made, the newest.
MOST_CHOSEN = 4
CHOSEN = " › "
# A key, a number, or what is kept secret.
_TELLS_NOTHING = re.compile(r"[\W\d_]*")
SAID = frozenset({LineKind.TEXT, LineKind.CHOICE})
# Tone of the tag, and the shape that goes with it.
PHASES: Mapping[ChatPhase, tuple[str, str]] = {
    ChatPhase.LED: ("tag-calm", "route"),
    ChatPhase.WAITING: ("tag-warn", "hourglass"),
    ChatPhase.TALKING: ("tag-note", "message-square"),
    ChatPhase.CLOSED: ("tag-calm", "check"),
}
_NEWS_ICONS: Mapping[LineKind, str] = {
    LineKind.PAGE: "file-text",
    LineKind.JOINED: "headset",
    LineKind.MOVED: "arrow-right-left",
    LineKind.CALL: "phone",
    LineKind.CLOSED: "check",
    LineKind.NOTE: "pencil",
}


@dataclass(frozen=True, slots=True)
class SeenPage:
    """`link` "": its address is none that may be followed."""

    at: datetime | None
    address: str
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class Line:
    """`side`: "visitor", "own" (an agent of ours or the flow), or "news", which nobody said."""

    seq: int
    at: datetime
    side: str
    by: str
    text: str
    icon: str = ""
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatCard:
    """`known` False: no name of theirs is. `until_ms`: of an offer; `wrap_up_ms`: of what is left to say.

    `heard`: the number of the visitor's last words. `waited`: until an agent had it, or as yet.
    """

    id: str
    name: str
    known: bool
    contact_id: str | None
    number: str
    site: str
    queue: str
    phase: ChatPhase
    agent: str
    agent_name: str
    opened_at: datetime
    since: datetime | None
    waited: str
    last: str
    owed_since: datetime | None
    offered: bool
    until_ms: int
    wrap_up_ms: int
    required: bool
    present: bool
    typing: bool
    page: SeenPage | None
    path: Sequence[SeenPage]
    lines: Sequence[Line]
    cut: bool
    heard: int
    answers: Sequence[tuple[str, str]]
    outcomes: Sequence[tuple[str, str]]
    language: str
    disposition: str
    most: int = LONGEST_LINE

    @property
    def is_open(self) -> bool:
        return self.phase is not ChatPhase.CLOSED


def card_of(item: ChatItem, words: Words, names: Mapping[str, str], now: datetime) -> ChatCard:
    row, chat = item.row, item.row.chat
    lines = [line_of(one, words, names) for one in item.lines[-MOST_LINES:]]
    outcomes = [
        (choice.name, display.labelled(choice.label, choice.name, words)) for choice in item.dispositions
    ]
    path = [page_of(one) for one in item.path[-MOST_PAGES:]]
    number = chat.point.value if chat.point is not None and chat.point.kind is PointKind.PHONE else ""
    return ChatCard(
        id=chat.id,
        name=name_of(row, words),
        known=row.contact is not None and bool(row.contact.name),
        contact_id=None if row.contact is None else row.contact.id,
        number=display.phone(number) if number else "",
        site=chat.site,
        queue=chat.queue,
        phase=chat.phase,
        agent=chat.agent or "",
        agent_name="" if chat.agent is None else names.get(chat.agent, chat.agent),
        opened_at=chat.opened_at,
        since=chat.since if chat.phase is ChatPhase.WAITING else None,
        waited="" if chat.waited_seconds is None else display.duration(chat.waited_seconds),
        last=last_words(item.lines),
        owed_since=chat.owed_since,
        offered=item.offer is not None,
        until_ms=0 if item.offer is None else _ms(item.offer.until),
        wrap_up_ms=0 if item.wrap_up_until is None else _ms(item.wrap_up_until),
        required=item.required,
        present=item.present,
        typing=item.typing,
        page=page_of(PageSeen(chat.last_at or chat.opened_at, chat.page, _title(item)))
        if chat.page
        else None,
        path=path,
        lines=lines,
        cut=len(item.lines) > MOST_LINES,
        heard=max((one.seq for one in item.lines if _heard(one)), default=0),
        answers=item.answers,
        outcomes=outcomes,
        language=chat.language or "",
        disposition=dict(outcomes).get(chat.disposition or "", chat.disposition or ""),
    )


def last_words(lines: Sequence[ChatLine]) -> str:
    """What the visitor wrote last that tells something; else the choices they made; else the last line."""
    said = [one for one in lines if one.kind in SAID]
    theirs = [one for one in said if one.speaker is Speaker.VISITOR]
    for one in reversed(theirs):
        if one.kind is LineKind.TEXT and not _TELLS_NOTHING.fullmatch(one.text):
            return one.text
    chosen = [one.text for one in theirs if one.kind is LineKind.CHOICE]
    return CHOSEN.join(chosen[-MOST_CHOSEN:]) if chosen else said[-1].text if said else ""


def name_of(row: ChatRow, words: Words) -> str:
    if row.contact is not None and row.contact.name:
        return row.contact.name
    if row.chat.name:
        return row.chat.name
    numbers = (
        [] if row.contact is None else [one for one in row.contact.points if one.kind is PointKind.PHONE]
    )
    return display.phone(numbers[0].value) if numbers else words("chats_visitor")


def page_of(seen: PageSeen) -> SeenPage:
    """Its address as text; as a link only where a browser fetches it and nothing more."""
    try:
        parts = urlsplit(seen.address)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        plain, parts = False, urlsplit("")
    shown = f"{parts.hostname}{parts.path}" if plain else seen.address
    if len(shown) > LONGEST_ADDRESS:
        shown = shown[: LONGEST_ADDRESS - 1] + "…"
    return SeenPage(seen.at, shown, seen.title[:LONGEST_ADDRESS], seen.address if plain else "")


def line_of(one: ChatLine, words: Words, names: Mapping[str, str]) -> Line:
    agent = "" if one.agent is None else names.get(one.agent, one.agent)
    buttons = tuple(button.label for button in one.buttons)
    if one.kind in SAID:
        if one.speaker is Speaker.VISITOR:
            return Line(one.seq, one.at, "visitor", "", one.text)
        by = agent if one.speaker is Speaker.AGENT else words("chats_flow")
        return Line(one.seq, one.at, "own", by, one.text, buttons=buttons)
    icon = _NEWS_ICONS[one.kind]
    match one.kind:
        case LineKind.PAGE:
            seen = page_of(PageSeen(one.at, one.text, str(one.data.get("title") or "")))
            told = words("chats_went_to", page=seen.title or seen.address)
        case LineKind.JOINED:
            told = words("chats_joined", agent=agent)
        case LineKind.CALL if one.speaker is Speaker.AGENT:
            told = words("chats_call_offered", agent=agent)
        case LineKind.CALL:
            told = words("chats_call_asked" if one.data.get("how") == "callback" else "chats_calls")
        case LineKind.MOVED:
            told = one.text or words("chats_moved")
        case LineKind.CLOSED:
            told = one.text or words("chats_over")
        case _:
            told = one.text
    return Line(one.seq, one.at, "news", agent, told, icon)


def _heard(line: ChatLine) -> bool:
    return line.speaker is Speaker.VISITOR and line.kind in SAID


def _title(item: ChatItem) -> str:
    here = item.row.chat.page
    return next((one.title for one in reversed(item.path) if one.address == here), "")


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
