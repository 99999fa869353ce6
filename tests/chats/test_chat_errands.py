"""Errands of a chat: services, messages, and who is told what is known of a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from calls.events import CallEventKind
from engine.changes import ProfileSet
from history.interaction import ContactPoint, PointKind
from ivr.reading.loader import load_flow
from messaging.chat import LineKind, Speaker
from tests.chats.stage import ChatStage

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")
FLOW = """\
flow: known
languages: [en]
always: {agent: bye, trouble: sorry}
start: plan
steps:
  plan: {contact: {get: plan, into: plan}, next: told, unknown: number}
  told: {say: "Your plan is {plan}.", next: status}
  status: {webhook: {service: orders, get: /status, into: reply}, next: bye, failed: sorry}
  number:
    ask: {into: phone, phone: true, prompt: "Your number?", confirm: false}
    next: code
    otherwise: bye
  code:
    verify:
      code: {to: "{phone}", text: "Your code is {code}.", digits: 4}
      prompt: "The code?"
      attempts: 2
    verified: plan
    failed: sorry
  sorry: {say: "Sorry.", next: bye}
  bye: {hangup: normal}
"""


@pytest.fixture
async def known() -> AsyncIterator[ChatStage]:
    stage = ChatStage(flow=load_flow(FLOW.encode(), "known.yaml"))
    await stage.chats.start()
    for point in (ANNA, ContactPoint(PointKind.VISITOR, "v1")):  # who once typed her number into a chat
        stage.ledger.attributes[point, "plan"] = ProfileSet(
            point, "plan", "gold", stage.clock.now(), "import", "c"
        )
    yield stage
    await stage.close()


async def test_what_is_known_is_told_to_who_has_proved_their_number(known: ChatStage) -> None:
    visitor = await known.visitor()
    await asyncio.sleep(1)
    assert visitor.read == ["Your number?"], "a browser is whoever sits at it"
    await visitor.say("+48 600 000 001")
    await asyncio.sleep(1)
    (job,) = known.ledger.jobs.values()
    assert (job.topic, job.payload["to"]) == ("sms", ANNA.value)
    await visitor.say("9999")
    await asyncio.sleep(1)
    assert "gold" not in str(visitor.read)
    await visitor.say("1111")
    await asyncio.sleep(1)
    assert visitor.read[-2:] == ["Your plan is gold.", "closed"]
    kept = list(known.store.kept[visitor.id].values())
    assert not any("1111" in line.text or "9999" in line.text for line in kept)
    notes = [line.text for line in kept if line.kind is LineKind.NOTE]
    assert notes == [
        "message queued: channel sms",
        "identity checked: by code, passed False",
        "identity checked: by code, passed True",
    ]
    assert [one["passed"] for one in known.ledger.of_kind(visitor.id, CallEventKind.IDENTITY_CHECKED)] == [
        False,
        True,
    ]


async def test_a_code_that_is_sent_twice_stands_in_no_line(known: ChatStage) -> None:
    visitor = await known.visitor()
    await asyncio.sleep(1)
    await visitor.say("600 000 001")
    await asyncio.sleep(1)
    sent = (known.chats.say(visitor.id, visitor.secret, code, code) for code in ("9999", "1111"))
    await asyncio.gather(*sent)  # the second one while the first one is compared
    await asyncio.sleep(1)
    said = [line.text for line in known.store.kept[visitor.id].values() if line.speaker is Speaker.VISITOR]
    assert said[-2:] == ["***", "***"]
    assert "1111" not in str(known.ledger.interactions) + str(known.store.chats[visitor.id])


async def test_who_leaves_ends_what_was_asked_for(known: ChatStage) -> None:
    visitor = await known.visitor()
    await asyncio.sleep(1)
    await visitor.say("600 000 001")
    await known.chats.end(visitor.id, visitor.secret)
    await asyncio.sleep(1)
    (row,) = known.ledger.interactions
    assert (row.outcome, row.path) == ("self_served", ("plan", "number", "code"))
