"""Campaigns on real Asterisks where things fail: the engine, the trunk, an agent who leaves, a machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from calls.events import CallEventKind as Kind
from compliance.facts import Mode
from dialer.lead import LeadState
from dialer.machine import Detect, MachinePolicy, OnMachine
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from tests.hotline.campaign_house import CampaignHouse, campaign_house, number_of
from tests.house import take_ports
from tests.patience import patient
from tests.public.agents import sip_agents
from tests.public.fates import CONGESTION, Fate, by_digits
from tests.running import until

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("campaign-failures"),
]
PASSWORD = "a password of hers"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CampaignHouse]:
    with take_ports() as ports, take_ports() as public_ports:
        agents = {"anna": {"sip": {"password": PASSWORD}}}
        queues = {"sales": {"agents": ["anna"], "wrap_up": "1s"}}
        folder = tmp_path_factory.mktemp("failures")
        async with campaign_house(folder, ports, public_ports, agents=agents, queues=queues) as at:
            yield at


@pytest.mark.parametrize("point", ["written", "about to dial"])
async def test_an_engine_killed_before_it_dials_calls_them_once(at: CampaignHouse, point: str) -> None:
    name, number = f"killed-{point.replace(' ', '-')}", number_of(11, len(point))
    at.dies(point)
    await at.starts(name, number)
    assert await at.hotline.ended(30) == -9
    assert at.public.called(number) == []
    await at.hotline.start()
    leads = await at.until_leads(name, lambda found: found[number].state is LeadState.DONE, "it is over")
    assert leads[number].reason.code is ReasonCode.LED_THROUGH
    assert len(at.public.called(number)) == 1
    assert all(one.ended_at is not None for one in await at.attempts(name))
    # What may have been dialled counts as a try.
    assert leads[number].attempts == (2 if point == "about to dial" else 1)


async def test_an_engine_killed_while_it_rings_goes_on_with_that_call(at: CampaignHouse) -> None:
    number = number_of(60)
    at.dies("dialled")
    await at.starts("killed-ringing", number, ring_seconds=55)
    assert await at.hotline.ended(30) == -9
    (call,) = at.public.called(number)
    await at.hotline.start()
    await at.public.answer(call)
    leads = await at.until_leads(
        "killed-ringing", lambda found: found[number].state is LeadState.DONE, "it is over"
    )
    assert leads[number].reason.code is ReasonCode.LED_THROUGH
    assert (leads[number].attempts, len(at.public.called(number))) == (1, 1)


async def test_a_trunk_that_answers_503_is_left_alone_and_burns_no_lead(at: CampaignHouse) -> None:
    numbers = [number_of(11, person) for person in range(20, 36)]
    at.public.fate_of = lambda number: Fate(ring_seconds=0, refusal=CONGESTION)
    try:
        await at.starts("congested", *numbers, calls_per_second=2.0)

        async def told() -> bool:
            _, body = await at.hotline.probe("readyz")
            return any(
                one["name"] == "trunk carrier for campaigns" and not one["ok"]
                for one in body.get("conditions", ())
            )

        await until(told, "/readyz says that the trunk rejects calls", 30, at.hotline.log)
        assert "a trunk rejects calls: campaigns wait" in at.hotline.log()
        tried = len(at.public.calls)
        leads = await at.leads("congested")
        assert not any(
            lead.attempts or lead.state in (LeadState.DONE, LeadState.STOPPED) for lead in leads.values()
        )
    finally:
        at.public.fate_of = by_digits
    await at.until_leads(
        "congested",
        lambda found: any(lead.state is LeadState.DONE for lead in found.values()),
        "it is tried again by itself",
        60,
    )
    assert len(at.public.calls) > tried

    async def mended() -> bool:
        _, body = await at.hotline.probe("readyz")
        return all(
            one["ok"] for one in body.get("conditions", ()) if one["name"] == "trunk carrier for campaigns"
        )

    await until(mended, "/readyz says that it works again", 20, at.hotline.log)
    await at.finishes("congested")


async def test_a_voicemail_is_told_after_its_greeting(at: CampaignHouse) -> None:
    number = number_of(30, 30)
    machine = MachinePolicy(Detect.SPEECH, OnMachine.MESSAGE, "for-machines", seconds=6.0)
    await at.starts("machines", number, machine=machine, language="en")
    (attempt,) = await at.until_attempts(
        "machines", lambda found: any(one.ended_at is not None for one in found), "it is over"
    )
    assert (attempt.result, attempt.message_played) == (AttemptResult.MACHINE, True)
    rows = [row for row in await at.hotline.history() if row["subject_id"] == attempt.id]
    events = {event["kind"]: event for event in rows[0]["events"]}
    # From the verdict until the rest of its greeting was over, some eight seconds.
    detected, told = (events[kind.value] for kind in (Kind.DETECTED, Kind.FLOW_STARTED))
    waited = datetime.fromisoformat(told["at"]) - datetime.fromisoformat(detected["at"])
    assert waited > timedelta(seconds=5)
    assert events[Kind.FLOW_STARTED.value]["data"]["flow"] == "for-machines"


async def test_a_key_in_the_message_ends_all_calls_to_that_person(at: CampaignHouse) -> None:
    number = number_of(9, 40)  # rings for some seconds
    async with sip_agents(["anna"], PASSWORD, at.hotline.ports.sip) as (anna,):
        await at.starts("abandoned", number, mode=Mode.PROGRESSIVE, flow=None, queue="sales", language="en")
        await at.public.until(lambda: bool(at.public.called(number)), 40)
        anna.hang_up()  # her line; it is opened anew in 20 s
        (call,) = at.public.called(number)
        await at.until_attempts(
            "abandoned", lambda found: bool(found) and found[0].abandoned, "the message is heard", 30
        )
        await at.public.press(call, "9")
        await asyncio.wait_for(call.ended.wait(), patient(30))
        leads = await at.until_leads(
            "abandoned", lambda found: found[number].state is LeadState.STOPPED, "it is stopped"
        )
        assert leads[number].reason.code is ReasonCode.STOP_CONTACT
        (attempt,) = await at.attempts("abandoned")
        assert (attempt.result, attempt.abandoned) == (AttemptResult.ABANDONED, True)
        await at.starts("another", number)
        others = await at.until_leads(
            "another", lambda found: found[number].state is LeadState.STOPPED, "the gate refuses"
        )
        assert others[number].reason.code is ReasonCode.GATE_FOREVER
        assert len(at.public.called(number)) == 1
