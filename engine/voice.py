"""One caller's line to us: what we say to them, and the ear we lend them.

Asterisk plays a prompt while nobody needs to be heard; where speech may interrupt it, it goes through the
media socket, where it can be stopped within a frame.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from calls.control import CallControl, CallControlError, ChannelGone, ControlLost, RequestRefused, VoicePath
from engine.ports import Listening, Prompt, Recognizer, Synthesizer, Utterance, VoiceFailed
from ivr.commands import Listen, Say, Sound, Text
from ivr.events import Event, Heard, SpeechBegan, Spoken

# A prompt that Asterisk has not reported as played this long after its length counts as played.
PLAYBACK_GRACE_SECONDS = 5.0
# Asterisk's own sounds have no length known here; none of them is longer.
LONGEST_SOUND_SECONDS = 30.0


class CallVoice:
    """Speaks and listens on one channel, and tells `tell` what came of it.

    Playbacks are numbered from `first_playback` on: an earlier engine may have used the numbers below it.
    """

    def __init__(
        self,
        call_id: str,
        channel_id: str,
        *,
        wideband: bool,
        control: CallControl,
        recognizer: Recognizer,
        synthesizer: Synthesizer,
        tell: Callable[[Event], None],
        trouble: Callable[[str, str], None],
        first_playback: int = 0,
    ) -> None:
        self._call_id = call_id
        self._channel_id = channel_id
        self.wideband = wideband  # known when the person answers
        self._control = control
        self._recognizer = recognizer
        self._synthesizer = synthesizer
        self._tell = tell
        self._trouble = trouble
        self._path: VoicePath | None = None
        self._listening: Listening | None = None
        self._saying: Say | None = None
        self._playback: str | None = None
        self._next_playback = first_playback
        self._watchdog: asyncio.TimerHandle | None = None

    @property
    def saying(self) -> bool:
        """Whether something is being said now."""
        return self._saying is not None

    async def say(self, say: Say) -> None:
        """Say it; Spoken follows, also when it could not be said."""
        await self.stop_saying()
        prompts: list[Prompt | str] = []
        complete = True
        for part in say.parts:
            if isinstance(part, Text) and not part.text.strip():
                continue  # a text of nothing but values, all of them empty
            try:
                prompts.append(await self._prompt(part))
            except VoiceFailed as failure:
                self._trouble("voice", str(failure))
                complete = False
        self._saying = say
        if not prompts:
            self._spoken(say, complete=complete)
            return
        spoken_prompts = [prompt for prompt in prompts if isinstance(prompt, Prompt)]
        if self._listening is not None and self._path is not None and len(spoken_prompts) == len(prompts):
            self._speak(say, self._path, spoken_prompts)
            return
        self._playback = f"{self._call_id}.say.{self._next_playback}"
        self._next_playback += 1
        seconds = sum(p.seconds if isinstance(p, Prompt) else LONGEST_SOUND_SECONDS for p in prompts)
        self._watch(say, seconds)
        files = [prompt.path if isinstance(prompt, Prompt) else prompt for prompt in prompts]
        try:
            await self._control.play(self._channel_id, self._playback, files)
        except RequestRefused as refused:
            self._trouble("playback", str(refused))
            self._spoken(say, complete=False)

    async def stop_saying(self) -> None:
        """Be silent at once; nothing more is told of what was being said."""
        if self._saying is None:
            return
        self._saying = None
        self._unwatch()
        if self._playback is not None:
            playback, self._playback = self._playback, None
            with contextlib.suppress(ChannelGone, RequestRefused):  # it had just ended by itself
                await self._control.stop_playing(playback)
        elif self._path is not None:
            self._path.flush()

    async def listen(self, listen: Listen) -> None:
        """Lend an ear: to speech where a language of the phrases can be recognised, to keys always."""
        self.stop_listening()
        known = self._recognizer.languages()
        phrases = {language: words for language, words in listen.phrases.items() if language in known}
        if not phrases:
            return
        try:
            if self._path is None:
                self._path = await self._control.open_voice(self._channel_id, wideband=self.wideband)
        except (RequestRefused, ControlLost) as failure:
            self._trouble("media", str(failure))  # keys still work
            return
        self._listening = self._recognizer.listen(
            sample_rate=self._path.sample_rate,
            phrases=phrases,
            free=listen.free,
            silence_seconds=listen.silence_seconds,
            sequence=listen.sequence,
            on_speech=lambda: self._tell(SpeechBegan()),
            on_utterance=self._heard,
        )
        self._path.attach(self._listening.feed)

    def stop_listening(self) -> None:
        """Hear nothing from now on; the audio may flow on."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            if self._path is not None:
                self._path.attach(_unheard)

    def playback_ended(self, playback_id: str, *, failed: bool) -> None:
        """Asterisk has played our prompt, or could not."""
        if playback_id != self._playback or self._saying is None:
            return
        if failed:
            self._trouble("playback", f"Asterisk could not play prompt {playback_id}")
        self._spoken(self._saying, complete=not failed)

    async def close(self) -> None:
        """Neither speak nor listen from now on; the caller's channel leaves the media bridge."""
        self.stop_listening()
        self._saying = self._playback = None
        self._unwatch()
        if self._path is not None:
            path, self._path = self._path, None
            with contextlib.suppress(CallControlError):  # what is already gone need not be closed
                await path.close()

    def _speak(self, say: Say, path: VoicePath, prompts: Sequence[Prompt]) -> None:
        """Through the media socket."""
        rate = path.sample_rate
        try:
            audio = b"".join(Path(prompt.file(rate)).read_bytes() for prompt in prompts)
        except OSError as lost:
            self._trouble("voice", f"a prompt cannot be read: {lost}")
            self._spoken(say, complete=False)
            return
        self._watch(say, len(audio) / 2 / rate)
        path.speak(audio, lambda: self._spoken(say))

    async def _prompt(self, part: Text | Sound) -> Prompt | str:
        if isinstance(part, Text):
            return await self._synthesizer.speak(part.text, part.language, passing=part.passing)
        try:
            return self._synthesizer.recording(part.name, part.language)
        except VoiceFailed:
            return part.name  # one of Asterisk's own sounds

    def _heard(self, utterance: Utterance) -> None:
        self._tell(
            Heard(
                utterance.text,
                utterance.language,
                confidence=utterance.confidence,
                margin=utterance.margin,
                seconds=utterance.seconds,
            )
        )

    def _spoken(self, say: Say, *, complete: bool = True) -> None:
        if self._saying is not say:
            return
        self._saying = self._playback = None
        self._unwatch()
        self._tell(Spoken(say.say_id, complete))

    def _watch(self, say: Say, seconds: float) -> None:
        self._unwatch()
        loop = asyncio.get_running_loop()
        self._watchdog = loop.call_later(seconds + PLAYBACK_GRACE_SECONDS, self._overdue, say)

    def _unwatch(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None

    def _overdue(self, say: Say) -> None:
        self._trouble("playback", "a prompt was not reported as played within its time")
        self._spoken(say)


def _unheard(audio: bytes) -> None:
    """Nobody listens: the frame is dropped."""
