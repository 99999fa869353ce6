"""The customer at the desk: who it is, what they allow, what is promised to them, and what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console import display
from console.contacts.chats import PastChat
from console.contacts.permissions import standing
from console.contacts.timeline import NO_CHATS, Coming, Day, coming, days
from console.event_details import NO_DISPOSITIONS
from console.words import Words
from engine.desk.view import DeskView, Popup
from history.dispositions import Disposition
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from history.permissions import Consent

# What the filters of the timeline take in; "all" is everything.
KINDS: Mapping[str, frozenset[Channel]] = {
    "calls": frozenset({Channel.CALL, Channel.TALK, Channel.VOICEMAIL, Channel.CALLBACK}),
    "messages": frozenset(
        {Channel.SMS, Channel.EMAIL, Channel.CHAT, Channel.MESSENGER, Channel.FORM, Channel.PUSH}
    ),
    "promises": frozenset({Channel.PROMISE, Channel.PAYMENT}),
}
MOST_ATTRIBUTES = 12
MOST_POINTS = 6
LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class Customer:
    """`coming`: what is due, of promises and callbacks."""

    title: str
    worth: str
    points: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    consents: tuple[Consent, ...]
    coming: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """A part of the timeline. `counts`: of each kind, among what was looked at; `shown` of them are here."""

    days: tuple[Day, ...]
    counts: Mapping[str, int]
    kind: str
    sought: str


def customer_of(view: DeskView, words: Words) -> Customer | None:
    popup = view.popup
    if popup is None:
        return None
    contact = popup.contact
    number = display.party(popup.number, words)
    if contact is None:
        return Customer(number, "", (), (), standing(popup.consents), due(popup, view, words))
    worth = ""
    if contact.lifetime_value is not None and contact.value_currency is not None:
        worth = display.money(contact.lifetime_value, contact.value_currency, words)
    return Customer(
        display.contact_name(contact, words),
        worth,
        tuple((point.kind.value, display.phone(point.value)) for point in contact.points if _telling(point))[
            :MOST_POINTS
        ],
        tuple((name, _shown(value)) for name, value in sorted(contact.attributes.items()))[:MOST_ATTRIBUTES],
        standing(popup.consents),
        due(popup, view, words),
    )


def due(popup: Popup, view: DeskView, words: Words) -> tuple[Coming, ...]:
    return coming(popup.callbacks, popup.promises, words, view.now)


def past_of(
    rows: Sequence[Interaction],
    view: DeskView,
    words: Words,
    kind: str,
    sought: str,
    dispositions: Mapping[str, Disposition] = NO_DISPOSITIONS,
    chats: Mapping[str, PastChat] = NO_CHATS,
) -> Past:
    """The rows, newest first, of one kind, in which the words that are sought stand."""
    counts = {
        name: len({_counted(row) for row in rows if row.channel in channels})
        for name, channels in KINDS.items()
    }
    wanted = [row for row in rows if kind == "all" or row.channel in KINDS[kind]]
    if sought:
        wanted = [
            row
            for row in wanted
            if sought.casefold()
            in _text_of(
                row,
                view.names.get(row.agent or "", row.agent),
                display.disposition_label(row.disposition, dispositions, words),
            )
        ]
    found = days(wanted, words, view.now, view.names, dispositions, chats)
    return Past(found, {"all": sum(counts.values()), **counts}, kind, sought)


def _counted(row: Interaction) -> str:
    """A call and its agents' parts are one: each is a row of its own."""
    ours = row.channel in (Channel.CALL, Channel.TALK) and row.source is None
    return f"call {row.subject_id}" if ours else row.id


def _text_of(row: Interaction, agent: str | None, outcome: str) -> str:
    told = [row.subject, row.note, row.transcript, agent, row.flow, outcome, *row.heard]
    told += [str(value) for value in row.data.values()]
    return " ".join(one for one in told if one).casefold()


def _telling(point: ContactPoint) -> bool:
    """A browser's own id tells nobody anything."""
    return point.kind is not PointKind.VISITOR


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
