"""A desk with nobody behind it: what it shows is set by the test, and what is asked of it is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from acd.agents import AgentState, AgentStatus
from acd.talks.talk import PartyRole, PartyState, PartyView, TalkPhase, TalkView
from acd.views import QueueView
from engine.desk.page_news import PageNews
from engine.desk.refusals import DeskRefused
from engine.desk.settings import DeskSettings
from engine.desk.view import (
    EVERYTHING,
    BreakChoice,
    DeskDetail,
    DeskPart,
    DeskView,
    DispositionChoice,
    NoteView,
    OfferView,
    PhoneCredentials,
    Popup,
    ScriptStep,
    SmsTemplate,
    Stop,
    StopKind,
    TransferTarget,
    WrapUpView,
)
from engine.registers.agents import AgentDay
from history.callbacks import CallbackRequest, CallbackSource
from history.contact import Contact, Group, GroupKind
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from history.permissions import Consent

PHONE = ContactPoint(PointKind.PHONE, "+48220000042")
CALL = "c7"
BREAKS = (
    BreakChoice("coffee", 15, {"en": "Coffee", "pl": "Kawa", "ru": "Кофе"}),
    BreakChoice("lunch", 30, {"en": "Lunch", "pl": "Obiad", "ru": "Обед"}),
)
OUTCOMES = (
    DispositionChoice("informed", {"en": "Informed", "pl": "Poinformowano", "ru": "Сообщили"}),
    DispositionChoice("complaint", {"en": "Complaint", "pl": "Reklamacja", "ru": "Жалоба"}),
    DispositionChoice("changed", {"en": "Order changed", "pl": "Zmiana zamówienia", "ru": "Заказ изменён"}),
    DispositionChoice(
        "promise_to_pay",
        {"en": "Promise to pay", "pl": "Obietnica zapłaty", "ru": "Обещание оплаты"},
        "promise",
    ),
    DispositionChoice("callback", {"en": "Call back", "pl": "Oddzwonić", "ru": "Перезвонить"}, "callback"),
    DispositionChoice("stop", {"en": "Do not call", "pl": "Nie dzwonić", "ru": "Не звонить"}, "stop"),
)
SCRIPT = (
    ScriptStep(
        {
            "en": "Greet, confirm the order number",
            "pl": "Przywitaj, potwierdź numer zamówienia",
            "ru": "Поздороваться, сверить номер заказа",
        },
        {"pl": "Dzień dobry, czy chodzi o zamówienie ZL-20418?"},
    ),
    ScriptStep(
        {"en": "Give the new time", "pl": "Podaj nową godzinę", "ru": "Назвать новое время"},
        {"pl": "Przepraszam za opóźnienie. Kierowca będzie między 12:30 a 13:10. Czy ktoś odbierze towar?"},
    ),
    ScriptStep(
        {
            "en": "Confirm who receives the goods",
            "pl": "Ustal, kto odbierze towar",
            "ru": "Уточнить, кто примет товар",
        }
    ),
    ScriptStep(
        {
            "en": "Offer an SMS with the driver’s time",
            "pl": "Zaproponuj SMS z godziną",
            "ru": "Предложить SMS со временем",
        }
    ),
)
TEMPLATES = (
    SmsTemplate("new_delivery_time", {"pl": "Dostawa ZL-20418 dziś 12:30-13:10. Pytania: 22 000 00 10"}),
    SmsTemplate("thanks", {"en": "Thank you for your call.", "pl": "Dziękujemy za rozmowę."}),
)
TARGETS = (
    TransferTarget("agent", "jan", "Jan", "idle", free=True, takes_chat=True),
    TransferTarget("agent", "anna-2", "Anna", "talking"),
    TransferTarget("queue", "payments", "Payments", waiting=2),
    TransferTarget("flow", "wholesaler", "Wholesaler"),
    TransferTarget("number", "+48220000099", "Warehouse"),
)


def idle(now: datetime) -> DeskView:
    """Anna is ready, and nobody calls."""
    return DeskView(
        now=now,
        agent="anna",
        shown="Anna",
        signed_in=True,
        status=AgentStatus.AVAILABLE,
        reason="",
        status_since=now - timedelta(seconds=41),
        after=None,
        after_reason="",
        state=AgentState.IDLE,
        state_since=now - timedelta(seconds=41),
        phone_ready=True,
        dispositions=OUTCOMES,
        breaks=BREAKS,
        names={"anna": "Anna", "jan": "Jan"},
        day=AgentDay(23, 2, 1, 6720.0, 340.0, 874.0, 1320.0, 21600.0),
        queues=(
            QueueView("deliveries", 2, now - timedelta(seconds=108), {"idle": 1}, 1, 20.0, True),
            QueueView("payments", 1, now - timedelta(seconds=20), {"talking": 1}, 0, 20.0, True),
        ),
    )


def popup(now: datetime) -> Popup:
    """A shop calls about a delivery."""
    began = now - timedelta(seconds=331)
    contact = Contact(
        "k1",
        now - timedelta(days=2800),
        now,
        name="Sklep Anny",
        language="pl",
        country="PL",
        postcode="00-001",
        lifetime_value=8420000,
        value_currency="PLN",
        points=(PHONE, ContactPoint(PointKind.EMAIL, "sklep@example.com")),
        tags=frozenset({"shop"}),
        attributes={"Balance": "1240.00 zł, 6 days late", "Calls": "mornings, 8–12"},
        groups=(Group("g1", GroupKind.COMPANY, "Anna i Jan"),),
    )
    rows = (
        Interaction(
            "i1", now - timedelta(hours=2), Channel.SMS, "outbound", "s1", PHONE, "k1",
            note="Dostawa ZL-20418 jest w drodze. Planowana godzina: 9:40–10:20.", language="pl",
        ),
        Interaction(
            "i2", now - timedelta(days=4), Channel.CALL, "outbound", "c2", PHONE, "k1", duration_seconds=186,
            outcome="completed", agent="jan", disposition="promise_to_pay", recording="r1",
            note="Invoice FV/2381 is late because the delivery was short by two crates.",
        ),
        Interaction(
            "i3", now - timedelta(days=4, hours=4), Channel.EMAIL, "inbound", "m1", PHONE, "k1",
            language="pl",
            subject="Korekta do faktury FV/2381", note="Brak dwóch skrzynek w dostawie",
        ),
        Interaction(
            "i4", now - timedelta(days=8), Channel.CALL, "inbound", "c1", PHONE, "k1", duration_seconds=72,
            outcome="completed", flow="orders",
        ),
    )  # fmt: skip
    due = {"amount": "1240.00", "currency": "PLN", "due": f"{now + timedelta(days=1):%Y-%m-%d}"}
    return Popup(
        CALL,
        "inbound",
        PHONE.value,
        PHONE,
        began,
        "hotline",
        "pl",
        "deliveries",
        began + timedelta(seconds=31),
        48.0,
        (
            Stop(began, StopKind.ARRIVED, "+48220000010"),
            Stop(began + timedelta(seconds=14), StopKind.KEY, "2", "orders and deliveries"),
            Stop(
                began + timedelta(seconds=21),
                StopKind.WORDS, "Gdzie jest moja dostawa?", "delivery", 0.94, "pl",
            ),
            Stop(began + timedelta(seconds=29), StopKind.LOOKED_UP, "orders", "ZL-20418"),
            Stop(began + timedelta(seconds=31), StopKind.QUEUE, "deliveries"),
            Stop(began + timedelta(seconds=79), StopKind.AGENT, "anna"),
        ),
        contact,
        rows,
        (
            Interaction(
                "i9", now - timedelta(days=4), Channel.PROMISE, "inbound", "c2", PHONE, "k1", data=due
            ),
        ),
        (
            CallbackRequest(
                "b1", PHONE, "delivery", CallbackSource.FLOW, now - timedelta(hours=3), "k1",
                window_from=now + timedelta(hours=20), window_to=now + timedelta(hours=22),
            ),
        ),
        (
            Consent("a1", now - timedelta(seconds=330), "", "recording", True, "hotline", "k1", PHONE),
            Consent("a2", now - timedelta(days=800), "sms", "service", True, "agent", "k1", PHONE),
            Consent("a3", now - timedelta(days=600), "call", "marketing", False, "agent", "k1", PHONE),
        ),
    )  # fmt: skip


def ringing(now: datetime) -> DeskView:
    offer = OfferView(
        CALL, "deliveries", PHONE.value, now - timedelta(seconds=4), now + timedelta(seconds=16)
    )
    return replace(
        idle(now), state=AgentState.OFFERED, state_since=offer.since, offer=offer, popup=popup(now)
    )


def talking(now: datetime, phase: TalkPhase = TalkPhase.TALKING) -> DeskView:
    connected = now - timedelta(seconds=252)
    held = phase in (TalkPhase.HELD, TalkPhase.CONSULTING)
    parties = [
        PartyView(
            "c7.leg.0",
            PartyRole.CUSTOMER,
            PHONE.value,
            PartyState.HELD if held else PartyState.TALKING,
            now - timedelta(seconds=22),
        ),
        PartyView("c7.leg.1", PartyRole.AGENT, "anna", PartyState.TALKING, connected),
    ]
    if phase in (TalkPhase.CONSULTING, TalkPhase.CONFERENCE):
        since = now - timedelta(seconds=22)
        parties.append(PartyView("c7.leg.2", PartyRole.CONSULTED, "jan", PartyState.TALKING, since))
    talk = TalkView(CALL, "anna", "deliveries", phase, tuple(parties), False, "on", connected, 0.0)
    return replace(
        idle(now),
        state=AgentState.HOLD if held else AgentState.TALKING,
        state_since=connected,
        after=AgentStatus.AVAILABLE,
        talk=talk,
        popup=popup(now),
        wrap_up=WrapUpView(CALL, "deliveries", None, "informed"),
        note=NoteView(CALL, "Odbiór: zaplecze, dzwonić 10 min wcześniej.", 3, now - timedelta(seconds=11)),
        script=SCRIPT,
        templates=TEMPLATES,
    )


def wrapping_up(now: datetime) -> DeskView:
    until = now + timedelta(seconds=38)
    return replace(
        talking(now),
        state=AgentState.WRAP_UP,
        state_since=now - timedelta(seconds=22),
        talk=None,
        after=None,
        wrap_up=WrapUpView(CALL, "deliveries", until, None, required=True),
    )


@dataclass
class StagedDesks:
    """Stands in for engine.desk.desks.Desks. `refuse`: method -> what it raises once."""

    shown: DeskView
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    refuse: dict[str, DeskRefused] = field(default_factory=dict)
    pages: dict[str, PageNews] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=lambda: {"p-anna": "anna"})
    settings: DeskSettings = field(default_factory=lambda: DeskSettings("PL"))
    desk_page: str = ""
    streams: set[asyncio.Task[Any]] = field(default_factory=set)

    def show(self, view: DeskView, *parts: DeskPart) -> None:
        """The desk is so from now on, and its pages are told."""
        self.shown = view
        for news in self.pages.values():
            for part in parts or (DeskPart.ALL,):
                news.tell(part)

    def calls(self, name: str) -> list[tuple[Any, ...]]:
        return [args for asked, args in self.asked if asked == name]

    async def agent_of(self, person_id: str) -> str:
        if person_id not in self.people:
            raise DeskRefused("disabled", "You have no desk: ask an administrator.")
        return self.people[person_id]

    async def sign_in(self, agent: str, page: str, address: str = "") -> PhoneCredentials:
        self._note("sign_in", agent, page)
        for other, news in self.pages.items():
            if other != page:
                news.tell(DeskPart.ELSEWHERE)
        self.desk_page = page
        return PhoneCredentials(agent, "secret")

    @asynccontextmanager
    async def watch(self, agent: str, page: str) -> AsyncIterator[PageNews]:
        news = self.pages[page] = PageNews()
        task = asyncio.current_task()
        assert task is not None
        self.streams.add(task)
        try:
            yield news
        finally:
            self.streams.discard(task)
            self.pages.pop(page, None)

    async def view(self, agent: str, details: frozenset[DeskDetail] = EVERYTHING) -> DeskView:
        return self.shown

    def targets(self, agent: str) -> tuple[TransferTarget, ...]:
        return TARGETS

    def names(self) -> Mapping[str, str]:
        return self.shown.names

    async def save_note(self, agent: str, call_id: str, text: str, seq: int) -> NoteView:
        self._note("save_note", agent, call_id, text, seq)
        note = NoteView(call_id, text, seq, self.shown.now)
        self.shown = replace(self.shown, note=note)
        return note

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def asked(*args: Any) -> str:
            self._note(name, *args)
            return ""

        return asked

    def _note(self, name: str, *args: Any) -> None:
        if name in self.refuse:
            raise self.refuse.pop(name)
        self.asked.append((name, args))
