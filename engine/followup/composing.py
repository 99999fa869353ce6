"""From a template and a person to a message that can be queued, with its short link. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from compliance.facts import Channel
from engine.registers.messages import Message
from history.contact import Contact
from history.interaction import ContactPoint, PointKind
from messaging.links import LIFETIME, ShortLink, WrongLink, short_link
from messaging.templates import (
    LINK,
    MessageTemplate,
    Unwritten,
    Written,
    chosen_language,
    written,
)

KINDS: Mapping[Channel, PointKind] = {
    Channel.SMS: PointKind.PHONE,
    Channel.EMAIL: PointKind.EMAIL,
    Channel.PUSH: PointKind.VISITOR,
    Channel.MESSENGER: PointKind.MESSENGER,
}
# What a template of rules may name of every person, beside their attributes.
PERSON_VALUES = ("name", "given_name", "family_name", "country", "region")


class NotComposed(Exception):
    """This person gets no message; the sentence says why and quotes nothing of the person.

    `lacks`: the value that is missing, where it is one.
    """

    def __init__(self, why: str, lacks: str | None = None) -> None:
        super().__init__(why)
        self.lacks = lacks


@dataclass(frozen=True, slots=True)
class LinkMaking:
    """`url`: where people reach the web server. `random`: eight bytes for each link."""

    url: str
    random: Callable[[], bytes]
    lifetime: timedelta = LIFETIME

    def address(self, id: str) -> str:
        return f"{self.url}/s/{id}"


@dataclass(frozen=True, slots=True)
class Composed:
    message: Message
    link: ShortLink | None = None


def person_values(contact: Contact | None) -> dict[str, object]:
    """What a template may say of a person: their attributes, and their names."""
    if contact is None:
        return {}
    named = {name: getattr(contact, name) for name in PERSON_VALUES}
    return {**contact.attributes, **{name: value for name, value in named.items() if value}}


def point_for(channel: Channel, contact: Contact | None, own: ContactPoint | None) -> ContactPoint | None:
    """Where the message goes: to the point that it is about, else to the person's first of that channel."""
    kind = KINDS[channel]
    if own is not None and own.kind is kind:
        return own
    return next((point for point in contact.points if point.kind is kind), None) if contact else None


def composed(
    template: MessageTemplate,
    message_id: str,
    *,
    channel: Channel,
    point: ContactPoint,
    contact: Contact | None,
    values: Mapping[str, object],
    language: str | None,
    now: datetime,
    zone: tzinfo,
    links: LinkMaking | None,
) -> Composed:
    """A service's own fields are filled in by whoever sends. `language`: where the person's is not known.

    Raises NotComposed.
    """
    if (lacks := template.lacks_for(channel)) is not None:
        raise NotComposed(lacks)
    chosen = chosen_language(template, contact.language if contact else None, language)
    scope = {**person_values(contact), **{name: _told(value, zone) for name, value in values.items()}}
    link = None
    if template.link is not None:
        if links is None:
            raise NotComposed(f"template {template.name} has a link: set messaging.links_url")
        # Where it leads is known with the other words: first with a link that leads nowhere.
        target = _written(template, chosen, {**scope, LINK: links.url}).target
        try:
            link = short_link(links.random(), message_id, target, now, links.lifetime)
        except WrongLink as wrong:
            raise NotComposed(f"the link of template {template.name} leads nowhere: {wrong}") from wrong
        scope[LINK] = links.address(link.id)
    words = _written(template, chosen, scope)
    message = Message(
        id=message_id,
        at=now,
        channel=channel,
        point=point,
        text=words.text,
        contact_id=contact.id if contact else None,
        template=template.name,
        language=chosen,
        subject=words.subject,
        html=words.html if channel is Channel.EMAIL else "",
        purpose=template.purpose,
    )
    return Composed(message, link)


def _written(template: MessageTemplate, chosen: str, scope: Mapping[str, object]) -> Written:
    words = written(template, chosen, scope)
    if isinstance(words, Unwritten):
        raise NotComposed(words.reason, words.lacks)
    return words


def _told(value: object, zone: tzinfo) -> object:
    return value.astimezone(zone).isoformat(timespec="minutes") if isinstance(value, datetime) else value
