"""Recordings by name: a script in each language's folder says which file is heard instead of which text."""

from __future__ import annotations

import logging
import unicodedata
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from engine.ports import Prompt
from infolinia.setup.inventory import Parts
from speech.prompts import PromptVoices
from speech.recorded_prompts import RecordedPrompts, read_script, recording_name, script_text
from speech.sound_files import Samples, from_pcm
from speech.voices import DEFAULT_VOICES, EspeakVoices, Voice

RECORDED_SECONDS = 7.5
"""Longer than the voice needs for any text here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts" / "pl"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
async def voices(parts: Parts, tmp_path: Path) -> AsyncIterator[PromptVoices]:
    voices = PromptVoices(tmp_path / "cache", tmp_path / "prompts", environment=parts.espeak_environment)
    yield voices
    await voices.close()


def record(file: Path, seconds: float = RECORDED_SECONDS) -> None:
    tone = 9000 * np.sin(2 * np.pi * 440 * np.arange(round(16000 * seconds)) / 16000)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(tone.astype("<i2").tobytes())


async def is_recorded(voices: PromptVoices, text: str, language: str = "pl") -> bool:
    return (await voices.speak(text, language)).seconds == pytest.approx(RECORDED_SECONDS, abs=0.01)


async def test_a_file_named_by_the_script_is_heard_instead_of_the_text(
    voices: PromptVoices, folder: Path
) -> None:
    (folder / "script.csv").write_text(
        script_text({"shop.hours.1": "Czynne od ósmej."}), encoding="utf-8-sig"
    )
    await voices.start()
    assert not await is_recorded(voices, "Czynne od ósmej.")  # nobody has recorded it yet
    record(folder / "shop.hours.1.wav")
    assert await is_recorded(voices, "Czynne od ósmej.")
    assert await is_recorded(voices, " Czynne\n od ósmej. ")
    assert not await is_recorded(voices, "Czynne od dziewiątej.")  # the flow was changed: not its recording
    assert not await is_recorded(voices, "Czynne od ósmej.", "en")


async def test_a_script_is_read_at_the_start_and_when_told(voices: PromptVoices, folder: Path) -> None:
    record(folder / "a.wav")
    await voices.start()
    (folder / "script.csv").write_text("name,text\na,Dzień dobry.\n")
    assert not await is_recorded(voices, "Dzień dobry.")
    assert voices.recorded.read()
    assert not voices.recorded.read()
    assert await is_recorded(voices, "Dzień dobry.")


async def test_names_made_of_the_text_still_count_after_those_of_the_script(
    voices: PromptVoices, folder: Path
) -> None:
    own = folder / f"{recording_name('Dzień dobry.')}.wav"
    record(own)
    await voices.start()
    assert await is_recorded(voices, "Dzień dobry.")
    (folder / "script.csv").write_text("name,text\na,Dzień dobry.\nb,Dzień dobry.\n")
    voices.recorded.read()
    record(folder / "b.wav", 2.0)
    assert (await voices.speak("Dzień dobry.", "pl")).seconds == pytest.approx(2.0, abs=0.01)
    record(folder / "a.wav", 3.0)
    assert (await voices.speak("Dzień dobry.", "pl")).seconds == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(
    "script",
    [
        'name,text\nhours,"Od ósmej, do szesnastej."\n',
        "name;text\r\nhours;Od ósmej, do szesnastej.\r\n",
        "\ufeffName\tText\nhours\tOd ósmej,   do szesnastej.\n",
        '"text","name","notes"\n"Od ósmej,\ndo szesnastej.","hours.wav","calmly"\n\n,,\n',
    ],
)
def test_a_script_as_spreadsheets_write_it(folder: Path, script: str) -> None:
    (folder / "script.csv").write_text(script, encoding="utf-8", newline="")
    read = read_script(folder / "script.csv")
    assert read.problems == ()
    (row,) = read.rows
    assert (row.name, row.text, row.line) == ("hours", "Od ósmej, do szesnastej.", 2)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (b"", "has no columns name and text: its first line must be `name,text`"),
        (b"nazwa,tekst\na,b\n", "has no columns name and text"),
        ("name,text\na,Dzień dobry.\n".encode("cp1250"), 'is not UTF-8 text: save it again as "CSV UTF-8"'),
        ("name,text\na,Dzień dobry.\n".encode("utf-16"), "is not UTF-8 text"),
        (b'name,text\na,"never closed\n', "is no CSV from line 2 on"),
        (b"name,text\n" + b"a" * 10_000_000, "longer than 10 MB"),
    ],
)
async def test_a_script_that_cannot_be_read_is_told_and_the_voice_speaks(
    voices: PromptVoices, folder: Path, script: bytes, says: str
) -> None:
    file = folder / "script.csv"
    file.write_bytes(script)
    record(folder / "a.wav")
    await voices.start()
    (problem,) = voices.recorded.problems
    assert problem.startswith(f"{file} ")
    assert says in problem
    assert problem.endswith("The voice speaks instead.")
    assert not await is_recorded(voices, "Dzień dobry.")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("b,Dobry wieczór, Państwu.", ":3: there are more cells than columns: put a text with commas in"),
        ("b", ":3: the text is missing"),
        (",Dobry wieczór.", ":3: the name is missing"),
        ("../b,Dobry wieczór.", ':3: "../b" cannot name a recording'),
        (f"{'b' * 151},Dobry wieczór.", "cannot name a recording"),
        (f"{'щ' * 101},Dobry wieczór.", "cannot name a recording"),
    ],
)
def test_a_wrong_row_is_told_and_the_others_count(folder: Path, row: str, says: str) -> None:
    (folder / "script.csv").write_text(f"name,text\na,Dzień dobry.\n{row}\nc,Do widzenia.\n")
    read = read_script(folder / "script.csv")
    assert [row.name for row in read.rows] == ["a", "c"]
    (problem,) = read.problems
    assert says in problem


async def test_one_name_of_two_texts_is_played_for_neither(voices: PromptVoices, folder: Path) -> None:
    (folder / "script.csv").write_text("name,text\na,Dzień dobry.\na,Do widzenia.\n")
    record(folder / "a.wav")
    await voices.start()
    (problem,) = voices.recorded.problems
    assert "script.csv:3: a stands in line 2 with another text" in problem
    assert not await is_recorded(voices, "Dzień dobry.")
    assert not await is_recorded(voices, "Do widzenia.")


def test_a_script_beside_the_folders_of_languages_is_told(folder: Path) -> None:
    (folder.parent / "script.csv").write_text("name,text\n")
    recorded = RecordedPrompts(folder.parent)
    recorded.read()
    (problem,) = recorded.problems
    assert "put it into the folder of its language" in problem


FLOAT_WAV = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0\x80>\0\0\0\xfa\0\0\x04\0 \0data\0\0\0\0"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"ID3 not a WAV at all", "is no WAV file of plain PCM"),
        (FLOAT_WAV, "is no WAV file of plain PCM (unknown format: 3)"),
        (b"", "is no WAV file of plain PCM"),
        (None, "holds no sound"),
    ],
)
async def test_a_recording_that_cannot_be_played_is_told_once_and_the_voice_speaks(
    voices: PromptVoices, folder: Path, caplog: pytest.LogCaptureFixture, content: bytes | None, says: str
) -> None:
    (folder / "script.csv").write_text("name,text\na,Dzień dobry.\n")
    if content is None:
        record(folder / "a.wav", 0)
    else:
        (folder / "a.wav").write_bytes(content)
    await voices.start()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert 0.3 < (await voices.speak("Dzień dobry.", "pl")).seconds < RECORDED_SECONDS
    (told,) = caplog.messages
    assert told.startswith(f'"{folder / "a.wav"}" ')
    assert says in told
    assert told.endswith("The voice speaks instead.")


def test_a_name_with_accents_is_found_however_they_are_written(folder: Path) -> None:
    apart = unicodedata.normalize("NFD", "godziny-święta")
    (folder / "script.csv").write_text(f"name,text\n{apart},Dzień dobry.\n")
    record(folder / f"{apart}.wav", 1.0)
    recorded = RecordedPrompts(folder.parent)
    recorded.read()
    assert recorded.names("Dzień dobry.", "pl")[0] == "godziny-święta"
    assert list(recorded.files("Dzień dobry.", "pl")) == [folder / f"{apart}.wav"]


# --- voices -----------------------------------------------------------------------------------------------

TEXTS = {"pl": "Naciśnij jeden albo dwa.", "en": "Press one or two.", "ru": "Нажмите один или два."}


def sound(prompt: Prompt) -> Samples:
    return from_pcm(Path(prompt.file(16000)).read_bytes())


def hertz(samples: Samples, rate: int) -> float:
    """The median pitch of what is voiced, by autocorrelation."""
    found = []
    length = rate // 20
    for start in range(0, len(samples) - length, length):
        piece = samples[start : start + length]
        if np.sqrt(np.mean(np.square(piece))) < 0.03:
            continue
        same = np.correlate(piece, piece, "full")[length - 1 :]
        low, high = rate // 400, rate // 50
        best = low + int(np.argmax(same[low:high]))
        if same[best] > 0.5 * same[0]:
            found.append(rate / best)
    return float(np.median(found))


@pytest.mark.parametrize("language", ["pl", "en", "ru"])
async def test_pitch_rate_and_volume_of_each_languages_voice(
    parts: Parts, tmp_path: Path, language: str
) -> None:
    standard = DEFAULT_VOICES[language]
    heard = {}
    for name, voice in {
        "standard": standard,
        "low": Voice(standard.id, standard.rate, pitch=10),
        "high": Voice(standard.id, standard.rate, pitch=90),
        "fast": Voice(standard.id, standard.rate * 2),
        "soft": Voice(standard.id, standard.rate, volume=50),
        "softer": Voice(standard.id, standard.rate, volume=25),
    }.items():
        voices = PromptVoices(
            tmp_path / "cache",
            tmp_path / "prompts",
            environment=parts.espeak_environment,
            voices={language: voice},
        )
        prompt = await voices.speak(TEXTS[language], language)
        heard[name] = sound(prompt)
        await voices.close()
    assert hertz(heard["low"], 16000) < 0.85 * hertz(heard["standard"], 16000)
    assert hertz(heard["high"], 16000) > 1.15 * hertz(heard["standard"], 16000)
    assert len(heard["fast"]) < 0.7 * len(heard["standard"])
    assert np.abs(heard["softer"]).max() == pytest.approx(np.abs(heard["soft"]).max() / 2, rel=0.02)
    assert np.abs(heard["soft"]).max() < 0.7 * np.abs(heard["standard"]).max()


async def test_voices_are_listed_by_the_ids_that_are_set(parts: Parts) -> None:
    renderer = EspeakVoices(parts.espeak_environment)
    listed = await renderer.voices()
    ids = {voice.id.lower() for voice in listed}
    assert {voice.id for voice in DEFAULT_VOICES.values()} <= ids
    variant = next(voice.id for voice in listed if voice.variant and voice.id == "+f3")
    samples, _ = await renderer.render("Hello.", Voice("gmw/en-us" + variant, 150), "hello")
    assert len(samples)
    await renderer.close()
