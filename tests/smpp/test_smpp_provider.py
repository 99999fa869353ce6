"""The provider at an SMSC that others wrote: what it hands over, and what it says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from channels.smpp import incoming as incoming_module
from channels.smpp.pdus import DATA, framed
from channels.smpp.settings import LongMessages, ReceiptIds
from messaging.provider import Submission, Taken
from messaging.states import MessageState
from tests.smsc import parts_of, running_smsc

Make = Callable[..., Submission]
Opened = Callable[..., Any]


async def test_texts_receipts_and_questions_in_one_session(
    kept: Any, opened: Opened, make_message: Make
) -> None:
    async with running_smsc() as smsc, opened(smsc, window=5) as provider:
        assert provider.pace.at_once == 5
        texts = ["Good [morning] €", "Zażółć gęślą jaźń", "Доброе утро", "👍 𝔸nna"]
        answers = await asyncio.gather(
            *(provider.submit(make_message(number, text)) for number, text in enumerate(texts, 1))
        )
        assert [answer.taken for answer in answers] == [Taken.ACCEPTED] * 4
        await kept.until(lambda: len(kept.receipts) == 4, "all receipts")
        rows = {row["id"]: row for row in await smsc.log()}
        for answer, text, number in zip(answers, texts, range(1, 5), strict=True):
            row = rows[answer.references[0]]
            assert row["text"] == text
            assert row["to"] == f"48600000{number:03d}"
            assert (row["from"], row["ton"]) == ("Anna", [5, 0, 1, 1])
            assert kept.states()[row["id"]] is MessageState.DELIVERED
        asked = await provider.ask(answers[0].references[0])
        assert asked is not None
        assert (asked.state, asked.reference) == (MessageState.DELIVERED, answers[0].references[0])
        assert await provider.ask("unheard-of") is None
        # What cannot be sent is refused before it goes anywhere.
        for wrong in (
            {"text": ""},
            {"to": "Anna"},
            {"text": "x" * 2000},
            {"text": "\ud83d"},
            {"sender": "Анна"},
        ):
            answer = await provider.submit(make_message(9, **wrong))
            assert answer.taken is Taken.REJECTED
            assert answer.why
        assert len(await smsc.log()) == 4
        # The SMSC's own sign of life is answered.
        assert await smsc.do("enquire") == 0
    assert kept.standings[-1] == (False, "closed")


@pytest.mark.parametrize("how", list(LongMessages))
async def test_a_long_text_goes_in_parts_and_each_part_is_accounted_for(
    how: LongMessages, kept: Any, opened: Opened, make_message: Make
) -> None:
    plain, wide = "Long [text] " * 40, "Długi tekst 👍 " * 20
    async with running_smsc() as smsc, opened(smsc, long_messages=how) as provider:
        for number, text in ((1, plain), (2, wide)):
            answer = await provider.submit(make_message(number, text))
            rows = [row for row in await smsc.log() if row["to"].endswith(str(number))]
            assert answer.taken is Taken.ACCEPTED
            assert answer.references == tuple(row["id"] for row in rows)
            assert "".join(row["text"] for row in rows) == text
            assert (len(rows) > 1) == (how is not LongMessages.PAYLOAD)
            total = len(rows)
            match how:
                case LongMessages.UDH_8:
                    places = [row["udh"][-4:] for row in rows]
                    assert places == [f"{total:02x}{place:02x}" for place in range(1, total + 1)]
                    assert {row["udh"][:4] for row in rows} == {"0003"}
                    assert len({row["udh"][:6] for row in rows}) == 1
                case LongMessages.UDH_16:
                    assert [row["udh"][:4] for row in rows] == ["0804"] * total
                    assert [row["udh"][-2:] for row in rows] == [
                        f"{place:02x}" for place in range(1, total + 1)
                    ]
                case LongMessages.SAR:
                    assert [row["sar"][1:] for row in rows] == [
                        [total, place] for place in range(1, total + 1)
                    ]
                case LongMessages.PAYLOAD:
                    assert rows[0]["payload"]
        await kept.until(lambda: len(kept.receipts) == len(kept.states()) >= 2, "receipts")


async def test_the_end_of_a_message_is_told_in_utc(opened: Opened, make_message: Make) -> None:
    end = datetime(2026, 11, 22, 22, 5, 7, tzinfo=UTC)
    async with running_smsc() as smsc, opened(smsc) as provider:
        await provider.submit(make_message(expires_at=end))
        there = end.astimezone(timezone(timedelta(hours=5, minutes=30)))
        await provider.submit(make_message(expires_at=there))
        assert [row["validity"] for row in await smsc.log()] == ["2026-11-22T22:05:07.000Z"] * 2


@pytest.mark.parametrize("ids", [ReceiptIds.DECIMAL_OF_HEX, ReceiptIds.HEX_OF_DECIMAL])
@pytest.mark.parametrize("form", ["text", "tlv"])
async def test_ids_that_receipts_write_otherwise_are_the_same_message(
    ids: ReceiptIds, form: str, kept: Any, opened: Opened, make_message: Make
) -> None:
    async with (
        running_smsc(ids=str(ids), receipts={"form": form}) as smsc,
        opened(smsc, receipt_ids=ids) as provider,
    ):
        answer = await provider.submit(make_message())
        await kept.until(lambda: bool(kept.receipts), "the receipt")
        assert kept.receipts[0].reference == answer.references[0]
        asked = await provider.ask(answer.references[0])
        assert asked is not None
        assert asked.reference == answer.references[0]


@pytest.mark.parametrize("how", ["udh8", "udh16", "sar", "payload"])
async def test_people_write_long_texts_and_each_comes_once(how: str, kept: Any, opened: Opened) -> None:
    text = "Dzień dobry 👍, proszę o kontakt. " * 12
    async with running_smsc() as smsc, opened(smsc):
        await smsc.write("48600000007", "48220000001", text, how=how)
        assert [incoming.text for incoming in kept.incoming] == [text]
        assert (kept.incoming[0].from_, kept.incoming[0].to) == ("+48600000007", "+48220000001")


async def test_what_could_not_be_kept_comes_again_and_is_taken_once(kept: Any, opened: Opened) -> None:
    async with running_smsc() as smsc, opened(smsc):
        kept.failing = 1
        answers = await smsc.write("48600000007", "48220000001", "TAK")
        assert answers == [[0x64, 0]]
        # The same words once more are another text.
        await smsc.write("48600000007", "48220000001", "TAK")
        assert [incoming.text for incoming in kept.incoming] == ["TAK", "TAK"]
        assert len({incoming.external_id for incoming in kept.incoming}) == 2
        # A long one, whose last part finds the database away.
        kept.failing = 1
        answers = await smsc.write("48600000007", "48220000001", "Proszę " * 30)
        assert [answer[-1] for answer in answers] == [0] * 4
        assert [incoming.text for incoming in kept.incoming][2:] == ["Proszę " * 30]


async def test_parts_that_come_again_are_no_second_text(kept: Any, opened: Opened) -> None:
    async with running_smsc() as smsc, opened(smsc):
        parts = parts_of("48600000007", "48220000001", "Proszę o kontakt. " * 8, "udh8")
        await smsc.deliver(*parts)
        assert await smsc.deliver(*parts) == [[0]] * len(parts)
        assert len(kept.incoming) == 1


async def test_a_receipt_that_could_not_be_kept_comes_again(
    kept: Any, opened: Opened, make_message: Make
) -> None:
    kept.failing = 2
    async with running_smsc(again_ms=20) as smsc, opened(smsc) as provider:
        answer = await provider.submit(make_message())
        await kept.until(lambda: bool(kept.receipts), "the receipt, at the third time")
        assert kept.states() == {answer.references[0]: MessageState.DELIVERED}
        await smsc.until(lambda counts: counts["receipted"] == 1, "its confirmation")


async def test_parts_that_never_come_leave_a_gap(kept: Any, opened: Opened) -> None:
    async with running_smsc() as smsc, opened(smsc, reassembly_seconds=0.4):
        first, _, third = parts_of("48600000007", "48220000001", "a" * 66 + "b" * 66 + "c", "udh8")
        await smsc.deliver(third, first, first)
        await kept.until(lambda: bool(kept.incoming), "the text with a gap")
        assert kept.incoming[0].text == "a" * 66 + "[…]" + "c"
        assert kept.incoming[0].data == {"parts": 3, "missing": [2]}


async def test_what_cannot_be_read_is_refused_and_the_session_goes_on(kept: Any, opened: Opened) -> None:
    async with running_smsc() as smsc, opened(smsc):
        # A request nobody knows, then a deliver_sm that ends after its header.
        await smsc.do("raw", hex="00000010" + "00000999" + "00000000" + "00000007")
        await smsc.do("raw", hex="00000010" + "00000005" + "00000000" + "00000008")
        await smsc.deliver(
            {"source_addr": "48600000007", "destination_addr": "12345", "hex": "ff1b", "data_coding": 0}
        )
        await smsc.deliver(
            {
                "source_addr": "Bank",
                "source_addr_ton": 5,
                "destination_addr": "12345",
                "hex": "d83d41",
                "data_coding": 8,
            }
        )
        assert [(one.from_, one.to) for one in kept.incoming] == [
            ("+48600000007", "12345"),
            ("Bank", "12345"),
        ]
        assert kept.standings == [(True, "")]


async def test_what_comes_faster_than_it_is_kept_waits_with_the_smsc(
    kept: Any, opened: Opened, make_message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_module, "MOST_AT_ONCE", 20)
    kept.may_go_on.clear()
    async with running_smsc(deliver_window=30) as smsc, opened(smsc) as provider:
        texts = [
            {"source_addr": "48600000007", "destination_addr": "12345", "hex": f"{n:04x}"} for n in range(200)
        ]
        delivered = asyncio.ensure_future(smsc.deliver(*({**one, "data_coding": 4} for one in texts)))
        link = provider._binds[0].link
        assert link is not None
        await kept.until(lambda: link.is_held, "the pause")
        assert kept.incoming == []
        kept.may_go_on.set()
        assert await delivered == [[0]] * 200
        assert len({incoming.external_id for incoming in kept.incoming}) == 200
        assert not link.is_held
        assert (await provider.submit(make_message())).taken is Taken.ACCEPTED


async def test_a_text_may_come_as_data_sm(kept: Any, opened: Opened) -> None:
    body = b"\0\x01\x0148600000007\0\x00\x0112345\0\x00\x00\x08" + b"\x04\x24\x00\x02\x01\x7c"
    async with running_smsc() as smsc, opened(smsc):
        await smsc.do("raw", hex=framed(DATA, 7, body).hex())
        await kept.until(lambda: bool(kept.incoming), "the text")
        assert [(one.from_, one.text) for one in kept.incoming] == [("+48600000007", "ż")]
