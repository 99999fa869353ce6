"""Counting who may be called: by hour, by rule, of a sample."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dialer.eligibility import EXAMPLES, EligibilityTally, Refusal, Share

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOURS = [NINE, NINE + timedelta(hours=1)]
EARLY, CONSENT = Refusal("us-tsr/hours", "It is 7:30 there."), Refusal("pl-pke/consent", "No consent.")


def exactly(count: int) -> Share:
    return Share(count, count, count)


def test_leads_are_counted_by_hour_and_by_the_rule_that_decides() -> None:
    tally = EligibilityTally(HOURS)
    tally.add("a", [None, None])
    tally.add("b", [EARLY, None], elsewhere=True)
    tally.add("c", [EARLY, CONSENT])
    tally.add("d", [CONSENT, CONSENT])
    found = tally.result(4, over=3, merged=1)
    assert (found.sampled, found.over, found.merged) == (False, 3, 1)
    assert (found.callable, found.never, found.elsewhere) == (exactly(2), exactly(2), exactly(1))
    assert [hour.callable for hour in found.hours] == [exactly(1), exactly(2)]
    assert found.hours[0].refused == {"us-tsr/hours": exactly(2), "pl-pke/consent": exactly(1)}
    rules = {one.rule: one for one in found.rules}
    assert rules["us-tsr/hours"].refused == exactly(2)
    assert rules["us-tsr/hours"].never == exactly(0)
    assert rules["pl-pke/consent"].never == exactly(2)
    assert rules["pl-pke/consent"].sentence == "No consent."
    assert rules["us-tsr/hours"].examples == ("b", "c")


def test_a_sample_stands_for_the_list_with_an_interval() -> None:
    tally = EligibilityTally(HOURS[:1])
    for number in range(400):
        tally.add(str(number), [None if number % 4 else CONSENT])
    found = tally.result(1_000_000)
    assert found.sampled
    assert found.callable.expected == 750_000
    assert found.callable.low < 720_000 < 750_000 < 780_000 < found.callable.high
    assert len(found.rules[0].examples) == EXAMPLES


def test_of_an_empty_list_nothing_is_said() -> None:
    found = EligibilityTally(HOURS).result(0)
    assert (found.callable, found.rules, len(found.hours)) == (exactly(0), (), 2)
