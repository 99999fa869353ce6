"""What becomes of a lead after a call: by hand, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from compliance.facts import Mode
from compliance.pack import CampaignLimits
from dialer.lead import LeadState, NumberState
from dialer.lead_plan import CallbackGivenUp, CallbackKept, CallbackPutBack, NumberWentBad, StopAsked
from dialer.reasons import ReasonCode, sentence
from dialer.recycling import BestTime
from dialer.retry import plan
from history.dispositions import TRADE
from schedules.spans import parse_spans
from tests.dialer.leads_and_calls import (
    DAY,
    HOME,
    HOUR,
    MOBILE,
    MONDAY,
    WORK,
    R,
    attempt,
    callback,
    campaign,
    dialled_again,
    lead,
    rules,
)
from tests.gate_cases import utc

NOW = MONDAY + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("result", "code", "due"),
    [
        (R.NO_ANSWER, ReasonCode.RETRY, "2026-11-23 12:00:30"),
        (R.BUSY, ReasonCode.RETRY, "2026-11-23 08:30:30"),
        (R.MACHINE, ReasonCode.RETRY, "2026-11-23 13:00:30"),
        (R.REFUSED, ReasonCode.RETRY, "2026-11-24 08:00:30"),
        (R.ABANDONED, ReasonCode.RETRY, "2026-11-26 08:00:30"),
        (R.CONGESTION, ReasonCode.NETWORK_TROUBLE, "2026-11-23 08:05:30"),
        (R.FAILED, ReasonCode.NETWORK_TROUBLE, "2026-11-23 08:05:30"),
    ],
)
def test_each_end_has_its_own_wait(result: R, code: ReasonCode, due: str) -> None:
    retry = rules(
        no_answer=(4 * HOUR, 5),
        busy=(HOUR // 2, 2),
        machine=(5 * HOUR, 3),
        refused=(DAY, 1),
        abandoned=(3 * DAY, 1),
    )
    planned = plan(campaign(retry=retry), lead(), attempt(result), None, NOW)
    assert (planned.state, planned.reason.code, planned.not_before) == (LeadState.WAITING, code, utc(due))


def test_after_the_last_repetition_it_is_over() -> None:
    calling = campaign(retry=rules(busy=(HOUR, 2)))
    now, person = NOW, lead()
    for _ in range(2):
        planned = plan(calling, person, attempt(R.BUSY, now), None, now)
        assert planned.state is LeadState.WAITING
        now, person = now + timedelta(hours=1), dialled_again(planned)
    planned = plan(calling, person, attempt(R.BUSY, now), None, now)
    assert planned.state is LeadState.DONE
    assert sentence(planned.reason) == "It ended as busy 3 times; that is not tried again."


def test_an_end_without_a_rule_is_not_tried_again() -> None:
    planned = plan(campaign(retry=rules()), lead(), attempt(R.REFUSED), None, NOW)
    assert (planned.state, planned.reason.code) == (LeadState.DONE, ReasonCode.OUTCOME_FINAL)


def test_a_lead_at_its_cap_is_over_whatever_is_asked_for() -> None:
    calling = campaign(retry=rules(lead=3, no_answer=(HOUR, 9)))
    planned = plan(calling, lead(attempts=2), attempt(R.NO_ANSWER), None, NOW)
    assert (planned.state, planned.reason.code) == (LeadState.DONE, ReasonCode.LEAD_CAP)
    assert sentence(planned.reason) == "It was called 3 times, the most that is set."
    wish = callback("2026-11-23 12:00", "2026-11-23 14:00")
    planned = plan(
        calling,
        lead(attempts=2, state=LeadState.WRAP_UP),
        attempt(R.ANSWERED, talked=True),
        TRADE["callback"],
        NOW,
        callback=wish,
    )
    assert planned.state is LeadState.DONE
    assert planned.events == (CallbackGivenUp("r1", planned.reason),)


def test_the_next_number_goes_first_and_the_wait_begins_when_all_were_tried() -> None:
    calling = campaign(retry=rules(gap=600, no_answer=(4 * HOUR, 5, True)))
    first = plan(calling, lead(MOBILE, HOME), attempt(R.NO_ANSWER), None, NOW)
    assert (first.number, first.not_before) == (HOME, utc("2026-11-23 08:10:30"))
    assert first.reason.code is ReasonCode.GAP
    at = utc("2026-11-23 08:10:30")
    second = plan(
        calling, dialled_again(first), attempt(R.NO_ANSWER, at, HOME), None, at + timedelta(seconds=30)
    )
    assert (second.number, second.not_before) == (MOBILE, utc("2026-11-23 12:11"))
    assert [one.attempts for one in second.lead.numbers] == [1, 1]


def test_a_number_at_its_cap_is_passed_over_and_the_last_one_ends_the_lead() -> None:
    calling = campaign(retry=rules(number=1, no_answer=(HOUR, 5)))
    first = plan(calling, lead(MOBILE, HOME), attempt(R.NO_ANSWER), None, NOW)
    assert first.number == HOME
    at = NOW + timedelta(hours=2)
    last = plan(calling, dialled_again(first), attempt(R.NO_ANSWER, at, HOME), None, at)
    assert (last.state, last.reason.code) == (LeadState.DONE, ReasonCode.NO_NUMBER)
    assert sentence(last.reason) == (
        f"It has no number left that may be called: {MOBILE} was called once, {HOME} was called once."
    )


@pytest.mark.parametrize("result", [R.UNALLOCATED, R.CHANGED])
def test_a_number_that_does_not_exist_burns_nothing_and_the_next_is_called_at_once(result: R) -> None:
    planned = plan(campaign(), lead(MOBILE, WORK), attempt(result), None, NOW)
    assert (planned.number, planned.not_before, planned.lead.attempts) == (WORK, NOW, 0)
    assert planned.lead.numbers[0].state is NumberState.BAD
    assert planned.events == (NumberWentBad(MOBILE, result),)
    alone = plan(campaign(), lead(), attempt(result), None, NOW)
    assert (alone.state, alone.reason.code) == (LeadState.DONE, ReasonCode.NO_NUMBER)
    assert sentence(alone.reason) == f"It has no number left that may be called: {MOBILE} does not exist."


def test_the_network_waits_longer_each_time_and_never_gives_the_lead_up() -> None:
    calling, person, now = campaign(retry=rules(lead=1)), lead(), NOW
    waits = []
    for _ in range(12):
        planned = plan(calling, person, attempt(R.CONGESTION, now), None, now)
        assert (planned.state, planned.lead.attempts) == (LeadState.WAITING, 0)
        assert planned.not_before is not None
        waits.append((planned.not_before - now).total_seconds() / 60)
        person, now = dialled_again(planned), planned.not_before
    assert waits == [5, 10, 20, 40, 80, 160, 240, 240, 240, 240, 240, 240]
    rang = plan(campaign(retry=rules(busy=(HOUR, 1))), person, attempt(R.BUSY, now), None, now)
    assert rang.lead.troubles == 0


@pytest.mark.parametrize(("rang", "tries"), [(True, 1), (False, 0)])
def test_a_call_that_we_gave_up_counts_if_it_rang(rang: bool, tries: int) -> None:
    planned = plan(
        campaign(retry=rules(cancelled=(HOUR, 2))), lead(), attempt(R.CANCELLED, rang=rang), None, NOW
    )
    assert planned.lead.attempts == tries
    assert planned.reason.code is (ReasonCode.RETRY if rang else ReasonCode.NETWORK_TROUBLE)


def test_who_was_hung_up_on_is_left_in_peace_for_as_long_as_the_rules_say() -> None:
    calling = campaign(retry=rules(abandoned=(HOUR, 1)))
    limits = CampaignLimits(redial_lock_hours=72)
    planned = plan(calling, lead(), attempt(R.ABANDONED), None, NOW, limits=limits)
    assert planned.not_before == utc("2026-11-26 08:00:30")
    assert sentence(planned.reason) == (
        "The last call found no agent; the number is left in peace until 2026-11-26 08:00 UTC."
    )


def test_a_full_day_goes_on_tomorrow_by_the_callees_calendar() -> None:
    calling = campaign(retry=rules(day=2, busy=(HOUR // 2, 5)))
    late = utc("2026-11-23 20:00")
    person = lead(attempts=1, attempts_today=1, today=late.date())
    planned = plan(calling, person, attempt(R.BUSY, late), None, late)
    # Midnight in Warsaw.
    assert (planned.not_before, planned.reason.code) == (utc("2026-11-23 23:00"), ReasonCode.DAY_CAP)


def test_yesterdays_calls_are_not_todays() -> None:
    calling = campaign(retry=rules(day=2, busy=(HOUR, 5)))
    person = lead(attempts=2, attempts_today=2, today=utc("2026-11-22 12:00").date())
    planned = plan(calling, person, attempt(R.BUSY), None, NOW)
    assert (planned.lead.attempts_today, planned.reason.code) == (1, ReasonCode.RETRY)


def test_who_did_not_answer_in_the_morning_is_tried_in_another_part_of_the_day() -> None:
    best = BestTime(parse_spans("9:00-12:00, 12:00-17:00, 17:00-20:00"))
    calling = campaign(retry=rules(best_time=best, no_answer=(HOUR, 5)))
    first = plan(calling, lead(), attempt(R.NO_ANSWER), None, NOW)
    # 12:00 in Warsaw: the morning has had its try.
    assert (first.not_before, first.reason.code) == (utc("2026-11-23 11:00"), ReasonCode.BEST_TIME)
    at = utc("2026-11-23 11:00")
    second = plan(calling, dialled_again(first), attempt(R.NO_ANSWER, at), None, at)
    assert (second.not_before, second.lead.parts_tried) == (utc("2026-11-23 16:00"), (1, 1, 0))
    at = utc("2026-11-23 16:00")
    third = plan(calling, dialled_again(second), attempt(R.NO_ANSWER, at), None, at)
    assert third.not_before == utc("2026-11-23 17:00")  # all alike: as soon as the rule says


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [
        ("sale", LeadState.DONE, ReasonCode.DISPOSITION),
        ("not_interested", LeadState.DONE, ReasonCode.DISPOSITION),
        ("do_not_call", LeadState.STOPPED, ReasonCode.STOP_CONTACT),
        ("right_party", LeadState.WAITING, ReasonCode.RETRY),
        ("machine", LeadState.WAITING, ReasonCode.RETRY),
        ("wrong_number", LeadState.DONE, ReasonCode.NO_NUMBER),
    ],
)
def test_the_agents_word_goes_before_the_networks(name: str, state: LeadState, code: ReasonCode) -> None:
    calling = campaign(retry=rules(answered=(DAY, 2)))
    person = lead(state=LeadState.WRAP_UP)
    planned = plan(calling, person, attempt(R.ANSWERED, talked=True), TRADE[name], NOW)
    assert (planned.state, planned.reason.code) == (state, code)


def test_a_wrong_number_is_the_numbers_fault() -> None:
    person = lead(MOBILE, HOME, state=LeadState.WRAP_UP)
    planned = plan(campaign(), person, attempt(R.ANSWERED, talked=True), TRADE["wrong_number"], NOW)
    assert (planned.state, planned.number) == (LeadState.WAITING, HOME)
    assert planned.events == (NumberWentBad(MOBILE, "wrong_number"),)


def test_a_wish_to_be_left_alone_counts_even_when_the_lead_is_over() -> None:
    talked = attempt(R.ANSWERED, talked=True)
    planned = plan(campaign(), lead(state=LeadState.WRAP_UP), talked, TRADE["do_not_call"], NOW)
    assert planned.events == (StopAsked(MOBILE),)
    stopped = plan(campaign(), lead(state=LeadState.STOPPED), talked, TRADE["do_not_call"], NOW)
    assert (stopped.state, stopped.events, stopped.lead.attempts) == (
        LeadState.STOPPED,
        (StopAsked(MOBILE),),
        1,
    )


def test_an_answered_call_without_agents_is_over() -> None:
    calling = campaign(mode=Mode.AGENTLESS)
    planned = plan(calling, lead(state=LeadState.TALKING), attempt(R.ANSWERED, talked=True), None, NOW)
    assert (planned.state, planned.reason.code) == (LeadState.DONE, ReasonCode.LED_THROUGH)


def test_a_promise_is_waited_for() -> None:
    person = lead(state=LeadState.WRAP_UP)
    until = utc("2026-12-02 23:00")
    talked = attempt(R.ANSWERED, talked=True)
    planned = plan(campaign(), person, talked, TRADE["promise_to_pay"], NOW, promised=("2026-11-30", until))
    assert (planned.state, planned.not_before) == (LeadState.WAITING, until)
    assert sentence(planned.reason) == (
        "The person has promised to pay by 2026-11-30; it waits until 2026-12-02 23:00 UTC."
    )


def test_a_promise_that_was_to_be_kept_by_now_is_not_waited_for_in_the_past() -> None:
    person = lead(state=LeadState.WRAP_UP)
    talked = attempt(R.ANSWERED, talked=True, at=NOW - timedelta(hours=2))
    past = ("2026-11-20", utc("2026-11-22 23:00"))
    assert plan(campaign(), person, talked, TRADE["promise_to_pay"], NOW, promised=past).not_before == NOW


def test_a_callback_is_at_the_time_and_on_the_number_that_was_agreed() -> None:
    wish = callback("2026-11-23 14:00", "2026-11-23 16:00")
    person = lead(MOBILE, HOME, state=LeadState.WRAP_UP)
    planned = plan(
        campaign(),
        person,
        attempt(R.ANSWERED, number=HOME, talked=True),
        TRADE["callback"],
        NOW,
        callback=wish,
    )
    assert (planned.not_before, planned.number) == (utc("2026-11-23 14:00"), HOME)
    assert (planned.lead.callback, planned.events) == (wish, ())
    assert sentence(planned.reason) == "The person is to be called back from 2026-11-23 14:00 UTC on."


def test_a_callback_that_was_not_reached_is_tried_again_in_its_window_and_given_up_after_it() -> None:
    calling = campaign(retry=rules(gap=1800, no_answer=(4 * HOUR, 1)))
    wish = callback("2026-11-23 14:00", "2026-11-23 15:00")
    at = utc("2026-11-23 14:00")
    person = lead(callback=wish, results={R.NO_ANSWER: 1})
    first = plan(calling, person, attempt(R.NO_ANSWER, at, callback="r1"), None, at)
    assert first.not_before == utc("2026-11-23 14:30:30")  # half an hour after the end of the call
    assert first.events == (CallbackPutBack("r1", utc("2026-11-23 14:30:30")),)
    at = utc("2026-11-23 14:31")
    second = plan(calling, dialled_again(first), attempt(R.NO_ANSWER, at, callback="r1"), None, at)
    assert second.lead.callback is None
    assert [type(event) for event in second.events] == [CallbackGivenUp]


def test_a_callback_is_kept_by_a_conversation_and_by_nothing_less() -> None:
    wish = callback("2026-11-23 07:00", "2026-11-23 12:00")
    calling = campaign(retry=rules(machine=(HOUR, 3)))
    person = lead(callback=wish, state=LeadState.WRAP_UP)
    kept = plan(calling, person, attempt(R.ANSWERED, talked=True, callback="r1"), TRADE["sale"], NOW)
    assert kept.events == (CallbackKept("r1"),)
    machine = plan(calling, lead(callback=wish), attempt(R.MACHINE, callback="r1"), None, NOW)
    assert machine.events == (CallbackPutBack("r1", utc("2026-11-23 08:10:30")),)


def test_another_callback_takes_the_place_of_the_one_that_was_kept() -> None:
    person = lead(callback=callback("2026-11-23 07:00", "2026-11-23 12:00"), state=LeadState.WRAP_UP)
    again = replace(callback("2026-11-24 07:00", "2026-11-24 12:00"), request="r2")
    planned = plan(
        campaign(), person, attempt(R.ANSWERED, talked=True), TRADE["callback"], NOW, callback=again
    )
    assert (planned.lead.callback, planned.events) == (again, (CallbackKept("r1"),))


def test_an_interrupted_call_holds_back_as_one_that_was_answered() -> None:
    cut = attempt(R.INTERRUPTED, rang=False)
    for calling, limits, until in (
        (campaign(), CampaignLimits(), "2026-11-24 08:00:30"),
        (campaign(retry=rules(answered=(7200, 3))), CampaignLimits(), "2026-11-23 10:00:30"),
        (campaign(), CampaignLimits(redial_lock_hours=72), "2026-11-26 08:00:30"),
        (
            campaign(retry=rules(answered=(400_000, 3))),
            CampaignLimits(redial_lock_hours=72),
            "2026-11-27 23:07:10",
        ),
    ):
        planned = plan(calling, lead(), cut, None, NOW, limits=limits)
        assert (planned.lead.attempts, planned.not_before) == (1, utc(until))
        assert planned.lead.reason.code is ReasonCode.INTERRUPTED
        assert "may have been answered" in sentence(planned.lead.reason)


def test_who_asked_for_a_call_that_was_interrupted_is_tried_again_soon() -> None:
    calling = campaign(retry=rules(answered=(DAY, 3), no_answer=(HOUR, 3)))
    wish = callback("2026-11-23 07:00", "2026-11-23 12:00")
    planned = plan(calling, lead(callback=wish), attempt(R.INTERRUPTED), None, NOW)
    assert (planned.lead.callback, planned.not_before) == (wish, utc("2026-11-23 09:00:30"))


def test_a_call_that_was_lost_before_it_was_dialled_is_no_try() -> None:
    calling = campaign()
    lost = attempt(R.LOST, rang=False)
    unheard = plan(calling, lead(), replace(lost, dialled_at=None), None, NOW)
    assert (unheard.lead.attempts, unheard.not_before) == (0, utc("2026-11-23 08:05:30"))
