"""Which provider carries what, and how fast: pure."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.followup.pace import Bucket
from engine.followup.routing import Carrier, Lane, choose
from engine.followup.verdicts import LONGEST_SECONDS, back_off_seconds
from messaging.provider import Pace
from tests.messages.carrying import HandProvider


def lane(name: str, *prefixes: str, weight: int = 1, pace: Pace | None = None) -> Lane:
    provider = HandProvider(name, pace or Pace(at_once=1000))
    return Lane(Carrier(provider, weight, prefixes), Bucket(provider.pace, 0.0), standing=True)


def chosen(lanes: list[Lane], to: str, now: float = 0.0) -> str | None:
    found = choose(lanes, to, now)
    return None if found is None else found.name


def test_the_longest_prefix_goes_first_and_the_others_stand_in() -> None:
    lanes = [lane("all"), lane("poland", "+48"), lane("mobile", "+4860", "+4850")]
    assert chosen(lanes, "+48600000001") == "mobile"
    assert chosen(lanes, "+48220000001") == "poland"
    assert chosen(lanes, "+12025550100") == "all"
    lanes[2].standing = False
    assert chosen(lanes, "+48600000001") == "poland"
    lanes[1].paused_until = 5.0
    assert chosen(lanes, "+48600000001") == "all"
    assert chosen(lanes, "+48600000001", now=5.0) == "poland"
    assert chosen(lanes[2:], "+48600000001") is None
    assert chosen([lane("poland", "+48")], "+12025550100") is None


def test_shares_follow_the_weights() -> None:
    lanes = [lane("big", weight=3), lane("small")]
    assert Counter(chosen(lanes, "+48600000001") for _ in range(40)) == {"big": 30, "small": 10}


def test_a_full_window_is_waited_for_and_not_gone_around() -> None:
    lanes = [lane("poland", "+48", pace=Pace(at_once=1)), lane("all")]
    assert chosen(lanes, "+48600000001") == "poland"
    assert chosen(lanes, "+48600000001") is None
    lanes[0].in_flight = 0
    assert chosen(lanes, "+48600000001") == "poland"
    # Of equals the one with room takes it.
    equals = [lane("one", pace=Pace(at_once=1), weight=100), lane("two")]
    assert [chosen(equals, "+48600000001") for _ in range(3)] == ["one", "two", "two"]


@pytest.mark.parametrize(("per_second", "seconds"), [(5.0, 4), (0.5, 10), (200.0, 1)])
def test_no_more_than_the_rate_goes(per_second: float, seconds: int) -> None:
    bucket = Bucket(Pace(per_second=per_second), 0.0)
    went, now = 0, 0.0
    while now < seconds:
        while (room := bucket.room(now)) is not None and room > 0:
            bucket.take(now)
            went += 1
        assert bucket.seconds_to_next(now) > 0
        now += 0.01
    # A second's worth may have been kept from before.
    assert per_second * seconds * 0.95 <= went <= per_second * seconds + max(1.0, per_second)


def test_back_off_grows_to_a_minute() -> None:
    assert [back_off_seconds(n) for n in (0, 1, 2, 3)] == [2.0, 2.0, 4.0, 8.0]
    assert back_off_seconds(10_000) == LONGEST_SECONDS
