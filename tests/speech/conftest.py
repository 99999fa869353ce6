"""The English model is loaded once for all tests here: it keeps nothing between callers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from bench.prompt_clips import Clip, prompt_clips
from infolinia.setup.inventory import Parts, find_parts
from speech.vosk_model import VoskModel
from speech.vosk_recognizer import VoskRecognizer


@pytest.fixture(scope="session")
def parts() -> Parts:
    return find_parts()


@pytest.fixture(scope="session")
def english(parts: Parts) -> VoskModel:
    return VoskModel("en", parts.model_dirs["en"])


@pytest.fixture(scope="session")
def recognizer(parts: Parts) -> Iterator[VoskRecognizer]:
    recognizer = VoskRecognizer({"en": parts.model_dirs["en"]})
    asyncio.run(recognizer.start())
    yield recognizer
    asyncio.run(recognizer.close())


@pytest.fixture(scope="session")
def clip(parts: Parts, english: VoskModel) -> Callable[[str], Clip]:
    """A recording of a woman by what she says."""
    by_text = {clip.text: clip for clip in prompt_clips(parts, english.has_word)}
    return by_text.__getitem__
