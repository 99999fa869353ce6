"""Campaigns that run, on virtual time: who is called, by which pace, and what becomes of each lead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from calls.control import PhoneChanged
from calls.events import CallEventKind as Kind
from compliance.decision import Checked, Decision, Verdict
from compliance.facts import Mode
from compliance.pack import CampaignLimits
from dialer.campaign import CampaignKind, CampaignState, Cause
from dialer.lead import LeadCallback, LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.dialling.dialler import Dialler
from tests.dialer.leads_and_calls import rules
from tests.engine.dialling_stage import Fate, numbers, office, spring


async def test_a_list_is_called_by_two_agents_to_its_end(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(retry=rules(busy=(1800, 3))), *numbers(6))
    at.public.fates = {numbers(6)[1]: Fate(holds=None, cause=1), numbers(6)[2]: Fate(holds=None, cause=17)}
    at.log_in("anna", "jan")
    at.start()
    await at.until(lambda: sum(lead.attempts > 0 for lead in at.books.leads.values()) == 6)
    await at.until(lambda: not any(one.ended_at is None for one in at.books.attempts.values()))
    ended = {one.number: one for one in at.books.attempts.values()}
    assert {one.result for one in ended.values()} == {
        AttemptResult.ANSWERED,
        AttemptResult.UNALLOCATED,
        AttemptResult.BUSY,
    }
    assert {one.agent for one in ended.values() if one.result is AttemptResult.ANSWERED} == {"anna", "jan"}
    assert at.lead(2).state is LeadState.DONE
    assert (at.lead(3).state, at.lead(3).reason.code) == (LeadState.WAITING, ReasonCode.RETRY)
    assert len([row for row in at.stage.ledger.interactions if row.campaign == "autumn"]) == 6
    await at.stop()


async def test_progressive_never_calls_more_people_than_agents(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(script="autumn", dispositions=("sale",)), *numbers(9))
    at.log_in("anna", "jan")
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, at.stage.switchboard.placed)
        return all(lead.attempts for lead in at.books.leads.values())

    at.start()
    await at.until(over)
    assert most == 2
    assert not any(one.abandoned for one in at.books.attempts.values())
    first = at.stage.ledger.log[next(iter(at.books.attempts))][0].data
    assert (first["script"], first["dispositions"]) == ("autumn", ["sale"])
    await at.stop()


async def test_without_agents_nobody_is_called(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(), *numbers(3))
    at.start()
    await at.until(lambda: at.dialler.explain("autumn") is not None)
    await at.pass_by(30)
    assert at.public.dialled == []
    await at.stop()


async def test_who_the_gate_refuses_waits_for_its_next_moment(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(), *numbers(2))
    at.log_in("anna")
    night = Decision(False, "pl/hours", "It is night.", None, (Checked("pl/hours", Verdict.REFUSE),))
    at.stage.gate.refusal = night
    at.start()
    await at.until(lambda: at.lead(1).state is LeadState.STOPPED)
    assert at.lead(1).reason.code is ReasonCode.GATE_FOREVER
    assert at.public.dialled == []
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED)
    assert at.books.campaigns["autumn"].state_cause is Cause.LIST_ENDED
    await at.stop()


async def test_a_campaign_whose_queue_is_gone_is_paused_and_tells_why(tmp_path: Path) -> None:
    at = office(tmp_path)
    missing = [""]
    at.dialler = Dialler(replace(at.means, gone=lambda campaign: missing[0]))
    at.put(spring(), *numbers(40))
    at.public.usual = Fate(holds=20)
    at.log_in("anna")
    at.start()
    await at.until(lambda: any(one.answered_at for one in at.books.attempts.values()))
    missing[0] = "There is no queue 'sales'; known are: orders."
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.PAUSED)
    paused = at.books.campaigns["autumn"]
    assert (paused.state_cause, paused.state_note) == (Cause.NAMES_GONE, missing[0])
    await at.until(lambda: not any(one.ended_at is None for one in at.books.attempts.values()))
    assert {one.result for one in at.books.attempts.values()} == {AttemptResult.ANSWERED}  # talks went on
    await at.stop()


async def test_a_trunk_that_fails_is_left_alone_and_burns_no_lead(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna", "jan", "ola", "ewa"))
    at.put(spring(), *numbers(20))
    at.public.usual = Fate(rings=0, holds=None, cause=34)
    at.log_in("anna", "jan", "ola", "ewa")
    at.start()
    await at.until(lambda: "rejects calls" in str((at.dialler.explain("autumn") or {}).get("why")))
    dialled = len(at.public.dialled)
    assert dialled <= 8
    assert all(lead.attempts == 0 for lead in at.books.leads.values())
    at.public.usual = Fate(holds=5)
    await at.until(lambda: sum(lead.attempts > 0 for lead in at.books.leads.values()) > 3)
    await at.stop()


async def test_a_pause_ends_dialling_and_no_talk(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(), *numbers(6))
    at.log_in("anna")
    at.start()
    await at.until(lambda: any(Kind.AGENT_CONNECTED in at.stage.ledger.kinds(c) for c in at.books.attempts))
    at.books.campaigns["autumn"] = replace(at.books.campaigns["autumn"], state=CampaignState.PAUSED)
    at.dialler.refresh_soon()
    (first,) = at.books.attempts.values()
    await at.until(lambda: at.books.attempts[first.id].ended_at is not None)
    assert at.books.attempts[first.id].result is AttemptResult.ANSWERED
    await at.pass_by(60)
    assert len(at.public.dialled) == 1
    await at.stop()


async def test_what_is_told_of_is_seen_at_once(tmp_path: Path) -> None:
    at = office(tmp_path)
    at.put(spring(), *numbers(1))

    def held() -> str:
        return ((at.dialler.explain("autumn") or {}).get("held") or {"code": ""})["code"]

    at.books.campaigns["autumn"] = replace(at.books.campaigns["autumn"], state=CampaignState.PAUSED)
    at.start()
    await at.pass_by(0.3)
    for _ in range(2):
        for state, goes_on in ((CampaignState.RUNNING, True), (CampaignState.PAUSED, False)):
            at.books.campaigns["autumn"] = replace(at.books.campaigns["autumn"], state=state)
            at.dialler.refresh_soon()
            await at.until(lambda goes_on=goes_on: (held() not in ("", "state")) == goes_on, seconds=1.5)
    await at.stop()


async def test_information_is_told_without_agents(tmp_path: Path) -> None:
    at = office(tmp_path)
    news = spring(kind=CampaignKind.INFORMATION, mode=Mode.AGENTLESS, queue=None, flow="news", lines=3)
    at.put(news, *numbers(7))
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, at.stage.switchboard.placed)
        return all(lead.state is LeadState.DONE for lead in at.books.leads.values())

    at.start()
    await at.until(over)
    assert most == 3
    assert at.lead(1).reason.code is ReasonCode.LED_THROUGH
    assert at.stage.control.words().count("Your parcel is here.") == 7
    await at.stop()


async def test_what_the_agent_says_decides(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(holds=3)
    at.log_in("anna")
    at.start()
    await at.until(lambda: at.lead(1).state is LeadState.TALKING)
    (call,) = at.books.attempts
    call_log = at.stage.switchboard.log_of(call)
    assert call_log is not None
    await at.until(lambda: at.lead(1).state is LeadState.WRAP_UP)
    assert at.books.attempts[call].ended_at is None  # it is open until its lead is planned
    said = {"agent": "anna", "disposition": "not_interested", "seconds": 5.0}
    await call_log.add(Kind.WRAPPED_UP, said, durable=False)
    await at.until(lambda: at.lead(1).state is LeadState.DONE, 20)
    assert at.lead(1).reason.data == {"disposition": "not_interested"}
    assert at.books.attempts[call].disposition == "not_interested"
    await at.stop()


async def test_a_lead_that_a_person_changes_meanwhile_is_planned_all_the_same(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(holds=None, cause=1)
    at.log_in("anna")
    at.start()
    await at.until(lambda: at.lead(1).state is LeadState.DIALLING)
    lead = at.lead(1)
    at.books.leads[lead.id] = replace(lead, priority=9, version=lead.version + 1)
    await at.until(lambda: at.lead(1).state is LeadState.DONE, 20)
    assert at.lead(1).priority == 9
    await at.stop()


async def test_calls_are_called_off_when_all_agents_leave(tmp_path: Path) -> None:
    agents = ("anna", "jan", "ola", "ewa")
    at = office(tmp_path, agents=agents, limits=CampaignLimits(ring_seconds=10))
    at.put(spring(), *numbers(4))
    slow, quick = Fate(rings=20), Fate(rings=5, holds=60)
    at.public.fates = dict.fromkeys(numbers(3), slow) | {numbers(4)[3]: quick}
    at.log_in(*agents)
    at.start()
    await at.until(lambda: len(at.public.dialled) == 4)
    for agent in agents:
        at.stage.control.tell(PhoneChanged(agent, False))
    await at.until(lambda: all(one.ended_at is not None for one in at.books.attempts.values()))
    ended = {one.number: one for one in at.books.attempts.values()}
    assert ended[numbers(4)[3]].result is AttemptResult.ABANDONED
    assert at.stage.control.words().count("Nobody is free.") == 1
    for number in numbers(3):
        one = ended[number]
        assert one.result is AttemptResult.CANCELLED
        assert one.ended_at is not None
        assert one.ringing_at is not None
        assert 10 <= (one.ended_at - one.ringing_at).total_seconds() < 11.5
    await at.stop()


async def test_preview_is_left_to_the_agents(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(mode=Mode.PREVIEW), *numbers(2))
    at.log_in("anna")
    at.start()
    await at.pass_by(30)
    assert at.public.dialled == []
    assert "from their desks" in (at.dialler.explain("autumn") or {})["why"]
    await at.stop()


async def test_predictive_calls_more_people_than_agents_and_keeps_the_cap(tmp_path: Path) -> None:
    agents = tuple(f"agent{n}" for n in range(6))
    at = office(tmp_path, agents=agents, limits=CampaignLimits(abandon_cap=0.03, ring_seconds=15))
    at.put(spring(mode=Mode.PREDICTIVE), *numbers(99))
    answered, not_answered = Fate(rings=6, holds=40), Fate(rings=18, holds=None, cause=19)
    at.public.fates = {
        number: answered if n % 3 == 0 else not_answered for n, number in enumerate(numbers(99))
    }
    at.log_in(*agents)
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, at.stage.switchboard.placed)
        return all(lead.attempts for lead in at.books.leads.values())

    at.start()
    await at.until(over, 3000)
    assert most > len(agents)
    assert len(at.public.dialled) == len(set(at.public.dialled)) == 99
    assert sum(one.abandoned for one in at.books.attempts.values()) <= 1
    explained = at.dialler.explain("autumn")
    assert explained is not None
    assert explained["counted"]["attempts"] == 99
    assert explained["pacer"]["mode"] == "predictive"
    await at.stop()
    assert at.books.knowledges["autumn"]  # the next engine goes on with what was learned


async def test_a_callback_is_kept_once_the_person_was_spoken_to(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",))
    at.put(spring(), *numbers(1))
    asked = at.stage.clock.now()
    at.books.leads["autumn-1"] = replace(at.lead(1), callback=LeadCallback("request-1", asked, asked))
    at.public.usual = Fate(holds=3)
    at.log_in("anna")
    at.start()
    await at.until(lambda: at.lead(1).attempts == 1)
    await at.until(lambda: bool(at.books.callbacks.ends), 20)
    assert at.books.callbacks.ends == [("request-1", "kept", "campaign autumn")]
    assert at.lead(1).callback is None
    await at.stop()


async def test_campaigns_share_lines_and_calls_a_second(tmp_path: Path) -> None:
    at = office(tmp_path, lines=4, calls_per_second=2)
    news = spring(kind=CampaignKind.INFORMATION, mode=Mode.AGENTLESS, queue=None, flow="news")
    at.put(replace(news, id="first", share=3), *numbers(12))
    at.put(replace(news, id="other"), *(f"+486000001{n:02d}" for n in range(12)))
    most, began = 0, at.stage.clock.monotonic()

    def over() -> bool:
        nonlocal most
        most = max(most, at.stage.switchboard.placed)
        return all(lead.state is LeadState.DONE for lead in at.books.leads.values())

    at.start()
    await at.until(lambda: len(at.public.dialled) >= 8)
    early = at.public.dialled[:8]
    assert 4 <= sum(number in numbers(12) for number in early) < 8
    assert at.stage.clock.monotonic() - began >= 3.0
    await at.until(over)
    assert most == 4
    await at.stop()
