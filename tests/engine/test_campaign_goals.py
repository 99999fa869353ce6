"""Goals and rules to stop, on virtual time: calls in flight are counted against them."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.facts import Mode
from dialer.campaign import Campaign, CampaignKind, CampaignState, Cause
from dialer.goals import Goal, StopRules, Tally, room_left
from dialer.lead import LeadState
from tests.dialer.leads_and_calls import rules
from tests.engine.dialling_stage import Fate, numbers, office, spring


def news(**changed: object) -> Campaign:
    made = {"kind": CampaignKind.INFORMATION, "mode": Mode.AGENTLESS, "queue": None, "flow": "news"}
    return spring(**{**made, **changed})


async def test_no_more_calls_are_placed_than_the_rule_to_stop_allows(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(stop=StopRules(attempts=5)), *numbers(30))
    at.start()
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED)
    assert at.books.campaigns["autumn"].state_cause is Cause.ATTEMPTS
    assert len(at.public.dialled) == 5
    await at.stop()


async def test_calls_that_ring_may_fill_the_goal_and_hold_others_back(tmp_path: Path) -> None:
    """Three are to be reached; every third person answers."""
    at = office(tmp_path)
    at.put(news(goal=Goal(3), retry=rules(no_answer=(90_000, 3))), *numbers(30))
    unanswered = Fate(holds=None, cause=19)
    at.public.fates = {number: unanswered for n, number in enumerate(numbers(30)) if n % 3}
    at.start()
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED)
    assert at.books.campaigns["autumn"].state_cause is Cause.GOAL
    await at.pass_by(60)
    assert sum(lead.state is LeadState.DONE for lead in at.books.leads.values()) == 3
    await at.stop()


async def test_agents_are_shown_no_more_leads_than_may_be_called(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.means.previews.attend(lambda agent: True, lambda agent: None)
    at.put(spring(mode=Mode.PREVIEW, stop=StopRules(attempts=1)), *numbers(4))
    at.log_in("anna", "jan")
    at.start()
    board = at.means.previews
    await at.until(lambda: board.of("anna") is not None or board.of("jan") is not None, 60)
    await at.pass_by(20)
    (shown,) = (one for one in (board.of("anna"), board.of("jan")) if one is not None)
    await board.call(shown.agent, shown.lead.id)
    await at.pass_by(20)
    assert (board.of("anna"), board.of("jan")) == (None, None)
    await at.stop()


async def test_a_goal_of_dispositions_holds_nobody_back(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(goal=Goal(1, ("sale",))), *numbers(9))
    at.log_in("anna", "jan")
    at.start()
    await at.until(lambda: len(at.public.dialled) == 2, 20)
    await at.stop()


@pytest.mark.parametrize(
    ("goal", "stop", "more", "room"),
    [
        (None, StopRules(), {}, None),
        (None, StopRules(attempts=10), {}, 6),
        (None, StopRules(attempts=10), {"placed_since": 5, "in_flight": 5}, 1),
        (None, StopRules(attempts=10), {"placed_since": 9}, 0),
        (Goal(5), StopRules(), {"in_flight": 1, "spoken_since": 1}, 1),
        (Goal(9), StopRules(attempts=7), {"in_flight": 2}, 3),
        (Goal(5, ("sale",)), StopRules(), {"in_flight": 9}, None),
    ],
)
def test_what_a_goal_leaves(
    goal: Goal | None, stop: StopRules, more: dict[str, int], room: int | None
) -> None:
    assert room_left(goal, stop, Tally(standing=9, attempts=4, reached=2), **more) == room
