"""The process that writes one talk down: `python -m speech.talk_listening MODEL LANGUAGE < samples`.

Samples are s16le at 8 kHz, the agent left and the caller right. The answer is JSON, in the order of time.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import IO

import numpy as np

from speech.narrowband import NARROWBAND_HZ
from speech.vosk_model import Dictation, HeardWord, ModelFailed, VoskModel

SIDES = ("agent", "caller")
_PIECE_BYTES = NARROWBAND_HZ // 4 * 4
_LOWEST_PRIORITY = 19


def written_down(model: VoskModel, samples: IO[bytes]) -> list[dict[str, object]]:
    """[{"side", "words": [[text, start, end, confidence], …]}, …]"""
    ears = [Dictation(model, NARROWBAND_HZ) for _ in SIDES]
    found: list[tuple[str, list[HeardWord]]] = []
    while piece := samples.read(_PIECE_BYTES):
        both = np.frombuffer(piece[: len(piece) // 4 * 4], dtype="<i2").reshape(-1, 2)
        for number, ear in enumerate(ears):
            found.append((SIDES[number], ear.hear(both[:, number].tobytes())))
    found += [(side, ear.rest()) for side, ear in zip(SIDES, ears, strict=True)]
    said = sorted((one for one in found if one[1]), key=lambda one: one[1][0].start)
    return [
        {"side": side, "words": [[w.text, w.start, w.end, w.confidence] for w in words]}
        for side, words in said
    ]


def main() -> None:
    os.nice(_LOWEST_PRIORITY)
    folder, language = sys.argv[1:]
    try:
        model = VoskModel(language, Path(folder))
    except ModelFailed as failure:
        sys.exit(str(failure))
    json.dump(written_down(model, sys.stdin.buffer), sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
