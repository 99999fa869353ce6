"""One message to one person, ordered by a person or a program: composed, asked about, queued."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from compliance.decision import Decision
from compliance.facts import Channel, Mode, Purpose
from engine.followup.composing import Composed, NotComposed, composed, point_for
from engine.followup.shelf import MessageShelf
from engine.followup.verdicts import request_of
from engine.gatekeeper import Gate
from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.contacts import Contacts
from engine.registers.messages import Message, Messages
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from history.interaction import ContactPoint
from messaging.parts import NotText, TooLong, parts_of
from messaging.templates import CODE


@dataclass(frozen=True, slots=True)
class MessageOrder:
    """To `point`, or to the contact's first of the channel. `text` with its `purpose`, or a `template`."""

    channel: Channel
    point: ContactPoint | None = None
    contact_id: str | None = None
    text: str = ""
    subject: str = ""
    purpose: Purpose = Purpose.SERVICE
    template: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    debt: str | None = None
    campaign: str | None = None
    call_id: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None


class Forbidden(Exception):
    """A rule forbids the message, now and until it would have expired."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason or decision.rule or "")
        self.decision = decision


class MessageDesk:
    def __init__(
        self,
        messages: Messages,
        contacts: Contacts,
        shelf: Callable[[], MessageShelf],
        gate: Gate,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self.messages = messages
        self._contacts = contacts
        self._shelf = shelf
        self._gate = gate
        self._clock = clock
        self._ids = ids

    async def send(self, actor: Actor, order: MessageOrder) -> Message:
        """Queue it, and note who ordered it.

        The gate is asked now, so that they hear of it, and again when it is sent.

        Raises Refused, Forbidden.
        """
        now, shelf = self._clock.now(), self._shelf()
        contact = await self._person(order)
        point = point_for(order.channel, contact, order.point)
        if point is None:
            raise Refused(f"The contact has no address for {order.channel}: give one in to.", "to")
        if order.not_before is not None and order.not_before <= now:
            order = replace(order, not_before=None)
        begins = order.not_before or now
        expires = order.expires_at or begins + shelf.expires
        if expires <= begins:
            raise Refused("It would expire before it is sent: choose a later expires_at.", "expires_at")
        if order.template is None:
            made = Composed(self._plain(order, contact, point, now))
        else:
            made = self._composed(order, order.template, contact, point, shelf, now)
        _check_parts(made.message)
        message = replace(
            made.message,
            mode=Mode.MANUAL,
            debt=order.debt,
            campaign=order.campaign,
            call_id=order.call_id,
            not_before=order.not_before,
            expires_at=expires,
        )
        try:
            decision = await self._gate.would_be(request_of(message), order.not_before or now)
        except Missing as missing:
            raise Refused(str(missing), "contact_id") from missing
        then = decision.next_allowed_at
        if not decision.allowed and (then is None or then >= expires):
            raise Forbidden(decision)
        await self.messages.add([message], () if made.link is None else (made.link,), actor=actor)
        return await self.messages.get(message.id)

    async def _person(self, order: MessageOrder) -> Contact | None:
        if order.contact_id is not None:
            try:
                return await self._contacts.get(order.contact_id)
            except Missing as missing:
                raise Refused(str(missing), "contact_id") from missing
        return None if order.point is None else await self._contacts.by_point(order.point)

    def _plain(
        self, order: MessageOrder, contact: Contact | None, point: ContactPoint, now: datetime
    ) -> Message:
        if order.channel is Channel.EMAIL and not order.subject:
            raise Refused("An e-mail needs a subject: give one.", "subject")
        return Message(
            id=self._ids.new(),
            at=now,
            channel=order.channel,
            point=point,
            text=order.text,
            subject=order.subject,
            contact_id=None if contact is None else contact.id,
            language=order.language or (None if contact is None else contact.language),
            purpose=order.purpose,
        )

    def _composed(
        self,
        order: MessageOrder,
        name: str,
        contact: Contact | None,
        point: ContactPoint,
        shelf: MessageShelf,
        now: datetime,
    ) -> Composed:
        template = shelf.templates.get(name)
        if template is None:
            raise Refused(f"There is no template {name}: choose another, or write its file.", "template")
        if CODE in template.checked_by:
            raise Refused(f"Template {name} has a code: send it by POST /codes.", "template")
        try:
            made = composed(
                template,
                self._ids.new(),
                channel=order.channel,
                point=point,
                contact=contact,
                values=order.values,
                language=order.language,
                now=now,
                zone=shelf.zone,
                links=shelf.links,
            )
        except NotComposed as why:
            told = str(why)
            raise Refused(f"{told[0].upper()}{told[1:]}.", "values" if why.lacks else "template") from why
        return made


def _check_parts(message: Message) -> None:
    if message.channel is not Channel.SMS:
        return
    try:
        parts_of(message.text)
    except (TooLong, NotText) as why:
        told = str(why)
        raise Refused(f"{told[0].upper()}{told[1:]}.", "text") from why
