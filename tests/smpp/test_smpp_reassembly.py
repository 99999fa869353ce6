"""Texts of several parts, and texts that come twice. Pure."""

from __future__ import annotations

from itertools import permutations

from channels.smpp.pdus import SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL, Delivery
from channels.smpp.reassembly import Assemblies, Part, Sending, part_of
from channels.smpp.repeats import Repeats, mark_of

SENDING = Sending("+48600000001", "+48220000001", ("8", 7), 3)


def part(number: int, content: bytes, coding: int = 3) -> Part:
    return Part(("8", 7), 3, number, content, coding)


def plain(content: bytes, coding: int) -> str:
    return content.decode("utf-16-be" if coding == 8 else "latin-1")


def delivery(content: bytes, esm_class: int = 0, parameters: dict[int, bytes] | None = None) -> Delivery:
    return Delivery("48600000001", 1, "12345", 0, esm_class, 3, content, parameters or {})


def test_parts_come_in_any_order_and_twice() -> None:
    parts = [part(1, b"one "), part(2, b"two "), part(3, b"three")]
    for order in permutations(parts):
        assemblies = Assemblies(60)
        for one in order[:2]:
            assert not assemblies.put(SENDING, one, 0).is_complete
            assert not assemblies.put(SENDING, one, 1).is_complete
        assembly = assemblies.put(SENDING, order[2], 2)
        assert assembly.is_complete
        assert assembly.text(plain) == "one two three"
        assemblies.done(SENDING, assembly, 2)
        assert all(assemblies.was_done(SENDING, one, 61) for one in parts)
        assert not assemblies.was_done(SENDING, parts[0], 63)
        assert not assemblies.was_done(SENDING, part(1, b"another"), 3)


def test_a_reference_that_comes_round_again_begins_a_new_text() -> None:
    assemblies = Assemblies(60)
    assemblies.put(SENDING, part(1, b"old"), 0)
    assembly = assemblies.put(SENDING, part(1, b"new"), 5)
    assert assembly.text(plain) == "new[…]"
    assert assembly.missing == (2, 3)
    assert assemblies.overdue(64) == []
    assert assemblies.overdue(65) == [(SENDING, assembly)]
    assemblies.postpone(assembly, 65)
    assert assemblies.overdue(66) == []


def test_a_character_cut_in_two_is_whole_again_and_alphabets_may_change() -> None:
    assemblies = Assemblies(60)
    content = "👍".encode("utf-16-be")
    assemblies.put(SENDING, part(1, content[:2], 8), 0)
    assemblies.put(SENDING, part(2, content[2:], 8), 0)
    assert assemblies.put(SENDING, part(3, b"ok"), 0).text(plain) == "👍ok"


def test_places_are_read_from_headers_and_from_parameters() -> None:
    eight = delivery(b"\x05\x00\x03\x07\x03\x02text", 0x40)
    sixteen = delivery(b"\x0a\x24\x01\x01\x08\x04\x01\x07\x03\x02" + b"\x70" + b"text", 0x40)
    assert part_of(eight) == Part(("8", 7), 3, 2, b"text", 3)
    assert part_of(sixteen).reference == ("16", 0x107)
    assert part_of(sixteen).content == b"text"
    sar = delivery(b"text", 0, {SAR_REFERENCE: b"\x01\x07", SAR_TOTAL: b"\x03", SAR_NUMBER: b"\x02"})
    assert part_of(sar) == Part(("sar", 0x107), 3, 2, b"text", 3)


def test_places_that_contradict_themselves_make_a_whole_text() -> None:
    for broken in (b"\x05\x00\x03\x07\x03\x04text", b"\x05\x00\x03\x07\x00\x00text", b"\x03\x00\x03\x07text"):
        assert part_of(delivery(broken, 0x40)).is_whole
    assert part_of(delivery(b"", 0x40)) == Part(("", 0), 1, 1, b"", 3)
    assert part_of(delivery(b"text", 0, {SAR_TOTAL: b"\x03"})).is_whole


def test_a_text_is_the_same_when_its_confirmation_may_be_lost_and_another_when_not() -> None:
    repeats, mark = Repeats(), mark_of("+48600000001", "12345", "TAK")
    first = repeats.external_id(mark, link=1, now=0)
    # It could not be kept, and comes again.
    assert repeats.external_id(mark, link=1, now=1) == first
    repeats.confirmed(mark, now=2)
    # Confirmed, over a connection that lives: the person wrote again.
    second = repeats.external_id(mark, link=1, now=3)
    assert second != first
    repeats.confirmed(mark, now=4)
    # Over another connection that lives beside it: as well.
    third = repeats.external_id(mark, link=2, now=5)
    assert third != second
    repeats.confirmed(mark, now=6)
    # The connection was lost soon after the confirmation was written.
    repeats.lost(2, now=10)
    assert repeats.external_id(mark, link=3, now=11) == third
    repeats.confirmed(mark, now=12)
    # Long after it was surely there.
    repeats.lost(3, now=100)
    assert repeats.external_id(mark, link=4, now=101) not in {first, second, third}
