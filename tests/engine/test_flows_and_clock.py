"""Which flow answers which number; the clock and the ids sorted by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import SystemClock, TimeOrderedIds
from engine.flows import MOST_KEPT, FlowShelf
from ivr.reading.loader import load_flow
from tests.engine.stage import FLOW, UNKNOWN, load_shelf


def test_a_number_finds_its_flow_however_it_is_written() -> None:
    front, unknown = load_flow(FLOW, "front.yaml"), load_flow(UNKNOWN, "unknown.yaml")
    shelf = FlowShelf(
        {"front": front}, {"100": "front", "22 000 00 11": "front"}, unknown=unknown, region="PL"
    )
    for dialled in ("100", "220000011", "+48220000011", "0048220000011"):
        assert shelf.for_number(dialled) is front
    assert shelf.for_number("101") is None
    assert shelf.for_number("") is None
    assert shelf.all() == (front,)


def test_only_flows_of_a_number_are_numbered() -> None:
    front, unknown = load_flow(FLOW, "front.yaml"), load_flow(UNKNOWN, "unknown.yaml")
    loaded = {"front": front, "unknown": unknown, "reminder": front}
    shelf = FlowShelf(loaded, {"100": "front", "101": "front"}, unknown=unknown, region="PL")
    assert shelf.numbered() == (front,)
    also = FlowShelf(loaded, {"100": "front", "102": "unknown"}, unknown=unknown, region="PL")
    assert also.numbered() == (front, unknown)


def test_a_flow_is_found_by_its_version_only() -> None:
    shelf = load_shelf()
    (front,) = shelf.all()
    assert shelf.by_version("front", front.version) is front
    assert shelf.by_version("front", "0" * 12) is None
    assert shelf.by_version("unknown", shelf.unknown.version) is shelf.unknown


def test_replaced_flows_are_for_new_calls_and_the_old_can_still_be_found() -> None:
    shelf = load_shelf()
    (old,) = shelf.all()
    unknown = shelf.unknown
    new = load_flow(FLOW + "# changed\n", "front.yaml")
    shelf.replace({"front": new}, unknown)
    assert shelf.for_number("100") is new
    assert shelf.by_version("front", new.version) is new
    assert shelf.by_version("front", old.version) is old
    with pytest.raises(ValueError, match="not loaded: front"):
        shelf.replace({}, unknown)
    assert shelf.for_number("100") is new


def test_not_every_version_is_kept_for_ever() -> None:
    shelf = load_shelf()
    (first,) = shelf.all()
    for number in range(MOST_KEPT):
        shelf.replace({"front": replace(first, version=f"v{number}")}, shelf.unknown)
    assert shelf.by_version("front", f"v{MOST_KEPT - 1}") is not None
    assert shelf.by_version("front", "v5") is not None
    assert shelf.by_version("front", first.version) is None


def test_a_number_that_leads_nowhere_is_refused() -> None:
    unknown = load_flow(UNKNOWN, "unknown.yaml")
    with pytest.raises(ValueError, match="not loaded: night"):
        FlowShelf({}, {"100": "night"}, unknown=unknown, region="PL")


def test_the_clock_is_utc_and_follows_the_monotonic_counter() -> None:
    clock = SystemClock()
    before, now, after = clock.monotonic(), clock.now(), clock.monotonic()
    assert now.tzinfo is UTC
    later = clock.now()
    assert timedelta(0) <= later - now
    assert before <= after


class HandClock:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def test_ids_are_sorted_by_their_time_and_never_the_same() -> None:
    clock = HandClock()
    ids = TimeOrderedIds(clock)
    at_once = {ids.new() for _ in range(1000)}
    assert len(at_once) == 1000
    clock.at += timedelta(milliseconds=1)
    later = ids.new()
    assert max(at_once) < later
    assert {len(made) for made in at_once} == {26}
    assert later.isalnum()
