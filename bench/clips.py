"""What callers of the bench say: short recordings of a person, with the place where the voice ends."""

from __future__ import annotations

import wave
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from infolinia.setup.inventory import find_parts
from tests.rtp import encode_alaw

Samples = npt.NDArray[np.int16]
FRAME_SECONDS = 0.02
_WINDOW_SECONDS = 0.01
_VOICE_BELOW_PEAK_DB = 30.0
"""The voice ends with the last 10 ms that are less than this below the clip's loudest 10 ms."""

# Phrase -> recording in sounds/en.
RECORDINGS = {
    "one": "digits/1",
    "two": "digits/2",
    "three": "digits/3",
    "four": "digits/4",
    "five": "digits/5",
    "six": "digits/6",
    "seven": "digits/7",
    "eight": "digits/8",
    "nine": "digits/9",
    "today": "digits/today",
    "tomorrow": "digits/tomorrow",
    "yesterday": "digits/yesterday",
    "monday": "digits/day-1",
    "saturday": "digits/day-6",
    "november": "digits/mon-10",
    "call waiting": "call-waiting",
    "do not disturb": "do-not-disturb",
    "hello world": "hello-world",
    "extension": "extension",
    "activated": "activated",
}


@dataclass(frozen=True, slots=True)
class Codec:
    """A telephone codec of 160 bytes in 20 ms; its RTP clock runs at 8 kHz."""

    name: str
    payload: int
    sample_rate: int

    @property
    def frame_samples(self) -> int:
        return round(self.sample_rate * FRAME_SECONDS)


PCMA = Codec("PCMA", 8, 8000)
G722 = Codec("G722", 9, 16000)


@dataclass(frozen=True, slots=True)
class Clip:
    """`frames`: encoded, 20 ms each. `last_voiced`: the frame in which the voice ends."""

    phrase: str
    frames: tuple[bytes, ...]
    last_voiced: int


def load_clips(codec: Codec) -> list[Clip]:
    folder = find_parts().sounds_dir / "en"
    clips = []
    for phrase, name in RECORDINGS.items():
        if codec is G722:
            encoded = (folder / f"{name}.g722").read_bytes()
            samples = Decoder(codec).decode(encoded)
        else:
            with wave.open(str(folder / f"{name}.wav")) as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
            encoded = encode_alaw(samples)
        frames = tuple(encoded[at : at + 160] for at in range(0, len(encoded) - 159, 160))
        last = min(len(frames) - 1, int(voice_end_seconds(samples, codec.sample_rate) / FRAME_SECONDS))
        clips.append(Clip(phrase, frames, last))
    return clips


def voice_end_seconds(samples: Samples, sample_rate: int) -> float:
    """Where the last voiced window of 10 ms begins."""
    width = round(sample_rate * _WINDOW_SECONDS)
    windows = samples[: len(samples) // width * width].reshape(-1, width).astype(np.float64)
    level = np.sqrt((windows**2).mean(axis=1))
    voiced = np.flatnonzero(level > level.max() * 10 ** (-_VOICE_BELOW_PEAK_DB / 20))
    return float(voiced[-1]) * _WINDOW_SECONDS


def silence(codec: Codec) -> bytes:
    """20 ms of it, encoded."""
    return b"\xd5" * 160 if codec is PCMA else b"\xfa" * 160


class Decoder:
    """Decodes one stream, packet by packet."""

    def __init__(self, codec: Codec) -> None:
        self._codec: av.AudioCodecContext = av.CodecContext.create(
            "g722" if codec is G722 else "pcm_alaw", "r"
        )
        self._codec.sample_rate = codec.sample_rate
        self._codec.layout = "mono"

    def decode(self, data: bytes) -> Samples:
        frames = [frame.to_ndarray()[0] for frame in self._codec.decode(av.Packet(data))]
        return np.concatenate(frames) if frames else np.zeros(0, dtype=np.int16)
