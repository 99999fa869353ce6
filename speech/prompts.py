"""Prompts on disk: each text is rendered once, and what people have recorded goes before what is rendered.

Which file is played instead of which text, recorded_prompts.py says. In the cache each sound is named by a
hash of all that it depends on, so that nothing in there is ever out of date. What is said in one call only
lies in a folder of its own and does not stay.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.ports import Prompt, VoiceFailed
from speech.prompt_folders import PassingPrompts, PromptFolder
from speech.recorded_prompts import RecordedPrompts, is_safe_name, read_recording, recording_name, sayable
from speech.sound_files import Samples, SoundUnreadable, levelled, trimmed
from speech.voices import DEFAULT_VOICES, EspeakVoices, Voice, shortened

log = logging.getLogger(__name__)

# Five minutes of speech, more than any caller is told. What a service answers may be a hundred times as long,
# and would keep the voice, which all callers share, from the others.
LONGEST_TEXT = 4000
# Part of every name in the cache: raised when the sound of the same text changes.
_RENDERING = 1
_PASSING_FOLDER = "passing"
# In messages, which are logged, instead of a text that may hold a secret.
_OF_ONE_CALL = "a text with a call's own values"


class PromptVoices:
    """The engine's Synthesizer. Two may not share a `cache`: each empties its folder of passing prompts.

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
        self._cache = PromptFolder(cache.absolute())
        self._passing = PassingPrompts(cache.absolute() / _PASSING_FOLDER)
        # Else a short number could be found out from the name of its file, which Asterisk may log.
        self._salt = secrets.token_hex(16)
        self.recorded = RecordedPrompts(prompts)
        self._voices = dict(voices)
        self._renderer = renderer or EspeakVoices(environment)
        self._rendering: dict[str, asyncio.Task[Prompt]] = {}
        self._told: set[str] = set()

    async def start(self) -> None:
        """Read the scripts, and have the voice ready for the first caller.

        Without a voice, recorded and cached prompts still play. An earlier run's passing prompts are deleted.
        """
        await asyncio.to_thread(self._empty)
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
        await asyncio.to_thread(self._empty)

    async def speak(self, text: str, language: str, *, passing: bool = False) -> Prompt:
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
        shown = _OF_ONE_CALL if passing else shortened(text)
        if len(text) > LONGEST_TEXT:
            raise VoiceFailed(
                f"A text of {len(text)} characters is too long to be said (it may have {LONGEST_TEXT}): "
                f"{shown}."
            )
        made_from = ("text", voice.id, language, text, voice.rate, voice.pitch, voice.volume)
        key, folder = _hash(*made_from), self._cache
        known = folder.find(key)
        if known is None and passing:
            key, folder = _hash(self._salt, *made_from), self._passing
            known = folder.find(key)
        if known is not None:
            return known
        task = self._rendering.get(key)
        if task is None:
            task = asyncio.create_task(self._render(folder, key, text, voice, shown))
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

    def _empty(self) -> None:
        try:
            self._passing.empty()
        except OSError as error:
            log.error(
                "What was said in earlier calls cannot be deleted from %s (%s): delete it yourself.",
                self._passing.folder,
                error.strerror,
            )

    def _kept(self, recorded: Path) -> Prompt | None:
        return self._cache.find(_file_key(recorded))

    def _converted(self, recorded: Path) -> Prompt:
        key = _file_key(recorded)
        try:
            samples, rate = read_recording(recorded)
        except SoundUnreadable as problem:
            raise VoiceFailed(str(problem)) from problem
        return self._cache.store(key, samples, rate)

    async def _render(self, folder: PromptFolder, key: str, text: str, voice: Voice, shown: str) -> Prompt:
        samples, rate = await self._renderer.render(text, voice, shown)
        return await asyncio.to_thread(_finish, folder, key, voice, samples, rate, shown)

    def _rendered(self, key: str, task: asyncio.Task[Prompt]) -> None:
        self._rendering.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits has it; when nobody does any more, it is of no interest


def _finish(folder: PromptFolder, key: str, voice: Voice, samples: Samples, rate: int, shown: str) -> Prompt:
    spoken = trimmed(samples, rate)
    if not len(spoken):
        raise VoiceFailed(f"The voice has no sound for {shown}: write it in words of its language.")
    return folder.store(key, levelled(spoken, voice.volume), rate)


def _file_key(recorded: Path) -> str:
    try:
        state = recorded.stat()
    except OSError as error:
        raise VoiceFailed(f'"{recorded}" cannot be read: {error.strerror}.') from error
    return _hash("file", str(recorded), state.st_mtime_ns, state.st_size)


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps([_RENDERING, *parts], ensure_ascii=False).encode()).hexdigest()
