"""A raw talk as a sound file that browsers play, how loud it is along its length, and back to samples."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, cast

import av
import numpy as np
import numpy.typing as npt

from calls.talk_control import TalkFiles
from engine.ports import RecordingLost

# As Asterisk writes each side: s16le. The agent comes left, the caller right.
RATE_HZ = 8000
SAMPLE_BYTES = 2
# Opus at this rate keeps telephone speech as it is; FLAC takes twice the room and a fortieth of the work.
_OPUS_BITS_PER_SECOND = 48_000
_CHUNK_BYTES = RATE_HZ * SAMPLE_BYTES
FORMATS = {"opus": ("ogg", "libopus", ".ogg"), "flac": ("flac", "flac", ".flac")}
MOST_PEAKS = 900
_PEAKS_PER_SECOND = 8

Samples = npt.NDArray[np.int16]


def encode(raw: TalkFiles, target: IO[bytes], codec: str) -> float:
    """Write it to `target`; returns its seconds. Raises RecordingLost and OSError."""
    container_format, encoder, _ = FORMATS[codec]
    frames = 0
    try:
        # av's types know no open files that are written to.
        with av.open(cast(Any, target), "w", format=container_format) as container:
            stream = cast(Any, container.add_stream(encoder, rate=RATE_HZ))
            stream.layout = "stereo"
            if codec == "opus":
                stream.bit_rate = _OPUS_BITS_PER_SECOND
                # Otherwise libopus mixes the sides for the ear: here they are two people.
                stream.options = {"mapping_family": "255", "application": "audio"}
            resampler = av.AudioResampler(
                format=stream.format, layout="stereo", rate=stream.rate, frame_size=stream.frame_size or 0
            )
            for chunk in _both(raw):
                frame = av.AudioFrame.from_ndarray(chunk.reshape(1, -1), format="s16", layout="stereo")
                frame.sample_rate = RATE_HZ
                frame.pts = frames
                frame.time_base = Fraction(1, RATE_HZ)
                frames += len(chunk) // 2
                for resampled in resampler.resample(frame):
                    container.mux(stream.encode(resampled))
            for resampled in resampler.resample(None):
                container.mux(stream.encode(resampled))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
            raise
        why = f"{raw.said} cannot be made a sound file ({error}); it still lies there."
        raise RecordingLost(why) from error
    return frames / RATE_HZ


def peaks(raw: TalkFiles) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of left and right: the loudest sample of each stretch, 0 to 100, on a scale as the ear has it."""
    frames = round(seconds_of(raw) * RATE_HZ)
    number = max(1, min(MOST_PEAKS, round(frames / RATE_HZ * _PEAKS_PER_SECOND)))
    loudest = np.zeros((number, 2), dtype=np.int32)
    done = 0
    for chunk in _both(raw):
        both = np.abs(chunk.reshape(-1, 2).astype(np.int32))
        stretch = np.minimum((np.arange(done, done + len(both)) * number) // max(frames, 1), number - 1)
        np.maximum.at(loudest, stretch, both)
        done += len(both)
    shown = np.rint(np.sqrt(loudest / 32768) * 100).astype(int)
    return tuple(shown[:, 0].tolist()), tuple(shown[:, 1].tolist())


def decoded(sound: IO[bytes] | io.RawIOBase, rate: int) -> Iterator[Samples]:
    """Frames of two samples each, at `rate`, in pieces. Raises av.FFmpegError."""
    with av.open(cast(Any, sound), "r") as container:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=rate)
        for frame in container.decode(audio=0):
            for resampled in resampler.resample(frame):
                yield _pairs(resampled)
        for resampled in resampler.resample(None):
            yield _pairs(resampled)


def seconds_of(raw: TalkFiles) -> float:
    """Of the longer one. Raises FileNotFoundError when neither is there."""
    sizes = [path.stat().st_size for path in map(Path, (raw.said, raw.heard)) if path.exists()]
    if not sizes:
        raise FileNotFoundError(raw.said)
    return max(sizes) // SAMPLE_BYTES / RATE_HZ


def _both(raw: TalkFiles) -> Iterator[Samples]:
    """Pairs of samples, one behind the other; where a side has ended, or is lost, there is silence."""
    with ExitStack() as stack:
        files = [
            stack.enter_context(path.open("rb")) if path.is_file() else None
            for path in map(Path, (raw.said, raw.heard))
        ]
        while True:
            sides = [b"" if file is None else file.read(_CHUNK_BYTES) for file in files]
            frames = max(len(side) // SAMPLE_BYTES for side in sides)
            if not frames:
                return
            pairs = np.zeros((frames, 2), dtype=np.int16)
            for number, side in enumerate(sides):
                samples = np.frombuffer(side[: len(side) // SAMPLE_BYTES * SAMPLE_BYTES], dtype="<i2")
                pairs[: len(samples), number] = samples
            yield pairs.reshape(-1)


def _pairs(frame: av.AudioFrame) -> Samples:
    return cast(Samples, frame.to_ndarray()).reshape(-1, 2)
