"""Sound files in and out: WAV of any rate, PCM of ours, levels and silence."""

from __future__ import annotations

import os
import threading
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]
"""Mono, -1..1."""

_FULL_SCALE = 32768.0
# Active speech at this level is neither faint on a telephone nor distorted.
_SPEECH_DBFS = -20.0
_PEAK_DBFS = -2.0
_SILENT_DBFS = -50.0
_BLOCK_SECONDS = 0.01
_KEPT_SECONDS = 0.03


class SoundUnreadable(Exception):
    """The file is no sound that can be read; the message names it, and the remedy."""


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples, channels mixed to one, and the rate in Hz. Raises SoundUnreadable."""
    try:
        with wave.open(str(path), "rb") as sound:
            channels, width, rate, frames, _, _ = sound.getparams()
            data = sound.readframes(frames)
    except (wave.Error, EOFError) as error:
        raise SoundUnreadable(
            f'"{path}" is no WAV file of plain PCM ({error}): convert it, '
            f"for instance to 16 bit, 16 kHz, mono."
        ) from error
    except OSError as error:
        raise SoundUnreadable(f'"{path}" cannot be read: {error.strerror}.') from error
    if rate <= 0 or channels <= 0:
        raise SoundUnreadable(f'"{path}" has a broken WAV header: make it anew.')
    data = data[: len(data) - len(data) % (width * channels)]
    return _samples(data, width).reshape(-1, channels).mean(axis=1, dtype=np.float32), rate


def from_pcm(audio: bytes) -> Samples:
    return _samples(audio, 2)


def to_pcm(samples: Samples) -> bytes:
    """s16le."""
    clipped = np.clip(np.rint(samples * np.float32(_FULL_SCALE)), -32768, 32767)
    return bytes(clipped.astype("<i2").tobytes())


def resampled(samples: Samples, rate: int, wanted_rate: int) -> Samples:
    if rate == wanted_rate:
        return samples
    return np.asarray(soxr.resample(samples, rate, wanted_rate), dtype=np.float32)


def trimmed(samples: Samples, rate: int) -> Samples:
    """Without the silence at both ends, but for a breath."""
    block = max(1, round(rate * _BLOCK_SECONDS))
    blocks = samples[: len(samples) - len(samples) % block].reshape(-1, block)
    if not len(blocks):
        return samples
    loud = np.flatnonzero(np.abs(blocks).max(axis=1) > _amplitude(_SILENT_DBFS))
    if not len(loud):
        return samples[:0]
    kept = round(rate * _KEPT_SECONDS)
    return samples[max(0, loud[0] * block - kept) : (loud[-1] + 1) * block + kept]


def levelled(samples: Samples, percent: int = 100) -> Samples:
    """At this share of the usual level of speech, as far as its peaks allow."""
    sounding = samples[np.abs(samples) > _amplitude(_SILENT_DBFS)]
    if not len(sounding):
        return samples
    gain = percent / 100 * _amplitude(_SPEECH_DBFS) / float(np.sqrt(np.mean(np.square(sounding))))
    highest = _amplitude(_PEAK_DBFS) / float(np.abs(sounding).max())
    return samples * np.float32(min(gain, highest))


def write_whole(path: Path, data: bytes) -> None:
    """Readers see the file whole or not at all. Raises OSError, leaving nothing behind."""
    # Several threads may make the same file at once.
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _amplitude(dbfs: float) -> float:
    return float(10 ** (dbfs / 20))


def _samples(data: bytes, width: int) -> Samples:
    if width == 1:  # the only unsigned width
        return (np.frombuffer(data, dtype=np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if width == 3:
        widened = np.zeros((len(data) // 3, 4), dtype=np.uint8)
        widened[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        return (widened.view("<i4").reshape(-1) / 2**31).astype(np.float32)
    kind, scale = ("<i2", _FULL_SCALE) if width == 2 else ("<i4", 2.0**31)
    return (np.frombuffer(data, dtype=kind) / scale).astype(np.float32)
