"""The customer at the desk: who it is, what they allow, what is promised to them, and what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console import display
from console.contacts.permissions import standing
from console.contacts.timeline import Coming, Day, coming, days
from console.words import Words
from engine.desk.view import DeskView, Popup
from history.interaction import Channel, Interaction
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
        tuple((point.kind.value, display.phone(point.value)) for point in contact.points[:6]),
        tuple((name, _shown(value)) for name, value in sorted(contact.attributes.items()))[:MOST_ATTRIBUTES],
        standing(popup.consents),
        due(popup, view, words),
    )


def due(popup: Popup, view: DeskView, words: Words) -> tuple[Coming, ...]:
    return coming(popup.callbacks, popup.promises, words, view.now)


def past_of(rows: Sequence[Interaction], view: DeskView, words: Words, kind: str, sought: str) -> Past:
    """The rows, newest first, of one kind, in which the words that are sought stand."""
    counts = {name: sum(row.channel in channels for row in rows) for name, channels in KINDS.items()}
    wanted = [row for row in rows if kind == "all" or row.channel in KINDS[kind]]
    if sought:
        wanted = [row for row in wanted if sought.casefold() in _text_of(row)]
    return Past(days(wanted, words, view.now), {"all": len(rows), **counts}, kind, sought)


def _text_of(row: Interaction) -> str:
    told = [row.subject, row.note, row.transcript, row.agent, row.flow, row.disposition, *row.heard]
    told += [str(value) for value in row.data.values()]
    return " ".join(one for one in told if one).casefold()


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
