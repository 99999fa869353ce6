"""Numbers of an operator's own: stricter at will, looser only by a recorded override."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from compliance.gate import PACKS, limits
from compliance.pack import Override
from compliance.strictness import NotStricter, numbers_of, stricter
from tests.gate_cases import NEW_YORKER, ask, past, refused_by

ANNA = Override("Anna", "a trial with the debtor's own word", datetime(2026, 5, 4, 9, 0, tzinfo=UTC))
FIVE = [past(f"2026-11-{day} 15:00") for day in (16, 17, 18, 19, 20)]


def test_stricter_numbers_are_asked() -> None:
    pack = stricter(
        PACKS["us-reg-f"], {"hours": {"begins": "09:00", "ends": time(20)}, "7-in-7": {"calls": 5}}
    )
    refused_by(ask([pack], "2026-11-21 13:30", NEW_YORKER), "us-reg-f/hours", "2026-11-21 14:00")
    refused_by(ask([pack], "2026-11-22 01:00", NEW_YORKER), "us-reg-f/hours", "2026-11-22 14:00")
    decision = ask([pack], "2026-11-21 16:00", NEW_YORKER, history=FIVE)
    refused_by(decision, "us-reg-f/7-in-7", "2026-11-23 14:00")
    assert pack.overrides == ()


def test_the_shipped_pack_stays_as_it_is() -> None:
    stricter(PACKS["us-reg-f"], {"7-in-7": {"calls": 5}})
    assert ask("us-reg-f", "2026-11-21 16:00", NEW_YORKER, history=FIVE).allowed


@pytest.mark.parametrize(
    ("pack", "changes", "told"),
    [
        ("us-reg-f", {"hours": {"begins": "07:59"}}, "hours.begins 08:00 -> 07:59"),
        ("us-reg-f", {"hours": {"ends": "21:01"}}, "hours.ends 21:00 -> 21:01"),
        ("us-reg-f", {"7-in-7": {"calls": 8}}, "7-in-7.calls 7 -> 8"),
        ("us-reg-f", {"7-in-7": {"days": 6}}, "7-in-7.days 7 -> 6"),
        ("us-reg-f", {"after-conversation": {"days": 6}}, "after-conversation.days 7 -> 6"),
        ("us-reg-f", {"after-conversation": {"widened_days": 8}}, "after-conversation.widened_days 7 -> 8"),
        ("uk-ofcom", {"72h-after-abandoned": {"hours": 71}}, "72h-after-abandoned.hours 72 -> 71"),
        ("uk-ofcom", {"limits": {"abandon_cap": 0.02}}, "limits.abandon_cap 0.01 -> 0.02"),
        ("us-tsr", {"limits": {"ring_seconds": 14}}, "limits.ring_seconds 15 -> 14"),
        ("us-tsr", {"limits": {"agent_within_seconds": 2.5}}, "limits.agent_within_seconds 2.0 -> 2.5"),
        ("pl-debt", {"conversations-a-week": {"most": 4}}, "conversations-a-week.most 3 -> 4"),
        ("pl-debt", {"hours": {"rest_ends": "22:00"}}, "hours.rest_ends 20:00 -> 22:00"),
    ],
)
def test_looser_numbers_need_an_override(pack: str, changes: dict[str, dict[str, object]], told: str) -> None:
    with pytest.raises(NotStricter, match="override") as refused:
        stricter(PACKS[pack], changes)
    assert told in str(refused.value)
    loosened = stricter(PACKS[pack], changes, ANNA)
    assert loosened.overrides[0].changes == (told,)
    assert loosened.overrides[0].by == "Anna"


def test_an_override_is_in_the_reason_of_every_decision() -> None:
    pack = stricter(PACKS["us-reg-f"], {"7-in-7": {"calls": 9}}, ANNA)
    note = "7-in-7.calls 7 -> 9 by Anna on 2026-05-04: a trial with the debtor's own word"
    refused = ask([pack], "2026-11-21 05:00", NEW_YORKER)
    assert note in (refused.reason or "")
    allowed = ask([pack], "2026-11-21 16:00", NEW_YORKER)
    assert allowed.allowed
    assert all(note in each.reason for each in allowed.checked[1:])


def test_an_override_that_nothing_needed_is_not_recorded() -> None:
    assert stricter(PACKS["us-reg-f"], {"7-in-7": {"calls": 6}}, ANNA).overrides == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"9-to-5": {}}, "'9-to-5'"),
        ({"7-in-7": {"cals": 5}}, "7-in-7.cals is no number of it; there are calls, days, widened_days"),
        ({"7-in-7": {"calls": "5"}}, "7-in-7.calls must be a whole number"),
        ({"7-in-7": {"days": 35}}, "7-in-7.days must be at most 34"),
        ({"after-conversation": {"days": 35}}, "after-conversation.days must be at most 34"),
        ({"7-in-7": {"calls": True}}, "7-in-7.calls must be a whole number"),
        ({"7-in-7": {"calls": 4.5}}, "7-in-7.calls must be a whole number"),
        ({"7-in-7": {"calls": -1}}, "7-in-7.calls must be from 0"),
        ({"7-in-7": {"days": 10**9}}, "7-in-7.days must be from 0 to"),
        ({"hours": {"begins": "9"}}, "hours.begins must be a time of day"),
        ({"hours": {"begins": 9}}, "hours.begins must be a time of day"),
        ({"hours": {"begins": "09:00+01:00"}}, "hours.begins must be a time of day"),
        ({"hours": {"begins": "15:00", "ends": "15:00"}}, "hours.begins must be before hours.ends"),
        ({"hours": {"rest_begins": "09:00"}}, "hours.rest_begins is no number of it"),
    ],
)
def test_bad_numbers_are_told_in_a_sentence(changes: dict[str, dict[str, object]], told: str) -> None:
    with pytest.raises(NotStricter) as refused:
        stricter(PACKS["us-reg-f"], changes, ANNA)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_calls_at_all_may_be_wished_for() -> None:
    pack = stricter(PACKS["pl-debt"], {"conversations-a-day": {"most": 0}})
    refused_by(ask([pack], "2026-06-02 12:00", NEW_YORKER), "pl-debt/conversations-a-day", None)
    pack = stricter(PACKS["us-reg-f"], {"7-in-7": {"calls": 0}})
    refused_by(ask([pack], "2026-06-02 16:00", NEW_YORKER), "us-reg-f/7-in-7", None)


def test_stricter_limits_are_the_campaigns() -> None:
    pack = stricter(
        PACKS["us-tsr"], {"limits": {"abandon_cap": 0.02, "ring_seconds": 20, "agent_within_seconds": 1}}
    )
    asked = limits([pack])
    assert (asked.abandon_cap, asked.ring_seconds, asked.agent_within_seconds) == (0.02, 20, 1)
    locked = stricter(PACKS["uk-ofcom"], {"72h-after-abandoned": {"hours": 100}})
    assert limits([locked]).redial_lock_hours == 100


def test_every_pack_tells_its_numbers() -> None:
    assert numbers_of(PACKS["us-reg-f"])["7-in-7"] == {"calls": 7, "days": 7, "widened_days": 7}
    assert numbers_of(PACKS["pl-debt"])["hours"] == {
        "begins": time(6),
        "ends": time(22),
        "rest_begins": time(8),
        "rest_ends": time(20),
    }
    assert numbers_of(PACKS["ru-38fz"]) == {}
