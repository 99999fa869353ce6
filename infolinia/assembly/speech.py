"""What the hotline speaks with and listens by, made of the configuration."""

from __future__ import annotations

from contextlib import AsyncExitStack

import structlog

from engine.flows import FlowShelf
from engine.health import Health
from engine.ports import VoiceFailed
from infolinia.configuration import Configuration
from infolinia.flows.recordings import Judged
from infolinia.setup.inventory import Parts
from speech.prompts import PromptVoices
from speech.voices import DEFAULT_VOICES, Voice
from speech.vosk_recognizer import VoskRecognizer

log = structlog.get_logger(__name__)


def make_recognizer(configuration: Configuration, parts: Parts) -> VoskRecognizer:
    own = {language: configuration.place(path) for language, path in configuration.speech.models.items()}
    return VoskRecognizer({**parts.model_dirs, **own}, threads=configuration.speech.threads)


def make_voices(configuration: Configuration, parts: Parts) -> PromptVoices:
    return PromptVoices(
        configuration.place(configuration.state) / "prompts",
        configuration.place(configuration.prompts),
        environment=parts.espeak_environment,
        voices=voices_of(configuration),
    )


def voices_of(configuration: Configuration) -> dict[str, Voice]:
    """language -> who speaks it."""
    own = configuration.speech.voices.items()
    return {**DEFAULT_VOICES, **{lang: Voice(v.id, v.rate, v.pitch, v.volume) for lang, v in own}}


async def opened_recognizer(
    configuration: Configuration, parts: Parts, health: Health, stack: AsyncExitStack
) -> VoskRecognizer:
    recognizer = make_recognizer(configuration, parts)
    await recognizer.start()
    stack.push_async_callback(recognizer.close)
    languages = ", ".join(sorted(recognizer.languages()))
    failures = " ".join(recognizer.failures.values())
    detail = failures or (f"Speech is understood in: {languages}" if languages else "Keys only: no model")
    health.set("recognition", bool(languages) and not failures, detail, needed=False)
    return recognizer


async def opened_voices(
    configuration: Configuration, parts: Parts, shelf: FlowShelf, health: Health, stack: AsyncExitStack
) -> PromptVoices:
    voices = make_voices(configuration, parts)
    await voices.start()
    stack.push_async_callback(voices.close)
    for warning in Judged((*shelf.all(), shelf.unknown), voices.recorded, whole=False).script_warnings():
        log.warning(warning)
    texts = {text: None for flow in (*shelf.all(), shelf.unknown) for text in flow.prompts()}
    try:
        await voices.warm(list(texts))
        health.set("voices", True, f"{len(texts)} prompts are ready")
    except VoiceFailed as failure:  # keys still work, and prompts that are recorded
        health.set("voices", False, str(failure))
        log.error(str(failure))
    return voices
