"""What SMSCs write, read with patience: alphabets, receipts, addresses, statuses. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmpplib import GSM7BitCodec

from channels.smpp.addresses import AddressRefused, source_of, told_address
from channels.smpp.handing import Handing, Outcome
from channels.smpp.pdus import (
    MESSAGE_STATE,
    NETWORK_ERROR_CODE,
    RECEIPTED_MESSAGE_ID,
    Delivery,
    Framer,
    NotSmpp,
    framed,
    read_delivery,
)
from channels.smpp.provider import SmppProvider
from channels.smpp.receipts import is_receipt, read_receipt
from channels.smpp.settings import Alphabet, Endpoint, LongMessages, ReceiptIds, SmppSettings
from channels.smpp.statuses import taken_of
from channels.smpp.texts import TextRefused, decoded, encoded, written
from engine.clock import SystemClock
from messaging.parts import BASIC, EXTENSION
from messaging.provider import Taken
from messaging.states import MessageState

SETTINGS = SmppSettings("operator", (Endpoint("127.0.0.1", 2775),), "anna", "secret")


def delivery(text: str = "", esm_class: int = 4, **parameters: bytes) -> Delivery:
    tags = {"id": RECEIPTED_MESSAGE_ID, "state": MESSAGE_STATE, "error": NETWORK_ERROR_CODE}
    told = {tags[name]: value for name, value in parameters.items()}
    return Delivery("48600000001", 1, "Anna", 5, esm_class, 0, text.encode(), told)


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("id:7F sub:001 dlvrd:001 submit date:2611222105 done date:2611222106 stat:DELIVRD err:000 text:x",
         MessageState.DELIVERED, "DELIVRD"),
        ("ID:7F STAT:undeliv ERR:0A1", MessageState.FAILED, "UNDELIV 0A1"),
        ("id: 7F stat: EXPIRED err: 254", MessageState.EXPIRED, "EXPIRED 254"),
        ("id:7F done date:20261122210600 stat:REJECTD", MessageState.FAILED, "REJECTD"),
        ("id:7F stat:ACCEPTD err:000 text:id:8 stat:UNDELIV", MessageState.ACCEPTED, "ACCEPTD"),
    ],
)  # fmt: skip
def test_receipts_in_the_dialects_of_their_text(text: str, state: MessageState, code: str) -> None:
    read = read_receipt(delivery(text), ReceiptIds.SAME, "Europe/Warsaw")
    assert read is not None
    assert (read.reference, read.state, read.code) == ("7F", state, code)
    assert (read.why == "") == (state in (MessageState.DELIVERED, MessageState.ACCEPTED))
    done_at = datetime(2026, 11, 22, 20, 6, tzinfo=UTC) if "done date" in text else None
    assert read.done_at == done_at


def test_parameters_of_a_receipt_count_more_than_its_text() -> None:
    told = delivery("id:80 stat:DELIVRD", id=b"7F\0", state=b"\x05", error=b"\x03\x00\x0c")
    read = read_receipt(told, ReceiptIds.SAME, None)
    assert read is not None
    assert (read.reference, read.state, read.code) == ("7F", MessageState.FAILED, "UNDELIV 12")
    assert read_receipt(delivery("id:80 stat:whatever"), ReceiptIds.SAME, None) is None
    assert read_receipt(delivery("stat:DELIVRD"), ReceiptIds.SAME, None) is None


def test_a_person_cannot_write_a_receipt() -> None:
    assert is_receipt(delivery(esm_class=4))
    assert is_receipt(delivery(esm_class=0x20))
    assert is_receipt(delivery(esm_class=0, id=b"7F\0", state=b"\x02"))
    assert not is_receipt(delivery("id:7F stat:DELIVRD", esm_class=0))
    assert not is_receipt(delivery(esm_class=0x40))


@pytest.mark.parametrize(
    ("alphabet", "text", "encoding"),
    [
        (Alphabet.GSM, "@ [Ω] €", "gsm0338"),
        (Alphabet.LATIN_1, "@ [x] ä", "gsm0338"),
        (Alphabet.LATIN_1, "@ [x] €", "ucs2"),
        (Alphabet.GSM, "ż", "ucs2"),
        (Alphabet.GSM, "👍", "ucs2"),
    ],
)
def test_texts_come_back_from_the_alphabet_they_went_in(alphabet: Alphabet, text: str, encoding: str) -> None:
    part = written(text, alphabet, LongMessages.UDH_8, 10)
    assert (part.encoding, part.parts) == (encoding, (text,))
    coding = 0 if encoding == "gsm0338" else 8
    assert decoded(encoded(text, encoding, alphabet), coding, alphabet) == text


def test_the_library_has_the_same_alphabet_as_the_estimate_of_costs() -> None:
    letters = BASIC.replace("\0", "") + EXTENSION
    assert GSM7BitCodec.is_gsm_text(letters)
    content = encoded(letters, "gsm0338", Alphabet.GSM)
    assert len(content) == len(BASIC) - 1 + 2 * len(EXTENSION)
    assert decoded(content, 0, Alphabet.GSM) == letters


@pytest.mark.parametrize("long_messages", [LongMessages.UDH_8, LongMessages.UDH_16])
@pytest.mark.parametrize("alphabet", list(Alphabet))
@pytest.mark.parametrize("text", ["[" * 400, "ż👍" * 100, "€ " * 200])
def test_no_part_is_longer_than_a_telephone_takes(
    text: str, alphabet: Alphabet, long_messages: LongMessages
) -> None:
    parts = written(text, alphabet, long_messages, 10)
    assert "".join(parts.parts) == text
    header = 7 if long_messages is LongMessages.UDH_16 else 6
    for part in parts.parts:
        content = encoded(part, parts.encoding, alphabet)
        octets = (
            len(content)
            if parts.encoding == "ucs2"
            else (len(encoded(part, "gsm0338", alphabet)) * 7 + 7) // 8
        )
        assert octets + header <= 140
    with pytest.raises(TextRefused, match="parts"):
        written(text, alphabet, long_messages, 2)


@pytest.mark.parametrize(
    ("content", "coding", "text"),
    [
        (b"caf\xe9", 3, "café"),
        (b"caf\xe9", 0xF4, "café"),
        (b"\x00A", 0xF0, "@A"),
        (b"\x01\x7c", 0x19, "ż"),
        (b"\x01\x7c", 0xE0, "ż"),
        (b"\x01\x7cA", 8, "ż"),
        (b"\xd8\x3d", 8, "\ufffd"),
        (b"A\0B", 4, "AB"),
        (b"\xff\x1b", 0, "?\u00a0"),
    ],
)
def test_whatever_people_send_becomes_text(content: bytes, coding: int, text: str) -> None:
    assert decoded(content, coding, Alphabet.GSM) == text


@pytest.mark.parametrize(
    ("sender", "number", "ton", "npi"),
    [
        ("", "", 0, 0),
        ("+48220000001", "48220000001", 1, 1),
        ("48220000001", "48220000001", 1, 1),
        ("7070", "7070", 3, 0),
        ("Anna 24", "Anna 24", 5, 0),
    ],
)
def test_senders_by_their_form(sender: str, number: str, ton: int, npi: int) -> None:
    source = source_of(sender, SETTINGS)
    assert (source.number, source.ton, source.npi) == (number, ton, npi)


@pytest.mark.parametrize("sender", ["Anna Anna Anna", "Ania Ż", "+", "----", "022 000 00 01"])
def test_other_senders_are_refused(sender: str) -> None:
    with pytest.raises(AddressRefused):
        source_of(sender, SETTINGS)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"system_id": "Żółw"}, "system_id may hold only"),
        ({"password": "a\0b"}, "password may hold only"),
        ({"system_type": "x" * 13}, "longer than SMPP allows"),
        ({"endpoints": ()}, "name at least one"),
        ({"receipt_zone": "Europe/Nowhere"}, "no time zone 'Europe/Nowhere'"),
        ({"sender": "Żółw"}, "the sender is neither"),
    ],
)
def test_what_no_smsc_can_be_told_is_refused_at_the_start(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SmppProvider(replace(SETTINGS, **wrong), SystemClock())


@pytest.mark.parametrize(
    ("number", "ton", "told"),
    [
        ("48600000001", 1, "+48600000001"),
        ("+48600000001", 0, "+48600000001"),
        ("48600000001", 0, "+48600000001"),
        ("600000001", 2, "600000001"),
        ("0600000001", 0, "0600000001"),
        ("7070", 1, "7070"),
        ("Bank", 5, "Bank"),
    ],
)
def test_addresses_of_people_who_write(number: str, ton: int, told: str) -> None:
    assert told_address(number, ton) == told


def test_a_stream_cut_anywhere_gives_the_same_pdus() -> None:
    stream = framed(4, 1, b"abc") + framed(0x15, 2) + framed(5, 3, b"x" * 300)
    whole = Framer().feed(stream)
    assert [(pdu.command, pdu.sequence, len(pdu.body)) for pdu in whole] == [
        (4, 1, 3),
        (0x15, 2, 0),
        (5, 3, 300),
    ]
    framer = Framer()
    assert [pdu for at in range(len(stream)) for pdu in framer.feed(stream[at : at + 1])] == whole


@pytest.mark.parametrize("length", [b"\0\0\0\x0f", b"\xff\xff\xff\xff", b"HTTP"])
def test_what_is_no_smpp_is_found_at_once(length: bytes) -> None:
    with pytest.raises(NotSmpp):
        Framer().feed(length + b"\0" * 12)


def test_a_delivery_that_ends_anywhere_never_breaks_the_reader() -> None:
    body = b"\0\x01\x0148600000001\0\x01\x0112345\0\x00\0\0\0\0\0\0\x08\0\x02\x01\x7c" + b"\x04\x27\0\x01\x02"
    whole = read_delivery(5, body)
    assert (whole.content, whole.number(MESSAGE_STATE)) == (b"\x01\x7c", 2)
    for end in range(len(body)):
        try:
            cut = read_delivery(5, body[:end])
        except NotSmpp:
            continue
        assert cut.content == whole.content


def test_an_smscs_own_status_can_mean_later() -> None:
    assert taken_of(0x40B) is Taken.REJECTED
    assert taken_of(0x40B, frozenset({0x40B})) is Taken.BUSY


A, U = Outcome(Taken.ACCEPTED, "1"), Outcome(Taken.UNKNOWN, why="no answer")
BUSY, NO = Outcome(Taken.BUSY, code="0x58", retry_after_seconds=2.0), Outcome(Taken.REJECTED, code="0x0B")


@pytest.mark.parametrize(
    ("outcomes", "taken"),
    [
        ([A, A], Taken.ACCEPTED),
        ([A, U], Taken.UNKNOWN),
        ([BUSY], Taken.BUSY),
        ([NO], Taken.REJECTED),
        ([A, BUSY], Taken.REJECTED),
        ([U, NO], Taken.REJECTED),
        ([U, Outcome(Taken.AWAY)], Taken.REJECTED),
    ],
)
def test_only_what_surely_did_not_go_at_all_may_go_again(outcomes: list[Outcome], taken: Taken) -> None:
    assert Handing("m1", 2, outcomes).answer().taken is taken
