"""Prompts with the real espeak-ng; scripts stand in for a voice process only where it must fail."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from engine.ports import Prompt, VoiceFailed
from infolinia.setup.inventory import Parts
from speech.prompts import LONGEST_TEXT, PromptVoices
from speech.recorded_prompts import recording_name
from speech.sound_files import Samples, from_pcm, write_whole
from speech.voices import DEFAULT_VOICES, EspeakVoices, Voice


@pytest.fixture
async def voices(parts: Parts, tmp_path: Path) -> AsyncIterator[PromptVoices]:
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment=parts.espeak_environment)
    await voices.start()
    yield voices
    await voices.close()


def record(path: Path, seconds: float, rate: int = 44100, channels: int = 2, hertz: float = 440) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 9000 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(np.repeat(tone.astype("<i2"), channels).tobytes())


def sound(prompt: Prompt, rate: int) -> Samples:
    return from_pcm(Path(prompt.file(rate)).read_bytes())


def scripted(tmp_path: Path, script: str, *, render_seconds: float = 5.0) -> PromptVoices:
    """A voice whose process is this Python script."""
    path = tmp_path / "voice_process.py"
    path.write_text(script)
    renderer = EspeakVoices({}, render_seconds=render_seconds, command=(sys.executable, str(path)))
    return PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment={}, renderer=renderer)


async def test_a_text_without_end_does_not_keep_the_voice_from_others(tmp_path: Path) -> None:
    voices = scripted(tmp_path, "raise SystemExit('it must not be asked')")
    with pytest.raises(VoiceFailed, match="4001 characters is too long to be said"):
        await voices.speak("a" * (LONGEST_TEXT + 1), "en")
    await voices.close()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Dzień dobry, tu infolinia. Naciśnij jeden.", "pl"),
        ("Good morning. For orders press one.", "en"),
        ("Здравствуйте. Нажмите один.", "ru"),
    ],
)
async def test_a_text_is_spoken_at_both_rates(voices: PromptVoices, text: str, language: str) -> None:
    prompt = await voices.speak(text, language)
    narrow, wide = (sound(prompt, rate) for rate in (8000, 16000))
    assert prompt.seconds == pytest.approx(len(narrow) / 8000)
    assert prompt.seconds == pytest.approx(len(wide) / 16000, abs=0.001)
    assert 1.0 < prompt.seconds < 6.0
    for samples in (narrow, wide):
        loudness = 20 * np.log10(np.sqrt(np.mean(np.square(samples[np.abs(samples) > 0.003]))))
        assert -23.0 < loudness < -17.0
        assert np.abs(samples).max() < 0.95
        # No silence to wait through at either end.
        assert np.abs(samples[: len(samples) // 20]).max() > 0.003
    assert not [path for path in Path(prompt.path).parent.iterdir() if path.suffix == ".part"]


async def test_a_long_text_is_spoken_to_its_end(voices: PromptVoices) -> None:
    sentence = "For the delivery of an order that was placed before noon, please press the key number two. "
    once, often = [await voices.speak(sentence * times, "en") for times in (1, 20)]
    assert often.seconds > 19 * once.seconds


async def test_a_text_is_rendered_once(voices: PromptVoices, parts: Parts, tmp_path: Path) -> None:
    first = await voices.speak("One moment.", "en")
    made = os.stat(first.file(8000)).st_mtime_ns
    assert await voices.speak("  One\n moment. ", "en") == first
    assert os.stat(first.file(8000)).st_mtime_ns == made
    # Another run of the hotline finds it too, even with no voice at all.
    later = scripted(tmp_path, "raise SystemExit(1)")
    assert await later.speak("One moment.", "en") == first
    await later.close()


async def test_voice_language_and_rate_each_make_another_prompt(parts: Parts, tmp_path: Path) -> None:
    paths = set()
    for settings in (DEFAULT_VOICES, {"en": Voice("gmw/en-us", 100), "pl": Voice("gmw/en-us", 100)}):
        voices = PromptVoices(
            tmp_path / "cache",
            tmp_path / "prompts",
            environment=parts.espeak_environment,
            voices=settings,
        )
        for language in ("en", "pl"):
            paths.add((await voices.speak("Order two", language)).path)
        await voices.close()
    assert len(paths) == 4


async def test_callers_who_ask_at_once_share_one_rendering(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really = EspeakVoices.render

    async def counted(self: EspeakVoices, text: str, voice: Voice, shown: str) -> object:
        asked.append(text)
        return await really(self, text, voice, shown)

    monkeypatch.setattr(EspeakVoices, "render", counted)
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment=parts.espeak_environment)
    texts = ["Please wait.", "Goodbye."] * 10
    impatient = asyncio.create_task(voices.speak("Please wait.", "en"))
    others = [asyncio.create_task(voices.speak(text, "en")) for text in texts]
    await asyncio.sleep(0)
    impatient.cancel()  # hangs up; the others still get their prompt
    prompts = await asyncio.gather(*others)
    assert sorted(asked) == ["Goodbye.", "Please wait."]
    assert len({prompt.path for prompt in prompts}) == 2
    await voices.close()


async def test_a_voice_process_that_was_killed_is_replaced(parts: Parts, tmp_path: Path) -> None:
    renderer = EspeakVoices(parts.espeak_environment)
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment={}, renderer=renderer)
    await voices.speak("Before.", "en")
    killed = renderer.process_id
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    prompt = await voices.speak("Afterwards.", "en")
    assert prompt.seconds > 0.2
    assert renderer.process_id not in (None, killed)
    await voices.close()


DIES_ONCE = """
import json, os, sys
print(json.dumps({"ready": True}), flush=True)
sys.stdin.readline()
if not os.path.exists("MARK"):
    open("MARK", "w").close()
    os.write(1, b'{"bytes": 4000, "sam')  # in the middle of its answer
    os._exit(1)
print(json.dumps({"bytes": 4000, "sample_rate": 16000}), flush=True)
os.write(1, b"\\x00\\x20" * 2000)
sys.stdin.readline()
"""


async def test_a_voice_process_that_dies_in_the_middle_of_a_text_is_asked_again(tmp_path: Path) -> None:
    voices = scripted(tmp_path, DIES_ONCE.replace("MARK", str(tmp_path / "mark")))
    prompt = await voices.speak("Hello", "en")
    assert prompt.seconds == pytest.approx(0.125, abs=0.01)
    assert (tmp_path / "mark").exists()
    await voices.close()


async def test_a_voice_process_that_always_dies_is_given_up(tmp_path: Path) -> None:
    voices = scripted(tmp_path, "print('{\"ready\": true}', flush=True); input()")
    with pytest.raises(VoiceFailed, match=r'died twice.*"Hello"'):
        await voices.speak("Hello", "en")
    await voices.close()


async def test_a_voice_process_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    script = "import time; print('{\"ready\": true}', flush=True); time.sleep(60)"
    voices = scripted(tmp_path, script, render_seconds=0.3)
    with pytest.raises(VoiceFailed, match=r"within 0\.3 s"):
        await voices.speak("Hello", "en")
    (tmp_path / "voice_process.py").write_text(DIES_ONCE.replace("MARK", str(tmp_path)))
    assert (await voices.speak("Hello", "en")).seconds > 0.1
    await voices.close()


async def test_a_host_without_espeak_is_told_the_remedy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = 'print(\'{"error": "espeak-ng does not start: no library."}\', flush=True)'
    voices = scripted(tmp_path, script)
    await voices.start()
    assert "make setup" in caplog.text
    with pytest.raises(VoiceFailed, match="make setup"):
        await voices.speak("Hello", "en")
    await voices.close()


async def test_the_real_process_says_so_when_its_library_is_missing(tmp_path: Path) -> None:
    hidden = {"LD_LIBRARY_PATH": str(tmp_path), "ESPEAK_DATA_PATH": str(tmp_path)}
    renderer = EspeakVoices(hidden)
    try:
        await renderer.start()
    except VoiceFailed as failure:
        assert "espeak" in str(failure)  # noqa: PT017 - a host with its own espeak-ng does start
    await renderer.close()
    with pytest.raises(VoiceFailed, match="stopping"):
        await renderer.start()


async def test_an_unknown_voice_is_named(parts: Parts, tmp_path: Path) -> None:
    voices = PromptVoices(
        tmp_path / "cache",
        tmp_path / "prompts",
        environment=parts.espeak_environment,
        voices={"en": Voice("no/such", 150)},
    )
    with pytest.raises(VoiceFailed, match="no/such"):
        await voices.speak("Hello", "en")
    await voices.close()


@pytest.mark.parametrize(
    ("text", "language", "says"),
    [
        ("", "en", "empty"),
        (" \n\x00 ", "en", "empty"),
        ("...", "en", "no sound"),
        ("Guten Tag", "de", 'No voice speaks "de"'),
        ("Hello", "../en", "no language code"),
    ],
)
async def test_what_cannot_be_said(voices: PromptVoices, text: str, language: str, says: str) -> None:
    with pytest.raises(VoiceFailed, match=says):
        await voices.speak(text, language)


async def test_warming_stops_at_the_first_bad_text(voices: PromptVoices, tmp_path: Path) -> None:
    await voices.warm([("One", "en"), ("Jeden", "pl")])
    assert len(list((tmp_path / "cache").glob("*.sln"))) == 2
    with pytest.raises(VoiceFailed, match="de"):
        await voices.warm([("Eins", "de"), ("Two", "en")])


async def test_a_recording_goes_before_the_voice(voices: PromptVoices, tmp_path: Path) -> None:
    await voices.speak("Welcome!", "en")
    record(tmp_path / "prompts" / "en" / f"{recording_name('Welcome!')}.wav", seconds=2.5)
    prompt = await voices.speak("Welcome!", "en")
    assert prompt.seconds == pytest.approx(2.5, abs=0.01)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (22050, 1), (48000, 2)])
def test_a_recording_of_any_rate_is_converted(tmp_path: Path, rate: int, channels: int) -> None:
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment={})
    record(tmp_path / "prompts" / "pl" / "powitanie.wav", 1.0, rate, channels, hertz=500)
    prompt = voices.recording("powitanie", "pl")
    for wanted in (8000, 16000):
        samples = sound(prompt, wanted)
        assert len(samples) == pytest.approx(wanted, abs=20)
        spectrum = np.abs(np.fft.rfft(samples))
        assert np.argmax(spectrum) == pytest.approx(500, abs=3)


def test_a_recording_that_changed_is_converted_again(tmp_path: Path) -> None:
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment={})
    path = tmp_path / "prompts" / "pl" / "powitanie.wav"
    record(path, 1.0)
    before = voices.recording("powitanie", "pl")
    assert voices.recording("powitanie", "pl") == before
    record(path, 2.0)
    assert voices.recording("powitanie", "pl").seconds == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b", "..", ".hidden", "", "a\x00b", "x" * 200]
)
def test_a_recording_cannot_be_named_outside_its_folder(tmp_path: Path, name: str) -> None:
    record(tmp_path / "prompts" / "secret.wav", 1.0)
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment={})
    with pytest.raises(VoiceFailed, match="cannot name"):
        voices.recording(name, "en")


def test_a_missing_or_broken_recording_is_told_with_its_place(tmp_path: Path) -> None:
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment={})
    with pytest.raises(VoiceFailed, match=r"prompts/en/greeting\.wav"):
        voices.recording("greeting", "en")
    broken = tmp_path / "prompts" / "en" / "greeting.wav"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"RIFF no sound at all")
    with pytest.raises(VoiceFailed, match=r"greeting\.wav.*PCM"):
        voices.recording("greeting", "en")


async def test_a_full_disk_is_told_in_a_sentence(
    voices: PromptVoices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        # A device that is always full; only the name differs from a real file's.
        with open("/dev/full", "wb", buffering=0) as device:
            device.write(data)

    monkeypatch.setattr("speech.prompt_folders.write_whole", full)
    with pytest.raises(VoiceFailed, match=r"cache.*No space left.*make room"):
        await voices.speak("Hello", "en")
    monkeypatch.undo()
    assert (await voices.speak("Hello", "en")).seconds > 0.2


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "sound.sln"
    write_whole(place, b"first")
    place.chmod(0o400)
    write_whole(place, b"second")
    assert place.read_bytes() == b"second"
    with pytest.raises(OSError):
        write_whole(tmp_path / "missing" / "sound.sln", b"third")
    assert [path.name for path in tmp_path.iterdir()] == ["sound.sln"]
