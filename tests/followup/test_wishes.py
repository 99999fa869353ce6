"""People end messages with a word and take it back with another, in any channel."""

from __future__ import annotations

from typing import Any

from compliance.facts import Channel, Purpose
from engine.registers.actor import ENGINE
from engine.registers.permissions import ObjectionFilter
from history.interaction import ContactPoint, PointKind
from history.permissions import Objection, Scope
from messaging.permission import PERMISSION, Permission
from messaging.provider import Pace
from messaging.states import MessageState
from store.store import Store
from tests.followup.conftest import Start
from tests.messages.carrying import AT, HandProvider, message, phone
from tests.messages.test_sending import becomes

S = MessageState


async def in_force(store: Store) -> list[Objection]:
    return list(await store.permissions.objections(ObjectionFilter(in_force=True)))


async def test_start_takes_back_what_stop_forbade_and_nothing_else(store: Store, start: Start) -> None:
    provider = HandProvider()
    await start(provider)
    await store.messages.add([message(purpose=Purpose.MARKETING)])
    await becomes(store, "m001", S.ACCEPTED)
    number = phone(1).value
    by_hand = Objection("o1", AT, Scope.NUMBER, number, "a letter", "agent", channels=frozenset({"sms"}))
    await store.permissions.add_objections([by_hand], ENGINE)
    await provider.hear("Stop!", number, "x1")
    stopped = await in_force(store)
    assert [one.scope for one in stopped].count(Scope.NUMBER) == 2
    assert {one.purposes for one in stopped if one.id != "o1"} == {frozenset({"marketing"})}
    await provider.hear("START", number, "x2")
    assert [one.id for one in await in_force(store)] == ["o1"]
    lifted = [
        one for one in await store.permissions.objections(ObjectionFilter(in_force=False)) if one.lifted_at
    ]
    assert len(lifted) == 2


async def test_start_of_whoever_forbade_nothing_is_for_a_person_to_read(store: Store, start: Start) -> None:
    provider, heard = HandProvider(), []
    await start(provider, received=heard.append)
    await provider.hear("start", phone(2).value, "x1")
    await provider.hear("STOP", phone(2).value, "x2")
    await provider.hear("Start.", phone(2).value, "x3")
    assert [one.code for one in heard] == ["", "opt_out", "opt_in"]


async def test_the_mail_that_a_reply_quotes_is_not_part_of_its_word(store: Store, start: Start) -> None:
    provider = HandProvider(channel=Channel.EMAIL)
    await start(provider)
    quoted = "Unsubscribe\n\nOn Mon, 2 Nov 2026 at 10:00 Shop <shop@example.com> wrote:\n> Our news\n> start"
    await provider.hear(quoted, "anna@example.com", "x1")
    (one,) = await in_force(store)
    assert (one.scope, one.channels) == (Scope.PERSON, frozenset({"email"}))


async def test_a_machine_that_answers_wishes_nothing(store: Store, start: Start) -> None:
    provider = HandProvider(channel=Channel.EMAIL)
    await start(provider)
    await provider.hear("Stop", "anna@example.com", "x1", data={"automatic": True})
    assert await in_force(store) == []


async def test_a_messenger_tells_whether_it_may_be_written_to(store: Store, start: Start) -> None:
    provider = HandProvider(channel=Channel.MESSENGER, pace=Pace(at_once=1))
    point = ContactPoint(PointKind.MESSENGER, "telegram:1001")
    of: dict[str, Any] = {"channel": Channel.MESSENGER, "point": point}
    await start(provider)
    await store.messages.add([message(1, **of, purpose=Purpose.INFORMATION)])
    await becomes(store, "m001", S.ACCEPTED)
    later = AT.replace(year=2027)
    await store.messages.add([message(n, **of, not_before=later, expires_at=None) for n in (2, 3)])
    await provider.hear("", point.value, "x1", data={PERMISSION: Permission.WITHDRAWN.value})
    assert [(await store.messages.get(f"m00{n}")).state for n in (2, 3)] == [S.STOPPED, S.STOPPED]
    (one,) = await in_force(store)
    assert (one.channels, one.purposes) == (frozenset({"messenger"}), frozenset())
    await provider.hear("", point.value, "x2", data={PERMISSION: Permission.GIVEN.value})
    assert await in_force(store) == []
    contact = (await store.messages.get("m001")).contact_id
    assert contact is not None
    (consent,) = await store.permissions.consents_of(contact)
    assert (consent.channel, consent.purpose, consent.given) == ("messenger", "service", True)
