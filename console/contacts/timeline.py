"""A person's timeline as a page shows it: the future on top, then days, each entry with its own line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from console.contacts.chats import PastChat, is_chat
from console.contacts.dialogues import is_dialogue, joined
from console.display import amount_shown, disposition_label, duration, local_day, money, phone
from console.event_details import NO_DISPOSITIONS, NOBODY
from console.words import Words
from history.callbacks import CallbackRequest, CallbackState
from history.dispositions import Disposition
from history.interaction import Channel, Interaction

ICONS: Mapping[Channel, str] = {
    Channel.CALL: "phone-incoming",
    Channel.VOICEMAIL: "voicemail",
    Channel.SMS: "message-square",
    Channel.EMAIL: "mail",
    Channel.CHAT: "message-square",
    Channel.FORM: "file-text",
    Channel.CALLBACK: "calendar-clock",
    Channel.PROMISE: "hand-coins",
    Channel.PAYMENT: "banknote",
    Channel.PUSH: "bell",
    Channel.MESSENGER: "smartphone",
    Channel.TALK: "headset",
}
_CALLS = frozenset({Channel.CALL, Channel.VOICEMAIL, Channel.TALK})
_MESSAGES = frozenset({Channel.SMS, Channel.EMAIL, Channel.PUSH, Channel.MESSENGER})
# What has its own place in the entry.
_TOLD_APART = frozenset({"point", "text"})
_TOLD_IN_CHAT = frozenset({"lines", "pages"})
_SECONDS = frozenset({"waited_seconds", "first_answer_seconds"})
_TOLD_OF_DIALOGUE = frozenset({"kind", "opened_at", "first_answer_seconds"})
_TOLD_OF_PROMISE = frozenset({"amount", "currency", "due"})
# A longer transcript is read on the call's page, or over the API.
TRANSCRIPT_MOST = 4000
LINE_MOST = 300
DATA_MOST = 12
NO_CHATS: Mapping[str, PastChat] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """`call_id`, `message_id`: of one of ours, which has its page. `sound`: where its recording may be.

    `disposition` is its label, `outcome` a word for it. An agent's word replaces that the talk took place.
    `chat`: its lines, which stand for its transcript.
    """

    row: Interaction
    icon: str
    about: tuple[str, ...]
    disposition: str
    outcome: str
    line: str
    transcript: str
    cut: bool
    facts: tuple[tuple[str, str], ...]
    call_id: str | None
    message_id: str | None
    sound: str | None
    chat: PastChat | None = None


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that is due: a callback that was asked for, or a promise."""

    icon: str
    title: str
    detail: str
    due: str
    late: bool


def days(
    rows: Sequence[Interaction],
    words: Words,
    now: datetime,
    names: Mapping[str, str] = NOBODY,
    dispositions: Mapping[str, Disposition] = NO_DISPOSITIONS,
    chats: Mapping[str, PastChat] = NO_CHATS,
) -> tuple[Day, ...]:
    """The rows, newest first, under the day on which they happened where the console runs.

    `names`: of agents, as they are shown. `chats`: those whose lines are shown, by their id. A closed
    dialogue is one entry with its messages.
    """
    rows, dialogues = joined(rows, words, names)
    chats = {**chats, **dialogues}
    found: list[tuple[date, list[Entry]]] = []
    for row in rows:
        day = row.at.astimezone().date()
        if not found or found[-1][0] != day:
            found.append((day, []))
        found[-1][1].append(_entry(row, words, names, dispositions, chats))
    today = now.astimezone().date()
    return tuple(Day(_day_title(day, today, words), tuple(entries)) for day, entries in found)


def coming(
    callbacks: Sequence[CallbackRequest], promises: Sequence[Interaction], words: Words, now: datetime
) -> tuple[Coming, ...]:
    """What is due, the soonest first; what has no time of its own comes before it."""
    today = now.astimezone().date()
    due = [(one.window_from or one.requested_at, _callback(one, words, now)) for one in callbacks]
    for row in promises:
        day = _date_of(row.data.get("due"))
        if day is not None and day >= today:
            at = datetime(day.year, day.month, day.day).astimezone()
            title = words(f"channel_{row.channel}")
            when = _day_title(day, today, words)
            due.append((at, Coming(ICONS[row.channel], title, _amount(row, words), when, late=False)))
    return tuple(one for _, one in sorted(due, key=lambda each: each[0]))


def _callback(one: CallbackRequest, words: Words, now: datetime) -> Coming:
    dialling = one.state is CallbackState.DIALLING
    if one.window_from is None:
        when = words("callback_soon")
    else:
        today = now.astimezone().date()
        begins = one.window_from.astimezone()
        when = f"{_day_title(begins.date(), today, words)}, {begins:%H:%M}"
        if one.window_to is not None:
            when += f"–{one.window_to.astimezone():%H:%M}"
    detail = ", ".join(part for part in (one.topic, one.note or "", phone(one.point.value)) if part)
    late = not dialling and one.window_to is not None and one.window_to <= now
    return Coming(
        "phone-outgoing" if dialling else "calendar-clock", words("channel_callback"), detail, when, late
    )


def _entry(
    row: Interaction,
    words: Words,
    names: Mapping[str, str],
    dispositions: Mapping[str, Disposition],
    chats: Mapping[str, PastChat],
) -> Entry:
    # A row that another system wrote names itself, or its source; ours name their call.
    own = row.source is None and row.subject_id != row.id
    ours = own and row.channel in _CALLS
    icon = ICONS[row.channel]
    if row.channel is Channel.CALL and row.direction == "outbound":
        icon = "phone-outgoing"
    written = is_dialogue(row)
    chat = chats.get(row.subject_id) if written or is_chat(row) else None
    transcript = "" if chat is not None else row.transcript or ""
    disposition = disposition_label(row.disposition, dispositions, words)
    return Entry(
        row=row,
        icon=icon,
        about=_of_dialogue(row, chat, words, names) if written else _about(row, words, names),
        disposition=disposition,
        outcome="" if disposition and row.outcome == "completed" else row.outcome or "",
        line=chat.first[:LINE_MOST] if chat is not None and not row.note else _line(row),
        transcript=transcript[:TRANSCRIPT_MOST],
        cut=len(transcript) > TRANSCRIPT_MOST,
        facts=_of_chat(row, words, _TOLD_IN_CHAT if chat else frozenset())
        if is_chat(row)
        else _facts(row, _TOLD_OF_DIALOGUE if written else frozenset()),
        call_id=row.subject_id if ours else None,
        message_id=row.subject_id if own and row.channel in _MESSAGES and not written else None,
        sound=_sound(row) if ours and row.recording else None,
        chat=chat,
    )


def _sound(row: Interaction) -> str:
    """An agent's part names its recording; another call has one message at most."""
    if row.channel is Channel.TALK:
        return f"/recordings/{quote(row.recording or '')}/audio"
    return f"/calls/{quote(row.subject_id)}/recording"


def _about(row: Interaction, words: Words, names: Mapping[str, str]) -> tuple[str, ...]:
    """Beside the channel's name, as "from customer, Deliveries, 3:06"."""
    parts = [words.get(f"way_{row.direction}", row.direction)]
    agent = names.get(row.agent or "", row.agent)
    parts += [part for part in (row.campaign, row.flow, agent) if part]
    if row.duration_seconds:
        parts.append(duration(row.duration_seconds))
    if row.channel is Channel.PROMISE:
        parts += [part for part in (_amount(row, words), str(row.data.get("due") or "")) if part]
    if row.value is not None and row.currency:
        parts.append(money(row.value, row.currency, words))
    return tuple(parts)


def _of_dialogue(
    row: Interaction, lines: PastChat | None, words: Words, names: Mapping[str, str]
) -> tuple[str, ...]:
    """As "dialogue, 4 messages, Anna, first answer after 2:10"."""
    first = row.data.get("first_answer_seconds")
    parts = [
        words("dialogue_closed"),
        "" if lines is None else words("dialogue_lines", count=len(lines.lines)),
    ]
    parts += [row.campaign or "", names.get(row.agent or "", row.agent or "")]
    if isinstance(first, int | float):
        parts.append(words("dialogue_first", time=duration(first)))
    return tuple(part for part in parts if part)


def _amount(row: Interaction, words: Words) -> str:
    """What was promised; as it was written where that is no amount of money."""
    amount, currency = str(row.data.get("amount") or ""), str(row.data.get("currency") or "")
    try:
        return amount_shown(Decimal(amount), currency, words) if currency else amount
    except (InvalidOperation, ValueError):
        return f"{amount} {currency}".strip()


def _line(row: Interaction) -> str:
    """What it was about, in one line."""
    text = row.subject or row.note or ", ".join(row.heard) or row.transcript or row.data.get("text") or ""
    return " ".join(str(text).split())[:LINE_MOST]


def _facts(row: Interaction, elsewhere: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """What only this channel knows, as it was written."""
    told = [(str(name), _fact(value)[:300]) for name, value in row.data.items() if value not in (None, "")]
    apart = _TOLD_APART | elsewhere | (_TOLD_OF_PROMISE if row.channel is Channel.PROMISE else frozenset())
    return tuple((name, value) for name, value in told if name not in apart)[:DATA_MOST]


def _of_chat(row: Interaction, words: Words, elsewhere: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """What our own rows of chats tell, in words."""

    def told(name: str) -> str:
        value = row.data[name]
        if name in _SECONDS and isinstance(value, int | float):
            return duration(value)
        return words.get(f"chat_ended_{value}", str(value)) if name == "ended_by" else _fact(value)[:300]

    names = (name for name, value in row.data.items() if value not in (None, "") and name not in elsewhere)
    return tuple((words.get(f"chat_fact_{name}", str(name)), told(name)) for name in names)[:DATA_MOST]


def _fact(value: object) -> str:
    return "\n".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _day_title(day: date, today: date, words: Words) -> str:
    named = {0: "today", 1: "yesterday", -1: "tomorrow"}.get((today - day) // timedelta(days=1))
    at = datetime(day.year, day.month, day.day).astimezone()
    text = f"{words.listed('weekdays')[day.weekday()]}, {local_day(at, words)}"
    if day.year != today.year:
        text += f" {day.year}"
    return words(named) if named else text


def _date_of(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
