"""Recorded people: one for each side of a talk, no two alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infolinia.setup.inventory import find_parts
from speech.sound_files import read_wav, resampled, to_pcm
from tests.desk.correlation import RATE
from tests.hotline.human_voice import write_wav

SECONDS = 12.0
# Of a person -> the provided sound in which somebody reads for as long; "" is the man who reads digits.
_VOICES = {
    "caller": "",
    "anna": "demo-congrats",
    "jan": "conf-adminmenu-162",
    "supervisor": "basic-pbx-ivr-main",
}
MICROPHONE_RATE = 48000
_LEVEL = 0.08


@cache
def voice(person: str, rate: int = RATE) -> npt.NDArray[np.int16]:
    """What this person says, over and over again: 12 s at most, without long pauses."""
    parts = find_parts()
    name = _VOICES[person]
    path = parts.sounds_dir / "en" / f"{name}.wav" if name else parts.digits_recording
    samples = resampled(*read_wav(path), rate)[: round(SECONDS * rate)]
    # All speak equally loud.
    level = np.float32(_LEVEL / np.sqrt(np.mean(samples**2)))
    return np.frombuffer(to_pcm(samples * level), dtype=np.int16)


def write_microphone(folder: Path, person: str) -> Path:
    """The voice as a file that a browser takes for its microphone."""
    return write_wav(folder / f"{person}.wav", voice(person, MICROPHONE_RATE).tobytes(), MICROPHONE_RATE)
