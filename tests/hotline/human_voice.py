"""People's recordings as callers' voices, and flows that ask for what is in them."""

from __future__ import annotations

import json
import shutil
import wave
from pathlib import Path
from typing import Any

from bench.prompt_clips import Clip
from infolinia.setup.inventory import find_parts
from speech.sound_files import read_wav, resampled, to_pcm
from tests.running import ROOT

# What the man in the digits recording reads out, without his pauses.
DIGITS = "100019021001803"
LAST_GROUP_SECONDS = 5.9  # where, in a pause, they begin
# Sound of the hotline in the woman's voice -> what she says.
WORDS = {"digits/today": "today", "digits/tomorrow": "tomorrow", "digits/yesterday": "yesterday"}


def word(name: str, sample_rate: int) -> bytes:
    """A woman's word as s16le: `name` is a sound of the provided English ones."""
    return Clip(find_parts().sounds_dir / "en" / name, WORDS[name]).pcm(sample_rate)


def dictation(sample_rate: int) -> bytes:
    """A man's fifteen digits as s16le."""
    return to_pcm(resampled(*read_wav(find_parts().digits_recording), sample_rate))


def last_group(sample_rate: int) -> bytes:
    """The last five of them: 01803."""
    audio = dictation(sample_rate)
    return audio[2 * round(LAST_GROUP_SECONDS * sample_rate) :]


def silence(seconds: float, sample_rate: int) -> bytes:
    return bytes(2 * round(seconds * sample_rate))


def write_wav(path: Path, audio: bytes, sample_rate: int) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(sample_rate)
        sound.writeframes(audio)
    return path


def day_menu(then: str, prompt: str = "Which day?", **more: Any) -> dict[str, Any]:
    """A step that asks for a day, by voice only."""
    choices = {
        str(key): {"hear": {"en": [said]}, "set": {"day": said}, "next": then}
        for key, said in enumerate(WORDS.values(), start=21)
    }
    return {"menu": {"prompt": {"en": prompt}, "choices": choices, "wait": "30s", **more}, "otherwise": "bye"}


def number_question(digits: int, then: str) -> dict[str, Any]:
    """A step that asks for so many digits."""
    ask = {"into": "number", "digits": digits, "prompt": {"en": "Which number?"}, "wait": "30s"}
    return {"ask": ask, "next": then, "otherwise": "bye"}


def write_flows(folder: Path, flows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Flows of steps, the first of which begins each, by the numbers that they serve.

    Returns what the configuration has to say of them.
    """
    place = folder / "flows"
    place.mkdir()
    shutil.copy(ROOT / "callflows" / "unknown-number.yaml", place)
    for number, steps in flows.items():
        flow = {
            "flow": f"flow-{number}",
            "languages": ["en"],
            "always": {"agent": "bye", "trouble": "bye"},
            "start": next(iter(steps)),
            "steps": {**steps, "bye": {"hangup": "normal"}},
        }
        (place / f"flow-{number}.yaml").write_text(json.dumps(flow, indent=1))
    return {"flows": str(place), "numbers": {number: f"flow-{number}" for number in flows}}
