"""When a campaign may dial, when it stops itself, what it shares with others, and whom it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.pack import CampaignLimits
from dialer.abandon_window import window_began
from dialer.caller_ids import caller_id_for, wrong_caller_ids
from dialer.campaign import AbandonPolicy, CampaignMove, CampaignState, Cause
from dialer.checking import Known, gone
from dialer.goals import Goal, StopRules, Tally
from dialer.machine import Detect, DetectionCounts, MachinePolicy
from dialer.schedule import Dialling, dialling
from dialer.shares import Claim, assign, split
from dialer.stopping import own_change
from schedules.opening_hours import OpeningHours
from schedules.spans import parse_spans
from tests.dialer.leads_and_calls import MONDAY, campaign
from tests.gate_cases import utc

WARSAW = ZoneInfo("Europe/Warsaw")
OFFICE = OpeningHours(WARSAW, {day: parse_spans("9:00-17:00") for day in range(5)})
NIGHT = OpeningHours(WARSAW, {day: parse_spans("0:00-4:00") for day in range(7)})


@pytest.mark.parametrize(
    ("now", "open", "changes"),
    [
        ("2026-11-23 07:59", False, "2026-11-23 08:00"),
        ("2026-11-23 08:00", True, "2026-11-23 16:00"),
        ("2026-11-27 16:00", False, "2026-11-30 08:00"),  # Friday evening
        # The night of the change of clocks is between these two Fridays and Mondays.
        ("2026-10-23 15:30", False, "2026-10-26 08:00"),
        ("2026-03-27 16:30", False, "2026-03-30 07:00"),
    ],
)
def test_hours(now: str, open: bool, changes: str) -> None:
    assert dialling(campaign(), OFFICE, utc(now)) == Dialling(open, utc(changes))


@pytest.mark.parametrize(
    ("now", "changes"),
    [("2026-10-24 22:30", "2026-10-25 03:00"), ("2026-03-28 23:30", "2026-03-29 02:00")],
)
def test_hours_in_the_night_of_the_change(now: str, changes: str) -> None:
    """Four o'clock comes five hours after midnight in October, and three hours after it in March."""
    assert dialling(campaign(), NIGHT, utc(now)) == Dialling(True, utc(changes))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20 12:00", Dialling(False, utc("2026-11-23 08:00"))),
        ("2026-11-23 12:00", Dialling(True, utc("2026-11-23 16:00"))),
        ("2026-11-23 16:00", Dialling(False, utc("2026-11-24 08:00"))),
        ("2026-11-24 16:00", Dialling(False, None)),  # it opens again after the last day
        ("2026-11-25 12:00", Dialling(False, None)),
    ],
)
def test_days(now: str, expected: Dialling) -> None:
    calling = campaign(first_day=date(2026, 11, 21), last_day=date(2026, 11, 24))
    assert dialling(calling, OFFICE, utc(now)) == expected


def test_days_without_hours_are_whole_ones_of_the_campaigns_zone() -> None:
    calling = campaign(first_day=date(2026, 10, 25), last_day=date(2026, 10, 25))  # 25 hours
    assert dialling(calling, None, utc("2026-10-24 21:59")) == Dialling(False, utc("2026-10-24 22:00"))
    assert dialling(calling, None, utc("2026-10-24 22:00")) == Dialling(True, utc("2026-10-25 23:00"))
    assert dialling(calling, None, utc("2026-10-25 23:00")) == Dialling(False, None)
    assert dialling(campaign(), None, MONDAY) == Dialling(True, None)


GOAL = Goal(20, ("sale",))


@pytest.mark.parametrize(
    ("changed", "tally", "move", "cause"),
    [
        ({}, Tally(5, 100, 10), None, None),
        ({}, Tally(0, 100, 10), CampaignMove.FINISH, Cause.LIST_ENDED),
        ({"stop": StopRules(list_ended=False)}, Tally(0, 100, 10), None, None),
        ({"goal": GOAL}, Tally(5, 9, 9, {"sale": 19, "callback": 9}), None, None),
        ({"goal": GOAL}, Tally(5, 9, 9, {"sale": 20}), CampaignMove.FINISH, Cause.GOAL),
        ({"goal": Goal(9)}, Tally(5, 9, 9), CampaignMove.FINISH, Cause.GOAL),
        ({"stop": StopRules(attempts=100)}, Tally(5, 100, 9), CampaignMove.FINISH, Cause.ATTEMPTS),
        ({"last_day": date(2026, 11, 22)}, Tally(5, 1, 1), CampaignMove.FINISH, Cause.LAST_DAY),
        ({"last_day": date(2026, 11, 23)}, Tally(5, 1, 1), None, None),
        ({}, Tally(5, 0, 0, refused_in_row=1000), CampaignMove.PAUSE, Cause.ALL_REFUSED),
        ({"state": CampaignState.PAUSED}, Tally(0, 0, 0), None, None),
    ],
)
def test_a_campaign_stops_itself(
    changed: dict[str, Any], tally: Tally, move: CampaignMove | None, cause: Cause | None
) -> None:
    change = own_change(campaign(**changed), tally, MONDAY)
    assert (change and change.move, change and change.cause) == (move, cause)


def test_what_is_not_configured_any_more_pauses_the_campaign() -> None:
    made = campaign(queue="sales", hours="office", script="greeting")
    known = Known(queues=["sales"], flows=(), hours=["office"])
    assert gone(made, known) == ()  # a script is no reason to stop
    without = [gone(made, replace(known, **{name: ()})) for name in ("queues", "hours")]
    assert [[one.field for one in each] for each in without] == [["queue"], ["hours"]]
    left = campaign(abandon=AbandonPolicy("sorry"), machine=MachinePolicy(Detect.SPEECH, flow="leave"))
    assert {one.field for one in gone(left, Known(queues=[left.queue or ""]))} == {
        "abandon.flow",
        "machine.flow",
    }
    change = own_change(made, Tally(5, 1, 1), MONDAY, gone="There is no queue 'sales'.")
    assert change is not None
    assert (change.move, change.cause, change.note) == (
        CampaignMove.PAUSE,
        Cause.NAMES_GONE,
        "There is no queue 'sales'.",
    )


@pytest.mark.parametrize(
    ("counts", "pauses"),
    [
        (DetectionCounts(1000, 1000, 99, 99), False),  # too few were listened to
        (DetectionCounts(1000, 1000, 400, 8), True),
        (DetectionCounts(1000, 1000, 400, 2), False),
    ],
)
def test_detection_that_is_found_to_be_too_bad_pauses_the_campaign(
    counts: DetectionCounts, pauses: bool
) -> None:
    calling = campaign(machine=MachinePolicy(Detect.SPEECH))
    change = own_change(calling, Tally(5, 1, 1), MONDAY, CampaignLimits(abandon_cap=0.03), counts)
    assert (change and change.cause) == (Cause.DETECTION_ERROR if pauses else None)


@pytest.mark.parametrize(
    ("began", "now", "since"),
    [
        ("2026-11-01 08:00", "2026-11-01 08:00", "2026-11-01 08:00"),
        ("2026-11-01 08:00", "2026-12-01 07:59", "2026-11-01 08:00"),
        ("2026-11-01 08:00", "2026-12-01 08:00", "2026-12-01 08:00"),
        ("2026-11-01 08:00", "2027-01-10 12:00", "2026-12-31 08:00"),
        ("2026-11-01 08:00", "2026-10-01 12:00", "2026-11-01 08:00"),  # a clock that was put back
    ],
)
def test_the_law_counts_in_successive_periods_from_the_campaigns_start(
    began: str, now: str, since: str
) -> None:
    thirty = CampaignLimits(abandon_cap=0.03, abandon_window_days=30)
    assert window_began(thirty, utc(began), utc(now)) == utc(since)
    assert window_began(CampaignLimits(abandon_cap=0.01), utc(began), utc(now)) == utc(began)


@pytest.mark.parametrize(
    ("callee", "shown"),
    [
        ("+48221112233", "+48220000010"),
        ("+48121112233", "+48120000010"),
        ("+48600000001", "+48220000010"),
        ("+12025550123", "+12025550100"),
        ("+4915111111111", ""),
    ],
)
def test_the_longest_begin_decides_which_number_is_shown(callee: str, shown: str) -> None:
    ours = {"+48": "+48220000010", "+4812": "+48120000010", "+1": "+12025550100"}
    assert caller_id_for(callee, ours) == shown
    assert caller_id_for(callee, {**ours, "": "+48600000010"}) == (shown or "+48600000010")


def test_wrong_caller_ids_are_each_told() -> None:
    wrong = {"+48": "+48220000010", "48": "+48220000010", "+1": "anonymous"}
    assert [one.field for one in wrong_caller_ids(wrong)] == ["caller_ids.48", "caller_ids.+1"]


@pytest.mark.parametrize(
    ("total", "claims", "expected"),
    [
        (10, [Claim("a", 99), Claim("b", 99)], {"a": 5, "b": 5}),
        (10, [Claim("a", 99, 3), Claim("b", 99, 1)], {"a": 8, "b": 2}),
        (12, [Claim("a", 99, 3), Claim("b", 99, 1)], {"a": 9, "b": 3}),
        (10, [Claim("a", 2, 3), Claim("b", 99, 1)], {"a": 2, "b": 8}),
        (10, [Claim("a", 7, 1, 1), Claim("b", 99, 9)], {"a": 7, "b": 3}),
        (10, [Claim("a", 99, 0), Claim("b", 4, 1)], {"a": 6, "b": 4}),
        (3, [Claim("a", 1), Claim("b", 1)], {"a": 1, "b": 1}),
        (0, [Claim("a", 1)], {"a": 0}),
        (-1, [Claim("a", 1)], {"a": 0}),
    ],
)
def test_lines_are_shared(total: int, claims: list[Claim], expected: dict[str, int]) -> None:
    assert split(total, claims) == expected


claims_of = st.lists(
    st.builds(
        Claim,
        st.sampled_from("abcdef"),
        st.integers(0, 40),
        st.integers(0, 9),
        st.integers(-1, 1),
    ),
    unique_by=lambda claim: claim.campaign,
    max_size=6,
)


@given(total=st.integers(-3, 120), claims=claims_of)
@settings(max_examples=150, deadline=None)
def test_shares_come_to_what_there_is(total: int, claims: list[Claim]) -> None:
    parts = split(total, claims)
    assert sum(parts.values()) == min(max(total, 0), sum(claim.wanted for claim in claims))
    assert all(0 <= parts[claim.campaign] <= claim.wanted for claim in claims)
    for one in claims:
        for other in claims:
            hungry = parts[one.campaign] < one.wanted
            if hungry and one.priority > other.priority:
                assert parts[other.campaign] == 0
            if hungry and one.priority == other.priority and one.share > 0 and other.share > 0:
                # One more would be more than its share, seen from the other.
                has = (parts[one.campaign] + 1) / one.share
                assert parts[other.campaign] / other.share <= has + 1e-9


@given(data=st.data(), claims=claims_of)
@settings(max_examples=100, deadline=None)
def test_agents_are_where_they_may_be_and_nobody_idles_who_is_wanted(
    data: st.DataObject, claims: list[Claim]
) -> None:
    names = [claim.campaign for claim in claims]
    able = st.sets(st.sampled_from(names)) if names else st.just(set[str]())
    agents = data.draw(st.dictionaries(st.integers(0, 20).map(str), able))
    before = {agent: next(iter(may)) for agent, may in agents.items() if may}
    at = assign(agents, claims, before)
    wanted = {claim.campaign: claim.wanted for claim in claims}
    has = {name: list(at.values()).count(name) for name in names}
    assert all(campaign in agents[agent] for agent, campaign in at.items())
    assert all(has[name] <= wanted[name] for name in names)
    for agent in agents.keys() - at.keys():
        assert all(has[name] == wanted[name] for name in agents[agent])
    # Asked again, everybody stays.
    assert assign(agents, claims, at) == at


def test_who_can_do_one_thing_only_does_it() -> None:
    agents = {"anna": {"a", "b"}, "jan": {"a"}}
    assert assign(agents, [Claim("a", 1), Claim("b", 1)], {}) == {"anna": "b", "jan": "a"}


def test_agents_are_not_moved_without_need() -> None:
    agents = {"anna": {"a", "b"}, "jan": {"a", "b"}, "jan-2": {"a", "b"}}
    now_at = {"anna": "b", "jan": "a", "jan-2": "b"}
    assert assign(agents, [Claim("a", 9), Claim("b", 9, 2)], now_at) == now_at
    assert assign(agents, [Claim("a", 0), Claim("b", 9)], now_at) == dict.fromkeys(agents, "b")
