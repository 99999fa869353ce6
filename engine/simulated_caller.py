"""A caller made of software: comes in by SIP and RTP like any other, does what a script says, and writes down
what both sides said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from calls import control as network
from calls.control import CallControl, CallControlError, VoicePath
from engine.caller_script import Action, HangUpNow, Interrupt, PlayFile, Press, Speak, Wait
from engine.ports import Clock, Ids, Recognizer, Synthesizer, Utterance

# The hotline has finished a sentence when it has been quiet this long.
TURN_SILENCE_SECONDS = 0.9
# If the hotline says nothing (or never stops) for this long, the caller acts all the same.
PATIENCE_SECONDS = 20.0
# After the last action the caller hears the hotline out, and hangs up when it has been quiet this long.
LINGER_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript; `at_seconds` since the answer.

    `automatic`: written down by a recogniser, so it may be wrong. `who`: "caller", "hotline" or "line".
    """

    at_seconds: float
    who: str
    text: str
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """How it went: `ended_by` is "hotline", "caller", "limit" or, when nobody answered, "unanswered"."""

    lines: tuple[Line, ...]
    seconds: float
    ended_by: str
    cause: int


class SimulatedCaller:
    """One call. `on_network_event` takes the events of all callers and picks its own."""

    def __init__(
        self,
        *,
        control: CallControl,
        recognizer: Recognizer,
        synthesizer: Synthesizer,
        read_audio: Callable[[Path, int], bytes],
        clock: Clock,
        ids: Ids,
        report: Callable[[Line], None],
    ) -> None:
        self._control = control
        self._recognizer = recognizer
        self._synthesizer = synthesizer
        self._read_audio = read_audio
        self._clock = clock
        self._report = report
        self.channel_id = f"{ids.new()}.caller.1"
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._hotline_quiet = asyncio.Event()
        self._hotline_spoke = asyncio.Event()
        self._answered_at = 0.0
        self._cause = 0
        self._speech_at = 0.0
        self._lines: list[Line] = []

    def on_network_event(self, event: network.NetworkEvent) -> None:
        match event:
            case network.LegAnswered(channel_id=id) if id == self.channel_id:
                self._answered_at = self._clock.monotonic()
                self._answered.set()
            case network.ChannelEnded(channel_id=id, cause=cause) if id == self.channel_id:
                self._cause = cause
                self._ended.set()
                self._answered.set()
            case network.ControlDropped():
                self._ended.set()
                self._answered.set()

    async def call(
        self,
        number: str,
        actions: tuple[Action, ...],
        *,
        language: str,
        caller_id: str,
        wideband: bool,
        longest_seconds: float,
    ) -> Conversation:
        """Call `number` and do the actions. Raises CallControlError when the call cannot even be placed."""
        await self._control.originate(
            self.channel_id,
            number,
            caller_id=caller_id,
            ring_seconds=30,
            call_id=self.channel_id,
            trunk="loopback",
        )
        async with asyncio.timeout(40):
            await self._answered.wait()
        if self._ended.is_set():
            return Conversation((), 0.0, "unanswered", self._cause)
        path = await self._control.open_voice(self.channel_id, wideband=wideband)
        listening = self._recognizer.listen(
            sample_rate=path.sample_rate,
            phrases=dict.fromkeys(self._recognizer.languages(), ()),
            free=True,
            silence_seconds=TURN_SILENCE_SECONDS,
            on_speech=self._hotline_begins,
            on_utterance=self._hotline_ends,
        )
        path.attach(listening.feed)
        ended_by = "hotline"
        try:
            async with asyncio.timeout(longest_seconds):
                if await self._act(path, actions, language):
                    ended_by = "caller"
        except TimeoutError:
            ended_by = "limit"
            self._write("line", f"the limit of {longest_seconds:.0f} s is reached")
        finally:
            listening.close()
            with contextlib.suppress(CallControlError):  # already over
                await path.close()
                await self._control.hang_up(self.channel_id)
        seconds = self._now()
        who = {"hotline": "the hotline hangs up", "caller": "the caller hangs up"}.get(ended_by, "hung up")
        self._write("line", who)
        return Conversation(tuple(self._lines), seconds, ended_by, self._cause)

    async def _act(self, path: VoicePath, actions: tuple[Action, ...], language: str) -> bool:
        """Do the actions; True when the caller ended the call, False when the hotline did."""
        interrupting = False
        for action in actions:
            if not interrupting and isinstance(action, Press | Speak | PlayFile):
                await self._hear_out(PATIENCE_SECONDS)
            interrupting = isinstance(action, Interrupt)
            if self._ended.is_set():
                return False
            if isinstance(action, HangUpNow):
                return True
            await self._do(path, action, language)
        return not await self._heard_to_the_end()

    async def _do(self, path: VoicePath, action: Action, language: str) -> None:
        match action:
            case Press(keys=keys):
                self._write("caller", f"presses {' '.join(keys)}")
                self._expect_answer()
                with contextlib.suppress(network.ChannelGone):  # told by ChannelEnded
                    await self._control.send_keys(self.channel_id, keys)
            case Speak(text=text):
                prompt = await self._synthesizer.speak(text, language)
                self._write("caller", text)
                await self._voice(path, _samples(prompt.file(path.sample_rate)))
            case PlayFile(path=file):
                audio = self._read_audio(Path(file), path.sample_rate)
                self._write("caller", f"plays {Path(file).name}")
                await self._voice(path, audio)
            case Wait(seconds=seconds):
                await self._until(self._ended, seconds)

    async def _voice(self, path: VoicePath, audio: bytes) -> None:
        spoken = asyncio.Event()
        self._expect_answer()
        path.speak(audio, spoken.set)
        await self._until_any((spoken, self._ended), len(audio) / 2 / path.sample_rate + 5)

    def _expect_answer(self) -> None:
        self._hotline_spoke.clear()

    async def _hear_out(self, patience_seconds: float) -> None:
        """Wait until the hotline has said something and paused."""
        deadline = self._clock.monotonic() + patience_seconds
        await self._until_any((self._hotline_spoke, self._ended), patience_seconds)
        await self._until_any(
            (self._hotline_quiet, self._ended), max(0.0, deadline - self._clock.monotonic())
        )

    async def _heard_to_the_end(self) -> bool:
        """After the last action: True when the hotline hangs up, False when it has nothing more to say."""
        while True:
            self._hotline_spoke.clear()
            await self._until_any((self._hotline_spoke, self._ended), LINGER_SECONDS)
            if self._ended.is_set():
                return True
            if not self._hotline_spoke.is_set() and self._hotline_quiet.is_set():
                return False
            await self._until_any((self._hotline_quiet, self._ended), PATIENCE_SECONDS)

    def _hotline_begins(self) -> None:
        self._speech_at = self._now()
        self._hotline_quiet.clear()
        self._hotline_spoke.set()

    def _hotline_ends(self, utterance: Utterance) -> None:
        text = utterance.text or f"(speech, {utterance.seconds:.1f} s, not understood)"
        line = Line(self._speech_at, "hotline", text, automatic=True)
        self._lines.append(line)
        self._report(line)
        self._hotline_quiet.set()

    def _write(self, who: str, text: str) -> None:
        line = Line(self._now(), who, text)
        self._lines.append(line)
        self._report(line)

    def _now(self) -> float:
        return round(self._clock.monotonic() - self._answered_at, 1)

    async def _until(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    async def _until_any(self, events: tuple[asyncio.Event, ...], seconds: float) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _samples(file: str) -> bytes:
    return Path(file).read_bytes()


def who_said(line: Line, names: Mapping[str, str]) -> str:
    """A transcript line for a terminal: `0:03.1  caller   presses 2`."""
    minutes, seconds = divmod(line.at_seconds, 60)
    label = " [automatic]" if line.automatic else ""
    return f"{int(minutes)}:{seconds:04.1f}  {names.get(line.who, line.who):<8} {line.text}{label}"
