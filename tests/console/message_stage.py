"""Pages of messages over a real store: a person, messages in all states, templates, a provider at work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from compliance.facts import Channel
from console.messages.means import MessageMeans, TemplateFile
from engine.clock import TimeOrderedIds
from engine.followup.composing import LinkMaking
from engine.followup.mailing_desk import MailingDesk
from engine.followup.pace import Bucket
from engine.followup.routing import Carrier, Lane
from engine.followup.shelf import MessageShelf
from engine.registers.contacts import ContactDraft
from engine.registers.messages import Message
from history.contact import Contact
from history.interaction import ContactPoint, PointKind
from infolinia.assembly.api import gate_of
from infolinia.configuration import Configuration
from infolinia.message_templates import template_files
from messaging.prices import PriceTable
from messaging.provider import Pace
from messaging.states import MessageState
from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.offices import SHELL
from tests.console.stage import START, Stage

LINKS = LinkMaking("https://example.com", lambda: b"12345678")
NUMBER = "+48600000001"
TEMPLATE = """template: order_sent
purpose: service
languages: [pl, en]
takes: [order]
defaults: {given_name: {pl: "Kliencie", en: "customer"}}
link: "https://shop.example/orders/{order}"
text:
  pl: "{given_name}, zamówienie {order} jest w drodze: {link}"
  en:
    - "{given_name}, order {order} is on its way: {link}"
    - {when: city == "Warsaw", text: "It comes today."}
"""


class StillProvider:
    """A provider that is looked at, and given nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.channel = Channel.SMS
        self.pace = Pace(at_once=20, per_second=50.0)


@dataclass
class Messaging:
    room: Campaigning
    store: Store
    lanes: list[Lane] = field(default_factory=list)

    async def person(self, number: str = NUMBER, name: str = "Anna", **fields: str) -> Contact:
        points = (ContactPoint(PointKind.PHONE, number),)
        draft = ContactDraft(
            points, {"name": name, "given_name": name, **fields}, frozenset(), {"city": "Warsaw"}
        )
        return await self.room.parts.history.contacts.create(SHELL, draft)

    async def written(self, id: str, state: MessageState = MessageState.QUEUED, **more: object) -> Message:
        given = {
            "at": START,
            "channel": Channel.SMS,
            "point": ContactPoint(PointKind.PHONE, NUMBER),
            "text": f"Text of {id}",
            "provider": "north",
            "expires_at": START + timedelta(days=30),
            **more,
        }
        message = Message(id, state=state, **given)  # type: ignore[arg-type]
        await self.store.messages.add([message])
        return await self.store.messages.get(id)


@asynccontextmanager
async def open_messages(stage: Stage, store: Store, folder: Path) -> AsyncIterator[Messaging]:
    templates = folder / "messages"
    templates.mkdir()
    (templates / "order_sent.yaml").write_text(TEMPLATE, "utf-8")
    lanes: list[Lane] = []

    async def files() -> Sequence[TemplateFile]:
        return template_files(templates)

    async def attributes() -> Sequence[str]:
        return ("city",)

    prices = PriceTable("PLN", {"+48": Decimal("6.5")})
    shelf = MessageShelf(
        {file.name: file.template for file in template_files(templates) if file.template},
        prices=prices,
        links=LINKS,
    )
    gate = gate_of(Configuration(), store.permissions, store.decisions, stage.clock)
    desk = MailingDesk(store.mailings, lambda: shelf, gate, stage.clock, TimeOrderedIds(stage.clock))
    stage.messages = MessageMeans(
        messages=store.messages,
        templates=files,
        lanes=lambda: lanes,
        statistics=store.message_statistics,
        mailings=desk,
        attribute_names=attributes,
    )
    async with open_campaigns(stage, store, folder) as room:
        yield Messaging(room, store, lanes)


def lane(name: str, *, standing: bool = True, why: str = "") -> Lane:
    provider = StillProvider(name)
    return Lane(Carrier(provider), Bucket(provider.pace, 0.0), standing, why)  # type: ignore[arg-type]
