"""Campaigns where things fail, on virtual time: lists, rules, agents, the trunk, engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calls.control import PhoneChanged
from calls.events import CallEventKind as Kind
from compliance.decision import Checked, Decision, Verdict
from compliance.facts import Mode
from compliance.pack import CampaignLimits
from dialer.campaign import AbandonPolicy, CampaignKind, CampaignState, Cause
from dialer.goals import Goal, StopRules
from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.dialling.dialler import LEASE_SECONDS, REFRESH_SECONDS, Dialler
from engine.dialling.forgotten import FORGOTTEN_AFTER
from tests.dialer.leads_and_calls import rules
from tests.engine.dialling_stage import Fate, Office, numbers, office, spring


def news(**changed: object):  # type: ignore[no-untyped-def]
    made = {"kind": CampaignKind.INFORMATION, "mode": Mode.AGENTLESS, "queue": None, "flow": "news"}
    return spring(**{**made, **changed})


def many(count: int) -> tuple[str, ...]:
    return tuple(f"+48600{n:06d}" for n in range(count))


def explained(at: Office) -> dict[str, object]:
    return at.dialler.explain("autumn") or {}


def works(at: Office) -> bool:
    return all(one.ok for one in at.stage.health.all() if one.name == "trunk carrier for campaigns")


async def test_when_thirty_agents_leave_calls_are_called_off_or_hear_the_message(
    tmp_path: Path,
) -> None:
    agents = tuple(f"agent{n}" for n in range(30))
    limits = CampaignLimits(ring_seconds=15, abandon_cap=0.03, message=("name",))
    at = office(tmp_path, agents=agents, limits=limits, lines=40)
    at.put(spring(abandon=AbandonPolicy(None, "7"), lines=40), *numbers(30))
    # A third answers before it may be called off, the others would ring on.
    at.public.fates = {number: Fate(rings=6 if n % 3 == 0 else 22) for n, number in enumerate(numbers(30))}
    at.log_in(*agents)
    at.start()
    await at.until(lambda: len(at.public.dialled) == 30)
    for agent in agents:
        at.stage.control.tell(PhoneChanged(agent, False))
    await at.until(lambda: all(one.ended_at is not None for one in at.books.attempts.values()))
    ended = list(at.books.attempts.values())
    cancelled = [one for one in ended if one.result is AttemptResult.CANCELLED]
    abandoned = [one for one in ended if one.result is AttemptResult.ABANDONED]
    assert (len(cancelled), len(abandoned)) == (20, 10)
    for one in cancelled:
        assert one.ringing_at is not None
        assert one.ended_at is not None
        assert one.ended_at - one.ringing_at >= timedelta(seconds=15)
    assert all(one.message_played for one in abandoned)
    assert len([text for text in at.stage.control.words() if text.endswith("press 7.")]) == 10
    counted = explained(at)["counted"]
    assert isinstance(counted, dict)
    assert (counted["live"], counted["abandoned"]) == (10, 10)
    await at.pass_by(60)
    assert len(at.public.dialled) == 30  # nobody is there to talk with the others
    await at.stop()


async def test_a_campaign_without_agents_says_so(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(), *numbers(4))
    at.start()
    await at.until(lambda: "No agent of its queue is ready" in str(explained(at).get("why")), 60)
    assert at.public.dialled == []
    at.log_in("anna")
    await at.until(lambda: len(at.public.dialled) >= 1, 60)
    await at.stop()


async def test_a_trunk_that_is_down_is_waited_for(tmp_path: Path) -> None:
    at = office(tmp_path)
    down = {"carrier"}
    at.means = replace(at.means, unreachable=down)
    at.dialler = Dialler(at.means)
    at.put(spring(), *numbers(4))
    at.log_in("anna", "jan")
    at.start()
    await at.until(lambda: "carrier" in str(explained(at).get("why")), 60)
    await at.pass_by(120)
    assert at.public.dialled == []
    assert all(lead.state is LeadState.WAITING and not lead.attempts for lead in at.books.leads.values())
    assert not works(at)
    assert "does not answer" in str(explained(at)["why"])
    down.clear()
    await at.until(lambda: len(at.public.dialled) >= 2)
    await at.until(lambda: works(at))
    await at.stop()


@pytest.mark.parametrize("cause", [1, 22])
async def test_five_hundred_bad_numbers_end_the_list_and_stop_no_trunk(tmp_path: Path, cause: int) -> None:
    at = office(tmp_path, lines=40)
    at.put(news(lines=40), *many(500))
    at.public.usual = Fate(rings=0, holds=None, cause=cause)
    at.start()
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED, 1200)
    assert at.books.campaigns["autumn"].state_cause is Cause.LIST_ENDED
    assert len(at.public.dialled) == len(set(at.public.dialled)) == 500
    assert {lead.state for lead in at.books.leads.values()} == {LeadState.DONE}
    assert {lead.reason.code for lead in at.books.leads.values()} == {ReasonCode.NO_NUMBER}
    await at.stop()


async def test_a_list_that_ended_is_gone_on_with_when_it_grows(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(stop=StopRules(list_ended=False)), *numbers(2))
    at.public.usual = Fate(holds=5)
    at.start()
    await at.until(lambda: all(lead.state is LeadState.DONE for lead in at.books.leads.values()))
    await at.pass_by(60)
    assert at.books.campaigns["autumn"].state is CampaignState.RUNNING
    late = replace(at.lead(1), id="autumn-3", state=LeadState.WAITING, version=1)
    late = replace(late, numbers=(replace(late.numbers[0], e164=numbers(3)[2], attempts=0),), attempts=0)
    at.books.leads[late.id] = late
    await at.until(lambda: at.public.dialled[-1] == numbers(3)[2], 60)
    await at.stop()


NIGHT = Decision(False, "pl/hours", "It is night.", None, (Checked("pl/hours", Verdict.REFUSE),))


async def test_when_every_lead_is_refused_for_ever_the_campaign_tells_by_which_rule(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(), *many(50))
    at.stage.gate.refusal = NIGHT
    at.start()
    began = at.stage.clock.monotonic()
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED)
    assert at.stage.clock.monotonic() - began < 60
    campaign = at.books.campaigns["autumn"]
    assert (campaign.state_cause, campaign.state_note) == (
        Cause.LIST_ENDED,
        "gate_forever by pl/hours: 50",
    )
    assert at.public.dialled == []
    await at.stop()


async def test_when_every_lead_must_wait_the_campaign_tells_until_when_and_why(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(), *many(50))
    morning = at.stage.clock.now() + timedelta(minutes=9)
    at.stage.gate.refusal = replace(NIGHT, next_allowed_at=morning)
    at.start()
    await at.until(lambda: "None of the 50 leads" in str(explained(at).get("why")), 60)
    told = str(explained(at)["why"])
    assert "gate by pl/hours: 50" in told
    assert f"{morning:%Y-%m-%dT%H:%M}" in told
    assert at.public.dialled == []
    at.stage.gate.refusal = None
    await at.until(lambda: len(at.public.dialled) == 50, 1200)
    await at.stop()


async def test_a_campaign_whose_leads_are_refused_pauses_before_it_has_asked_for_all(
    tmp_path: Path,
) -> None:
    at = office(tmp_path)
    at.put(news(stop=StopRules(refused_in_row=40)), *many(2000))
    at.stage.gate.refusal = NIGHT
    at.start()
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.PAUSED)
    assert at.books.campaigns["autumn"].state_cause is Cause.ALL_REFUSED
    assert any(lead.state is LeadState.WAITING for lead in at.books.leads.values())
    await at.stop()


async def test_an_engine_that_is_killed_leaves_its_campaign_to_the_other(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(6))
    at.log_in("anna")
    (tmp_path / "other").mkdir()
    other = office(tmp_path / "other", after=at, agents=("jan",))
    other.means = replace(other.means, exchange=replace(other.stage.exchange, node="there"))
    other.dialler = Dialler(other.means)
    other.log_in("jan")
    at.start()
    await at.until(lambda: bool(at.public.dialled))
    other.start()
    await at.pass_by(REFRESH_SECONDS)
    await at.crash()
    dialled = list(at.public.dialled)
    killed_at = other.stage.clock.monotonic()
    await other.until(lambda: bool(other.public.dialled))
    waited = other.stage.clock.monotonic() - killed_at
    assert LEASE_SECONDS - REFRESH_SECONDS - 1 <= waited <= LEASE_SECONDS + REFRESH_SECONDS + 1
    await other.until(lambda: len(other.public.dialled) == 6 - len(dialled))
    assert not set(dialled) & set(other.public.dialled)
    # Whom the dead engine had on the line is nobody's until it comes back, or no call can last any more.
    (theirs,) = [one for one in at.books.attempts.values() if one.number in dialled]
    assert other.books.leads[theirs.lead].state in (LeadState.DIALLING, LeadState.TALKING)
    other.books.campaigns["autumn"] = replace(
        other.books.campaigns["autumn"], stop=StopRules(list_ended=False)
    )
    other.books.attempts[theirs.id] = replace(theirs, reserved_at=theirs.reserved_at - FORGOTTEN_AFTER)
    await other.until(lambda: other.books.attempts[theirs.id].ended_at is not None, 120)
    # An agent had talked with them, as the call's log tells.
    assert other.books.attempts[theirs.id].result is AttemptResult.ANSWERED
    assert other.books.leads[theirs.lead].state is LeadState.DONE
    await other.stop()


async def test_a_goal_of_dispositions_ends_the_campaign(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(goal=Goal(2, ("sale",))), *numbers(9))
    at.public.usual = Fate(holds=3)
    at.log_in("anna")
    at.start()
    for disposition in ("sale", "not_interested", "sale"):
        known = {call for call, one in at.books.attempts.items() if one.ended_at is not None}

        def in_hand(known: set[str] = known) -> str | None:
            return next(
                (
                    call
                    for call in at.books.attempts
                    if call not in known and Kind.AGENT_CONNECTED in at.stage.ledger.kinds(call)
                ),
                None,
            )

        await at.until(lambda in_hand=in_hand: in_hand() is not None)  # type: ignore[misc]
        call = in_hand()
        assert call is not None
        call_log = at.stage.switchboard.log_of(call)
        assert call_log is not None
        said = {"agent": "anna", "disposition": disposition, "seconds": 5.0}
        await call_log.add(Kind.WRAPPED_UP, said, durable=False)
        await at.until(lambda call=call: at.books.attempts[call].ended_at is not None)  # type: ignore[misc]
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED)
    campaign = at.books.campaigns["autumn"]
    assert (campaign.state_cause, campaign.state_note) == (Cause.GOAL, "2 of 2")
    assert len(at.public.dialled) < 9
    await at.stop()


async def test_without_agents_what_was_written_and_never_dialled_is_called_at_once(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(retry=rules(no_answer=(3600, 3))), *numbers(1))
    keep = at.stage.ledger.commit

    async def dies(changes: object, *, durable: bool = False) -> None:
        if at.books.attempts:
            await at.pass_by(1000)  # for ever: nothing more of this engine is written
        await keep(changes, durable=durable)  # type: ignore[arg-type]

    at.stage.ledger.commit = dies  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: bool(at.books.attempts))
    await at.crash()
    assert at.public.dialled == []
    later = office(tmp_path, after=at)
    later.start()
    await later.stage.connect()
    await later.until(lambda: later.public.dialled == list(numbers(1)), seconds=60)
    assert later.lead(1).attempts == 0
    await later.until(lambda: later.lead(1).state is LeadState.DONE, seconds=60)
    assert later.lead(1).attempts == 1
    await later.stop()


async def test_who_ends_all_calls_by_a_key_is_stopped_at_once(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(abandon=AbandonPolicy(None, "5")), *numbers(1))
    at.public.usual = Fate(rings=5, holds=60)
    at.log_in("anna")
    at.start()
    await at.until(lambda: bool(at.public.dialled))
    at.stage.control.tell(PhoneChanged("anna", False))
    await at.until(lambda: any(text.endswith("press 5.") for text in at.stage.control.words()))
    (call,) = at.books.attempts
    at.stage.press("5", f"{call}.callee")
    await at.until(lambda: at.lead(1).state is LeadState.STOPPED, 60)
    assert at.lead(1).reason.code is ReasonCode.STOP_CONTACT
    assert numbers(1)[0] in {one.value for one in at.stage.ledger.objections.values()}
    await at.stop()


async def test_who_is_on_the_line_is_not_rung_at_another_number_by_another_campaign(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(news(), numbers(2)[0])
    at.put(news(id="winter", name="winter"), numbers(2)[1])
    other = at.books.leads["winter-1"]
    at.books.leads["winter-1"] = replace(other, contact_id=at.lead(1).contact_id)
    at.public.usual = Fate(rings=20, holds=30)
    at.start()
    await at.until(lambda: len(at.public.dialled) == 1)
    await at.pass_by(15)
    assert len(at.public.dialled) == 1
    busy = [one for one in at.books.leads.values() if one.reason.code is ReasonCode.PERSON_BUSY]
    assert len(busy) == 1
    await at.until(lambda: len(at.public.dialled) == 2, 700)
    await at.stop()


async def test_two_campaigns_take_no_more_lines_than_there_are_while_the_gate_is_slow(tmp_path: Path) -> None:
    at = office(tmp_path, lines=4)
    at.put(news(lines=4), *many(20))
    at.public.usual = Fate(rings=30, holds=10)
    ask, asked = at.stage.gate.ask, 0

    async def slowly(request):  # type: ignore[no-untyped-def]
        nonlocal asked
        asked += 1
        await at.pass_by(20.0 if asked <= 4 else 0.1)
        return await ask(request)

    at.stage.gate.ask = slowly  # type: ignore[method-assign]
    at.start()
    await at.until(lambda: asked == 4)
    at.put(news(id="winter", name="winter", lines=4), *numbers(20))
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, at.stage.switchboard.placed)
        return len(at.public.dialled) >= 12

    await at.until(over)
    assert most == 4
    await at.stop()
