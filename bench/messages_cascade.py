"""A mailing by a cascade SMS -> e-mail through a faulty SMSC and a real mail server, compared row by row.

    python -m bench.messages_cascade [--people 10000] [--window 50] [--database URL] [--write]

At the end each message's state, its events, its rows of the history, the SMSC's log, the mail server's log
and the counts of the mailing's page are compared; every disagreement is printed. The gate lets all through:
what it refuses is not sent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from bench.cpu import cpu_seconds
from bench.messages_figures import keep
from bench.messages_sender import sms_settings
from channels.email.addresses import Address, Mailbox
from channels.email.composing import MailIdentity
from channels.email.provider import MailProvider, MailServer
from channels.smpp import binds
from channels.smpp.provider import SmppProvider
from compliance.decision import Decision
from compliance.facts import Channel
from engine.clock import SystemClock, TimeOrderedIds
from engine.followup.cascades import CascadeWork
from engine.followup.mailing_desk import MailingDesk
from engine.followup.mailings import MailingWork
from engine.followup.routing import Carrier
from engine.followup.sending import MessageSending
from engine.followup.shelf import MessageShelf
from engine.registers.actor import Actor, ActorKind
from engine.registers.contacts import ContactDraft
from engine.registers.mailings import Mailing, MailingFigures
from engine.registers.messages import Message, MessageFilter
from history.interaction import ContactPoint, PointKind
from messaging.cascade_reading import load_cascade
from messaging.mailing import MailingState
from messaging.states import MessageState
from messaging.template_reading import load_template
from store.database import create_engine, database_url
from store.store import Store, open_store
from tests.smsc import Smsc, running_smsc

LIMIT_SECONDS = 1800.0
# Between two binds; a connection that is cut every few seconds would be left alone for half a minute.
PAUSE_SECONDS = 1.0
WE = Actor(ActorKind.PERSON, "manager")
S = MessageState
# Of each so many submits one is throttled, cut off before or behind it was taken, refused, never answered,
# answered late; of receipts some never come, come twice, backwards, late, or later than the cascade waits.
FAULTS: dict[str, Any] = {
    "receipts": {"missing_every": 6, "twice_every": 3, "backwards": 10},
    "every": [
        {"n": 997, "status": 0x58},
        {"n": 1009, "drop": "heard"},
        {"n": 887, "drop": "unheard"},
        {"n": 211, "receipt": {"delay_ms": 60_000}},
        {"n": 23, "status": 0x0B},
        {"n": 13, "receipt": {"state": "UNDELIV"}},
        {"n": 37, "receipt": {"delay_ms": 400}},
        {"n": 17, "delay_ms": 60},
    ],
}
DUE = """
template: due
purpose: service
languages: [en]
text: "{given_name}, order {order} waits for you."
subject: Your order
defaults: {given_name: customer}
takes: [order]
"""
NOTICE = """
cascade: notice
steps:
  - {sms: due, wait: 30s, send_within: 10m, moves_on: [failed, not_delivered, no_point]}
  - {email: due, wait: 30s, send_within: 10m}
"""


class OpenGate:
    async def ask(self, request: object) -> Decision:
        return Decision(True, None, None, None, ())

    async def would_be(self, request: object, at: object = None) -> Decision:
        return Decision(True, None, None, None, ())

    async def ask_all(self, requests: Sequence[object]) -> Sequence[Decision]:
        return [Decision(True, None, None, None, ())] * len(requests)


class MailLog:
    """Each seventeenth address is none."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.refused: set[str] = set()

    async def handle_RCPT(self, _: Any, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if int(address.split("@")[0].removeprefix("p")) % 17 == 0:
            self.refused.add(address)
            return "550 5.1.1 there is no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Session, envelope: Envelope) -> str:
        self.taken.update(envelope.rcpt_tos)
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[int, MailLog]]:
    log = MailLog()
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(log, hostname="mx.example.org", ident="bench"), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1], log
    finally:
        listening.close()


@dataclass
class Told:
    """What each side says of the same people."""

    messages: Sequence[Message]
    last_states: Mapping[str, str]
    history: Mapping[str, Sequence[str]]
    events: Mapping[str, frozenset[str]]
    smsc: Sequence[Mapping[str, Any]]
    mails: MailLog
    page: MailingFigures
    state: MailingState
    disagreements: list[str] = field(default_factory=list)
    states: Counter[tuple[str, str]] = field(default_factory=Counter)

    def compare(self, people: int) -> None:
        taken: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in self.smsc:
            if row["status"] == 0:
                taken["+" + row["to"].lstrip("+")].append(row)
        reached_by_sms: dict[str, bool] = {}
        emailed: set[str] = set()
        for one in self.messages:
            self.states[one.channel.value, one.state.value] += 1
            self._in_store(one)
            if one.channel is Channel.EMAIL:
                emailed.add(one.cascade or "")
                self._email(one)
            else:
                reached_by_sms[one.cascade or ""] = one.state is S.DELIVERED
                self._sms(one, taken.pop(one.point.value if one.point else "", []))
        self._say(f"the SMSC has {number}, and nobody sent it" for number in taken)
        if len(reached_by_sms) != people:
            self.disagreements.append(f"{len(reached_by_sms)} people were written to, of {people}")
        unreached = {run for run, reached in reached_by_sms.items() if not reached}
        self._say(f"{run}: the SMS did not arrive, and no e-mail followed" for run in unreached - emailed)
        if dict(self.page.progress.counts) != dict(Counter(one.state for one in self.messages)):
            self.disagreements.append(f"the page counts {self.page.progress.counts}")
        silent = sum(one.state is S.ACCEPTED for one in self.messages)
        if (self.page.silent, self.page.running, self.state) != (silent, 0, MailingState.FINISHED):
            self.disagreements.append(
                f"the page: {self.page.silent} silent of {silent}, {self.page.running} run, {self.state}"
            )

    def _in_store(self, one: Message) -> None:
        events, history = self.events.get(one.id, frozenset()), self.history.get(one.id, ())
        if (last := self.last_states.get(one.id)) != one.state.value:
            self.disagreements.append(f"{one.id} is {one.state}, its last event {last}")
        twice = len(history) == 2 and one.state is S.DELIVERED  # given up, and arrived after all
        if not (len(history) == 1 or twice) or not set(history) <= events:
            self.disagreements.append(f"{one.id} is {one.state}, its history {history}")

    def _email(self, one: Message) -> None:
        assert one.point is not None
        refused = one.point.value in self.mails.refused
        expected = S.FAILED if refused else S.ACCEPTED
        if one.state is not expected or self.mails.taken[one.point.value] != (0 if refused else 1):
            self.disagreements.append(f"{one.id} is {one.state}, the mail server took another number")

    def _sms(self, one: Message, rows: Sequence[Mapping[str, Any]]) -> None:
        received = bool(rows) and rows[0]["receipted"] > 0
        match one.state:
            case S.DELIVERED:
                right = received and rows[0]["receipt"] == "DELIVRD"
            case S.FAILED:
                right = not rows or (received and rows[0]["receipt"] == "UNDELIV")
            case S.ACCEPTED:
                right = bool(rows) and not received
            case S.IN_DOUBT:
                right = not rows or not (received or rows[0]["answered"])
            case S.EXPIRED | S.STOPPED:  # the cascade had gone on before it could be handed over
                right = not rows
            case _:
                right = False
        if not right or len(rows) > 1:
            self.disagreements.append(f"{one.id} is {one.state}, the SMSC says {rows}")

    def _say(self, sentences: Iterable[str]) -> None:
        self.disagreements += sentences


async def rows_of(url: str, sql: str) -> Sequence[Any]:
    engine = create_engine(database_url(url))
    async with engine.connect() as connection:
        found = (await connection.execute(text(sql))).all()
    await engine.dispose()
    return found


async def all_messages(store: Store, mailing: str) -> list[Message]:
    found: list[Message] = []
    after: tuple[str, ...] | None = None
    while True:
        page = await store.messages.list(MessageFilter(mailing=mailing), limit=500, after=after)
        found += page.items
        if (after := page.after) is None:
            return found


async def told(store: Store, url: str, mailing: str, smsc: Smsc, mails: MailLog) -> Told:
    history: dict[str, list[str]] = defaultdict(list)
    asked = "SELECT subject_id, outcome FROM interactions WHERE channel IN ('sms', 'email') ORDER BY number"
    for subject, outcome in await rows_of(url, asked):
        history[subject].append(outcome)
    events: dict[str, list[str]] = defaultdict(list)
    asked = "SELECT message_id, state FROM message_events ORDER BY message_id, seq"
    for message, state in await rows_of(url, asked):
        events[message].append(state)
    return Told(
        await all_messages(store, mailing),
        {one: states[-1] for one, states in events.items()},
        history,
        {one: frozenset(states) for one, states in events.items()},
        await smsc.log(),
        mails,
        await store.mailings.figures(mailing),
        (await store.mailings.get(mailing)).state,
    )


async def people_of(store: Store, count: int) -> tuple[str, ...]:
    ids = []
    for n in range(1, count + 1):
        points = (
            ContactPoint(PointKind.PHONE, f"+48600{n:06}"),
            ContactPoint(PointKind.EMAIL, f"p{n}@example.org"),
        )
        ids.append((await store.history.contacts.create(WE, ContactDraft(points, {}))).id)
    return tuple(ids)


async def run(people: int, window: int, url: str, folder: Path) -> tuple[Told, Mapping[str, Any]]:
    binds.LONGEST_PAUSE_SECONDS = PAUSE_SECONDS
    clock = SystemClock()
    ids, gate = TimeOrderedIds(clock), OpenGate()
    shelf = MessageShelf({"due": load_template(DUE, "due.yaml")}, {"notice": load_cascade(NOTICE, "n.yaml")})
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(running_smsc(**FAULTS))
        port, mails = await stack.enter_async_context(mail_server())
        store = open_store(url, folder / "spool", clock=clock)
        await store.start()
        stack.push_async_callback(store.close)
        audience = await people_of(store, people)
        us = MailIdentity(Mailbox("", Address("info", "example.com")), Address("bounce", "example.com"))
        carriers = [
            Carrier(SmppProvider(sms_settings(smsc.port, window, answer_seconds=5.0), clock)),
            Carrier(MailProvider("mail", MailServer("127.0.0.1", port, "none"), us, clock=clock)),
        ]
        sending = MessageSending(store.message_queue("bench"), carriers, gate, clock)
        cascades = CascadeWork(store.cascades, lambda: shelf, clock, ids)
        mailings = MailingWork(store.mailing_queue("bench"), lambda: shelf, clock)
        desk = MailingDesk(store.mailings, lambda: shelf, gate, clock, ids)
        now, begun = clock.now(), time.perf_counter()
        made = await desk.create(
            WE,
            Mailing("", "Orders", now, now, cascade="notice", contact_ids=audience, values={"order": "17"}),
        )
        ours, theirs = cpu_seconds(os.getpid(), {smsc.process.pid}), cpu_seconds(smsc.process.pid)
        await desk.start(WE, made.id)
        await sending.start()
        stack.push_async_callback(sending.close)
        work = [asyncio.create_task(one.run()) for one in (cascades.lookout, mailings.lookout)]
        handed_seconds = 0.0
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while (await store.mailings.get(made.id)).state is not MailingState.FINISHED:
                    figures = await store.mailings.figures(made.id)
                    on_their_way = figures.progress.counts.keys() & {S.QUEUED, S.SENDING}
                    if not handed_seconds and not figures.progress.to_come and not on_their_way:
                        handed_seconds = time.perf_counter() - begun
                    await asyncio.sleep(1.0)
        finally:
            for task in work:
                task.cancel()
        seconds = time.perf_counter() - begun
        found = await told(store, url, made.id, smsc, mails)
        found.compare(people)
        doubtful = [one.id for one in found.messages if one.state is S.IN_DOUBT]
        return found, {
            "people": people,
            "database": url.partition(":")[0],
            "seconds": round(seconds, 1),
            "sms_handed_over_seconds": round(handed_seconds, 1),
            "cpu_seconds": round(cpu_seconds(os.getpid(), {smsc.process.pid}) - ours, 1),
            "smsc_cpu_seconds": round(cpu_seconds(smsc.process.pid) - theirs, 1),
            "submits": len(found.smsc),
            "states": {f"{channel} {state}": n for (channel, state), n in sorted(found.states.items())},
            "in_doubt_taken_by_smsc": _taken(found, set(doubtful)),
            "endings": {ending.value: n for ending, n in found.page.endings.items()},
            "disagreements": len(found.disagreements),
        }


def _taken(found: Told, doubtful: set[str]) -> int:
    numbers = {"+" + row["to"].lstrip("+") for row in found.smsc if row["status"] == 0}
    return sum(one.id in doubtful and one.point is not None and one.point.value in numbers
               for one in found.messages)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--database", default="", help="a URL; default: a new SQLite file")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/figures")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        url = given.database or f"sqlite:///{name}/bench.db"
        found, figures = uvloop.run(run(given.people, given.window, url, Path(name)))
    for title, value in figures.items():
        print(f"{title:24} {value}")
    for one in found.disagreements[:50]:
        print(f"    {one}")
    if given.write:
        keep("cascade", str(figures["database"]), figures)
    if found.disagreements:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
