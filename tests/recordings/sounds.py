"""Talks as Asterisk writes them: people's recorded voices, one file a side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from calls.talk_control import TalkFiles
from tests.hotline.human_voice import last_group, silence, word

RATE = 8000
Samples = npt.NDArray[np.int16]


def talk(folder: Path, name: str) -> TalkFiles:
    """The agent says "tomorrow" after a second, the caller answers with five digits after three."""
    said = silence(1.0, RATE) + word("digits/tomorrow", RATE)
    heard = silence(3.0, RATE) + last_group(RATE)
    said += bytes(len(heard) - len(said))
    return written(folder, name, said, heard)


def written(folder: Path, name: str, said: bytes, heard: bytes) -> TalkFiles:
    folder.mkdir(parents=True, exist_ok=True)
    files = TalkFiles(str(folder / f"{name}.said.raw"), str(folder / f"{name}.heard.raw"))
    Path(files.said).write_bytes(said)
    Path(files.heard).write_bytes(heard)
    return files


def tone(hertz: float, seconds: float) -> bytes:
    at = np.arange(round(seconds * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes()


def samples(data: bytes) -> Samples:
    return np.frombuffer(data, dtype="<i2")


def likeness(one: Samples, other: Samples) -> float:
    """1 for the same sound, 0 for sounds that have nothing in common; a delay of up to 20 ms counts not."""
    length = min(len(one), len(other)) - 160
    left = one[:length].astype(float)
    best = 0.0
    for delay in range(0, 160, 4):
        right = other[delay : delay + length].astype(float)
        norm = float(np.linalg.norm(left) * np.linalg.norm(right)) or 1.0
        best = max(best, abs(float(left @ right)) / norm)
    return best
