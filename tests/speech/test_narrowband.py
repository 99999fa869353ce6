from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infolinia.setup.inventory import Parts
from speech.narrowband import Folding, model_sample_rate


def tone(hertz: float, seconds: float = 0.5) -> bytes:
    samples = 8000 * np.sin(2 * np.pi * hertz * np.arange(round(8000 * seconds)) / 8000)
    return bytes(samples.astype("<i2").tobytes())


def level(audio: bytes, hertz: float) -> float:
    """Amplitude of one frequency in 16 kHz audio, its ends left out."""
    samples = np.frombuffer(audio, dtype="<i2").astype(float)[800:-800]
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / 16000))))


@pytest.mark.parametrize("hertz", [400, 1000, 2500, 3400])
def test_a_tone_keeps_its_level_and_gets_a_weaker_mirror_image(hertz: int) -> None:
    wide = Folding(mirror_gain=0.6).widen(tone(hertz))
    assert level(wide, hertz) == pytest.approx(8000, rel=0.03)
    assert level(wide, 8000 - hertz) == pytest.approx(0.6 * 8000, rel=0.05)


def test_without_mirror_image_the_upper_band_is_empty() -> None:
    wide = Folding(mirror_gain=0.0).widen(tone(1000))
    assert level(wide, 1000) == pytest.approx(8000, rel=0.03)
    assert level(wide, 7000) < 40


@given(st.lists(st.integers(0, 400), max_size=12))
def test_chunks_of_any_size_give_the_same_sound(chunk_samples: list[int]) -> None:
    audio = tone(700, 0.2)
    whole = Folding().widen(audio)
    folding = Folding()
    pieces, at = [], 0
    for samples in chunk_samples:
        pieces.append(folding.widen(audio[at : at + 2 * samples]))
        at += 2 * samples
    pieces.append(folding.widen(audio[at:]))
    joined = np.frombuffer(b"".join(pieces), dtype="<i2").astype(int)
    # Sums of floats in another order may round to the neighbour.
    assert np.abs(joined - np.frombuffer(whole, dtype="<i2")).max() <= 1


def test_loud_sound_is_limited_and_not_wrapped() -> None:
    square = np.tile(np.array([32767] * 20 + [-32768] * 20, dtype="<i2"), 50)
    wide = np.frombuffer(Folding().widen(square.tobytes()), dtype="<i2").astype(int)
    inside = wide[100:]
    assert inside.max() == 32767
    assert inside.min() == -32768
    # Where the square wave is high, nothing comes out low.
    assert all(abs(step) <= 65535 for step in np.diff(inside))
    assert (np.sign(inside[24::80][:10]) == np.sign(inside[24])).all()


def test_the_rate_is_read_from_the_model(parts: Parts, tmp_path: Path) -> None:
    assert model_sample_rate(parts.model_dirs["en"]) == 16000
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "mfcc.conf").write_text("--use-energy=false\n--sample-frequency=8000\n")
    assert model_sample_rate(tmp_path) == 8000
    assert model_sample_rate(tmp_path / "conf") == 8000
    assert model_sample_rate(tmp_path / "elsewhere") == 16000
