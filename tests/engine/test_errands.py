"""Errands: what each leaves in the log, the outbox and the profile, and what comes of every failure."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from calls.call import Call
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.errands import ERRAND_SECONDS, SLACK_SECONDS
from engine.ports import Reply, ServiceFailed
from history.interaction import ContactPoint, PointKind
from ivr.commands import (
    DisputeDebt,
    Errand,
    Fetch,
    KeepPromise,
    ReadProfile,
    RequestCallback,
    SendMessage,
    StopContact,
    WriteProfile,
)
from ivr.events import Finished
from tests.engine.errand_desk import CALLER, OTHER, POINT, ErrandDesk

FETCH = Fetch(1, "orders", "GET", "/orders/1", None, 3.0)


async def test_a_service_is_asked_and_its_reply_handed_on(desk: ErrandDesk) -> None:
    finished = await desk.run(Fetch(1, "orders", "POST", "/orders/7", {"a": "b"}))
    assert finished == Finished(1, "next", {"reply": {"status": "sent"}})
    assert desk.services.asked == [("orders", "post", "/orders/7", {"a": "b"})]
    (note,) = desk.notes(Kind.FETCHED)
    assert note == {"service": "orders", "method": "post", "path": "/orders/7", "status": 200, "seconds": 0.0}


async def test_the_log_shows_the_path_without_its_secrets(desk: ErrandDesk) -> None:
    await desk.run(Fetch(1, "orders", "GET", "/pin/1234", logged_path="/pin/[hidden]"))
    assert desk.services.asked[0][2] == "/pin/1234"
    assert desk.notes(Kind.FETCHED)[0]["path"] == "/pin/[hidden]"
    assert "1234" not in str(desk.ledger.log)


async def test_a_service_that_fails_is_an_outcome_with_its_reason(
    desk: ErrandDesk, logs: list[MutableMapping[str, Any]]
) -> None:
    desk.services.replies = [ServiceFailed("it answered 503", 503)]
    assert await desk.run(FETCH) == Finished(1, "failed")
    (note,) = desk.notes(Kind.FETCHED)
    assert (note["status"], note["error"]) == (503, "it answered 503")
    (line,) = [entry for entry in logs if entry["event"] == "a service failed"]
    assert (line["service"], line["why"]) == ("orders", "it answered 503")
    assert "/orders/1" not in str(line)


async def test_an_adapter_that_never_answers_or_breaks_does_not_hold_the_call(desk: ErrandDesk) -> None:
    desk.services.gate.clear()
    began = desk.clock.monotonic()
    assert await desk.run(FETCH) == Finished(1, "failed")
    assert desk.clock.monotonic() - began == pytest.approx(FETCH.timeout_seconds + SLACK_SECONDS, abs=0.1)
    desk.services.gate.set()
    desk.services.replies = [RuntimeError("bug with secret 1234")]
    assert await desk.run(FETCH) == Finished(1, "failed")
    what = [(note["what"], note["detail"]) for note in desk.notes(Kind.TROUBLE)]
    assert what == [
        ("fetch", "it took more than 3.5 s"),
        ("fetch", "a fault of the engine (RuntimeError)"),
    ]


# --- profiles ---------------------------------------------------------------------------------------------


async def test_what_is_written_of_a_person_is_read_in_the_same_call(desk: ErrandDesk) -> None:
    assert await desk.run(ReadProfile(1, "city")) == Finished(1, "unknown")
    assert await desk.run(WriteProfile(2, "city", "Łódź")) == Finished(2, "next")
    assert await desk.run(ReadProfile(3, "city")) == Finished(3, "next", {"value": "Łódź"})
    kept = desk.ledger.attributes[POINT, "city"]
    assert kept.source == "call1"


@pytest.mark.parametrize("errand", [ReadProfile(1, "city"), WriteProfile(1, "city", "Łódź")])
async def test_nobody_is_known_by_a_withheld_number(errand: Errand) -> None:
    desk = ErrandDesk()
    await desk.begin_call(caller="anonymous")
    assert await desk.run(errand) == Finished(1, "unknown")
    assert desk.ledger.attributes == {}


async def test_a_visitor_from_a_browser_has_a_profile_for_the_visit() -> None:
    desk = ErrandDesk()
    await desk.begin_call(caller="anonymous", trunk="visitor")
    await desk.run(WriteProfile(1, "city", "Łódź"))
    assert list(desk.ledger.attributes) == [(ContactPoint(PointKind.VISITOR, "n1"), "city")]


async def test_while_the_database_is_away_nobody_is_known_and_what_is_written_waits(desk: ErrandDesk) -> None:
    desk.ledger.away = True
    assert await desk.run(ReadProfile(1, "city")) == Finished(1, "unknown")
    assert await desk.run(WriteProfile(2, "city", "Łódź")) == Finished(2, "next")
    (trouble,) = desk.notes(Kind.TROUBLE)
    assert trouble == {"what": "read profile", "detail": "The database is away."}
    assert desk.ledger.attributes[POINT, "city"].value == "Łódź", "kept by a commit that is not durable"


# --- the outbox -------------------------------------------------------------------------------------------

ERRANDS: list[tuple[Errand, Kind, dict[str, object], str, dict[str, object]]] = [
    (
        SendMessage(4, "22 000 00 12", "Order 7: sent", "en"),
        Kind.MESSAGE_QUEUED,
        {"channel": "sms", "to": OTHER, "text": "Order 7: sent"},
        "sms",
        {
            "to": OTHER,
            "text": "Order 7: sent",
            "language": "en",
            "purpose": "service",
            "mode": "agentless",
            "requested_until": "2026-03-02T09:15:00+00:00",
        },
    ),
    (
        KeepPromise(4, "120.50", "PLN", "2026-12-01", "D-7"),
        Kind.PROMISE_MADE,
        {"amount": "120.50", "currency": "PLN", "due": "2026-12-01", "reference": "D-7"},
        "promise",
        {
            "point": {"kind": "phone", "value": CALLER},
            "amount": "120.50",
            "currency": "PLN",
            "due": "2026-12-01",
            "reference": "D-7",
        },
    ),
]
each_errand = pytest.mark.parametrize(
    ("errand", "kind", "data", "topic", "payload"), ERRANDS, ids=[row[3] for row in ERRANDS]
)


async def verified_for(errand: Errand, desk: ErrandDesk) -> None:
    """A promise is taken of who has proved who they are."""
    if isinstance(errand, KeepPromise):
        await desk.log.write(Kind.IDENTITY_CHECKED, {"by": "code", "passed": True})


async def test_who_was_not_verified_promises_and_disputes_nothing(desk: ErrandDesk) -> None:
    await desk.log.write(Kind.IDENTITY_CHECKED, {"by": "code", "passed": False})
    promise = KeepPromise(4, "120.50", "PLN", "2026-12-01", "D-7")
    assert await desk.run(promise) == Finished(4, "refused")
    assert await desk.run(DisputeDebt(5, "said")) == Finished(5, "unknown")
    assert desk.ledger.jobs == {}
    assert desk.notes(Kind.PROMISE_MADE) == []


@each_errand
async def test_what_is_for_a_worker_is_written_with_its_note(
    desk: ErrandDesk,
    errand: Errand,
    kind: Kind,
    data: dict[str, object],
    topic: str,
    payload: dict[str, object],
) -> None:
    await verified_for(errand, desk)
    at = desk.clock.now().isoformat()
    assert await desk.run(errand) == Finished(4, "next")
    assert desk.notes(kind) == [data]
    job = desk.ledger.jobs[f"call1:{topic}:4"]
    assert job.topic == topic
    assert job.payload == {"call_id": "call1", **payload, "at": at}


@each_errand
async def test_the_same_work_after_a_crash_is_not_done_twice(
    errand: Errand, kind: Kind, data: dict[str, object], topic: str, payload: dict[str, object]
) -> None:
    before = ErrandDesk()
    await before.begin_call()
    await verified_for(errand, before)
    await before.run(errand)
    after = ErrandDesk(ledger=before.ledger)
    after.log.resume(tuple(before.ledger.log["call1"]))
    assert await after.run(errand) == Finished(4, "next")
    assert len(after.ledger.jobs) == 1


@each_errand
async def test_what_cannot_be_kept_is_told_and_leaves_no_note_that_it_was(
    desk: ErrandDesk,
    logs: list[MutableMapping[str, Any]],
    errand: Errand,
    kind: Kind,
    data: dict[str, object],
    topic: str,
    payload: dict[str, object],
) -> None:
    await verified_for(errand, desk)
    desk.ledger.away = True
    assert await desk.run(errand) == Finished(4, "failed")
    assert desk.ledger.jobs == {}
    assert desk.notes(kind) == []
    (trouble,) = desk.notes(Kind.TROUBLE)
    assert trouble == {"what": kind.value, "detail": "it could not be kept: The database is away."}
    seqs = [event.seq for event in desk.ledger.log["call1"]]
    assert seqs == list(range(1, len(seqs) + 1)), "no gap is left"
    assert "an errand failed" in [entry["event"] for entry in logs]


@pytest.mark.parametrize(
    ("errand", "outcome", "detail"),
    [
        (SendMessage(1, "anonymous", "x", "en"), "failed", "the number is no telephone number"),
        (SendMessage(1, "201", "x", "en"), "failed", "the number is no telephone number"),
        (SendMessage(1, "+48220000012\r\nTo: x", "x", "en"), "failed", "the number is no telephone number"),
        (SendMessage(1, OTHER, "x", "en", "pigeon"), "failed", "messages cannot be sent by pigeon"),
        (RequestCallback(1, "callbacks", "", 60.0), "declined", "the number is no telephone number"),
        (StopContact(1, "none", ("sms",)), "failed", "the number is no telephone number"),
    ],
)
async def test_what_can_never_be_done_is_not_written(
    desk: ErrandDesk, errand: Errand, outcome: str, detail: str
) -> None:
    assert await desk.run(errand) == Finished(1, outcome)
    assert desk.ledger.jobs == {}
    assert [note["detail"] for note in desk.notes(Kind.TROUBLE)] == [detail]


async def test_hostile_text_is_kept_as_it_is_and_nothing_else(desk: ErrandDesk) -> None:
    text = '\'; DROP TABLE outbox; --\r\n"{caller}" ../../etc'
    await desk.run(SendMessage(1, OTHER, text, "en"))
    (job,) = desk.ledger.jobs.values()
    assert job.payload["text"] == text
    assert job.subject == OTHER


# --- giving up --------------------------------------------------------------------------------------------


async def test_a_question_that_nobody_waits_for_is_dropped(desk: ErrandDesk) -> None:
    desk.services.gate.clear()
    desk.errands.begin(FETCH)
    await asyncio.sleep(1)
    assert desk.errands.has(1)
    desk.errands.drop(None)
    assert not desk.errands.has(1)
    desk.services.gate.set()
    await asyncio.sleep(1)
    assert desk.told == []
    assert desk.notes(Kind.FETCHED) == []


async def test_what_is_being_written_is_written_though_nobody_waits(desk: ErrandDesk) -> None:
    desk.ledger.slow = asyncio.Event()
    desk.errands.begin(SendMessage(1, OTHER, "x", "en"))
    await asyncio.sleep(0.1)
    asyncio.get_running_loop().call_later(2.0, desk.ledger.slow.set)
    await desk.errands.end()
    assert list(desk.ledger.jobs) == ["call1:sms:1"]
    assert desk.told == []


async def test_a_write_that_takes_too_long_is_given_up_and_may_still_succeed(desk: ErrandDesk) -> None:
    desk.ledger.slow = asyncio.Event()
    began = desk.clock.monotonic()
    assert await desk.run(SendMessage(1, OTHER, "x", "en")) == Finished(1, "failed")
    assert desk.clock.monotonic() - began == pytest.approx(ERRAND_SECONDS, abs=0.1)
    assert desk.notes(Kind.TROUBLE) == [{"what": "send message", "detail": "it took more than 5 s"}]
    desk.ledger.slow.set()
    await desk.errands.end()
    assert list(desk.ledger.jobs) == ["call1:sms:1"]
    assert [event.kind for event in desk.ledger.log["call1"]] == [
        Kind.RECEIVED,
        Kind.MESSAGE_QUEUED,
        Kind.TROUBLE,
    ]


async def test_the_end_of_a_call_does_not_wait_for_ever(desk: ErrandDesk) -> None:
    desk.ledger.slow = asyncio.Event()
    desk.errands.begin(SendMessage(1, OTHER, "x", "en"))
    await asyncio.sleep(0.1)
    began = desk.clock.monotonic()
    await desk.errands.end()
    assert desk.clock.monotonic() - began == pytest.approx(ERRAND_SECONDS, abs=0.1)
    ended: list[Call] = []
    desk.live.on_ended = ended.append
    await desk.log.end("caller", Outcome.COMPLETED)
    desk.ledger.slow.set()
    await desk.errands.end()
    assert list(desk.ledger.jobs) == ["call1:sms:1"]
    assert (len(ended), desk.live.all()) == (1, ()), "its end is told once, whatever is written late"


async def test_errands_side_by_side_do_not_mix(desk: ErrandDesk) -> None:
    desk.services.replies = [Reply(200, "first"), Reply(200, "second")]
    for work_id in (1, 2):
        desk.errands.begin(Fetch(work_id, "orders", "GET", f"/{work_id}"))
    await desk.until_told(2)
    assert [(finished.work_id, finished.values["reply"]) for finished in desk.told] == [
        (1, "first"),
        (2, "second"),
    ]
