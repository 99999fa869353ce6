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
from engine.ports import Clock, Ids, Listening, Recognizer, Synthesizer, Utterance

# The hotline has finished a sentence when it has been quiet this long.
TURN_SILENCE_SECONDS = 0.9
# If the hotline says nothing (or never stops) for this long, the caller acts all the same.
PATIENCE_SECONDS = 20.0
# After the last action the caller hears the hotline out, and hangs up when it has been quiet this long.
LINGER_SECONDS = 8.0
# After the end of the call, what was heard last is still being written down.
LAST_WORDS_SECONDS = 3.0
RING_SECONDS = 30
# Asterisk tells of the end of the ringing; if it does not, it is over this much later.
ANSWER_GRACE_SECONDS = 10.0
# What the hotline goes on saying when it is interrupted is over by then; what goes on is its answer.
REMAINDER_SECONDS = 1.0


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
    """How it went: `ended_by` is "hotline", "caller", "limit", "line" (the connection to Asterisk was lost)
    or, when nobody answered, "unanswered"."""

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
        self._hotline_quiet.set()
        self._hotline_spoke = asyncio.Event()
        self._spoken = asyncio.Event()
        self._ended_by = ""
        self._cause = 0
        self._answered_at = self._acted_at = self._speech_at = self._ended_at = 0.0
        self._lines: list[Line] = []
        self._held: list[Line] = []  # until the hotline's sentence is over that was begun before

    def on_network_event(self, event: network.NetworkEvent) -> None:
        match event:
            case network.LegAnswered(channel_id=id) if id == self.channel_id:
                self._answered_at = self._clock.monotonic()
                self._answered.set()
            case network.ChannelEnded(channel_id=id, cause=cause) if id == self.channel_id:
                self._cause = cause
                self._end("hotline")
            case network.ControlDropped():
                self._end("line")

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
            ring_seconds=RING_SECONDS,
            call_id=self.channel_id,
            trunk="loopback" if wideband else "loopback-g711",
        )
        try:
            await self._until(self._answered, RING_SECONDS + ANSWER_GRACE_SECONDS)
            if self._ended.is_set() or not self._answered.is_set():
                return Conversation((), 0.0, "unanswered", self._cause)
            path = await self._control.open_voice(self.channel_id, wideband=wideband)
            try:
                await self._converse(path, actions, language, longest_seconds)
            finally:
                with contextlib.suppress(CallControlError):  # already over
                    await path.close()
        finally:
            with contextlib.suppress(CallControlError):
                await self._control.hang_up(self.channel_id)
        return Conversation(tuple(self._lines), self._lines[-1].at_seconds, self._ended_by, self._cause)

    async def _converse(
        self, path: VoicePath, actions: tuple[Action, ...], language: str, longest_seconds: float
    ) -> None:
        """Until one of the two hangs up, which is the last line written."""
        listening = self._recognizer.listen(
            sample_rate=path.sample_rate,
            phrases={language: ()},
            free=True,
            silence_seconds=TURN_SILENCE_SECONDS,
            on_speech=self._hotline_begins,
            on_utterance=self._hotline_ends,
        )
        path.attach(listening.feed)
        try:
            async with asyncio.timeout(longest_seconds) as limit:
                await self._act(path, actions, language)
        except TimeoutError:
            if not limit.expired():
                raise
            self._end("limit")
        finally:
            self._end("caller")
            if self._ended_by == "hotline":
                await self._hear_last_words(listening, path.sample_rate)
            listening.close()
        ends = {
            "hotline": "the hotline hangs up",
            "caller": "the caller hangs up",
            "limit": f"the limit of {longest_seconds:.0f} s is reached: hung up",
            "line": "the connection to Asterisk was lost",
        }
        self._write("line", ends[self._ended_by], self._ended_at)

    async def _hear_last_words(self, listening: Listening, sample_rate: int) -> None:
        """What was being said when the call ended has no pause behind it: give it one."""
        if not self._hotline_quiet.is_set():
            listening.feed(bytes(2 * round(sample_rate * 2 * TURN_SILENCE_SECONDS)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await self._hotline_quiet.wait()

    async def _act(self, path: VoicePath, actions: tuple[Action, ...], language: str) -> None:
        """Do the actions and hear the hotline out, unless it hangs up before."""
        interrupting = False
        for action in actions:
            if not interrupting and isinstance(action, Press | Speak | PlayFile):
                await self._hear_out(PATIENCE_SECONDS)
            interrupting = isinstance(action, Interrupt)
            if self._ended.is_set() or isinstance(action, HangUpNow):
                return
            await self._do(path, action, language)
        await self._hear_to_the_end()

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
        self._spoken.clear()
        self._expect_answer()
        path.speak(audio, self._spoken.set)
        await self._until(self._spoken, len(audio) / 2 / path.sample_rate + 5)

    def _expect_answer(self) -> None:
        self._acted_at = self._clock.monotonic()
        self._hotline_spoke.clear()

    async def _hear_out(self, patience_seconds: float) -> None:
        """Wait until the hotline has said something and paused."""
        deadline = self._clock.monotonic() + patience_seconds
        await self._until(self._hotline_spoke, patience_seconds)
        await self._until(self._hotline_quiet, max(0.0, deadline - self._clock.monotonic()))

    async def _hear_to_the_end(self) -> None:
        """After the last action: until the hotline hangs up or has nothing more to say."""
        while not self._ended.is_set():
            self._hotline_spoke.clear()
            await self._until(self._hotline_spoke, LINGER_SECONDS)
            if not self._hotline_spoke.is_set() and self._hotline_quiet.is_set():
                return
            await self._until(self._hotline_quiet, PATIENCE_SECONDS)

    def _end(self, by: str) -> None:
        """Only the first end counts."""
        if not self._ended_by:
            self._ended_by, self._ended_at = by, self._now()
        self._ended.set()
        self._answered.set()

    def _hotline_begins(self) -> None:
        self._speech_at = self._now()
        self._hotline_quiet.clear()
        self._hotline_spoke.set()

    def _hotline_ends(self, utterance: Utterance) -> None:
        text = utterance.text or f"(speech, {utterance.seconds:.1f} s)"
        line = Line(self._speech_at, "hotline", text, automatic=True)
        self._tell(line)
        self._hotline_quiet.set()
        self._tell_held()
        if self._clock.monotonic() - TURN_SILENCE_SECONDS > self._acted_at + REMAINDER_SECONDS:
            self._hotline_spoke.set()  # it went over from what was interrupted to its answer without a pause

    def _write(self, who: str, text: str, at_seconds: float | None = None) -> None:
        line = Line(self._now() if at_seconds is None else at_seconds, who, text)
        if who == "line":
            self._tell_held()
        elif not self._hotline_quiet.is_set():
            self._held.append(line)
            return
        self._tell(line)

    def _tell_held(self) -> None:
        held, self._held = self._held, []
        for line in held:
            self._tell(line)

    def _tell(self, line: Line) -> None:
        self._lines.append(line)
        self._report(line)

    def _now(self) -> float:
        return round(self._clock.monotonic() - self._answered_at, 1)

    async def _until(self, event: asyncio.Event, seconds: float) -> None:
        """Until it happens, the call ends or the time is over."""
        waits = [asyncio.ensure_future(each.wait()) for each in (event, self._ended)]
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
