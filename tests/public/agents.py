"""Many agents' SIP telephones at once, in G.711: they register, answer by themselves and count.

    async with sip_agents([f"agent{n}" for n in range(20)], "password", sip_port) as agents:
        agents[0].talking, agents[0].party.onsets

Twenty of them take a few hundredths of a core: of what they hear only its beginnings are kept.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

import numpy as np

from tests.phone import SipPhone
from tests.rtp import LOUD, PCMA, RtpParty, decode_alaw

_HOST = "127.0.0.1"
_QUIET_SECONDS = 0.5


class AgentEar(RtpParty):
    """`onsets`: when, on the loop's clock, somebody began to be heard after half a second's quiet.

    `loud`: the mean of a frame's samples above which somebody is heard.
    """

    def __init__(self, loud: float = LOUD) -> None:
        super().__init__()
        self._loud = loud
        self.packets = 0
        self.onsets: list[float] = []
        self._last_loud = float("-inf")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) <= 12 or data[1] & 0x7F != PCMA:
            return
        self.speak_to(addr)
        self.packets += 1
        if np.abs(decode_alaw(data[12:]).astype(np.int32)).mean() > self._loud:
            now = asyncio.get_running_loop().time()
            if now - self._last_loud > _QUIET_SECONDS:
                self.onsets.append(now)
                self.began()
            self._last_loud = now

    def began(self) -> None:
        """Somebody begins to be heard."""


@asynccontextmanager
async def sip_agents(
    names: Sequence[str], password: str, sip_port: int, ear_of: Callable[[], AgentEar] = AgentEar
) -> AsyncIterator[list[SipPhone]]:
    """Telephones of these names, logged in; on free ports of this machine."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        phones: list[SipPhone] = []
        for name, port in zip(names, free_pairs(len(names)), strict=True):
            hearing, ear = await loop.create_datagram_endpoint(ear_of, local_addr=(_HOST, port + 1))
            stack.callback(hearing.close)
            phone = SipPhone(name, password, sip_port, port, ear)
            signalling, _ = await loop.create_datagram_endpoint(
                lambda phone=phone: phone,  # type: ignore[misc]
                local_addr=(_HOST, port),
            )
            stack.callback(signalling.close)
            phones.append(phone)
        for phone in phones:
            assert await phone.register(3600) == 200, f"{phone.name} was not let in"
        yield phones


def free_pairs(count: int) -> list[int]:
    """UDP ports that are free now, as is the next one of each."""
    found: list[int] = []
    with ExitStack() as held:
        for _ in range(20 * count):
            if len(found) == count:
                break
            lower = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            lower.bind((_HOST, 0))
            port = lower.getsockname()[1]
            upper = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                upper.bind((_HOST, port + 1))
            except (OSError, OverflowError):
                continue
            found.append(port)
    if len(found) < count:
        raise RuntimeError(f"there are no {count} pairs of free ports")
    return found
