"""Whether what one side said is in what the other side heard: normalised cross-correlation, in pieces.

Codecs, gain and the jitter of a telephone line leave a waveform like itself over a second; two people's
speech, or music, is not alike. Everything here is 8 kHz mono.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 8000
PIECE_SECONDS = 0.5
# A piece counts as found from this likeness on. Unrelated speech of one voice reaches 0.55 in a long vowel.
FOUND = 0.6
# Pieces quieter than this share of the loudest are pauses, which are like anything.
_PAUSE = 0.1

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """`share` of the pieces of what was said that were found; `likeness` of the best, from 0 to 1.

    `seconds` of it were found.
    """

    share: float
    likeness: float
    seconds: float

    @property
    def heard(self) -> bool:
        """Two pieces at least: one alone may be a click."""
        return self.seconds >= 2 * PIECE_SECONDS


def find(said: npt.ArrayLike, heard: npt.ArrayLike) -> Finding:
    """Look for each half second of `said` anywhere in `heard`."""
    heard_sound = _whitened(heard)
    length = round(PIECE_SECONDS * RATE)
    likenesses = [_likeness(piece, heard_sound) for piece in _pieces(_whitened(said), length)]
    if not likenesses:
        raise ValueError("Nothing was said: give half a second of speech, or more.")
    found = sum(likeness >= FOUND for likeness in likenesses)
    return Finding(found / len(likenesses), max(likenesses), found * PIECE_SECONDS)


def find_within(said: npt.ArrayLike, heard: npt.ArrayLike) -> Finding:
    """The other way about, for a short piece of a line: how much of what was `heard` is out of `said`.

    Of a silent line nothing is found.
    """
    if not np.any(_whitened(heard)):
        return Finding(0.0, 0.0, 0.0)
    return find(heard, said)


def _whitened(sound: npt.ArrayLike) -> Sound:
    """Speech without its strong low tones, by which any two vowels are alike."""
    samples = np.asarray(sound, dtype=np.float64)
    return np.diff(samples, prepend=samples[:1])


def _pieces(sound: Sound, length: int) -> list[Sound]:
    pieces = [sound[at : at + length] for at in range(0, len(sound) - length + 1, length)]
    levels = [float(np.sqrt(np.mean(piece**2))) for piece in pieces]
    loudest = max(levels, default=0.0)
    return [piece for piece, level in zip(pieces, levels, strict=True) if level > _PAUSE * loudest]


def _likeness(piece: Sound, sound: Sound) -> float:
    """The greatest normalised correlation of `piece` with any stretch of `sound` as long."""
    if len(sound) < len(piece):
        return 0.0
    size = 1 << (len(sound) + len(piece) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(piece, size)), size)
    places = len(sound) - len(piece) + 1
    energy = np.concatenate(([0.0], np.cumsum(sound**2)))
    stretches = energy[len(piece) :] - energy[:places]
    # A stretch of silence is like nothing.
    floor = max(float(stretches.max()) * 1e-4, 1e-12)
    likeness = product[:places] / np.sqrt(np.maximum(stretches, floor) * float(np.sum(piece**2)))
    return float(np.abs(likeness).max())
