"""The ear of the live tests: it finds what was said, and nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from infolinia.setup.inventory import find_parts
from speech.sound_files import read_wav, resampled
from tests.desk.correlation import FOUND, RATE, find, find_within
from tests.desk.voices import _VOICES, voice
from tests.rtp import _DECODED, encode_alaw

Samples = npt.NDArray[np.int16]


def over_the_line(said: Samples, *, gain: float = 0.5, noise: float = 60) -> Samples:
    """A-law, quieter, with noise, and a frame lost now and then."""
    coded = _DECODED[np.frombuffer(encode_alaw((said * gain).astype(np.int16)), dtype=np.uint8)]
    noisy = coded + np.random.default_rng(5).normal(0, noise, len(coded))
    for at in range(4000, len(noisy) - 160, 16000):
        noisy[at : at + 160] = 0
    return noisy.astype(np.int16)


@pytest.mark.parametrize("person", _VOICES)
def test_a_voice_is_found_behind_a_line(person: str) -> None:
    said = voice(person)
    heard = np.concatenate(
        [np.zeros(3333, np.int16), over_the_line(said[: 6 * RATE]), np.zeros(999, np.int16)]
    )
    assert find(said[: 6 * RATE], heard).share > 0.8
    assert find_within(said, heard).heard


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(_VOICES, 2)))
def test_another_voice_is_not_found(one: str, other: str) -> None:
    finding = find(voice(one), over_the_line(voice(other)))
    assert finding.seconds == 0, finding
    assert finding.likeness < FOUND


def test_two_who_speak_at_once_are_both_found() -> None:
    mixed = over_the_line(voice("caller")[: 5 * RATE], gain=0.4) + over_the_line(
        voice("anna")[: 5 * RATE], gain=0.4
    )
    assert find(voice("caller")[: 5 * RATE], mixed).heard
    assert find(voice("anna")[: 5 * RATE], mixed).heard
    assert not find(voice("jan")[: 5 * RATE], mixed).heard


def test_music_and_silence_are_nobody() -> None:
    music = next(path for path in sorted(find_parts().music_dir.iterdir()) if path.suffix == ".wav")
    played = resampled(*read_wav(music), RATE)[: 10 * RATE] * 20000
    for person in _VOICES:
        assert find(voice(person), played).seconds == 0
        assert find(voice(person), np.zeros(4 * RATE)).likeness == 0


def test_nothing_said_is_told() -> None:
    with pytest.raises(ValueError, match="half a second"):
        find(np.zeros(100), voice("anna"))
