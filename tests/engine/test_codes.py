"""Codes that are sent to a caller, and answers about who they are."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import pytest

from calls.events import CallEventKind as Kind
from engine.changes import ProfileSet
from engine.codes import CODE_SECONDS, MOST_CHECKS, RandomCodes, SentCode, same_answer
from engine.errands import MOST_CODES_SENT, MOST_WRONG_ANSWERS
from ivr.commands import CODE, CheckAnswer, SendCode
from ivr.events import Finished
from tests.engine.errand_desk import CALLER, POINT, ErrandDesk

SEND = SendCode(1, CALLER, f"Your code is {CODE}.", "en", 6)


async def begun(*, codes_in_log: bool = True) -> ErrandDesk:
    desk = ErrandDesk(codes_in_log=codes_in_log)
    await desk.begin_call()
    return desk


async def check(desk: ErrandDesk, answer: str, attribute: str | None = None) -> str:
    return (await desk.run(CheckAnswer(2, answer, attribute))).outcome


async def test_a_code_is_sent_first_of_all_and_for_ten_minutes_only() -> None:
    desk = await begun()
    sent_at = desk.clock.now()
    assert await desk.run(SEND) == Finished(1, "next")
    (job,) = desk.ledger.jobs.values()
    assert (job.topic, job.payload["to"], job.payload["text"]) == ("sms", CALLER, "Your code is 111111.")
    assert (job.priority, job.subject) == (-10, None)
    assert job.expires_at == sent_at + timedelta(minutes=10)
    assert await check(desk, "111111") == "verified"
    assert desk.notes(Kind.IDENTITY_CHECKED) == [{"by": "code", "passed": True}]
    checked = [one.payload["message"] for one in desk.ledger.jobs.values() if one.topic == "checked"]
    assert checked == [job.id]  # the message arrived


async def test_no_note_and_no_memory_holds_the_code() -> None:
    desk = await begun()
    await desk.run(SEND)
    await check(desk, "111111")
    assert "111111" not in str(desk.ledger.log)
    assert desk.notes(Kind.MESSAGE_QUEUED)[0]["text"] == SEND.text
    sent = desk.errands._code
    assert sent is not None
    assert not any(value in ("111111", b"111111") for value in vars(sent).values())


async def test_the_code_is_told_in_the_log_only_where_that_is_set(
    logs: list[MutableMapping[str, Any]],
) -> None:
    await (await begun(codes_in_log=False)).run(SEND)
    assert "111111" not in str(logs)
    await (await begun()).run(SEND)
    assert "code for +48*******11: 111111" in [entry["event"] for entry in logs]


async def test_a_wrong_code_fails_and_the_right_one_counts_once() -> None:
    desk = await begun()
    await desk.run(SEND)
    assert await check(desk, "111112") == "failed"
    assert await check(desk, " 111111 ") == "verified"
    assert await check(desk, "111111") == "failed", "a code is used up"


async def test_a_code_is_not_guessed_nor_good_for_ever() -> None:
    sent = SentCode("123456", b"salt", expires_at=CODE_SECONDS)
    assert [sent.matches("0", 0.0) for _ in range(MOST_CHECKS)] == [False] * MOST_CHECKS
    assert not sent.matches("123456", 0.0)
    late = SentCode("123456", b"salt", expires_at=CODE_SECONDS)
    assert not late.matches("123456", CODE_SECONDS)
    assert late.matches("123456", CODE_SECONDS - 0.1)


async def test_a_new_code_takes_the_place_of_the_one_before() -> None:
    desk = await begun()
    await desk.run(SEND)
    await desk.run(SEND)
    assert len(desk.ledger.jobs) == 2, "it is sent, though the work has the same number"
    assert await check(desk, "111111") == "failed"
    assert await check(desk, "222222") == "verified"


async def test_without_a_code_or_after_a_restart_every_answer_is_wrong() -> None:
    desk = await begun()
    assert await check(desk, "111111") == "failed"
    await desk.run(SEND)
    after = ErrandDesk(ledger=desk.ledger)
    after.log.resume(tuple(desk.ledger.log["call1"]))
    assert await check(after, "111111") == "failed"


async def test_a_code_that_could_not_be_sent_is_no_code() -> None:
    desk = await begun()
    desk.ledger.away = True
    assert await desk.run(SEND) == Finished(1, "failed")
    assert desk.ledger.jobs == {}
    assert await desk.run(SendCode(1, "anonymous", SEND.text, "en", 6)) == Finished(1, "failed")


async def test_who_guesses_over_several_calls_is_told_that_every_answer_is_wrong() -> None:
    first = ErrandDesk()
    born = ProfileSet(POINT, "birth", "1980-05-17", first.clock.now(), "call0", "c1")
    await first.ledger.commit([born])
    for call in range(MOST_WRONG_ANSWERS // 2):
        desk = ErrandDesk(ledger=first.ledger, call_id=f"call{call}")
        await desk.begin_call()
        assert await check(desk, "1980-05-17", "birth") == "verified"
        assert [await check(desk, "1980-05-18", "birth") for _ in range(2)] == ["failed", "failed"]
        await desk.log.write(Kind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"})
    last = ErrandDesk(ledger=first.ledger, call_id="last")
    await last.begin_call()
    assert await check(last, "1980-05-17", "birth") == "failed"
    assert last.notes(Kind.IDENTITY_CHECKED)[-1] == {"by": "attribute", "passed": False, "locked": True}


@pytest.mark.parametrize(
    ("known", "answer", "outcome"),
    [
        ("1980-05-17", "1980-05-17", "verified"),
        ("1980-05-17", "1980-05-18", "failed"),
        (1234, "1234", "verified"),
        ("Łódź", " łódź", "verified"),
        ("1234", "", "failed"),
        (None, "None", "failed"),
    ],
)
async def test_an_answer_is_compared_with_what_is_known(known: object, answer: str, outcome: str) -> None:
    desk = await begun()
    if known is not None:
        desk.ledger.attributes[POINT, "known"] = ProfileSet(POINT, "known", known, desk.clock.now(), "x", "c")
    assert await check(desk, answer, "known") == outcome
    assert desk.notes(Kind.IDENTITY_CHECKED) == [{"by": "attribute", "passed": outcome == "verified"}]
    assert not answer or answer not in str(desk.ledger.log)


async def test_nobody_is_verified_while_the_database_is_away_or_by_a_withheld_number() -> None:
    desk = await begun()
    desk.ledger.away = True
    assert await check(desk, "1234", "pin") == "failed"
    assert desk.notes(Kind.TROUBLE)[0]["what"] == "check answer"
    withheld = ErrandDesk()
    await withheld.begin_call(caller="")
    assert await check(withheld, "1234", "pin") == "failed"


def test_random_codes_have_their_length_and_differ() -> None:
    codes = RandomCodes()
    made = {codes.new(6) for _ in range(50)}
    assert all(len(code) == 6 and code.isdigit() and code.isascii() for code in made)
    assert len(made) > 45
    assert codes.salt() != codes.salt()


def test_answers_are_the_same_whatever_their_form() -> None:
    assert same_answer("ŁÓDŹ", "łódź")
    assert same_answer("e\u0301", "\u00e9")
    assert not same_answer("1", "11")


async def test_codes_are_not_sent_without_end() -> None:
    desk = await begun()
    sent = [(await desk.run(SEND)).outcome for _ in range(MOST_CODES_SENT + 2)]
    assert sent == ["next"] * MOST_CODES_SENT + ["failed"] * 2
    assert len(desk.ledger.jobs) == MOST_CODES_SENT
    assert "3 codes were sent in this call already" in str(desk.notes(Kind.TROUBLE))
