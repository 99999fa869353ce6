"""Who hears whom: asked again and again, within a limit, until enough of a voice is found, or none is."""

from __future__ import annotations

import asyncio
from typing import Protocol

import numpy as np

from tests.desk.center import Caller, Person, Sound
from tests.desk.correlation import RATE, Finding, find_within
from tests.desk.voices import SECONDS, voice
from tests.patience import patient

HEARD_WITHIN_SECONDS = patient(12.0)
# So much sound is listened to before somebody counts as not heard.
SILENT_SECONDS = 3.0


class Ear(Protocol):
    async def take(self) -> Sound:
        """What was heard since this was asked last."""


class PersonsEar:
    def __init__(self, person: Person) -> None:
        self._person = person

    async def take(self) -> Sound:
        return await self._person.heard()


class CallersEar:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._at = caller.mark()

    async def take(self) -> Sound:
        sound = self._caller.heard(self._at)
        self._at = self._caller.mark()
        return sound


def ear_of(who: Person | Caller) -> Ear:
    return PersonsEar(who) if isinstance(who, Person) else CallersEar(who)


async def hear(listener: Person | Caller, *voices: str) -> None:
    """The listener hears all of these people from now on, within a limit."""
    ear = ear_of(listener)
    await ear.take()
    sound = np.zeros(0, np.int16)
    found: dict[str, Finding] = {}
    try:
        async with asyncio.timeout(HEARD_WITHIN_SECONDS):
            while not all(one in found and found[one].heard for one in voices):
                await asyncio.sleep(0.5)
                sound = np.concatenate((sound, await ear.take()))
                if len(sound) >= RATE:
                    found = {one: await _found(one, sound) for one in voices}
    except TimeoutError:
        raise AssertionError(
            f"{_name(listener)} heard {len(sound) / RATE:.1f} s, and in it {found}"
        ) from None


async def hear_nothing_of(listener: Person | Caller, *voices: str) -> Sound:
    """Three seconds of the line, or of nothing at all, without these people in it; what was heard."""
    ear = ear_of(listener)
    await ear.take()
    for last in (False, True):
        await asyncio.sleep(SILENT_SECONDS)
        sound = await ear.take()
        if len(sound) < RATE or np.abs(sound.astype(np.int32)).max() <= 300:
            break
        heard = {one: found for one in voices if (found := await _found(one, sound)).seconds}
        if not heard:
            break
        # On a busy machine, what was said before may have been on its way.
        assert not last, f"{_name(listener)} heard {heard}"
    return sound


async def _found(person: str, sound: Sound) -> Finding:
    # Whoever speaks begins anew at the end: two rounds hold every piece of it.
    said = np.concatenate((voice(person), voice(person)[: RATE // 2]))
    latest = sound[-round(SECONDS * RATE) :]
    return await asyncio.to_thread(find_within, said, latest)


def _name(listener: Person | Caller) -> str:
    return listener.name if isinstance(listener, Person) else "the caller"
