"""What the public says: cut and put together from the recorded people of Asterisk's sound packages.

They are studio voices, one woman in each language: as few as that. People's hellos are single words of hers,
a voicemail's greeting some of her sentences and a beep.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from infolinia.setup.inventory import find_parts
from speech.sound_files import Samples, read_wav, resampled, to_pcm
from tests.desk.voices import voice
from tests.hotline.human_voice import write_wav

RATE = 8000
TALK, ROOM, STREET = "talk", "room", "street"
_LEVEL = 0.1  # of active speech, of full scale
_QUIET = 0.01
_ROOM_LEVEL = 0.0008
_STREET_LEVEL = 0.004  # -48 dBFS: heard in a headset, and silence to machine detection

_STREET_SECONDS = {"street": 60.0, "kerb": 0.4}

# Recorded sentences by name, or seconds of a quiet room; "beep" and "fax" are tones.
_TEXTS: dict[str, Sequence[str | float]] = {
    "hello": (0.4, "en/hello"),
    "hello-ru": (0.4, "ru/hello"),
    "hello-street": ("kerb", "en/hello"),
    "silence": (1.0,),
    ROOM: (60.0,),
    STREET: ("street",),
    "fax": (0.5, "fax"),
    "voicemail": (0.3, "en/vm-nobodyavail", 0.3, "en/vm-intro", 0.2, "beep"),
    "voicemail-ru": (0.3, "ru/vm-nobodyavail", 0.3, "ru/vm-intro", 0.2, "beep"),
    "voicemail-hello": (0.4, "en/hello", 0.3, "en/followme/sorry", 0.3, "en/vm-intro", 0.2, "beep"),
    "voicemail-full": (0.3, "en/vm-mailboxfull", 0.3, "en/vm-goodbye"),
}


class Sounds:
    """Files of 8 kHz in `folder`, each made when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def file(self, name: str) -> str:
        """As Asterisk wants it, without its extension. Raises KeyError."""
        path = self._folder / f"{name}.wav"
        if not path.exists():
            pcm = voice("anna", RATE).tobytes() if name == TALK else to_pcm(together(_TEXTS[name]))
            write_wav(path, pcm, RATE)
        return str(path.with_suffix(""))

    def keep(self, name: str, parts: Sequence[str | float]) -> None:
        """Another text under a name of its own."""
        write_wav(self._folder / f"{name}.wav", to_pcm(together(parts)), RATE)


def together(parts: Sequence[str | float]) -> Samples:
    return np.concatenate([_part(part) for part in parts]).astype(np.float32)


def _part(part: str | float) -> Samples:
    if isinstance(part, float):
        return _noise(part)
    if part in _STREET_SECONDS:
        return _noise(_STREET_SECONDS[part], _STREET_LEVEL)
    if part == "beep":
        return _tone(1000, 0.4)
    return _tone(2100, 3.0) if part == "fax" else spoken(part)


def _noise(seconds: float, level: float = _ROOM_LEVEL) -> Samples:
    """A quiet room: a telephone sends all the time, whether anybody speaks or not."""
    noise = np.random.default_rng(1).standard_normal(round(seconds * RATE))
    return (level * noise).astype(np.float32)


def _tone(hertz: int, seconds: float) -> Samples:
    times = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


@cache
def spoken(name: str) -> Samples:
    """A recorded text, "en/hello", at one loudness and without the silence around it."""
    samples = resampled(*read_wav(find_parts().sounds_dir / f"{name}.wav"), RATE)
    loud = np.abs(samples) > _QUIET * np.abs(samples).max() * 5
    within = samples[np.argmax(loud) : len(loud) - np.argmax(loud[::-1])]
    active = within[np.abs(within) > _QUIET]
    level = np.sqrt(np.mean(active**2)) if len(active) else 1.0
    return (within * np.float32(_LEVEL / level)).astype(np.float32)
