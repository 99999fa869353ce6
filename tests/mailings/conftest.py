"""People, templates and workers of mailings, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from compliance.decision import Checked, Decision, Verdict
from engine.clock import TimeOrderedIds
from engine.followup.cascades import CascadeWork
from engine.followup.mailing_desk import MailingDesk
from engine.followup.mailings import MailingWork
from engine.followup.shelf import MessageShelf
from engine.gatekeeper import ContactRequest
from engine.registers.actor import Actor, ActorKind
from engine.registers.contacts import ContactDraft
from engine.registers.messages import Message, MessageDirection, MessageFilter, Move
from history.contact import Contact
from history.interaction import ContactPoint, PointKind
from messaging.cascade_reading import load_cascade
from messaging.mailing import MailingState
from messaging.provider import Receipt
from messaging.states import MessageState
from messaging.template_reading import load_template
from store.store import Store
from tests.conftest import HandClock

WE = Actor(ActorKind.PERSON, "manager")
NEWS = """
template: news
purpose: marketing
languages: [pl, en]
defaults: {given_name: {pl: Kliencie, en: customer}}
text: {pl: "{given_name}, nowe godziny.", en: "{given_name}, new hours in {shop}."}
subject: {pl: Godziny, en: Hours}
takes: [shop]
"""
DUE = """
template: due
purpose: service
languages: [en]
text: "Order {order} waits."
subject: Your order
"""
NOTICE = """
cascade: notice
stops_on: [debt.paid]
steps:
  - {sms: due, wait: 10m, moves_on: [failed, not_delivered, no_point]}
  - {email: due, wait: 1h}
"""


def shelf() -> MessageShelf:
    templates = {name: load_template(text, f"{name}.yaml") for name, text in (("news", NEWS), ("due", DUE))}
    return MessageShelf(templates, {"notice": load_cascade(NOTICE, "notice.yaml")})


@dataclass
class OpenGate:
    """Refuses those numbers alone."""

    refused: set[str] = field(default_factory=set)

    async def ask(self, request: ContactRequest) -> Decision:
        return await self.would_be(request)

    async def would_be(self, request: ContactRequest, at: object = None) -> Decision:
        if request.point is not None and request.point.value in self.refused:
            reason = "They objected."
            return Decision(False, "objection", reason, None, (Checked("objection", Verdict.REFUSE, reason),))
        return Decision(True, None, None, None, ())


@dataclass
class Mill:
    """All that runs mailings, moved by hand."""

    store: Store
    clock: HandClock
    gate: OpenGate
    shelf: MessageShelf
    work: MailingWork
    cascades: CascadeWork
    desk: MailingDesk

    async def person(
        self, number: str | None, name: str | None = "Anna", email: str | None = None, **more: object
    ) -> Contact:
        points = [ContactPoint(PointKind.PHONE, number)] if number else []
        points += [ContactPoint(PointKind.EMAIL, email)] if email else []
        fields = {"given_name": name, "language": more.pop("language", None)}
        known = {key: value for key, value in fields.items() if value is not None}
        draft = ContactDraft(tuple(points), known, attributes=more)  # type: ignore[arg-type]
        return await self.store.history.contacts.create(WE, draft)

    async def people(self, count: int, **more: object) -> list[str]:
        return [(await self.person(f"+48600{n:06}", **more)).id for n in range(1, count + 1)]  # type: ignore[arg-type]

    async def messages(self, mailing: str) -> Sequence[Message]:
        """In the order of their ids."""
        wanted = MessageFilter(mailing=mailing, direction=MessageDirection.OUTBOUND)
        page = await self.store.messages.list(wanted, limit=1000)
        return sorted(page.items, key=lambda one: one.id)

    async def rounds(self) -> None:
        while await self.work.round():
            pass

    async def accept(self, *messages: Message) -> None:
        """As a provider takes them, with a reference each."""
        queue, now = self.store.message_queue("sender"), self.clock.now()
        for channel in {one.channel for one in messages}:
            await queue.claim(channel, limit=1000, lease_seconds=60)
        ids = [one.id for one in messages]
        await queue.move([Move(one, MessageState.SENDING, now, provider="test") for one in ids])
        await queue.move([Move(one, MessageState.ACCEPTED, now, references=(f"ref-{one}",)) for one in ids])

    async def receipt(self, message: Message, state: MessageState) -> None:
        receipt = Receipt("test", f"ref-{message.id}", state, self.clock.now())
        await self.store.message_queue("sender").receipts([receipt])

    async def state_of(self, id: str) -> MailingState:
        return (await self.store.mailings.get(id)).state


@pytest.fixture
def make_mill(clock: HandClock) -> Callable[..., Mill]:
    def make(store: Store, worker: str = "one") -> Mill:
        ids, kept, gate = TimeOrderedIds(clock), shelf(), OpenGate()
        return Mill(
            store,
            clock,
            gate,
            kept,
            MailingWork(store.mailing_queue(worker), lambda: kept, clock),
            CascadeWork(store.cascades, lambda: kept, clock, ids),
            MailingDesk(store.mailings, lambda: kept, gate, clock, ids),
        )

    return make


@pytest.fixture
def mill(store: Store, make_mill: Callable[..., Mill]) -> Mill:
    return make_mill(store)
