"""A campaign of a cascade SMS -> e-mail against an SMSC and a mail server with faults: who says what.

Every message, its history and the logs of both servers are compared one by one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.email.addresses import Address, Mailbox
from channels.email.composing import MailIdentity
from channels.email.provider import MailProvider, MailServer
from channels.smpp import binds
from channels.smpp.provider import SmppProvider
from channels.smpp.settings import Endpoint, SmppSettings
from compliance.facts import Channel
from engine.clock import TimeOrderedIds
from engine.followup.cascades import CascadeWork
from engine.registers.actor import Actor, ActorKind
from engine.registers.contacts import ContactDraft
from engine.registers.messages import Message, MessageFilter
from history.interaction import ContactPoint, PointKind
from messaging.states import MessageState
from store.store import Store
from tests.followup.conftest import Start
from tests.mailings.conftest import shelf
from tests.messages.queued import rows
from tests.patience import patient
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc, running_smsc

pytestmark = pytest.mark.timeout(240)
PEOPLE = 300
S = MessageState
MANAGER = Actor(ActorKind.PERSON, "manager")
FAULTS: dict[str, Any] = {
    "receipts": {"missing_every": 6, "twice_every": 3, "backwards": 10},
    "every": [
        {"n": 97, "status": 0x58},
        {"n": 101, "drop": "heard"},
        {"n": 89, "drop": "unheard"},
        {"n": 23, "status": 0x0B},
        {"n": 13, "receipt": {"state": "UNDELIV"}},
        {"n": 11, "delay_ms": 60},
        {"n": 37, "receipt": {"delay_ms": 400}},
    ],
}


class MovedClock:
    """The real time, set forward by a test."""

    def __init__(self) -> None:
        self._forward_seconds = 0.0
        self._from = datetime(2026, 11, 23, 11, tzinfo=UTC)
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return self._from + timedelta(seconds=self.monotonic() - self._begun)

    def monotonic(self) -> float:
        return time.monotonic() + self._forward_seconds

    def pass_seconds(self, seconds: float) -> None:
        self._forward_seconds += seconds


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


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
        lambda: SMTP(log, hostname="mx.example.org", ident="test"), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1], log
    finally:
        listening.close()


async def until(check: Callable[[], Awaitable[bool]], what: str, seconds: float = 60.0) -> None:
    try:
        async with asyncio.timeout(patient(seconds)):
            while not await check():  # noqa: ASYNC110 - it asks the database
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not in time: {what}") from None


async def all_messages(store: Store) -> list[Message]:
    found: list[Message] = []
    after: tuple[str, ...] | None = None
    while True:
        page = await store.messages.list(MessageFilter(), limit=500, after=after)
        found += page.items
        if (after := page.after) is None:
            return found


async def test_everybody_agrees_row_by_row(
    store: Store, url: str, clock: MovedClock, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binds, "FIRST_PAUSE_SECONDS", 0.05)
    async with running_smsc(**FAULTS) as smsc, mail_server() as (port, mails):
        end = Endpoint("127.0.0.1", smsc.port)
        settings = SmppSettings("sms", (end,), SYSTEM_ID, PASSWORD, sender="Anna", window=20)
        ours = MailIdentity(Mailbox("", Address("info", "example.com")), Address("bounce", "example.com"))
        mail = MailProvider("mail", MailServer("127.0.0.1", port, "none"), ours, clock=clock)
        cascades = CascadeWork(store.cascades, shelf, clock, TimeOrderedIds(clock))
        for n in range(1, PEOPLE + 1):
            points = (
                ContactPoint(PointKind.PHONE, f"+48600{n:06}"),
                ContactPoint(PointKind.EMAIL, f"p{n}@example.org"),
            )
            person = await store.history.contacts.create(MANAGER, ContactDraft(points, {}))
            await cascades.begin("notice", person, id=f"run{n}", values={"order": str(n)})
        await start(SmppProvider(settings, clock), mail)
        moving = asyncio.create_task(cascades.lookout.run())
        try:
            await _settled(store, smsc)
            clock.pass_seconds(11 * 60)  # so long a receipt is waited for
            cascades.lookout.wake()
            await _settled(store, smsc, emails=True)
            clock.pass_seconds(10 * 24 * 3600)
            cascades.lookout.wake()
            await until(lambda: _over(url), "all cascades have ended")
        finally:
            moving.cancel()
        log = await smsc.log()
    await _agree(store, url, log, mails)


async def _settled(store: Store, smsc: Smsc, *, emails: bool = False) -> None:
    """Nothing is on its way, and the SMSC has nothing more to tell."""
    seen: list[Any] = []

    async def quiet() -> bool:
        states = await store.messages.counts(MessageFilter())
        now = (states, await smsc.counts(), len(await all_messages(store)) > PEOPLE)
        seen.append(now)
        still = len(seen) > 20 and all(one == now for one in seen[-20:])
        return still and not states.keys() & {S.QUEUED, S.SENDING} and (now[2] or not emails)

    await until(quiet, "all messages have been handed over")


async def _over(url: str) -> bool:
    ((still,),) = await rows(url, "SELECT count(*) FROM cascade_runs WHERE over_at IS NULL")
    return still == 0


async def _agree(store: Store, url: str, log: list[dict[str, Any]], mails: MailLog) -> None:
    taken: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in log:
        if row["status"] == 0:
            taken["+" + row["to"].lstrip("+")].append(row)
    history: dict[str, list[str]] = defaultdict(list)
    told = "SELECT subject_id, outcome FROM interactions WHERE channel IN ('sms', 'email') ORDER BY number"
    for subject, outcome in await rows(url, told):
        history[str(subject)].append(str(outcome))
    states: Counter[tuple[str, str]] = Counter()
    sms_of: dict[str, MessageState] = {}
    found = await all_messages(store)
    for one in found:
        assert one.point is not None
        states[one.channel.value, one.state.value] += 1
        events = await store.messages.events(one.id)
        assert events[-1].state is one.state
        # One row, as it left us; another only for one that was given up and arrived after all.
        assert set(history[one.id]) <= {event.state.value for event in events}, one
        assert len(history[one.id]) == 1 or (len(history[one.id]) == 2 and one.state is S.DELIVERED), one
        if one.channel is Channel.EMAIL:
            expected = S.FAILED if one.point.value in mails.refused else S.ACCEPTED
            assert one.state is expected, one
            assert mails.taken[one.point.value] == (0 if expected is S.FAILED else 1)
            continue
        sms_of[one.id.split("-")[0]] = one.state
        at_smsc = taken.pop(one.point.value, [])
        assert len(at_smsc) <= 1, one
        received = bool(at_smsc) and at_smsc[0]["receipted"] > 0
        match one.state:
            case S.DELIVERED:
                assert received, one
                assert at_smsc[0]["receipt"] == "DELIVRD", one
            case S.FAILED:
                assert not at_smsc or (received and at_smsc[0]["receipt"] == "UNDELIV"), one
            case S.ACCEPTED:
                assert at_smsc, one
                assert not received, one
            case S.IN_DOUBT:
                assert not at_smsc or not at_smsc[0]["answered"], one
            case _:
                raise AssertionError(one)
    assert taken == {}
    assert len(sms_of) == PEOPLE
    # Whoever the SMS did not reach was written to by e-mail; of others only whose receipt came after that.
    emailed = {one.id.split("-")[0] for one in found if one.channel is Channel.EMAIL}
    unreached = {run for run, state in sms_of.items() if state is not S.DELIVERED}
    assert unreached <= emailed, states
    assert len(emailed - unreached) <= PEOPLE // 50, states
