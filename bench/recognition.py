"""How soon after the end of an utterance it is understood, and what that costs, with callers in real time.

    python -m bench.recognition [--callers 8] [--utterances 200] [--rate 8000] [--silence 0.4]

"After the endpoint" is what recognition adds to the silence that ends a turn.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Iterator

from bench.prompt_clips import Clip, groups, prompt_clips
from engine.ports import Utterance
from infolinia.setup.inventory import find_parts
from speech.vosk_model import VoskModel
from speech.vosk_recognizer import VoskRecognizer

FRAME_SECONDS = 0.02
LIMIT_SECONDS = 10.0


async def caller(
    recognizer: VoskRecognizer,
    turns: Iterator[tuple[Clip, list[str]]],
    rate: int,
    silence_seconds: float,
    delays: list[float],
) -> float:
    """Says clip after clip at the speed of speech; returns the seconds of audio."""
    frame_bytes = round(rate * FRAME_SECONDS) * 2
    loop = asyncio.get_running_loop()
    seconds = 0.0
    for clip, phrases in turns:
        heard = asyncio.Event()
        ended_at = 0.0

        def understood(utterance: Utterance, heard: asyncio.Event = heard) -> None:
            # Told before the end is known to us: given up, since the decoder was too far behind.
            if ended_at:  # noqa: B023 - the turn's own
                delays.append(loop.time() - ended_at)  # noqa: B023
            heard.set()

        listening = recognizer.listen(
            sample_rate=rate,
            phrases={"en": phrases},
            free=False,
            silence_seconds=silence_seconds,
            on_speech=lambda: None,
            on_utterance=understood,
        )
        audio = bytes(rate) + clip.pcm(rate) + bytes(round(2 * rate * (silence_seconds + 0.3)))
        due = loop.time()
        for at in range(0, len(audio), frame_bytes):
            was_speaking = listening.speaking
            listening.feed(audio[at : at + frame_bytes])
            if was_speaking and not listening.speaking:
                ended_at = loop.time()
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))
        seconds += len(audio) / 2 / rate
        if ended_at:
            async with asyncio.timeout(LIMIT_SECONDS):
                await heard.wait()
        listening.close()
    return seconds


async def run(options: argparse.Namespace) -> None:
    parts = find_parts()
    clips = prompt_clips(parts, VoskModel("en", parts.model_dirs["en"]).has_word)
    random.Random(3).shuffle(clips)
    turns = iter(
        list(
            itertools.islice(
                ((clip, [c.text for c in group]) for group in groups(clips) for clip in group),
                options.utterances,
            )
        )
    )
    recognizer = VoskRecognizer({"en": parts.model_dirs["en"]})
    await recognizer.start()
    delays: list[float] = []
    began, cpu_began = time.monotonic(), time.process_time()
    seconds = sum(
        await asyncio.gather(
            *(
                caller(recognizer, turns, options.rate, options.silence, delays)
                for _ in range(options.callers)
            )
        )
    )
    cpu = time.process_time() - cpu_began
    await recognizer.close()
    centiles = statistics.quantiles(delays, n=100)
    print(
        f"{options.rate} Hz, {options.callers} callers, {len(delays)} utterances understood in "
        f"{time.monotonic() - began:.0f} s | after the endpoint p50 {1000 * centiles[49]:.0f} ms, "
        f"p95 {1000 * centiles[94]:.0f} ms, worst {1000 * max(delays):.0f} ms | "
        f"CPU {cpu / seconds:.3f} s per second of audio"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--utterances", type=int, default=200)
    parser.add_argument("--rate", type=int, default=8000, choices=(8000, 16000))
    parser.add_argument("--silence", type=float, default=0.4)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
