"""Faults of an SMSC: every message is told truly, and the SMSC's own log agrees."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from channels.smpp import incoming as incoming_module
from channels.smpp import provider as provider_module
from messaging.marks import mark_of
from messaging.provider import Submission, Taken
from messaging.states import MessageState
from tests.smsc import running_smsc

Make = Callable[..., Submission]
Opened = Callable[..., Any]


@pytest.mark.parametrize(
    ("status", "taken", "waits"),
    [
        (0x58, Taken.BUSY, True),
        (0x14, Taken.BUSY, True),
        (0x08, Taken.BUSY, False),
        (0x0B, Taken.REJECTED, False),
        (0x40B, Taken.REJECTED, False),
    ],
)
async def test_a_refusal_is_told_by_its_status(
    status: int, taken: Taken, waits: bool, opened: Opened, make_message: Make
) -> None:
    async with running_smsc(script=[{"status": status}]) as smsc, opened(smsc) as provider:
        answer = await provider.submit(make_message())
        assert (answer.taken, answer.code) == (taken, f"0x{status:08X}")
        assert answer.why
        assert (answer.retry_after_seconds is not None) == (taken is Taken.BUSY)
        # A throttled provider is left alone for a while.
        assert (await provider.submit(make_message())).taken is (Taken.BUSY if waits else Taken.ACCEPTED)
        assert len(await smsc.log()) == (1 if waits else 2)


async def test_an_answer_that_comes_too_late_is_told(kept: Any, opened: Opened, make_message: Make) -> None:
    script = [{"delay_ms": 300}, {"delay_ms": 300, "status": 0x0B}]
    async with (
        running_smsc(script=script, receipts=False) as smsc,
        opened(smsc, answer_seconds=0.1) as provider,
    ):
        answers = [await provider.submit(make_message(number)) for number in (1, 2)]
        assert [answer.taken for answer in answers] == [Taken.UNKNOWN] * 2
        await kept.until(lambda: len(kept.answered) == 2, "the late answers")
        told = dict(kept.answered)
        assert told["m1"].references == ((await smsc.log())[0]["id"],)
        assert (told["m1"].taken, told["m2"].taken) == (Taken.ACCEPTED, Taken.REJECTED)


async def test_a_receipt_tells_what_became_of_a_message_whose_answer_was_lost(
    kept: Any, opened: Opened, make_message: Make
) -> None:
    async with running_smsc(script=[{"drop": "heard"}]) as smsc, opened(smsc) as provider:
        assert (await provider.submit(make_message())).taken is Taken.UNKNOWN
        await kept.until(lambda: bool(kept.receipts), "the receipt, over the next connection")
        reference = (await smsc.log())[0]["id"]
        assert [(name, answer.taken, answer.references) for name, answer in kept.answered] == [
            ("m1", Taken.ACCEPTED, (reference,))
        ]
        assert kept.states() == {reference: MessageState.DELIVERED}
        assert [is_up for is_up, _ in kept.standings] == [True, False, True]


async def test_a_receipt_waits_until_what_it_tells_of_the_answer_is_kept(
    kept: Any, opened: Opened, make_message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_module, "LISTENER_SECONDS", 0.05)
    kept.may_be_answered.clear()
    async with running_smsc(script=[{"drop": "heard"}], again_ms=20) as smsc, opened(smsc) as provider:
        assert (await provider.submit(make_message())).taken is Taken.UNKNOWN
        await kept.until(lambda: bool(kept.receipts), "the receipt, when it came again")
        assert kept.answered == []  # the first time it was not confirmed
        assert (kept.receipts[0].to, kept.receipts[0].mark) == ("+48600000001", mark_of("m1"))
        await smsc.until(lambda counts: counts["receipted"] == 1, "its confirmation")
        kept.may_be_answered.set()


async def test_a_connection_cut_in_mid_window_loses_nothing_and_sends_nothing_twice(
    kept: Any,
    opened: Opened,
    make_message: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The engine's part is played here: what is surely not taken is handed over again, what may be is not."""
    every = [{"n": 37, "drop": "heard"}, {"n": 53, "drop": "unheard"}, {"n": 11, "status": 0x14}]
    receipts = {"backwards": 7, "twice_every": 5, "missing_every": 13}
    # The pauses of a real provider would take minutes here.
    monkeypatch.setattr(provider_module, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(provider_module, "LONGEST_PAUSE_SECONDS", 0.02)
    faulty = running_smsc(every=every, receipts=receipts, delay_ms=5)
    async with faulty as smsc, opened(smsc, window=8) as provider:
        final: dict[str, Taken] = {}

        async def carry(submission: Submission) -> None:
            while True:
                answer = await provider.submit(submission)
                final[submission.message_id] = answer.taken
                if answer.taken in (Taken.ACCEPTED, Taken.UNKNOWN, Taken.REJECTED):
                    return
                await asyncio.sleep(min(answer.retry_after_seconds or 0.05, 0.2))

        async with asyncio.TaskGroup() as group:
            for number in range(1, 121):
                group.create_task(carry(make_message(number, f"Message {number}")))
        await smsc.until(lambda counts: not counts["waiting"], "every receipt is confirmed")
        rows = await smsc.log()
        taken = Counter(row["text"] for row in rows if row["status"] == 0)
        assert max(taken.values()) == 1
        assert Counter(final.values()).keys() == {Taken.ACCEPTED, Taken.UNKNOWN}
        wanted = {row["id"] for row in rows if row["id"] and row["n"] % 13}
        await kept.until(lambda: set(kept.states()) == wanted, "every receipt that was sent")
        told = {name: answer.references[0] for name, answer in kept.answered}
        by_text = {row["text"]: row["id"] for row in rows if row["id"]}
        for number in range(1, 121):
            name, text = f"m{number}", f"Message {number}"
            if final[name] is Taken.ACCEPTED:
                assert taken[text] == 1
            elif by_text.get(text) in wanted:  # in flight when the connection was cut, and taken
                assert told[name] == by_text[text]
            else:
                assert name not in told
    assert "connection" in caplog.text
    assert "48600000" not in caplog.text
    assert "Message" not in caplog.text


async def test_no_part_goes_without_the_others_unless_that_is_said(
    kept: Any, opened: Opened, make_message: Make
) -> None:
    text = "x" * 400
    async with running_smsc() as smsc, opened(smsc, window=1) as provider:
        # The second part is throttled at first: it waits, and the message is whole.
        await smsc.faults(script=[{}, {"status": 0x58}])
        answer = await provider.submit(make_message(1, text))
        assert (answer.taken, len(answer.references)) == (Taken.ACCEPTED, 3)
        # The second part is refused.
        await smsc.faults(script=[{}, {"status": 0x0B}])
        answer = await provider.submit(make_message(2, text))
        assert (answer.taken, len(answer.references), answer.code) == (Taken.REJECTED, 1, "0x0000000B")
        assert answer.why.startswith("1 of 3 parts went, the others did not")
        # The connection is cut after the second: the third goes over the next one, and the whole is in doubt
        # until the second one's receipt is there.
        await smsc.faults(script=[{}, {"drop": "heard"}])
        answer = await provider.submit(make_message(3, text))
        assert (answer.taken, len(answer.references)) in {(Taken.UNKNOWN, 2), (Taken.ACCEPTED, 3)}
        await kept.until(lambda: answer.taken is Taken.ACCEPTED or bool(kept.answered), "the whole message")
        rows = [row["id"] for row in await smsc.log() if row["to"] == "48600000003"]
        whole = answer if answer.taken is Taken.ACCEPTED else kept.answered[0][1]
        assert whole.references == tuple(rows)


async def test_a_bind_that_is_refused_says_what_to_correct(
    kept: Any, opened: Opened, make_message: Make
) -> None:
    async with running_smsc() as smsc, opened(smsc, up=False, password="wrong") as provider:
        await kept.until(lambda: bool(kept.standings), "the refusal")
        sentence = "the SMSC refused the password: correct it in the configuration"
        assert kept.standings == [(False, sentence)]
        answer = await provider.submit(make_message())
        assert (answer.taken, answer.why) == (Taken.AWAY, sentence)


async def test_a_provider_that_is_not_there_is_away_until_it_comes(
    kept: Any, opened: Opened, make_message: Make
) -> None:
    async with running_smsc() as smsc:
        port = smsc.port
    async with opened(port, up=False) as provider:
        assert (await provider.submit(make_message())).taken is Taken.AWAY
        await kept.until(lambda: bool(kept.standings), "the fault")
        assert kept.standings[0][0] is False
        assert "cannot be reached" in kept.standings[0][1]
        async with running_smsc(port) as smsc:
            await kept.up()
            assert (await provider.submit(make_message())).taken is Taken.ACCEPTED
            # It ends the session as the specification has it; we come back.
            await smsc.do("unbind")
            await kept.until(lambda: len(kept.standings) >= 3, "the end of the session")
            await kept.up()
            assert kept.standings[-2] == (False, "the SMSC ended the session")
            assert (await provider.submit(make_message())).taken is Taken.ACCEPTED


async def test_a_dead_connection_is_found_and_made_anew(kept: Any, opened: Opened) -> None:
    async with running_smsc(lifeless=True) as smsc, opened(smsc, enquire_seconds=0.1, answer_seconds=0.1):
        await kept.until(lambda: (False, "the SMSC gave no sign of life") in kept.standings, "the fault")
        await smsc.faults()
        await kept.up()


async def test_several_binds_share_the_work_and_one_that_is_cut_leaves_the_other(
    opened: Opened, make_message: Make
) -> None:
    async with running_smsc(delay_ms=20) as smsc, opened(smsc, binds=2, window=2) as provider:
        assert provider.pace.at_once == 4
        await smsc.until(lambda counts: counts["sessions"] == 2, "both binds")
        answers = await asyncio.gather(*(provider.submit(make_message(number)) for number in range(1, 13)))
        assert {answer.taken for answer in answers} == {Taken.ACCEPTED}
        assert sorted(Counter(row["session"] for row in await smsc.log()).values()) == [6, 6]


async def test_what_is_handed_over_is_answered_before_closing(opened: Opened, make_message: Make) -> None:
    async with running_smsc(delay_ms=150) as smsc, opened(smsc) as provider:
        submitted = asyncio.ensure_future(provider.submit(make_message()))
        await smsc.until(lambda counts: bool(counts["submits"]), "the message")
        await provider.close()
        assert (await submitted).taken is Taken.ACCEPTED
        assert (await provider.submit(make_message())).taken is Taken.AWAY
        await provider.close()
