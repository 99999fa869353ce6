"""The public and twenty agents, on Asterisks of their own, for the tests of this room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from asterisk.control import AsteriskControl
from asterisk.settings import Phone, Trunk
from calls.control import ChannelEnded, LegAnswered, LegRinging, NetworkEvent
from infolinia.setup.inventory import find_parts
from speech.vosk_recognizer import VoskRecognizer
from tests.asterisk.network import control_of, until
from tests.house import Ports, running_asterisk, take_ports
from tests.phone import SipPhone
from tests.public.agents import sip_agents
from tests.public.people import Public, simulated_public

AGENTS = [f"agent{number:02d}" for number in range(20)]
PASSWORD = "a password of theirs"
OURS = "+48220000010"


@dataclass
class Caller:
    """The hotline's Asterisk, and what it told of each leg by its id."""

    control: AsteriskControl
    sip_port: int
    rang: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    causes: dict[str, int] = field(default_factory=dict)

    async def call(self, leg: str, number: str, ring_seconds: int = 20) -> None:
        await self.control.originate(
            leg, number, caller_id=OURS, ring_seconds=ring_seconds, call_id=leg, trunk="carrier"
        )

    async def until_answered(self, leg: str) -> None:
        await until(lambda: leg in self.answered or leg in self.causes)
        assert leg in self.answered, self.causes

    async def until_ended(self, leg: str) -> int:
        await until(lambda: leg in self.causes)
        return self.causes[leg]

    def hear(self, event: NetworkEvent) -> None:
        match event:
            case LegRinging(leg):
                self.rang.add(leg)
            case LegAnswered(leg):
                self.answered.add(leg)
            case ChannelEnded(leg, cause):
                self.causes[leg] = cause
            case _:
                pass


@pytest.fixture(scope="module")
def port_blocks() -> Iterator[tuple[int, int, int]]:
    """First ports of the public's block, of the hotline's, and of the hotline's audio."""
    with (
        take_ports() as public,
        take_ports() as ours,
        take_ports() as audio,
    ):
        yield public.first, ours.first, audio.first


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def public(
    tmp_path_factory: pytest.TempPathFactory, port_blocks: tuple[int, int, int]
) -> AsyncIterator[Public]:
    async with simulated_public(tmp_path_factory.mktemp("public"), Ports(port_blocks[0])) as public:
        yield public


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(
    public: Public, tmp_path_factory: pytest.TempPathFactory, port_blocks: tuple[int, int, int]
) -> AsyncIterator[Caller]:
    trunk = Trunk(name="carrier", hosts=(public.host,), codecs=("alaw",))
    phones = tuple(Phone(name, PASSWORD) for name in AGENTS)
    found: list[Caller] = []

    def hear(event: NetworkEvent) -> None:
        if found:
            found[0].hear(event)

    ports, audio = Ports(port_blocks[1]), port_blocks[2]
    folder = tmp_path_factory.mktemp("ours")
    async with (
        running_asterisk(
            folder,
            ports,
            trunks=(trunk,),
            phones=phones,
            rtp_start=audio,
            rtp_end=audio + 99,
        ) as asterisk,
        control_of(asterisk, hear, phones=AGENTS) as control,
    ):
        found.append(Caller(control, ports.sip))
        yield found[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recognizer() -> AsyncIterator[VoskRecognizer]:
    recognizer = VoskRecognizer(find_parts().model_dirs)
    await recognizer.start()
    yield recognizer
    await recognizer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agents(caller: Caller) -> AsyncIterator[list[SipPhone]]:
    """Twenty telephones that have registered with the hotline's Asterisk."""
    async with sip_agents(AGENTS, PASSWORD, caller.sip_port) as phones:
        yield phones
