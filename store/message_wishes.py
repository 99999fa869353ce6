"""What people forbid in a message, and take back in one: in force from the message's own transaction on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, update

from compliance.facts import Channel, Purpose
from engine.changes import Change, ConsentKept, ObjectionKept, Published
from engine.registers.actor import ENGINE
from engine.registers.messages import Message
from history.interaction import ContactPoint, PointKind
from history.permission_news import lifting_published
from history.permissions import Consent, Objection, Scope
from store.audit import note
from store.permission_rows import objection_of
from store.registers.profiles import family, survivor_of
from store.tables import contact_points, do_not_contact

ASKED = "asked in a message"
TAKEN_BACK = "taken back in a message"


def forbidden_by(message: Message, purposes: frozenset[Purpose], now: datetime) -> list[Change]:
    """Of the person, and of a number whoever it belongs to; without purposes, for all of them."""
    assert message.point is not None
    wanted = Objection(
        id=f"{message.id}-person",
        at=now,
        scope=Scope.PERSON,
        value="",
        reason=ASKED,
        source=message.channel.value,
        channels=frozenset({message.channel.value}),
        purposes=frozenset(one.value for one in purposes),
    )
    kept: list[Change] = [ObjectionKept(wanted, message.point, f"{message.id}-contact")]
    if message.point.kind is PointKind.PHONE:
        by_number = replace(wanted, id=f"{message.id}-number", scope=Scope.NUMBER, value=message.point.value)
        kept.append(ObjectionKept(by_number))
    return kept


def forbidden_before(connection: Connection, point: ContactPoint, channel: Channel) -> list[Objection]:
    """What that person forbade in messages of this channel, and still does. An objection of any other kind is
    not theirs to take back by a word."""
    table = do_not_contact.c
    whose: ColumnElement[bool] = (table.scope == Scope.NUMBER.value) & (table.value == point.value)
    owner = select(contact_points.c.contact_id).where(
        contact_points.c.kind == point.kind.value, contact_points.c.value == point.value
    )
    if (contact_id := connection.execute(owner).scalar()) is not None:
        people = list(family(connection, [survivor_of(connection, contact_id)]))
        whose = or_(whose, (table.scope == Scope.PERSON.value) & table.value.in_(people))
    chosen = select(do_not_contact).where(
        whose,
        table.source == channel.value,
        table.reason == ASKED,
        table.list_name.is_(None),
        table.lifted_at.is_(None),
    )
    return [objection_of(row) for row in connection.execute(chosen.order_by(table.id))]


def lift(connection: Connection, objections: Sequence[Objection], now: datetime) -> list[Published]:
    """What is to be published of it."""
    told: list[Published] = []
    for one in objections:
        mine = (do_not_contact.c.id == one.id) & do_not_contact.c.lifted_at.is_(None)
        lifted = update(do_not_contact).where(mine).values(lifted_at=now, lifted_reason=TAKEN_BACK)
        if connection.execute(lifted).rowcount:
            note(connection, ENGINE, "do_not_contact.lifted", f"do_not_contact:{one.id}", {}, now)
            told.append(Published(lifting_published(replace(one, lifted_at=now), now)))
    return told


def allowed_by(message: Message) -> ConsentKept:
    """A network asked the person whether we may write there, and they said yes."""
    assert message.point is not None
    channel = message.channel.value
    consent = Consent(
        id=f"{message.id}-permission",
        at=message.at,
        channel=channel,
        purpose=Purpose.SERVICE.value,
        given=True,
        source=channel,
        point=message.point,
    )
    return ConsentKept(consent, f"{message.id}-contact")
