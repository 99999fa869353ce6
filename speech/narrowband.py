"""Telephone audio (8 kHz) for models that were trained on 16 kHz.

Such a model has learned that the band from 4 to 8 kHz is never empty; telephone audio leaves it so, and
plain upsampling makes most words unintelligible to it. Spectral folding fills that band with a mirror
image of the lower one, somewhat attenuated: a crude guess at the missing consonants, but enough.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

NARROWBAND_HZ = 8000
WIDEBAND_HZ = 16000

# Of the mirror image. Measured best on recorded prompts (bench/speech_accuracy.py).
MIRROR_GAIN = 0.6

_HALF_LENGTH = 12
_SAMPLE_FREQUENCY = re.compile(r"^\s*--sample-frequency\s*=\s*([0-9.]+)", re.MULTILINE)
_DEFAULT_MODEL_HZ = 16000


class Folding:
    """Doubles the rate of a stream of s16le PCM, chunk by chunk; each chunk comes out twice as long.

    Delays the sound by 1.5 ms. One object per stream.
    """

    def __init__(self, mirror_gain: float = MIRROR_GAIN) -> None:
        self._even, self._odd = _polyphase(mirror_gain)
        self._past = np.zeros(len(self._odd) - 1, dtype=np.float32)

    def widen(self, audio: bytes) -> bytes:
        """8 kHz in, 16 kHz out. The audio is whole samples."""
        if not audio:
            return b""
        samples = np.concatenate((self._past, np.frombuffer(audio, dtype="<i2").astype(np.float32)))
        self._past = samples[len(samples) - len(self._past) :]
        wide = np.empty(len(audio), dtype=np.float32)
        delayed = samples[_HALF_LENGTH - 1 : len(samples) - _HALF_LENGTH]
        wide[0::2] = self._even * delayed
        wide[1::2] = np.convolve(samples, self._odd, mode="valid")
        return np.clip(np.rint(wide), -32768, 32767).astype("<i2").tobytes()


def model_sample_rate(model_dir: Path) -> int:
    """The rate in Hz that a Vosk model was trained on, as its mfcc.conf tells; 16000 when it does not."""
    for place in ("conf/mfcc.conf", "mfcc.conf"):
        path = model_dir / place
        if path.is_file():
            found = _SAMPLE_FREQUENCY.search(path.read_text(encoding="utf-8"))
            return int(float(found.group(1))) if found else _DEFAULT_MODEL_HZ
    return _DEFAULT_MODEL_HZ


def _polyphase(mirror_gain: float) -> tuple[float, npt.NDArray[np.float32]]:
    """Zero stuffing makes both the sound and its full mirror image; a filter then weighs them.

    With L the half-band low-pass that keeps the sound, the filter is g*1 + (1-g)*L: 1 below 4 kHz and g
    above. The even outputs of a half-band filter are single taps, so one multiplication makes them.
    """
    # Distances, in output samples, of the odd taps from the centre: 2*_HALF_LENGTH of them.
    offsets = np.arange(-2 * _HALF_LENGTH + 1, 2 * _HALF_LENGTH, 2)
    window = np.blackman(4 * _HALF_LENGTH + 1)[1:-1:2]
    low_pass = np.sinc(offsets / 2) * window
    low_pass /= low_pass.sum()
    # Even: gain * x + (1 - gain) * x, both at twice the stuffed amplitude, which restores the level: but the
    # unfiltered part contributes its full 2 * gain there and nothing to the odd samples.
    even = 2 * mirror_gain + (1 - mirror_gain)
    return even, ((1 - mirror_gain) * low_pass).astype(np.float32)
