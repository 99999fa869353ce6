"""The one process in which pyttsx3 and espeak-ng live: pyttsx3 hangs when two threads use it.

A script of its own, so that it is quick to start and to kill. It reads one JSON object a line,
{"text", "voice", "rate"}, and answers each with a line {"bytes", "sample_rate"} followed by that many bytes
of s16le, or with a line {"error"}. Its first line tells whether it can work at all: {"ready": true} or
{"error"}. It ends when its input does.
"""

from __future__ import annotations

import io
import json
import os
import sys
import wave
from typing import Any, BinaryIO


def main() -> None:
    # pyttsx3 prints; what it prints must not get between our answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        import pyttsx3
        from pyttsx3.drivers import _espeak

        # pyttsx3 2.99 asks for sound from a thread of espeak-ng's, and loses one text in thirty to that race.
        _espeak.AUDIO_OUTPUT_RETRIEVAL = _espeak.AUDIO_OUTPUT_SYNCHRONOUS
        engine = pyttsx3.init("espeak")
        known = {voice.id for voice in engine.getProperty("voices")}
    except Exception as error:  # ImportError, RuntimeError or what ctypes raises: all mean the same
        answer(answers, {"error": f"espeak-ng does not start: {error}"})
        return
    answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        try:
            sound, sample_rate = render(engine, known, json.loads(line))
        except Exception as error:
            answer(answers, {"error": str(error) or repr(error)})
        else:
            answer(answers, {"bytes": len(sound), "sample_rate": sample_rate}, sound)


def render(engine: Any, known: set[str], request: dict[str, Any]) -> tuple[bytes, int]:
    # espeak-ng itself would go on with the voice it had before.
    if request["voice"].split("+")[0].lower() not in known:
        raise ValueError(f'espeak-ng has no voice "{request["voice"]}"; ids are like "gmw/en-us".')
    engine.setProperty("voice", request["voice"])
    engine.setProperty("rate", request["rate"])
    # In memory: when writing to a full disk fails, pyttsx3 waits for ever.
    file = io.BytesIO()
    engine.save_to_file(request["text"], file)
    engine.runAndWait()
    file.seek(0)
    with wave.open(file, "rb") as sound:
        return sound.readframes(sound.getnframes()), sound.getframerate()


def answer(answers: BinaryIO, head: dict[str, object], body: bytes = b"") -> None:
    answers.write(json.dumps(head).encode() + b"\n" + body)
    answers.flush()


if __name__ == "__main__":
    main()
