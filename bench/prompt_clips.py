"""Recordings with known texts: Asterisk's English prompts, 8 kHz and 16 kHz, one woman's voice."""

from __future__ import annotations

import gzip
import random
import re
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from infolinia.setup.inventory import Parts

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LINE = re.compile(r"([\w/-]+): *(.*)")
# Not speech, whatever their text says.
_NO_SPEECH = (
    "silence/",
    "beep",
    "ascending",
    "descending",
    "tt-monkeys:",
    "confbridge-join",
    "confbridge-leave",
)
_G722_PACKET_BYTES = 160


@dataclass(frozen=True, slots=True)
class Clip:
    """`stem` is the path without extension; `.wav` is 8 kHz and `.g722` 16 kHz."""

    stem: Path
    text: str

    def pcm(self, sample_rate: int) -> bytes:
        """s16le mono at 8000 or 16000 Hz."""
        if sample_rate == 8000:
            with wave.open(f"{self.stem}.wav") as sound:
                return bytes(sound.readframes(sound.getnframes()))
        return decode_g722(Path(f"{self.stem}.g722").read_bytes())


def decode_g722(data: bytes) -> bytes:
    """16 kHz s16le."""
    decoder = av.CodecContext.create("g722", "r")
    decoder.sample_rate = 16000
    pieces = []
    for at in range(0, len(data), _G722_PACKET_BYTES):
        frames = decoder.decode(av.Packet(data[at : at + _G722_PACKET_BYTES]))
        pieces += [frame.to_ndarray().astype("<i2").tobytes() for frame in frames]
    return b"".join(pieces)


def prompt_clips(parts: Parts, knows: Callable[[str], bool], longest_seconds: float = 8.0) -> list[Clip]:
    """Clips of speech, all of whose words the model knows."""
    clips = []
    with gzip.open(parts.sound_texts["en"], "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is None or line.startswith(_NO_SPEECH):
                continue
            stem = parts.sounds_dir / "en" / found[1]
            text = _spoken(found[2])
            if not text or not Path(f"{stem}.wav").is_file() or not Path(f"{stem}.g722").is_file():
                continue
            if not all(knows(word) for word in text.split()):
                continue
            with wave.open(f"{stem}.wav") as sound:
                if sound.getnframes() / sound.getframerate() <= longest_seconds:
                    clips.append(Clip(stem, text))
    return clips


def groups(
    clips: Sequence[Clip], sizes: Sequence[int] = (7, 12, 20, 33, 66), seed: int = 1
) -> Iterator[list[Clip]]:
    """Every clip once, in groups whose texts all differ: the phrases that may be said together."""
    rest = list(clips)
    random.Random(seed).shuffle(rest)
    number = 0
    while rest:
        group: dict[str, Clip] = {}
        left = []
        for clip in rest:
            if len(group) < sizes[number % len(sizes)] and clip.text not in group:
                group[clip.text] = clip
            else:
                left.append(clip)
        rest = left
        number += 1
        yield list(group.values())


def word_errors(said: str, heard: str) -> int:
    """Words to insert, delete or replace."""
    expected, got = said.split(), heard.split()
    row = list(range(len(got) + 1))
    for i, word in enumerate(expected, 1):
        above, row = row, [i]
        for j, other in enumerate(got, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (word != other)))
    return row[-1]


def _spoken(text: str) -> str:
    bare = re.sub(r"\[.*?\]|\(.*?\)", "", text.lower()).replace("-", " ")
    bare = re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", bare)
    return " ".join(re.sub(r"[^a-z' ]", " ", bare).split())
