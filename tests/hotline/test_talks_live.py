"""What agents do in a talk, on a real Asterisk: who hears whom is told by the tones that they speak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from acd.agents import Agent
from acd.queues import Queue
from acd.talks import talk as asks
from acd.talks.talk import Action, PartyRole, Target, TargetKind
from asterisk.control import AsteriskControl
from asterisk.media import MediaServer
from asterisk.settings import Phone
from calls.control import NetworkEvent
from calls.events import CallEventKind as Kind
from engine.flows import FlowShelf
from engine.placing.manual_call import ManualDial, received_of_manual
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.asterisk.network import address_of
from tests.engine.queue_stage import FLOW
from tests.engine.stage import UNKNOWN, Stage
from tests.hotline.test_queue_live import hear_each_other, hears, is_tone, tone
from tests.house import Ports, running_asterisk, take_ports
from tests.patience import patient
from tests.phone import SipPhone, sip_phone
from tests.rtp import RtpParty, rtp_party
from tests.running import until
from tests.sipp import run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

PHONES = (Phone("anna", "a password of hers"), Phone("jan", "another password"))
JAN, ANNA = (Target(TargetKind.AGENT, name) for name in ("jan", "anna"))


@dataclass
class Line:
    """A caller who talks with Anna, and Jan's telephone, which answers."""

    stage: Stage
    control: AsteriskControl
    caller: RtpParty
    anna: SipPhone
    jan: SipPhone
    call_id: str = ""

    async def act(self, agent: str, action: Action) -> None:
        await self.stage.switchboard.act(self.call_id, agent, action)

    def leg(self) -> str:
        """Of the agent who leads."""
        view = self.stage.switchboard.talk_of(self.call_id)
        assert view is not None
        (leg,) = [party.leg for party in view.parties if party.role is PartyRole.AGENT]
        return leg

    async def in_talk(self, agent: str) -> None:
        async def now() -> bool:
            view = self.stage.switchboard.talk_of(self.call_id)
            return view is not None and view.agent == agent and view.phase is asks.TalkPhase.TALKING

        await until(now, f"{agent} talks with the caller", 10)


@asynccontextmanager
async def line_of(folder: Path, *, calls: bool = True) -> AsyncIterator[Line]:
    """`calls`: the caller does, now."""
    flows = {"front": load_flow(FLOW, "front.yaml")}
    shelf = FlowShelf(flows, {"100": "front"}, unknown=load_flow(UNKNOWN, "unknown.yaml"), region="PL")
    stages: list[Stage] = []

    def tell(event: NetworkEvent) -> None:
        stages[0].switchboard.on_network_event(event)

    with take_ports() as ports:
        async with running_asterisk(folder, ports, phones=PHONES) as asterisk:
            media = MediaServer(asterisk.settings.media_port, password=asterisk.secrets.media_password)
            await media.start()
            spool = asterisk.folders.spool / "recording"
            names = tuple(phone.name for phone in PHONES)
            control = AsteriskControl(address_of(asterisk), media, tell, recording_dir=spool, phones=names)
            agents = [AgentLine(Agent(name)) for name in names]
            queue = Queue("orders", ring_seconds=20.0, wrap_up_seconds=0.0)
            stages.append(Stage(folder, shelf=shelf, queues=[queue], agents=agents, network=control))
            caller: asyncio.Task[object] | None = None
            try:
                await control.start(patience_seconds=patient(10))
                async with (
                    known_phone(stages[0], 0, ports) as anna,
                    known_phone(stages[0], 1, ports) as jan,
                    rtp_party(ports.spare(2)) as party,
                ):
                    jan.manner = "rings"
                    if calls:
                        caller = asyncio.create_task(
                            run_sipp(
                                "patient",
                                folder=folder,
                                sip_port=ports.sip,
                                local_port=ports.spare(0),
                                audio_port=ports.spare(2),
                                limit_seconds=90,
                            )
                        )
                    yield Line(stages[0], control, party, anna, jan)
            finally:
                await stages[0].switchboard.close()
                if caller is not None:
                    caller.cancel()
                    await asyncio.gather(caller, return_exceptions=True)
                await control.close()
                await media.close()


@asynccontextmanager
async def known_phone(stage: Stage, place: int, ports: Ports) -> AsyncIterator[SipPhone]:
    """The engine knows that it is there: who comes first has waited longer, and is offered the call."""
    name, password = PHONES[place].name, PHONES[place].password
    async with sip_phone(name, password, ports.sip, ports.spare(10 + 2 * place)) as phone:
        await phone.until(lambda: stage.exchange.queues.agents()["idle"] == place + 1, 20)
        yield phone


def loud(party: RtpParty) -> bool:
    """Whether anything is heard in the last half second."""
    return bool(np.abs(party.heard[-4000:].astype(np.float64)).mean() > 100)


async def hears_music(party: RtpParty, *tones: float) -> None:
    """Something, and nobody's tone."""

    async def now() -> bool:
        return loud(party) and not any(hears(party, hertz) for hertz in tones)

    await until(now, "music is heard", 5)


async def nothing_of(speaker: RtpParty, hertz: float, *listeners: RtpParty) -> None:
    """The tone is spoken, and those who listen hear nothing meanwhile, or music."""
    for party in listeners:
        await has_died_away(party, hertz)
    before = [len(party.frames) for party in listeners]
    await speaker.say(tone(hertz))
    for party, first in zip(listeners, before, strict=True):
        heard = party.frames[first:]
        pieces = [np.concatenate(heard[at : at + 25]) for at in range(0, len(heard) - 24, 5)]
        assert not any(is_tone(piece, hertz) for piece in pieces)


async def has_died_away(party: RtpParty, hertz: float) -> None:
    """What was said before is on its way no longer: nothing comes, or something else."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def now() -> bool:
        last = max([began, *party.loud_at[-1:]])
        return loop.time() - last > 0.4 or not hears(party, hertz)

    await until(now, f"{hertz} Hz is heard no longer", 5)


async def test_hold_advice_conference_transfers_and_a_lost_agent(tmp_path: Path) -> None:
    async with line_of(tmp_path) as line:
        caller, anna, jan = line.caller, line.anna, line.jan
        await anna.until(lambda: anna.talking, 20)
        (line.call_id,) = line.stage.ledger.log
        await line.in_talk("anna")
        await hear_each_other(caller, anna)

        await line.act("anna", asks.Hold())
        await asyncio.gather(
            hears_music(caller, 1000),
            nothing_of(caller, 600, anna.party),
            nothing_of(anna.party, 1000, caller),
        )
        await line.act("anna", asks.Resume())
        await hear_each_other(caller, anna)

        jan.manner = "answers"
        await line.act("anna", asks.Consult(JAN))
        await jan.until(lambda: jan.talking)
        await asyncio.gather(hears_music(caller, 600, 1000), hear_each_other(anna.party, jan))
        await line.act("anna", asks.Conference())
        await hear_each_other(caller, jan)
        await hear_each_other(caller, anna)
        anna.hang_up()
        await line.in_talk("jan")
        await hear_each_other(caller, jan)

        await line.act("jan", asks.Transfer(ANNA))
        await line.in_talk("anna")
        await hear_each_other(caller, anna)

        await line.control.hang_up(line.leg(), 41)  # as a page that closes
        await line.in_talk("jan")
        await hear_each_other(caller, jan)
        jan.hang_up()
        row = await line.stage.over(line.call_id, 30)
    assert row.agent == "jan"
    (lost,) = line.stage.ledger.of_kind(line.call_id, Kind.AGENT_LOST)
    assert (lost["agent"], lost["cause"]) == ("anna", 41)
    hows = [data["how"] for data in line.stage.ledger.of_kind(line.call_id, Kind.TRANSFERRED)]
    assert hows == ["attended", "blind"]
    parts = [(data["agent"], data["by"]) for data in line.stage.ledger.of_kind(line.call_id, Kind.TALK_ENDED)]
    assert parts == [("anna", "transfer"), ("jan", "transfer"), ("anna", "lost"), ("jan", "agent")]
    assert line.stage.ledger.of_kind(line.call_id, Kind.TROUBLE) == []


async def test_an_agent_calls_a_customer(tmp_path: Path) -> None:
    """Whose number leads back to our own line, where Jan takes the call."""
    async with line_of(tmp_path, calls=False) as line:
        jan, anna = line.jan, line.anna
        dial = ManualDial("anna", "100", "+48220000010", 30, "loopback")
        log = line.stage.exchange.call_log("m1")
        await log.begin(received_of_manual("m1", dial, purpose="service", node="here"))
        line.stage.switchboard.dial(log, dial)
        line.call_id = "m1"
        await jan.until(lambda: jan.ringing, 20)
        jan.answer()
        await line.in_talk("anna")
        await hear_each_other(anna.party, jan)
        await line.act("anna", asks.Hold())
        await asyncio.gather(hears_music(jan.party, 1000), nothing_of(jan.party, 600, anna.party))
        await line.act("anna", asks.HangUp())
        row = await line.stage.over("m1", 30)
        await jan.until(lambda: not jan.talking, 20)
    assert (row.agent, row.data["ended_by"], row.outcome) == ("anna", "agent", "completed")
