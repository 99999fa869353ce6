"""Prompts on disk: each text is rendered once, and what people have recorded goes before what is rendered.

Which file is played instead of which text, recorded_prompts.py says. In the cache each sound is two files of
raw PCM, named by a hash of all that it depends on, so that nothing in there is ever out of date.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.ports import Prompt, VoiceFailed
from speech.narrowband import NARROWBAND_HZ, WIDEBAND_HZ
from speech.recorded_prompts import RecordedPrompts, is_safe_name, read_recording, recording_name, sayable
from speech.sound_files import (
    Samples,
    SoundUnreadable,
    levelled,
    resampled,
    to_pcm,
    trimmed,
    write_whole,
)
from speech.voices import DEFAULT_VOICES, EspeakVoices, Voice

log = logging.getLogger(__name__)

# Five minutes of speech, more than any caller is told. What a service answers may be a hundred times as long,
# and would keep the voice, which all callers share, from the others.
LONGEST_TEXT = 4000
# Part of every name in the cache: raised when the sound of the same text changes.
_RENDERING = 1
_BYTES_PER_SAMPLE = 2


class PromptVoices:
    """The engine's Synthesizer.

    `cache` is made when missing; `prompts` may be absent. `environment` is what espeak-ng needs to be found.
    """

    def __init__(
        self,
        cache: Path,
        prompts: Path,
        *,
        environment: Mapping[str, str],
        voices: Mapping[str, Voice] = DEFAULT_VOICES,
        renderer: EspeakVoices | None = None,
    ) -> None:
        self._cache = cache.absolute()
        self.recorded = RecordedPrompts(prompts)
        self._voices = dict(voices)
        self._renderer = renderer or EspeakVoices(environment)
        self._rendering: dict[str, asyncio.Task[Prompt]] = {}
        self._told: set[str] = set()

    async def start(self) -> None:
        """Read the scripts, and have the voice ready for the first caller.

        Without a voice, recorded and cached prompts still play.
        """
        await asyncio.to_thread(self.recorded.read)
        try:
            await self._renderer.start()
        except VoiceFailed as failure:
            log.error("%s", failure)

    async def close(self) -> None:
        """Idempotent."""
        for task in self._rendering.values():
            task.cancel()
        await asyncio.gather(*self._rendering.values(), return_exceptions=True)
        await self._renderer.close()

    async def speak(self, text: str, language: str) -> Prompt:
        """See the port. Callers who ask for the same text at once share one rendering."""
        text = sayable(text)
        if not text:
            raise VoiceFailed("There is nothing to say: the text is empty.")
        if not is_safe_name(language):
            raise VoiceFailed(f'"{language}" is no language code.')
        for recorded in self.recorded.files(text, language):
            try:
                if (kept := self._kept(recorded)) is not None:
                    return kept
                # Beside the calls that go on: a long recording takes its time.
                return await asyncio.to_thread(self._converted, recorded)
            except VoiceFailed as unusable:
                self._tell_once(f"{unusable} The voice speaks instead.")
        voice = self._voices.get(language)
        if voice is None:
            raise VoiceFailed(
                f'No voice speaks "{language}" (there are: {", ".join(sorted(self._voices))}): '
                f"configure one, or record the text as {self.recorded.place(recording_name(text), language)}."
            )
        if len(text) > LONGEST_TEXT:
            raise VoiceFailed(
                f"A text of {len(text)} characters is too long to be said (it may have {LONGEST_TEXT}): "
                f'"{text[:60]}…".'
            )
        key = _hash("text", voice.id, language, text, voice.rate, voice.pitch, voice.volume)
        known = self._on_disk(key)
        if known is not None:
            return known
        task = self._rendering.get(key)
        if task is None:
            task = asyncio.create_task(self._render(key, text, voice))
            self._rendering[key] = task
            task.add_done_callback(lambda done: self._rendered(key, done))
        # Shielded: a caller who hangs up must not take the prompt from another who waits for it.
        return await asyncio.shield(task)

    def recording(self, name: str, language: str) -> Prompt:
        """See the port. A recording that changed is converted again."""
        if not is_safe_name(name):
            raise VoiceFailed(
                f'"{name}" cannot name a recording: use letters, digits, "-", "_" and ".", without a folder.'
            )
        if not is_safe_name(language):
            raise VoiceFailed(f'"{language}" is no language code.')
        recorded = self.recorded.file(name, language)
        if recorded is None:
            place = self.recorded.place(name, language)
            raise VoiceFailed(f'There is no recording "{name}" in "{language}": put it at {place}.')
        return self._kept(recorded) or self._converted(recorded)

    async def warm(self, texts: Sequence[tuple[str, str]]) -> None:
        for text, language in texts:
            await self.speak(text, language)

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            log.warning("%s", sentence)

    def _kept(self, recorded: Path) -> Prompt | None:
        return self._on_disk(_file_key(recorded))

    def _converted(self, recorded: Path) -> Prompt:
        key = _file_key(recorded)
        try:
            samples, rate = read_recording(recorded)
        except SoundUnreadable as problem:
            raise VoiceFailed(str(problem)) from problem
        return self._store(key, samples, rate)

    async def _render(self, key: str, text: str, voice: Voice) -> Prompt:
        samples, rate = await self._renderer.render(text, voice)
        return await asyncio.to_thread(self._finish, key, text, voice, samples, rate)

    def _finish(self, key: str, text: str, voice: Voice, samples: Samples, rate: int) -> Prompt:
        spoken = trimmed(samples, rate)
        if not len(spoken):
            raise VoiceFailed(f'The voice has no sound for "{text}": write it in words of its language.')
        return self._store(key, levelled(spoken, voice.volume), rate)

    def _rendered(self, key: str, task: asyncio.Task[Prompt]) -> None:
        self._rendering.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits has it; when nobody does any more, it is of no interest

    def _store(self, key: str, samples: Samples, rate: int) -> Prompt:
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            # The narrow one last: a prompt is there when it is.
            write_whole(self._cache / f"{key}.sln16", to_pcm(resampled(samples, rate, WIDEBAND_HZ)))
            write_whole(self._cache / f"{key}.sln", to_pcm(resampled(samples, rate, NARROWBAND_HZ)))
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            remedy = "make room on its disk" if full else "make it writable"
            raise VoiceFailed(f"The prompt cache {self._cache}: {error.strerror}; {remedy}.") from error
        prompt = self._on_disk(key)
        if prompt is None:
            raise VoiceFailed(
                f"A prompt vanished from the cache {self._cache} as it was made; who empties it?"
            )
        return prompt

    def _on_disk(self, key: str) -> Prompt | None:
        narrow = self._cache / f"{key}.sln"
        try:
            narrow_bytes = narrow.stat().st_size
            wide_bytes = narrow.with_suffix(".sln16").stat().st_size
        except OSError:
            return None
        if narrow_bytes == 0 or wide_bytes == 0:
            return None
        return Prompt(str(self._cache / key), narrow_bytes / _BYTES_PER_SAMPLE / NARROWBAND_HZ)


def _file_key(recorded: Path) -> str:
    try:
        state = recorded.stat()
    except OSError as error:
        raise VoiceFailed(f'"{recorded}" cannot be read: {error.strerror}.') from error
    return _hash("file", str(recorded), state.st_mtime_ns, state.st_size)


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps([_RENDERING, *parts], ensure_ascii=False).encode()).hexdigest()
