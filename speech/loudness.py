"""How loud a caller speaks, and the gain that brings them to the level that models were trained at.

A model hears faint speech badly at the beginning of an utterance, before its own normalisation has
settled: a recording of digits at -37 dBFS lost 26 of 90 digits at 8 kHz, and none once it was amplified.
"""

from __future__ import annotations

import numpy as np

# Measured best, with either side 6 dB away no worse (bench/speech_accuracy.py).
TARGET_DBFS = -21.0
# Noise is amplified too, so there is a limit.
_MOST_GAIN = 16.0
_LEAST_GAIN = 0.25
# Older frames fade from the estimate: a caller may put the handset closer.
_MEMORY_FRAMES = 250
_FULL_SCALE = 32768.0


class Loudness:
    """Tell it the frames that are speech; it remembers the last five seconds of them or so."""

    def __init__(self) -> None:
        self._mean_square = 0.0
        self._frames = 0

    def hear(self, frame: bytes) -> None:
        """A voiced frame of s16le."""
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
        self._frames = min(self._frames + 1, _MEMORY_FRAMES)
        square = float(np.dot(samples, samples)) / max(1, len(samples))
        self._mean_square += (square - self._mean_square) / self._frames

    def gain(self) -> float:
        """1 before anything was heard."""
        if self._mean_square <= 0.0:
            return 1.0
        target = _FULL_SCALE * 10 ** (TARGET_DBFS / 20)
        return float(min(_MOST_GAIN, max(_LEAST_GAIN, target / self._mean_square**0.5)))


def amplified(audio: bytes, gain: float) -> bytes:
    """s16le, limited to full scale."""
    samples = np.frombuffer(audio, dtype="<i2").astype(np.float32) * np.float32(gain)
    return bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())
