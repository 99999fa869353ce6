"""How loud a caller speaks, and the gain that brings them to the level that models were trained at.

A model hears faint speech badly at the beginning of an utterance, before its own normalisation has
settled: a recording of digits at -37 dBFS lost 26 of 90 digits at 8 kHz, and none once it was amplified.
"""

from __future__ import annotations

import math

import numpy as np

# Those digits were heard without error at 16 kHz from -25 to -19 dBFS, at 8 kHz at -21 dBFS.
TARGET_DBFS = -21.0
# Noise is amplified too, so there is a limit.
_MOST_GAIN = 16.0
_LEAST_GAIN = 0.25
# Older frames fade from the estimate: a caller may put the handset closer.
_MEMORY_FRAMES = 250
_FULL_SCALE = 32768.0
# Softer than the lowest is nobody's voice; noise louder than the highest is taken for one, rather than not
# to hear a caller in a noisy place.
_FIRST_FLOOR_DBFS = -50.0
_LOWEST_FLOOR_DBFS = -62.0
_HIGHEST_FLOOR_DBFS = -30.0
# A frame; 7.5 dB a second. Speech has a dip in every syllable or two, which brings the floor down again.
_FLOOR_RISE_DB = 0.15


class Loudness:
    """Tell it the frames that are speech; it remembers the last five seconds of them or so."""

    def __init__(self) -> None:
        self._mean_square = 0.0
        self._frames = 0

    def hear(self, dbfs: float) -> None:
        """The level of a voiced frame."""
        self._frames = min(self._frames + 1, _MEMORY_FRAMES)
        self._mean_square += (10 ** (dbfs / 10) - self._mean_square) / self._frames

    def gain(self) -> float:
        """1 before anything was heard."""
        if self._mean_square <= 0.0:
            return 1.0
        wanted: float = 10 ** (TARGET_DBFS / 20) / self._mean_square**0.5
        return min(_MOST_GAIN, max(_LEAST_GAIN, wanted))


class NoiseFloor:
    """The level of the line when nobody speaks: falls at once with a quieter frame and rises slowly.

    A voice detector goes on for some frames after a click; what does not stand out of the line's noise is
    no voice, whatever the detector says.
    """

    def __init__(self) -> None:
        self._dbfs = _FIRST_FLOOR_DBFS

    def hear(self, dbfs: float) -> None:
        self._dbfs = max(_LOWEST_FLOOR_DBFS, min(dbfs, self._dbfs + _FLOOR_RISE_DB, _HIGHEST_FLOOR_DBFS))

    def stands_out(self, dbfs: float, by_db: float) -> bool:
        return dbfs > self._dbfs + by_db


def level_dbfs(frame: bytes) -> float:
    """Root mean square of s16le; -100 for silence."""
    samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
    mean_square = float(np.dot(samples, samples)) / max(1, len(samples)) / _FULL_SCALE**2
    return 10 * math.log10(max(mean_square, 1e-10))


def amplified(audio: bytes, gain: float) -> bytes:
    """s16le, limited to full scale."""
    samples = np.frombuffer(audio, dtype="<i2").astype(np.float32) * np.float32(gain)
    return bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())
