"""The one process in which pyttsx3 and espeak-ng live: pyttsx3 hangs when two threads use it.

A script of its own, so that it is quick to start and to kill. It reads one JSON object a line,
{"text", "voice", "rate", "pitch"}, and answers each with a line {"bytes", "sample_rate"} followed by that
many bytes of s16le, or with a line {"error"}. {"list"} is answered by {"voices": [[id, language, name,
variant]]}. Its first line tells whether it can work at all: {"ready": true} or {"error"}. It ends when its
input does.

It asks pyttsx3's espeak-ng binding for each text in synchronous mode. pyttsx3's own event loop (2.99) takes
the sound from another thread and returns after 10 ms, finished or not: of 720 texts 31 came back silent.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO


def main() -> None:
    # pyttsx3 prints; what it prints must not get between our answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        from pyttsx3.drivers import _espeak as espeak

        sample_rate = espeak.Initialize(espeak.AUDIO_OUTPUT_SYNCHRONOUS, 1000)
        if sample_rate <= 0:
            raise RuntimeError("it finds no data")
        voices = {voice.identifier.decode().lower() for voice in espeak.ListVoices()}
    except Exception as error:  # ImportError, RuntimeError or what ctypes raises: all mean the same
        answer(answers, {"error": f"espeak-ng does not start: {error}"})
        return
    chunks: list[bytes] = []
    espeak.SetSynthCallback(collector(chunks))
    answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        chunks.clear()
        try:
            request = json.loads(line)
            if "list" in request:
                answer(answers, {"voices": listed(espeak)})
                continue
            render(espeak, voices, request)
        except Exception as error:
            answer(answers, {"error": str(error) or repr(error)})
        else:
            sound = b"".join(chunks)
            answer(answers, {"bytes": len(sound), "sample_rate": sample_rate}, sound)


def collector(chunks: list[bytes]) -> Callable[[Any, int, Any], int]:
    """espeak-ng's callback: keeps the sound; 0 means go on."""

    def collect(samples: Any, count: int, events: Any) -> int:
        if count > 0:
            chunks.append(ctypes.string_at(samples, count * 2))
        return 0

    return collect


def listed(espeak: Any) -> list[tuple[str, str, str, bool]]:
    """(id, language, name, variant) of every voice; the id of a variant is put behind another's."""
    # A byte of priority goes before the language.
    found = [
        (voice.identifier.decode(), voice.languages[1:].decode(errors="replace"), voice.name.decode(), False)
        for voice in espeak.ListVoices()
    ]
    found += [
        ("+" + voice.identifier.decode().rpartition("/")[2], "", voice.name.decode(), True)
        for voice in espeak.ListVoices(espeak.VOICE(languages=b"variant"))
    ]
    return sorted(found, key=lambda voice: (voice[3], voice[1], voice[0]))


def render(espeak: Any, voices: set[str], request: dict[str, Any]) -> None:
    """Speak into the callback; returns when the text is finished."""
    voice = request["voice"]
    # espeak-ng itself would go on with the voice it had before.
    if voice.split("+")[0].lower() not in voices or espeak.SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f'espeak-ng has no voice "{voice}"; `infolinia speech voices` lists them.')
    espeak.SetParameter(espeak.RATE, request["rate"], 0)
    espeak.SetParameter(espeak.PITCH, request["pitch"], 0)
    if espeak.Synth(request["text"], flags=espeak.ENDPAUSE | espeak.CHARS_UTF8) != 0:
        raise RuntimeError("espeak-ng refused the text")


def answer(answers: BinaryIO, head: dict[str, object], body: bytes = b"") -> None:
    answers.write(json.dumps(head).encode() + b"\n" + body)
    answers.flush()


if __name__ == "__main__":
    main()
