"""How well the live recognition path understands recordings of a human speaker.

    python -m bench.speech_accuracy [--rate 8000] [--silence 0.8] [--clips 200] [--errors]

Closed set: the caller may say one of 7 to 66 phrases. Each list of phrases also hears as many clips that
are none of them: "taken" is how many of those were taken for a phrase, at the confidence in the heading.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from dataclasses import dataclass, field

from bench.prompt_clips import Clip, groups, prompt_clips, word_errors
from infolinia.setup.inventory import find_parts
from speech.recognition import hear
from speech.vosk_model import VoskModel
from speech.vosk_recognizer import VoskRecognizer

CONFIDENCES = (0.0, 0.4, 0.6)


@dataclass(slots=True)
class Tally:
    clips: int = 0
    words: int = 0
    word_errors: int = 0
    cut: int = 0
    seconds: float = 0.0
    right: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    strangers: int = 0
    taken: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def measure(
    recognizer: VoskRecognizer, clips: list[Clip], rate: int, silence_seconds: float, seed: int
) -> Tally:
    tally = Tally()
    chance = random.Random(5)
    for group in groups(clips, seed=seed):
        phrases = [clip.text for clip in group]
        for clip in group:
            audio = clip.pcm(rate)
            heard = await hear(recognizer, audio, rate, "en", phrases, silence_seconds)
            best = max(heard, key=lambda utterance: utterance.confidence, default=None)
            text, confidence = (best.text, best.confidence) if best else ("", 0.0)
            tally.clips += 1
            tally.seconds += len(audio) / 2 / rate
            tally.words += len(clip.text.split())
            tally.word_errors += word_errors(clip.text, text)
            tally.cut += len(heard) > 1
            if text:
                (tally.right if text == clip.text else tally.wrong).append(confidence)
            if text != clip.text:
                tally.errors.append(f"{clip.text!r} heard as {text!r} {confidence:.2f}, {len(heard)} parts")
        others = [clip for clip in chance.sample(clips, min(len(clips), 200)) if clip.text not in phrases]
        for clip in others[: len(group)]:
            audio = clip.pcm(rate)
            heard = await hear(recognizer, audio, rate, "en", phrases, silence_seconds)
            tally.strangers += 1
            tally.seconds += len(audio) / 2 / rate
            if best_stranger := max((u.confidence for u in heard if u.text), default=0.0):
                tally.taken.append(best_stranger)
    return tally


def report(rate: int, silence_seconds: float, tally: Tally, cpu_seconds: float) -> str:
    columns = [
        f"{rate // 1000:2d} kHz, {silence_seconds:g} s: {tally.clips} clips",
        f"WER {100 * tally.word_errors / tally.words:.1f} %",
        f"several utterances {tally.cut}",
        f"CPU {cpu_seconds / tally.seconds:.3f} s/s",
    ]
    for least in CONFIDENCES:
        right = sum(confidence >= least for confidence in tally.right) / tally.clips
        wrong = sum(confidence >= least for confidence in tally.wrong) / tally.clips
        taken = sum(confidence >= least for confidence in tally.taken) / max(1, tally.strangers)
        columns.append(f">= {least}: right {right:.1%} wrong {wrong:.1%} taken {taken:.1%}")
    return " | ".join(columns)


async def run(options: argparse.Namespace) -> None:
    parts = find_parts()
    model = VoskModel("en", parts.model_dirs["en"])
    clips = prompt_clips(parts, model.has_word)
    random.Random(3).shuffle(clips)
    recognizer = VoskRecognizer({"en": parts.model_dirs["en"]})
    await recognizer.start()
    for rate in options.rate or (8000, 16000):
        for silence_seconds in options.silence or (0.8,):
            began = time.process_time()
            tally = await measure(recognizer, clips[: options.clips], rate, silence_seconds, options.seed)
            print(report(rate, silence_seconds, tally, time.process_time() - began), flush=True)
            if options.errors:
                print("\n".join(tally.errors))
    await recognizer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=int, action="append", choices=(8000, 16000))
    parser.add_argument("--silence", type=float, action="append", help="seconds that end an utterance")
    parser.add_argument("--clips", type=int, default=None, help="how many, at most")
    parser.add_argument("--seed", type=int, default=1, help="of the grouping")
    parser.add_argument("--errors", action="store_true", help="list what was misheard")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
