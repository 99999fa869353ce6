"""A campaign's mistakes: all at once, each with its remedy; contradictions cannot be set silently."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from compliance.facts import Mode, Purpose
from compliance.gate import PACKS, limits
from compliance.pack import CampaignLimits
from dialer.campaign import AbandonPolicy, Campaign, CampaignKind
from dialer.checking import Known, check
from dialer.goals import Goal, StopRules
from dialer.machine import Detect, DetectionCounts, MachinePolicy, OnMachine
from dialer.recycling import BestTime, RetryRules
from history.dispositions import TRADE
from schedules.spans import Span, parse_spans
from tests.dialer.leads_and_calls import DAY, HOUR, campaign, rules

KNOWN = Known(
    queues=("sales", "service"),
    flows=("message", "order", "greeting"),
    hours=("office",),
    packs=tuple(PACKS),
    dispositions=tuple(TRADE),
    scripts=("autumn",),
    topics=("orders",),
    languages=("pl", "en"),
    lines=50,
)
NO_LIMITS = CampaignLimits()
TSR, OFCOM, RU_ADS = (limits([PACKS[name]]) for name in ("us-tsr", "uk-ofcom", "ru-38fz"))
MEASURED = DetectionCounts(humans=10_000, machines=5_000, audited=1_000, audited_people=8)


def usual(**changed: Any) -> Campaign:
    return campaign(**{"retry": RetryRules(), "caller_ids": {"": "+48220000010"}, **changed})


def found(calling: Campaign, asked: CampaignLimits = NO_LIMITS, **more: Any) -> dict[str, str]:
    mistakes = check(calling, asked, KNOWN, **more)
    assert all(one.sentence.endswith((".", "?")) for one in mistakes)
    return {one.field: one.sentence for one in mistakes}


@pytest.mark.parametrize("asked", [NO_LIMITS, TSR, OFCOM])
def test_a_usual_campaign_has_neither_mistakes_nor_notes(asked: CampaignLimits) -> None:
    assert found(usual(abandon=AbandonPolicy("message")), asked) == {}


def test_all_mistakes_come_at_once() -> None:
    wrong = usual(
        name=" ",
        queue="salse",
        flow="nothing",
        hours="night",
        script="other",
        packs=("us-trs",),
        dispositions=("sold",),
        language="ru",
        ring_seconds=5,
        lines=51,
        calls_per_second=0,
        share=0,
        priority=500,
        preview_seconds=1,
        time_zone="Mars/Base",
        first_day=date(2026, 12, 1),
        last_day=date(2026, 11, 1),
        goal=Goal(0),
        stop=StopRules(attempts=0, refused_in_row=0),
        caller_ids={"48": "22 000 00 10"},
    )
    mistakes = found(wrong)
    assert set(mistakes) == {
        *("name", "queue", "flow", "hours", "script", "packs", "dispositions", "language", "ring_seconds"),
        *("lines", "calls_per_second", "share", "priority", "preview_seconds", "time_zone", "last_day"),
        *("goal.count", "stop.attempts", "stop.refused_in_row", "caller_ids.48"),
    }
    assert mistakes["queue"] == "There is no queue 'salse'; did you mean 'sales'?"
    assert mistakes["hours"] == "There is no set of hours 'night'; known are: office."
    assert mistakes["language"] == "The flow speaks en, pl, not ru: choose one of these."
    assert mistakes["lines"] == "It has 51 lines; set 1 to 50."


def test_a_mode_that_the_rules_ban() -> None:
    assert found(usual(), RU_ADS)["mode"] == (
        "The campaign's rules ban predictive dialling; what they allow is preview."
    )
    assert "mode" not in found(usual(mode=Mode.PREVIEW), RU_ADS)
    assert "mode" in found(usual(mode=Mode.MANUAL))


def test_what_each_kind_and_mode_needs() -> None:
    agentless = usual(mode=Mode.AGENTLESS, queue=None, kind=CampaignKind.INFORMATION)
    assert set(found(replace(agentless, purpose=Purpose.INFORMATION))) == {"flow"}
    assert set(found(usual(queue=None))) == {"queue"}
    assert set(found(usual(kind=CampaignKind.COLLECTIONS))) == {"purpose"}
    assert set(found(usual(kind=CampaignKind.CALLBACK))) == {"topics"}
    assert set(found(usual(topics=("orders",)))) == {"topics"}
    assert set(found(usual(purpose=Purpose.SERVICE))) == {"purpose"}


def test_a_flow_before_the_agents_that_gives_nobody_to_their_queue_is_noted() -> None:
    known = replace(KNOWN, flow_queues={"greeting": ["service"], "order": ["sales", "service"]})
    (note,) = check(usual(flow="greeting"), NO_LIMITS, known)
    assert (note.field, note.blocks) == ("flow", False)
    assert note.sentence == (
        "Flow 'greeting' goes before the agents, but gives nobody to queue 'sales': add a step to it that "
        "does, or take the flow out."
    )
    assert not check(usual(flow="order"), NO_LIMITS, known)
    assert not check(usual(flow="greeting", mode=Mode.PREVIEW), NO_LIMITS, known)  # there it is not used
    alone = usual(flow="greeting", mode=Mode.AGENTLESS, queue=None)
    assert not check(alone, NO_LIMITS, known)


def test_what_the_rules_ask_of_a_campaign() -> None:
    mistakes = found(usual(ring_seconds=12, caller_ids={"+48": "+48220000010"}), TSR)
    assert mistakes == {
        "ring_seconds": "It rings for 12 s; set 15 by the campaign's rules to 60.",
        "caller_ids": 'The rules want our number shown always: give one for "", all others.',
        "abandon.flow": (
            "The rules want a message when no agent is free that tells who calls: set `outbound.company`, "
            "or name a flow of your own."
        ),
    }
    # Nobody is abandoned where an agent is on the line first.
    assert "abandon.flow" not in found(usual(mode=Mode.PREVIEW), TSR)
    assert set(found(usual(abandon=AbandonPolicy("message", "10")), TSR)) == {"abandon.opt_out_key"}


def test_the_message_for_whom_no_agent_is_free_has_what_the_rules_want() -> None:
    named = replace(KNOWN, company="Example", opt_out_flows=["message"])
    assert not check(usual(), TSR, named)
    numberless = {one.field: one.sentence for one in check(usual(caller_ids={}), OFCOM, KNOWN)}
    assert (
        "who calls and our number: set `outbound.company` and `outbound.caller_id`"
        in (numberless["abandon.flow"])
    )
    own = usual(abandon=AbandonPolicy("greeting"))
    (mistake,) = check(own, TSR, named)
    assert (mistake.field, "no step `stop_contact`" in mistake.sentence) == ("abandon.flow", True)
    assert not check(own, OFCOM, named)  # which wants no way to opt out
    assert not check(usual(abandon=AbandonPolicy("message")), TSR, named)


def machines(**changed: Any) -> Campaign:
    return usual(abandon=AbandonPolicy("message"), machine=replace(MachinePolicy(Detect.AMD), **changed))


@pytest.mark.parametrize(
    ("asked", "counts", "refused"),
    [
        (TSR, None, False),  # 1 % is assumed, and 1.5 % is half of the cap
        (OFCOM, None, True),
        (OFCOM, MEASURED, False),  # 0.4 %
        (TSR, DetectionCounts(10_000, 5_000, 1_000, 40), True),  # 2.0 %
        (NO_LIMITS, DetectionCounts(10_000, 5_000, 1_000, 400), False),
    ],
)
def test_detection_that_takes_people_for_machines_is_refused(
    asked: CampaignLimits, counts: DetectionCounts | None, refused: bool
) -> None:
    calling = machines(seconds=1.5)
    assert ("machine.detect" in found(calling, asked, counts=counts)) == refused
    # Of calls without agents nobody is abandoned.
    alone = replace(calling, mode=Mode.AGENTLESS, flow="order")
    assert "machine.detect" not in found(alone, asked, counts=counts)


def test_the_refusal_of_detection_tells_the_numbers() -> None:
    sentence = found(machines(seconds=1.5), OFCOM)["machine.detect"]
    assert sentence == (
        "Detection is assumed, until 100 verdicts are listened to, to take 1.0% of people for machines, "
        "which count as abandoned; with a cap of 1.0% less than 0.50% is allowed: set detection to off."
    )


def test_detection_and_what_machines_get_fit_each_other() -> None:
    assert set(found(machines(on_machine=OnMachine.MESSAGE))) == {"machine.flow"}
    assert set(found(machines(on_machine=OnMachine.MESSAGE, flow="mesage"))) == {"machine.flow"}
    assert set(found(machines(detect=Detect.OFF, on_machine=OnMachine.MESSAGE))) == {"machine.on_machine"}
    assert set(found(replace(machines(), mode=Mode.PREVIEW))) == {"machine.detect"}
    assert set(found(machines(seconds=0.1, audit_share=2))) == {"machine.seconds", "machine.audit_share"}
    # Two seconds from the start of the person's greeting, less what the agent needs.
    assert "machine.seconds" in found(machines(seconds=1.9), OFCOM, counts=MEASURED)
    assert "machine.seconds" not in found(machines(seconds=1.9), TSR)


@pytest.mark.parametrize(
    ("retry", "field", "sentence"),
    [
        (
            rules(lead=3, number=3, day=3, no_answer=(4 * HOUR, 3)),
            "retry.recycling.no_answer.most",
            "After no_answer 3 times more would be 4 calls, and a lead gets 3: set 2 at most, or allow more "
            "calls to a lead.",
        ),
        (
            rules(lead=6, number=2, day=3, busy=(DAY, 3)),
            "retry.recycling.busy.most",
            "After busy the same number is called 3 times more, and a number gets 2 calls: set 1 at most, or "
            "have the next number called.",
        ),
        (
            rules(lead=2, number=3, day=2),
            "retry.caps.number",
            "3 calls to one number can never come about with 2 to a lead: set 2 at most.",
        ),
        (
            rules(lead=2, number=2, day=3),
            "retry.caps.day",
            "3 calls a day can never come about with 2 to a lead: set 2 at most.",
        ),
        (
            rules(day=4, gap=8 * HOUR),
            "retry.caps.day",
            "4 calls a day can never come about 8 hours apart: set 3 at most, or a shorter gap.",
        ),
        (
            rules(gap=HOUR, day=3, busy=(600, 1)),
            "retry.recycling.busy.after_seconds",
            "10 minutes after busy is within the gap of 1 hour between calls to one person: set it to the "
            "gap at least.",
        ),
        (
            rules(congestion=(HOUR, 1)),
            "retry.recycling.congestion",
            "What follows congestion is not a campaign's to decide; what is: no_answer, busy, machine, "
            "refused, abandoned, cancelled, answered.",
        ),
        (
            rules(abandoned=(DAY, 1)),
            "retry.recycling.abandoned.after_seconds",
            "1 day after an abandoned call is too early: the rules lock the number for 72 hours; set that at "
            "least.",
        ),
    ],
)
def test_contradictions_block(retry: RetryRules, field: str, sentence: str) -> None:
    asked = OFCOM if "abandoned" in field else NO_LIMITS
    calling = usual(retry=retry, abandon=AbandonPolicy("message"))
    mistakes = check(calling, asked, KNOWN)
    assert [(one.field, one.sentence, one.blocks) for one in mistakes] == [(field, sentence, True)]


@pytest.mark.parametrize(
    ("retry", "sentence"),
    [
        (
            rules(lead=6, number=2, day=4, no_answer=(4 * HOUR, 3, True)),
            "A lead with one number gets 2 of the 4 calls that no_answer allows.",
        ),
        (
            rules(day=2, no_answer=(HOUR, 4)),
            "Calls after no_answer come 1 hour apart, but only 2 in a day: the others wait for the next day.",
        ),
    ],
)
def test_what_a_cap_cuts_short_is_said(retry: RetryRules, sentence: str) -> None:
    (note,) = check(usual(retry=retry), NO_LIMITS, KNOWN)
    assert (note.sentence, note.blocks) == (sentence, False)


@pytest.mark.parametrize(
    ("pack", "changed", "sentences"),
    [
        ("us-reg-f", {}, []),
        (
            "us-reg-f",
            {"retry": rules(lead=9, number=9)},
            [
                "Rule us-reg-f/7-in-7 allows 7 calls in 7 days: 9 take longer.",
            ],
        ),
        (
            "uk-ofcom",
            {},
            [
                "Rule uk-ofcom/same-day-after-machine puts a try after a machine off to the next day.",
            ],
        ),
        ("uk-ofcom", {"mode": Mode.PREVIEW}, []),
        ("uk-ofcom", {"retry": rules(machine=(DAY, 1))}, []),
    ],
)
def test_what_a_rule_will_hold_back_is_said(pack: str, changed: dict[str, Any], sentences: list[str]) -> None:
    notes = check(usual(**changed), NO_LIMITS, KNOWN, packs=[PACKS[pack]])
    assert [one.sentence for one in notes] == sentences
    assert not any(one.blocks for one in notes)


@pytest.mark.parametrize(
    "parts",
    [parse_spans("9:00-12:00"), (Span(540, 720), Span(700, 900)), (Span(540, 720), Span(1300, 1500))],
)
def test_parts_of_the_day_that_are_none(parts: tuple[Span, ...]) -> None:
    assert set(found(usual(retry=rules(best_time=BestTime(parts))))) == {"retry.best_time"}


def test_a_goal_that_nobody_can_reach() -> None:
    calling = usual(dispositions=("not_interested",), goal=Goal(10, ("sale",)))
    assert set(found(calling)) == {"goal.dispositions"}
    assert found(usual(goal=Goal(10, ("sale",)))) == {}
