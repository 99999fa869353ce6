"""The public behind a trunk: a second real Asterisk whose numbers answer, refuse, ring on, greet and beep.

    async with simulated_public(folder, ports) as public:     # fates by the digits: see tests.public.fates
        trunk = {"name": "carrier", "hosts": [public.host], "codecs": ["alaw"]}     # of the hotline
        ...
        public.calls[-1].answered_at

Real SIP with its causes, real RTP in G.711. Every wait ends with the call. `rtp_ports` are 2 for each call
that goes on at once; a block of a test's ports has room for 30 calls.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from asterisk.control import AsteriskControl
from asterisk.process import AsteriskProcess
from calls.control import (
    CallArrived,
    CallControlError,
    ChannelEnded,
    ChannelGone,
    KeyPressed,
    NetworkEvent,
    PlaybackEnded,
)
from tests.asterisk.network import control_of
from tests.house import Ports, running_asterisk
from tests.patience import patient
from tests.public.fates import Fate, FateOf, by_digits
from tests.public.sounds import TALK, Sounds

# Nobody of the public stays longer, whatever a fate says.
LONGEST_SECONDS = 1800.0
_NEVER = 10_000  # seconds: the dead-man is for engines
_DIGITS = re.compile(r"\+?[0-9]{2,}")


@dataclass
class PublicCall:
    """One call as the person called saw it. Times are the event loop's; `keys` those that they heard."""

    channel_id: str
    number: str
    caller: str
    fate: Fate
    arrived_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    keys: str = ""
    first_key_at: float | None = None
    stay: asyncio.Timeout | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, key: str, now: float) -> None:
        self.keys += key
        if self.first_key_at is None:
            self.first_key_at = now
            if self.fate.talk_seconds is not None:
                self.leaves(now + self.fate.talk_seconds)

    def leaves(self, at: float) -> None:
        """Who has answered hangs up then, instead of when they would have."""
        if self.stay is not None and self.ended_at is None and not self.stay.expired():
            self.stay.reschedule(at)


class Public:
    """Answers as the fates tell, of calls to any number."""

    def __init__(self, sounds: Sounds, fate_of: FateOf) -> None:
        self.sounds = sounds
        self.fate_of = fate_of
        self.calls: list[PublicCall] = []
        self.faults: list[Exception] = []
        self.host = ""
        self._control: AsteriskControl | None = None
        self._going: dict[str, tuple[PublicCall, asyncio.Task[None]]] = {}
        self._playing: dict[str, asyncio.Event] = {}
        self._last_playback: dict[str, str] = {}  # by channel
        self._numbers = itertools.count(1)

    def serve(self, control: AsteriskControl, host: str) -> None:
        self._control, self.host = control, host

    @property
    def going_on(self) -> int:
        return len(self._going)

    def called(self, number: str) -> list[PublicCall]:
        return [call for call in self.calls if call.number == number]

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        limit = patient(seconds)
        try:
            async with asyncio.timeout(limit):
                while not condition():  # noqa: ASYNC110 - there is no event to wait for
                    await asyncio.sleep(0.02)
        except TimeoutError:
            last = [(c.number, c.answered_at, c.ended_at) for c in self.calls[-5:]]
            raise AssertionError(f"not within {limit:g} s; the last calls: {last}") from None

    def __call__(self, event: NetworkEvent) -> None:
        match event:
            case CallArrived():
                self._arrived(event)
            case ChannelEnded(channel_id) if channel_id in self._going:
                call, task = self._going.pop(channel_id)
                call.ended_at = asyncio.get_running_loop().time()
                call.ended.set()
                task.cancel()
            case KeyPressed(channel_id, key) if channel_id in self._going:
                self._going[channel_id][0].hear(key, asyncio.get_running_loop().time())
            case PlaybackEnded(playback_id) if playback_id in self._playing:
                self._playing.pop(playback_id).set()
            case _:
                pass

    async def press(self, call: PublicCall, keys: str) -> None:
        """They fall silent and press keys. A channel that plays would press them when it has played all."""
        assert self._control is not None
        _, task = self._going[call.channel_id]
        task.cancel()
        await asyncio.wait([task])
        with suppress(CallControlError):  # it has ended
            await self._control.stop_playing(self._last_playback[call.channel_id])
        await self._control.send_keys(call.channel_id, keys)

    async def answer(self, call: PublicCall) -> None:
        """They lift the receiver of a telephone that rings on and on."""
        assert self._control is not None
        await self._control.answer(call.channel_id)

    async def close(self) -> None:
        """Everybody stops; Asterisk ends their calls."""
        tasks = [task for _, task in self._going.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _arrived(self, event: CallArrived) -> None:
        loop = asyncio.get_running_loop()
        fate = self.fate_of(event.dialled) if _DIGITS.fullmatch(event.dialled) else Fate(refusal=1)
        call = PublicCall(event.channel_id, event.dialled, event.caller, fate, loop.time())
        self.calls.append(call)
        self._going[event.channel_id] = call, asyncio.create_task(self._live(call))

    async def _live(self, call: PublicCall) -> None:
        with suppress(ChannelGone):  # the caller has hung up
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    await self._follow(call, call.fate)
            except (CallControlError, TimeoutError, OSError) as error:
                if isinstance(error, ChannelGone):
                    raise
                self.faults.append(error)

    async def _follow(self, call: PublicCall, fate: Fate) -> None:
        assert self._control is not None
        control, channel = self._control, call.channel_id
        await asyncio.sleep(fate.setup_seconds)
        if fate.ring_seconds is None or fate.ring_seconds > 0:
            await control.ringback(channel, on=True)
            await asyncio.sleep(LONGEST_SECONDS if fate.ring_seconds is None else fate.ring_seconds)
        if fate.refusal is not None:
            await control.hang_up(channel, fate.refusal)
            return
        await control.answer(channel)
        call.answered_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(fate.stays_seconds) as call.stay:
                after = TALK if fate.talks else fate.room
                await self._play(channel, fate.says, after)
                while True:
                    await self._play(channel, after)
        except TimeoutError:
            await control.hang_up(channel)

    async def _play(self, channel: str, *sounds: str) -> None:
        assert self._control is not None
        playback = self._last_playback[channel] = f"public-{next(self._numbers)}"
        ended = self._playing[playback] = asyncio.Event()
        files = [await asyncio.to_thread(self.sounds.file, sound) for sound in sounds]
        await self._control.play(channel, playback, files)
        await ended.wait()


@asynccontextmanager
async def simulated_public(
    folder: Path, ports: Ports, fate_of: FateOf = by_digits, *, rtp_ports: tuple[int, int] | None = None
) -> AsyncIterator[Public]:
    """`ports` are its own block, not the hotline's."""
    public = Public(Sounds(folder / "sounds"), fate_of)
    changes = {} if rtp_ports is None else {"rtp_start": rtp_ports[0], "rtp_end": rtp_ports[1]}
    async with (
        running_asterisk(folder, ports, deadman_seconds=_NEVER, **changes) as asterisk,
        control_of(asterisk, public) as control,
    ):
        public.serve(control, _host(asterisk))
        try:
            yield public
        finally:
            await public.close()
    assert not public.faults, public.faults


def _host(asterisk: AsteriskProcess) -> str:
    return f"127.0.0.1:{asterisk.settings.sip_port}"
