from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.prompt_clips import Clip
from infolinia.setup.inventory import Parts
from speech.recognition import RecognitionFailed, recognize
from speech.sound_files import from_pcm, resampled, to_pcm
from speech.vosk_recognizer import VoskRecognizer


def write(path: Path, audio: bytes, rate: int, recorded_rate: int) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(to_pcm(resampled(from_pcm(audio), recorded_rate, rate)))
    return path


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100])
async def test_files_of_any_rate_are_understood(
    recognizer: VoskRecognizer, clip: Callable[[str], Clip], tmp_path: Path, rate: int
) -> None:
    phrases = ["Goodbye!", "Hello", "Please try again"]
    texts = {"goodbye": "Goodbye!", "please try again": "Please try again"}
    files = [
        write(tmp_path / f"{number}.wav", clip(text).pcm(16000), rate, 16000)
        for number, text in enumerate(texts)
    ]
    lines = [line async for line in recognize(recognizer, files, "en", phrases)]
    assert [line["text"] for line in lines] == list(texts.values())
    for line, file in zip(lines, files, strict=True):
        assert list(line) == ["file", "text", "confidence", "seconds", "cpu_seconds"]
        assert json.loads(json.dumps(line))["file"] == str(file)
        assert 0.4 < float(str(line["confidence"])) <= 1.0
        assert 0.3 < float(str(line["seconds"])) < 4.0
        assert 0.0 < float(str(line["cpu_seconds"])) < 5.0


async def test_without_phrases_the_utterances_of_a_file_are_joined(
    recognizer: VoskRecognizer, parts: Parts
) -> None:
    (line,) = [line async for line in recognize(recognizer, [parts.digits_recording], "en", None)]
    words = str(line["text"]).split()
    assert words.count("zero") >= 4
    assert words.count("one") >= 3


async def test_a_file_without_speech_is_empty(recognizer: VoskRecognizer, tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.wav", bytes(32000), 16000, 16000)
    empty = write(tmp_path / "empty.wav", b"", 8000, 8000)
    lines = [line async for line in recognize(recognizer, [silent, empty], "en", ["yes", "no"])]
    assert [(line["text"], line["confidence"]) for line in lines] == [("", 0.0), ("", 0.0)]


async def test_what_cannot_be_recognised_is_told(recognizer: VoskRecognizer, tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("not a sound")
    for file, language, says in (
        (text, "en", "notes.wav.*PCM"),
        (tmp_path / "missing.wav", "en", "missing.wav.*No such file"),
        (text, "pl", 'no recognition model for "pl".*installed: en'),
    ):
        with pytest.raises(RecognitionFailed, match=says):
            [line async for line in recognize(recognizer, [file], language, None)]
