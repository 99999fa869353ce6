"""Synthetic voices: texts to sound in the owner process (espeak_process.py), one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.ports import VoiceFailed
from speech.sound_files import Samples, from_pcm

log = logging.getLogger(__name__)

_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("espeak_process.py")))
_START_SECONDS = 10.0
_STOP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Voice:
    """`id` as espeak-ng lists it; `rate` in words a minute.

    `pitch`: 0 to 100, 50 as the voice usually has it. `volume`: percent of the usual level of speech.
    """

    id: str
    rate: int
    pitch: int = 50
    volume: int = 100


@dataclass(frozen=True, slots=True)
class ListedVoice:
    """A voice that espeak-ng has. `variant`: `id` is put behind that of any other voice."""

    id: str
    language: str
    name: str
    variant: bool = False


# A little slower than espeak-ng's own 175: these are heard once, over a telephone.
DEFAULT_VOICES: Mapping[str, Voice] = MappingProxyType(
    {"pl": Voice("zlw/pl", 155), "en": Voice("gmw/en-us", 155), "ru": Voice("zle/ru", 150)}
)


class _ProcessLost(Exception):
    """It died while it was needed; another one may do better."""


class EspeakVoices:
    """Starts its process when first needed, again when it died, and anew when it hung.

    `environment` is added to ours: where espeak-ng's library and data are. `render_seconds` is the limit
    for one text, which usually takes 15 ms.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        render_seconds: float = 10.0,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._environment = {**os.environ, **environment}
        self._render_seconds = render_seconds
        self._command = tuple(command)
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._closed = False

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def render(self, text: str, voice: Voice, shown: str) -> tuple[Samples, int]:
        """Samples and their rate in Hz. Raises VoiceFailed, which calls the text `shown`."""
        asked = {"text": text, "voice": voice.id, "rate": voice.rate, "pitch": voice.pitch}
        head, sound = await self._asked_twice(asked, shown)
        return from_pcm(sound), int(head["sample_rate"])

    async def voices(self) -> list[ListedVoice]:
        """All that espeak-ng has, variants last. Raises VoiceFailed."""
        head, _ = await self._asked_twice({"list": True}, "the list of voices")
        return [ListedVoice(*voice) for voice in head["voices"]]

    async def start(self) -> None:
        """Raises VoiceFailed when the host has no espeak-ng that works."""
        async with self._turn:
            try:
                await self._running()
            except _ProcessLost as lost:
                raise VoiceFailed("The voice process dies while it starts; is espeak-ng whole?") from lost

    async def close(self) -> None:
        """Idempotent. A text being rendered fails."""
        self._closed = True
        await self._kill()

    async def _asked_twice(self, asked: dict[str, object], what: str) -> tuple[dict[str, Any], bytes]:
        request = json.dumps(asked).encode() + b"\n"
        async with self._turn:
            try:
                return await self._ask(request, what)
            except _ProcessLost:
                log.warning("The voice process died; it is started again.")
            try:
                return await self._ask(request, what)
            except _ProcessLost as lost:
                raise VoiceFailed(f"The voice process died twice at {what}.") from lost

    async def _ask(self, request: bytes, what: str) -> tuple[dict[str, Any], bytes]:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        answered = False
        try:
            async with asyncio.timeout(self._render_seconds):
                process.stdin.write(request)
                await process.stdin.drain()
                head = await _line(process.stdout)
                sound = await process.stdout.readexactly(int(head.get("bytes", 0)))
            answered = True
        except TimeoutError:
            raise VoiceFailed(
                f"The voice did not finish within {self._render_seconds:g} s: {what}."
            ) from None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _ProcessLost from error
        finally:
            if not answered:  # also when our task was cancelled: its answer must not meet the next question
                await self._kill()
        if "error" in head:
            raise VoiceFailed(f"The voice refused {what}: {head['error']}")
        return head, sound

    async def _running(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise VoiceFailed("The voices are closed: the hotline is stopping.")
        if self._process is not None and self._process.returncode is None:
            return self._process
        try:
            # A session of its own, so that Ctrl-C at the terminal is left to us.
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise VoiceFailed(f"The voice process does not start: {error}") from error
        self._process = process
        assert process.stdout is not None
        greeting: dict[str, Any] = {}
        try:
            async with asyncio.timeout(_START_SECONDS):
                greeting = await _line(process.stdout)
        except TimeoutError:
            raise VoiceFailed(f"The voice process did not start within {_START_SECONDS:g} s.") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _ProcessLost from error
        finally:
            if "ready" not in greeting:
                await self._kill()
        if "error" in greeting:
            raise VoiceFailed(f"{greeting['error']} Run `make setup`, or install espeak-ng.")
        return process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            log.error("The voice process %d did not end after it was killed.", process.pid)
        # Closes the pipes at once rather than when it is collected.
        transport = getattr(process, "_transport", None)
        if transport is not None:
            transport.close()


async def _line(stream: asyncio.StreamReader) -> dict[str, Any]:
    line = await stream.readuntil(b"\n")
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise OSError(f"a broken answer: {line[:80]!r}") from error
    return answer if isinstance(answer, dict) else {}


def shortened(text: str) -> str:
    """The text in quotes, as messages show it."""
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
