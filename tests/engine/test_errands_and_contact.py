"""Errands about contact: what people allow and forbid, what the gate says, and who is called back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from calls.events import CallEventKind as Kind
from compliance.decision import Decision
from history.interaction import ContactPoint, PointKind
from history.permissions import Scope
from ivr.commands import Errand, KeepConsent, RequestCallback, SendCode, SendMessage, StopContact
from ivr.events import Finished
from tests.engine.errand_desk import CALLER, OTHER, POINT, ErrandDesk

# --- what people allow and forbid -----------------------------------------------------------------------

MARKETING = KeepConsent(4, "marketing", True, "key", ("call", "sms"))


async def test_a_consent_is_kept_for_each_channel_with_where_in_the_call_it_was_given(
    desk: ErrandDesk,
) -> None:
    await asyncio.sleep(12.5)
    assert await desk.run(MARKETING) == Finished(4, "next")
    (note,) = desk.notes(Kind.CONSENT_KEPT)
    assert note == {"purpose": "marketing", "given": True, "by": "key", "channels": ["call", "sms"]}
    kept = list(desk.ledger.consents.values())
    assert [(one.channel, one.purpose, one.given, one.point) for one in kept] == [
        ("call", "marketing", True, POINT),
        ("sms", "marketing", True, POINT),
    ]
    assert {(one.proof.call_id, one.proof.text) for one in kept} == {("call1", "by key")}
    assert kept[0].proof.second == pytest.approx(12.5, abs=0.1)
    assert desk.ledger.jobs == {}


async def test_a_consent_that_is_about_no_contact_has_no_channel(desk: ErrandDesk) -> None:
    await desk.run(KeepConsent(4, "recording", False, "key"))
    (kept,) = desk.ledger.consents.values()
    assert (kept.channel, kept.purpose, kept.given) == ("", "recording", False)


async def test_who_wants_no_contact_is_kept_as_number_and_as_person(desk: ErrandDesk) -> None:
    assert await desk.run(StopContact(4, CALLER, ("call", "sms"))) == Finished(4, "next")
    (note,) = desk.notes(Kind.CONTACT_STOPPED)
    assert note == {"number": CALLER, "channels": ["call", "sms"]}
    kept = list(desk.ledger.objections.values())
    assert [(one.scope, one.value) for one in kept] == [(Scope.NUMBER, CALLER), (Scope.PERSON, "")]
    assert {one.channels for one in kept} == {frozenset({"call", "sms"})}


async def test_another_number_than_the_callers_stops_that_number_alone(desk: ErrandDesk) -> None:
    await desk.run(StopContact(4, OTHER, ("call",)))
    assert [(one.scope, one.value) for one in desk.ledger.objections.values()] == [(Scope.NUMBER, OTHER)]


@pytest.mark.parametrize("errand", [MARKETING, StopContact(4, CALLER, ("call",))])
async def test_what_is_kept_again_after_a_crash_is_the_same(errand: Errand) -> None:
    before = ErrandDesk()
    await before.begin_call()
    await before.run(errand)
    kept = [*before.ledger.consents, *before.ledger.objections]
    after = ErrandDesk(ledger=before.ledger)
    after.log.resume(tuple(before.ledger.log["call1"]))
    await after.run(errand)
    assert [*after.ledger.consents, *after.ledger.objections] == kept


@pytest.mark.parametrize("errand", [MARKETING, StopContact(4, CALLER, ("call",))])
async def test_while_the_database_is_away_nothing_is_kept_and_the_flow_knows(
    desk: ErrandDesk, errand: Errand
) -> None:
    desk.ledger.away = True
    assert await desk.run(errand) == Finished(4, "failed")
    assert (desk.ledger.consents, desk.ledger.objections) == ({}, {})


# --- the gate ---------------------------------------------------------------------------------------------


async def test_a_message_is_asked_for_by_the_caller_who_waits_for_it(desk: ErrandDesk) -> None:
    await desk.run(SendMessage(4, OTHER, "Order 7: sent", "en"))
    (asked,) = desk.gate.asked
    assert (asked.channel, asked.purpose, asked.mode) == ("sms", "service", "agentless")
    assert asked.point == ContactPoint(PointKind.PHONE, OTHER)
    (job,) = desk.ledger.jobs.values()
    assert asked.subject == f"message:{job.id}"
    assert asked.requested is not None
    assert asked.requested.begins == asked.requested.at


async def test_nobody_asks_for_advertising_by_calling(desk: ErrandDesk) -> None:
    await desk.run(SendMessage(4, CALLER, "Roses!", "en", purpose="marketing"))
    (asked,) = desk.gate.asked
    assert (asked.purpose, asked.requested) == ("marketing", None)


@pytest.mark.parametrize(
    ("rule", "outcome"), [("do-not-contact/number", "refused"), ("gate/facts", "failed")]
)
async def test_a_message_that_a_rule_forbids_is_not_sent(desk: ErrandDesk, rule: str, outcome: str) -> None:
    desk.gate.refusal = Decision(False, rule, "they asked us not to", None, ())
    assert await desk.run(SendMessage(4, OTHER, "Order 7: sent", "en")) == Finished(4, outcome)
    assert desk.ledger.jobs == {}
    assert desk.notes(Kind.MESSAGE_QUEUED) == []
    assert desk.notes(Kind.CONTACT_REFUSED) == [
        {
            "channel": "sms",
            "to": OTHER,
            "purpose": "service",
            "rule": rule,
            "reason": "they asked us not to",
            "next_allowed_at": None,
        }
    ]


async def test_a_code_that_a_rule_forbids_is_not_sent(desk: ErrandDesk) -> None:
    desk.gate.refusal = Decision(False, "do-not-contact/number", "they asked us not to", None, ())
    assert await desk.run(SendCode(4, CALLER, "Code ‹code›.", "en", 6)) == Finished(4, "failed")
    assert desk.ledger.jobs == {}
    assert len(desk.notes(Kind.CONTACT_REFUSED)) == 1


# --- callbacks --------------------------------------------------------------------------------------------

CALL_BACK = RequestCallback(4, "callbacks", "22 000 00 12", 14400.0)


async def test_a_callback_is_one_of_the_requests_and_stands_once(desk: ErrandDesk) -> None:
    now = desk.clock.now()
    assert await desk.run(CALL_BACK) == Finished(4, "next")
    assert desk.notes(Kind.CALLBACK_REQUESTED) == [
        {"campaign": "callbacks", "number": OTHER, "within_seconds": 14400.0}
    ]
    (kept,) = desk.ledger.callbacks.values()
    assert (kept.id, kept.point, kept.topic) == ("call1-4", ContactPoint(PointKind.PHONE, OTHER), "callbacks")
    assert (kept.source, kept.queue, kept.place_kept_at) == ("flow", None, None)
    assert kept.window_to is not None
    assert abs(kept.window_to - now - timedelta(hours=4)) < timedelta(seconds=1)
    assert not kept.person_chose
    assert desk.ledger.jobs == {}
    after = ErrandDesk(ledger=desk.ledger)
    after.log.resume(tuple(desk.ledger.log["call1"]))
    assert await after.run(CALL_BACK) == Finished(4, "next")
    assert list(after.ledger.callbacks) == ["call1-4"], "the same work after a crash"


@pytest.mark.parametrize("outcome", ["left", "timeout", "next"])
async def test_whoever_leaves_a_queue_for_it_keeps_the_place(desk: ErrandDesk, outcome: str) -> None:
    await desk.log.write(Kind.QUEUED, {"queue": "orders", "position": 3})
    joined = desk.ledger.log["call1"][-1].at
    left = {"queue": "orders", "outcome": outcome, "waited_seconds": 40.0, "talked_seconds": 0.0}
    await desk.log.write(Kind.QUEUE_LEFT, left)
    await desk.run(CALL_BACK)
    (kept,) = desk.ledger.callbacks.values()
    place = (kept.source, kept.queue, kept.place_kept_at)
    assert place == (("flow", None, None) if outcome == "next" else ("queue", "orders", joined))


async def test_a_callback_that_cannot_be_kept_is_declined(desk: ErrandDesk) -> None:
    desk.ledger.away = True
    assert await desk.run(CALL_BACK) == Finished(4, "declined")
    assert desk.ledger.callbacks == {}
    (trouble,) = desk.notes(Kind.TROUBLE)
    assert trouble["what"] == "callback_requested"
