"""Fates told by digits and by a table, and those drawn as in the forecast's world."""

from __future__ import annotations

from collections import Counter

from dialer.forecast.world import AnswerRate, World
from tests.public.fates import BUSY, UNALLOCATED, Drawn, Fate, by_digits, by_table


def test_the_last_two_digits_tell() -> None:
    assert by_digits("+48600000004") == Fate(ring_seconds=2.0)
    assert by_digits("+48600000052").refusal == UNALLOCATED
    assert by_digits("+48600000031").says == "voicemail-ru"
    assert by_digits("+48600000060").ring_seconds is None
    assert [by_digits(number).person for number in ("+48600000020", "+48600000040", "+48600000099")] == [
        True,
        False,
        True,
    ]


def test_a_table_comes_first() -> None:
    fate_of = by_table({"+48600000004": Fate(refusal=BUSY)})
    assert (fate_of("+48600000004").refusal, fate_of("+48600000005").ring_seconds) == (BUSY, 2.5)


def test_drawn_fates_follow_the_world_and_their_seed() -> None:
    world = World(answer=AnswerRate.constant(0.3), voicemail_share=0.5)
    drawn, again = Drawn(world, 7, 40.0), Drawn(world, 7, 40.0)
    fates = [drawn("+48600000001") for _ in range(2000)]
    assert fates == [again("+48600000002") for _ in range(2000)]
    kinds = Counter(
        "refused"
        if fate.refusal
        else "rings"
        if fate.ring_seconds is None
        else "person"
        if fate.person
        else "voicemail"
        for fate in fates
    )
    assert 0.27 < kinds["person"] / 2000 < 0.33
    assert 0.05 < kinds["refused"] / 2000 < 0.09
    assert 0.32 < kinds["voicemail"] / 2000 < 0.38
    assert all(1 <= fate.setup_seconds <= 4 for fate in fates)
