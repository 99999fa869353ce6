"""People on the pages: Anna, with a household, a past, a promise, a callback, consents and an objection."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from console.accounts.people import People
from engine.registers.actor import Actor, ActorKind
from engine.registers.contacts import ContactDraft
from history.callbacks import CallbackRequest, CallbackSource
from history.contact import Contact, GroupKind
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from history.permissions import Consent, Objection, Proof, Scope
from tests.console.stage import START

SYSTEM = Actor(ActorKind.TOKEN, "shop")
PHONE = ContactPoint(PointKind.PHONE, "+48600000001")
EMAIL = ContactPoint(PointKind.EMAIL, "anna@example.com")


async def add_anna(people: People) -> Contact:
    """Without a past."""
    fields: dict[str, str | int | None] = {
        "name": "Anna Łącka",
        "language": "pl",
        "country": "PL",
        "postcode": "00-001",
        "lifetime_value": 124000,
        "value_currency": "PLN",
    }
    draft = ContactDraft((PHONE, EMAIL), fields, frozenset({"vip", "sklep"}), {"plan": "gold", "seats": 3})
    return await people.history.contacts.create(SYSTEM, draft)


async def add_second_anna(people: People) -> Contact:
    """Somebody who is likely the same person."""
    points = (ContactPoint(PointKind.EMAIL, "anna+sklep@example.com"),)
    return await people.history.contacts.create(SYSTEM, ContactDraft(points, {"name": "Anna Łącka"}))


async def add_past(people: People, contact: Contact) -> None:
    home = await people.history.groups.create(SYSTEM, GroupKind.HOUSEHOLD, "Łąccy", None, [contact.id])
    assert home.members == 1
    rows = [
        Interaction(
            "i1",
            START - timedelta(days=4, hours=2),
            Channel.EMAIL,
            "inbound",
            "mail-1",
            subject="Korekta do faktury FV/2381",
            note="Brak dwóch skrzynek w dostawie.",
            language="pl",
            source="poczta",
            external_id="m-1",
        ),
        Interaction(
            "i2",
            START - timedelta(days=1),
            Channel.CALL,
            "inbound",
            "c1",
            to="100",
            duration_seconds=186,
            outcome="completed",
            flow="hotline",
            path=("welcome", "main", "order_number"),
            heard=("order", "204"),
            language="en",
            recording="m1",
        ),
        Interaction(
            "i3",
            START - timedelta(minutes=40),
            Channel.SMS,
            "outbound",
            "sms-1",
            note="Dostawa ZL-20418 jest w drodze. Planowana godzina: 9:40–10:20.",
            language="pl",
        ),
        Interaction(
            "i4",
            START - timedelta(days=1, minutes=-3),
            Channel.PROMISE,
            "inbound",
            "c1",
            data={"amount": "1240.00", "currency": "PLN", "due": f"{START + timedelta(days=1):%Y-%m-%d}"},
        ),
    ]
    for row in rows:
        point = EMAIL if row.channel is Channel.EMAIL else PHONE
        await people.history.timeline.add(SYSTEM, replace(row, contact_id=contact.id, point=point))
    asked = CallbackRequest(
        "cb1",
        PHONE,
        "dostawy",
        CallbackSource.FORM,
        START - timedelta(hours=1),
        contact_id=contact.id,
        window_from=START + timedelta(hours=3),
        window_to=START + timedelta(hours=5),
        person_chose=True,
        note="Odbiór od zaplecza",
    )
    await people.callbacks.request(SYSTEM, asked)
    consents = [
        Consent(
            f"k{number}",
            START - timedelta(days=30 - number),
            channel,
            purpose,
            given,
            source,
            contact.id,
            proof=proof,
        )
        for number, (channel, purpose, given, source, proof) in enumerate(
            [
                ("", "recording", True, "hotline", Proof(call_id="c1", second=12.4)),
                ("sms", "marketing", True, "form", Proof(text="Chcę dostawać oferty.")),
                ("call", "marketing", False, "agent", Proof()),
            ]
        )
    ]
    await people.permissions.keep_consents(contact.id, consents, SYSTEM)
    objection = Objection(
        "o1",
        START - timedelta(days=2),
        Scope.NUMBER,
        PHONE.value,
        "Prosi o niedzwonienie w sprawie długu",
        "agent",
        frozenset({"call"}),
        frozenset({"collections"}),
    )
    await people.permissions.add_objections([objection], SYSTEM)
