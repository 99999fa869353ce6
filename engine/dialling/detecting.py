"""MachineDetection: the Verdicts of a real network, by what answers sounds like and by its words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from calls.control import CallControlError, ChannelGone, ControlLost, VoicePath
from calls.detection import SoundDetection, Sounds
from dialer.attempt import Verdict
from dialer.greeting import PhraseHeard, by_sound, listened_for, together
from dialer.machine import Detect, MachinePolicy
from engine.dialling.verdicts import Judged
from engine.ports import Clock, Listening

log = logging.getLogger(__name__)

_RATE = 8000


class GreetingEars(Protocol):
    """A recogniser that tells words while they are said."""

    def languages(self) -> frozenset[str]: ...

    def overhear(
        self, language: str, sample_rate: int, phrases: Sequence[str], on_words: Callable[[str], None]
    ) -> Listening:
        """`on_words` gets what was heard of the phrases so far, as it is understood then, again and again.

        A tenth of a second of audio lies between. Raises KeyError for a language not in `languages`.
        """


class DetectionControl(SoundDetection, Protocol):
    """What is used of the network; AsteriskControl has it."""

    async def snoop(self, channel_id: str, snoop_id: str, *, whisper: bool) -> None: ...

    async def open_voice(self, channel_id: str, *, wideband: bool) -> VoicePath: ...

    async def hang_up(self, channel_id: str, cause: int = 16) -> None: ...


class MachineDetection:
    """Implements Verdicts. In a language without a model, words tell nothing: nobody is a machine then
    where the policy wants words.
    """

    def __init__(self, control: DetectionControl, ears: GreetingEars, clock: Clock) -> None:
        self._control = control
        self._ears = ears
        self._clock = clock
        self._errands: set[asyncio.Task[None]] = set()

    async def of(self, channel_id: str, policy: MachinePolicy, language: str) -> Judged:
        """See the port."""
        began = self._clock.monotonic()
        verdict, why = await self._find(channel_id, policy, language, began)
        return Judged(verdict, self._clock.monotonic() - began, why)

    async def greeting_over(self, channel_id: str, *, seconds: int) -> None:
        """See the port."""
        await self._control.until_quiet(channel_id, seconds=seconds)

    async def close(self) -> None:
        """Until nobody is listened in to any more."""
        await asyncio.gather(*tuple(self._errands), return_exceptions=True)

    async def _find(
        self, channel_id: str, policy: MachinePolicy, language: str, began: float
    ) -> tuple[Verdict, str]:
        if policy.detect is Detect.OFF:
            return Verdict.HUMAN, "not asked"
        if policy.detect is Detect.AMD:
            return by_sound(await self._control.detect(channel_id, seconds=policy.seconds))
        if language not in self._ears.languages() or not listened_for(language):
            sounding = await self._control.detect(channel_id, seconds=policy.seconds)
            verdict, why = together(sounding, None)
            return verdict, f"{why}; there is no model for {language}"
        async with self._overheard(channel_id, language) as phrase:
            sounding = await self._control.detect(channel_id, seconds=policy.seconds)
            if sounding.sounds is Sounds.MACHINE and not phrase.done():
                # Its words may tell until the time is up.
                left = policy.seconds - (self._clock.monotonic() - began)
                await asyncio.wait((phrase,), timeout=max(0.0, left))
            return together(sounding, phrase.result() if phrase.done() else None)

    @asynccontextmanager
    async def _overheard(self, channel_id: str, language: str) -> AsyncIterator[asyncio.Future[str]]:
        """A phrase that only machines say, once it was said. Beside the detection: neither waits."""
        phrase: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        surely = PhraseHeard(language)

        def hear(words: str) -> None:
            found = surely.after(words)
            if found is not None and not phrase.done():
                phrase.set_result(found)

        listening = self._ears.overhear(language, _RATE, listened_for(language), hear)
        ear = f"{channel_id}.words"
        opening = asyncio.create_task(self._listen_in(channel_id, ear, listening))
        try:
            yield phrase
        finally:
            listening.close()
            phrase.cancel()
            self._run(self._stop(opening, ear))

    async def _listen_in(self, channel_id: str, ear: str, listening: Listening) -> None:
        try:
            await self._control.snoop(channel_id, ear, whisper=False)
            path = await self._control.open_voice(ear, wideband=False)
            path.attach(listening.feed)
        except ChannelGone:
            return  # they have hung up
        except CallControlError as failure:
            log.warning("the words of %s are not heard: %s", channel_id, failure)

    async def _stop(self, opening: asyncio.Task[None], ear: str) -> None:
        await opening
        try:
            await self._control.hang_up(ear)  # its voice path closes with it
        except (ChannelGone, ControlLost):
            return  # it ended with whom it listened to, or Asterisk did

    def _run(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
