"""Words told while they are said."""

from __future__ import annotations

import asyncio

import pytest

from dialer.greeting import listened_for, machine_phrase
from infolinia.setup.inventory import Parts
from speech.sound_files import read_wav, resampled, to_pcm
from speech.vosk_recognizer import VoskRecognizer


async def test_a_voicemail_is_known_before_its_greeting_ends(
    recognizer: VoskRecognizer, parts: Parts
) -> None:
    rate = 8000
    greeting = to_pcm(resampled(*read_wav(parts.sounds_dir / "en" / "vm-nobodyavail.wav"), rate))
    told: list[str] = []
    news = asyncio.Event()

    def hear(words: str) -> None:
        told.append(words)
        news.set()

    listening = recognizer.overhear("en", rate, listened_for("en"), hear)
    for begin in range(0, len(greeting), rate // 25):  # 20 ms
        listening.feed(greeting[begin : begin + rate // 25])
    async with asyncio.timeout(20):
        while not any(machine_phrase(words, "en") for words in told):
            news.clear()
            await news.wait()
    assert len(told) > 1, "told word by word"
    listening.close()
    before = len(told)
    listening.feed(greeting)
    await asyncio.sleep(0)
    assert len(told) == before


def test_a_language_without_a_model_is_refused(recognizer: VoskRecognizer) -> None:
    with pytest.raises(KeyError):
        recognizer.overhear("pl", 8000, ["halo"], lambda words: None)
