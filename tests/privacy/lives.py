"""A person about whom something is kept everywhere, as the hotline's own parts write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from compliance.facts import Channel, Mode, Purpose
from dialer.campaign import CampaignMove
from dialer.debts.debt import Debt
from dialer.debts.promise import Instalment, Payment, Promise
from dialer.debts.promising import PromiseTerms
from dialer.debts.reconciling import BalanceFile, BalanceRow
from dialer.lead import LeadState
from dialer.reasons import Reason, ReasonCode
from dialer.results import AttemptResult
from engine.changes import (
    AttemptBegun,
    AttemptStored,
    CallPartKept,
    CallStored,
    Change,
    ConsentKept,
    EventsAppended,
    InteractionAdded,
    JobAdded,
    LeadPlanned,
    ObjectionKept,
)
from engine.chat.history_row import interaction_of_chat
from engine.chat.leading import Walked
from engine.chat.lines import ChatLines
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.registers.cascades import KeptRun
from engine.registers.contacts import ContactDraft
from engine.registers.desk import CallPart
from engine.registers.followups import Followup, KeptCode, RatingRequest
from engine.registers.mailings import Mailing, WrittenOne
from engine.registers.messages import Message, Move
from history.callbacks import CallbackRequest, CallbackSource
from history.contact import GroupKind
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind, interaction_of
from history.permissions import Consent, Objection, Proof, Scope
from messaging.cascade import CascadeRun
from messaging.cascade_plan import Cascade, Step
from messaging.chat import Button, Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.links import short_link
from messaging.mailing import Order
from messaging.provider import Incoming, Receipt
from messaging.states import MessageState
from store.database import writing
from store.store import Store
from store.tables import contact_external_ids, idempotency_keys, import_refusals, imports
from tests.conftest import HandClock
from tests.store.campaign_samples import attempt, listed, reserve, running
from tests.store.people import WE

PHONE = ContactPoint(PointKind.PHONE, "+48600000071")
MAIL = ContactPoint(PointKind.EMAIL, "janina.probna@example.com")
OTHER = ContactPoint(PointKind.PHONE, "+48600000072")
NAME = "Janina Próbna"
# Words of which each stands in one kind of place.
WORDS = (
    "600000071",
    "janina.probna",
    "Próbna",
    "Probna",
    "tulipany",
    "kolekcjoner",
    "zamawiam",
    "zadzwonimy",
    "wieczorem",
    "mail-71",
    "crm-71",
)


@dataclass(frozen=True)
class Life:
    contact_id: str
    merged_id: str
    other_id: str
    recording: Path


def request(gate_subject: str, point: ContactPoint) -> ContactRequest:
    return ContactRequest(
        subject=gate_subject,
        channel=Channel.CALL,
        purpose=Purpose.SERVICE,
        mode=Mode.PROGRESSIVE,
        point=point,
    )


async def _wrote(store: Store, now: datetime) -> None:
    """A message with its receipt, one that waits, one that came in, and a receipt before its time."""
    queue = store.message_queue("w1")
    given = {"text": "tulipany", "subject": "tulipany", "call_id": "01CALL71", "data": {"l": "tulipany"}}
    await store.messages.add(
        [
            Message("01WROTE", now, Channel.SMS, PHONE, **given),  # type: ignore[arg-type]
            Message("01WAITS", now, Channel.SMS, PHONE, not_before=now + timedelta(days=1), **given),  # type: ignore[arg-type]
        ]
    )
    await queue.claim(Channel.SMS, limit=1, lease_seconds=30)
    await queue.move([Move("01WROTE", MessageState.SENDING, now, provider="one", leased_until=now)])
    await queue.receipts([Receipt("one", "01LATER", MessageState.DELIVERED, now)])
    await queue.move([Move("01WROTE", MessageState.ACCEPTED, now, references=("01REF",))])
    came = Incoming("one", Channel.SMS, PHONE.value, "100", "tulipany", now, "01CAME")
    await queue.take(came, opted_out=False)
    await store.dialogues.take_in(lambda message: "orders")
    await _followed(store, now, given)


async def _mailed(store: Store, now: datetime, contact_id: str) -> None:
    """A mailing that has just begun a cascade, which has news that nobody has read."""
    names = ("01MAIL", "leaflets")
    await store.mailings.create(
        WE, Mailing(*names, now, now, cascade="leaflet", contact_ids=(contact_id,), values={"what": "x"})
    )
    mailing = (await store.mailings.order(WE, "01MAIL", Order.CHECK)).id
    await store.mailings.order(WE, mailing, Order.START)
    queue = store.mailing_queue("w1")
    await queue.claim(lease_seconds=30)
    plan = Cascade("leaflet", (Step(Channel.SMS, "leaflet"),))
    run = KeptRun("01RUN", CascadeRun(plan), contact_id, now, mailing=mailing, notes=("tulipany",))
    assert await queue.write(mailing, [WrittenOne(1, run=run, why="tulipany")], lease_seconds=30)
    await store.cascades.stop("01RUN")


async def _followed(store: Store, now: datetime, given: dict[str, object]) -> None:
    """A question for a grade with a link, and a one-time code."""
    later = now + timedelta(days=1)
    messages = [
        Message(name, now, Channel.SMS, PHONE, not_before=later, **given)  # type: ignore[arg-type]
        for name in ("01ASKS", "01CODED")
    ]
    link = short_link(b"01234567", "01ASKS", "https://shop.example/tulipany", now)
    asks = RatingRequest("01CALL71", "message", later)
    await store.followups.keep("followups", None, 0, [Followup("call:1", "r", messages[0], link, (), asks)])
    code = KeptCode("01CODE", "01CODED", 6, 5, now, later)
    await store.one_time_codes.add(code, b"salt", b"hashed", messages[1], since=now, most=5)


async def _chatted(store: Store, now: datetime) -> None:
    """With a browser of theirs, which is merged with them by the number that they gave."""
    visitor = ContactPoint(PointKind.VISITOR, "browser-of-tulipany")
    state = {"flower": "tulipany"}
    given = {"page": "https://shop.example.com/?q=tulipany", "name": NAME, "state": state}
    opened = Chat("01CHAT71", "shop", visitor, "5ec", now, "n1", "hotline", **given)  # type: ignore[arg-type]
    said = ChatLine(1, now, Speaker.VISITOR, LineKind.TEXT, "zamawiam tulipany", data=state)
    asked = ChatLine(2, now, Speaker.FLOW, LineKind.TEXT, "Próbna?", buttons=(Button("x", "tulipany"),))
    await store.chats.open(opened, [said, asked])
    joined = await store.chats.join(opened.id, PHONE.value)
    over = replace(joined, phase=ChatPhase.CLOSED, closed_at=now)
    row = interaction_of_chat(over, ChatLines([said, asked]), Walked(), invited="", language="pl")
    await store.chats.keep(over, [], [InteractionAdded(row, "x4")])


async def lived(store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path) -> Life:
    """Calls, a message, consents, an objection, a callback, an import, a merge, a campaign, a debt."""
    now = clock.now()
    await store.webhooks.create(
        WE, "w1", url="https://example.com/", kinds=[], description="", secret="whsec_x", at=now
    )
    contacts = store.history.contacts
    person = await contacts.create(
        WE,
        ContactDraft((PHONE,), {"name": NAME}, frozenset({"kolekcjoner"}), {"flower": "tulipany"}),
    )
    again = await contacts.create(WE, ContactDraft((MAIL,), {"name": "Janina P."}))
    other = await contacts.create(WE, ContactDraft((OTHER,), {"name": "Jan Inny"}))
    await store.history.merges.merge(WE, person.id, again.id, "the same")
    await store.history.groups.create(WE, GroupKind.HOUSEHOLD, "Próbna", None, [person.id])
    for call in (
        _call("01CALL71", PHONE, clock, recordings, "zamawiam", "tulipany"),
        _call("01CALL72", OTHER, clock, recordings, "dzień dobry", "róże"),
    ):
        await store.ledger.commit(call, durable=True)
    note = Interaction(
        "01MAIL71",
        now,
        HistoryChannel.EMAIL,
        "inbound",
        "mail-71",
        MAIL,
        source="helpdesk",
        external_id="mail-71",
        note="zamawiam tulipany, Janina Próbna",
        subject="tulipany",
    )
    about = replace(
        note,
        id="01MAIL72",
        subject_id="mail-72",
        external_id="mail-72",
        point=OTHER,
        subject="o znajomej",
        note="proszę zadzwonić do +48600000071",
    )
    proof = Proof("01CALL71", "2026/11/21/01CALL71.wav", 3.0, "zamawiam")
    left_over = now - timedelta(days=2)
    await store.ledger.commit(
        [
            InteractionAdded(note, "x1"),
            InteractionAdded(about, "x2"),
            ConsentKept(
                Consent("01CONSENT", now, "sms", "marketing", True, "flow", None, PHONE, proof=proof), "x3"
            ),
            ObjectionKept(
                Objection("01OBJECT", now, Scope.PERSON, person.id, "zadzwonimy wieczorem", "agent")
            ),
            CallPartKept(
                CallPart("01PART", "01CALL71", "anna", "orders", left_over, note="Próbna zamawiam tulipany")
            ),
            JobAdded(
                "01SMS", "sms", "01CALL71:sms:1", {"to": PHONE.value, "text": "tulipany"}, subject=PHONE.value
            ),
        ],
        durable=True,
    )
    await store.callbacks.request(
        WE, CallbackRequest("01BACK", PHONE, "orders", CallbackSource.API, now, note="wieczorem")
    )
    await _wrote(store, now)
    await _mailed(store, now, person.id)
    await _chatted(store, now)
    await gate.ask(request("call:01CALL73", PHONE))
    await _campaigned(store, clock, person.id)
    await _owed(store, clock, again.id)
    async with writing(store._engine) as connection:
        await connection.execute(
            insert(imports).values(
                id="01IMPORT", digest="d", name="list.csv", node="n", path="", options={}, actor="anna",
                state="done", notes=[], created_at=now,
            )
        )  # fmt: skip
        await connection.execute(
            insert(import_refusals).values(
                import_id="01IMPORT", line=3, place=0, field="phone", value="Janina Próbna 600000071",
                reason="too long", kept=False,
            )
        )  # fmt: skip
        await connection.execute(
            insert(contact_external_ids).values(source="crm", external_id="crm-71", contact_id=again.id)
        )
        await connection.execute(
            insert(idempotency_keys).values(
                actor="t", key="k", method="POST", path=f"/api/v1/contacts/{person.id}/points", digest="d",
                state="done", status=200, headers={}, body=b'{"value":"+48600000071"}', at=now,
            )
        )  # fmt: skip
    return Life(person.id, again.id, other.id, recordings / "2026/11/21/01CALL71.wav")


async def _campaigned(store: Store, clock: HandClock, contact_id: str) -> None:
    """Called by a campaign that is over."""
    await running(store)
    mine = listed(1, contact_id=contact_id, numbers=((PHONE.value, ""),), name=NAME, fields={"l": "tulipany"})
    other = listed(2, numbers=((OTHER.value, ""),), name="Jan Inny")
    await store.leads.add(WE, "spring", [mine, other])
    for n, lead in enumerate(await reserve(store, clock)):
        begun = attempt(lead, clock, f"01TRY{n}")
        over = replace(begun, ended_at=clock.now(), result=AttemptResult.NO_ANSWER)
        reason = Reason(ReasonCode.STOP_CONTACT, {} if n else {"why": "kolekcjoner"})
        done = replace(lead, version=lead.version + 1, state=LeadState.STOPPED, reason=reason)
        changes: list[Change] = [AttemptBegun(begun, lead.version), AttemptStored(over, 1), LeadPlanned(done)]
        await store.ledger.commit(changes, durable=True)
    await store.campaigns.set_state(WE, "spring", CampaignMove.FINISH)


async def _owed(store: Store, clock: HandClock, contact_id: str) -> None:
    today = clock.now().date()
    debt = Debt("01DEBT71", contact_id, "D-71", 5_000, "PLN", today, clock.now(), "grocer")
    await store.debts.add(WE, debt)
    await store.debts.pay(WE, Payment("01PAID71", debt.id, 1_000, today, clock.now()))
    parts = (Instalment(500, today),)
    promise = Promise("01PROMISE71", debt.id, contact_id, "PLN", parts, clock.now(), today)
    await store.debts.promise(WE, promise, PromiseTerms(), today)
    row = BalanceRow(2, "D-71", 1, "EUR", today)
    file = BalanceFile("01FILE71", "grocer", today, False, (row,))
    await store.debts.reconcile(WE, file, digest="d", name="balances.csv")


def _call(
    call_id: str, point: ContactPoint, clock: HandClock, recordings: Path, heard: str, value: str
) -> tuple[Change, ...]:
    """As a flow writes it, with a recorded message."""
    at = clock.now()
    name = f"{at:%Y/%m/%d}/{call_id}.wav"
    (recordings / name).parent.mkdir(parents=True, exist_ok=True)
    (recordings / name).write_bytes(b"RIFF....WAVE")
    told: list[tuple[CallEventKind, Mapping[str, object]]] = [
        (
            CallEventKind.RECEIVED,
            {"caller": point.value, "dialled": "100", "network_id": f"net-{call_id}", "node": "n1"},
        ),
        (CallEventKind.ANSWERED, {}),
        (CallEventKind.FLOW_STARTED, {"flow": "hotline", "version": "7"}),
        (CallEventKind.STEP_ENTERED, {"step": "hello", "verb": "ask"}),
        (CallEventKind.HEARD, {"text": heard, "confidence": 0.9, "seconds": 1.0, "language": "pl"}),
        (CallEventKind.VALUE_SET, {"name": "flower", "value": value}),
        (CallEventKind.MESSAGE_LEFT, {"box": "orders", "recording": name, "seconds": 4.0}),
        (CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": "voicemail"}),
    ]
    events = tuple(CallEvent(call_id, seq, at, kind, data) for seq, (kind, data) in enumerate(told, 1))
    call = fold(events)
    row = interaction_of(call, f"i-{call_id}", point)
    return (EventsAppended(events), CallStored(call), InteractionAdded(row, f"c-{call_id}"))


__all__ = ["MAIL", "NAME", "OTHER", "PHONE", "WORDS", "Life", "lived", "request"]
