"""Recorded talks written down by Vosk, each in a process of its own that gives way to everything else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.recording.transcribing import TranscriptionFailed
from engine.registers.recordings import Spoken, Word

# It may be given next to no time on a busy machine; a talk is written down in a fifth of its length.
_TIMES_AS_LONG = 20.0
_LEAST_SECONDS = 600.0
_ANSWER_BYTES = 64 << 20


class TalkTranscriber:
    """Implements engine.recording.transcribing.Transcriber. `models`: language -> folder."""

    def __init__(self, models: Mapping[str, Path]) -> None:
        self._models = dict(models)

    def languages(self) -> frozenset[str]:
        return frozenset(self._models)

    async def transcribe(self, samples: Iterator[bytes], language: str, seconds: float) -> Sequence[Spoken]:
        """See the port."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "speech.talk_listening",
            str(self._models[language]),
            language,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_ANSWER_BYTES,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        try:
            async with asyncio.timeout(max(_LEAST_SECONDS, seconds * _TIMES_AS_LONG)):
                assert process.stdout is not None
                assert process.stderr is not None
                _, answer, complaint = await asyncio.gather(
                    _feed(process, samples), process.stdout.read(), process.stderr.read()
                )
                await process.wait()
        except TimeoutError as late:
            raise TranscriptionFailed("The recogniser did not end in time.") from late
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            told = complaint.decode(errors="replace").strip().splitlines()
            raise TranscriptionFailed(told[-1] if told else f"It ended with {process.returncode}.")
        return [
            Spoken(one["side"], tuple(Word(*word) for word in one["words"])) for one in json.loads(answer)
        ]


async def _feed(process: Process, samples: Iterator[bytes]) -> None:
    stdin = process.stdin
    assert stdin is not None
    try:
        while (piece := await asyncio.to_thread(next, samples, b"")) != b"":
            stdin.write(piece)
            await stdin.drain()
        stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has ended: its complaint says why
