"""make bench-latency: from the end of the caller's speech to the first sample of the answer.

People's recordings are spoken into a menu over RTP; its prompt is the answer. Counted from the packet with
the last voiced sample to the arrival of the first packet that is not silence.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import report
from bench.clips import G722, PCMA, RECORDINGS, Codec, load_clips
from bench.conversation import CallOver, Turn, calling
from bench.hotline import database, ready_hotline
from ivr.commands import Listen
from tests.house import Ports
from tests.running import RunningHotline

NUMBER = "converse"
AIM_P95_MS = 600.0
CALL_SECONDS = 55.0
_TURN_LIMIT_SECONDS = 5.0  # half of it is usual
_LAST_TURN_SECONDS = 4.0  # no turn is begun when the call ends sooner


@dataclass(frozen=True, slots=True)
class Timed:
    """One turn in milliseconds since the end of speech. None: there was no answer, or nothing was heard."""

    phrase: str
    answer_ms: float | None
    heard_ms: float | None
    heard: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    codec: str
    turns: int
    unanswered: int
    understood: int
    p50_ms: float
    p95_ms: float
    heard_p50_ms: float
    heard_p95_ms: float
    voice_p50_ms: float
    voice_p95_ms: float


def _flow() -> str:
    choices = {
        str(n): {"hear": {"en": [phrase]}, "next": "ask"} for n, phrase in enumerate(RECORDINGS, start=20)
    }
    menu = {"prompt": {"en": "Next."}, "choices": choices, "unclear": "Again.", "attempts": 10, "wait": "20s"}
    return json.dumps(
        {
            "flow": NUMBER,
            "languages": ["en"],
            "always": {"agent": "ask", "trouble": "bye"},
            "start": "ask",
            "steps": {"ask": {"menu": menu, "otherwise": "bye"}, "bye": {"hangup": "normal"}},
        },
        indent=1,
    )


async def measure(codecs: Sequence[Codec], turns: int, ports: Ports, rtp: str) -> list[Figures]:
    """One caller a codec, all at once, with `turns` turns between them."""
    each = turns // len(codecs)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        async with ready_hotline(Path(name) / "l", ports, rtp, {NUMBER: _flow()}) as engine:
            offset = time.time() - asyncio.get_running_loop().time()
            async with asyncio.timeout(each * _TURN_LIMIT_SECONDS + 60), asyncio.TaskGroup() as callers:
                talks = [
                    callers.create_task(_converse(codec, each, number, ports))
                    for number, codec in enumerate(codecs)
                ]
            await asyncio.sleep(0.5)  # the last events are on their way to the database
            heard = _heard(engine)
    done = [[_timed(turn, heard, offset) for turn in talk.result()] for talk in talks]
    figures = [_figures(_shown(codec), timed) for codec, timed in zip(codecs, done, strict=True)]
    return figures if len(done) == 1 else [*figures, _figures("both", [t for timed in done for t in timed])]


async def _converse(codec: Codec, turns: int, caller: int, ports: Ports) -> list[Turn]:
    """Call again and again until all turns are done."""
    clips = load_clips(codec)
    loop = asyncio.get_running_loop()
    done: list[Turn] = []
    while len(done) < turns:
        begun = loop.time()
        call = calling(
            codec,
            NUMBER,
            sip_port=ports.sip,
            local_port=ports.spare(caller),
            audio_port=ports.spare(10 + 2 * caller),
            seconds=CALL_SECONDS,
        )
        try:
            async with call as party:
                while len(done) < turns and loop.time() - begun < CALL_SECONDS - _LAST_TURN_SECONDS:
                    await party.quiet()
                    # Each caller is elsewhere in the list, so that their words can be told apart.
                    clip = clips[(len(done) + caller * len(clips) // 2) % len(clips)]
                    done.append(await party.say(clip))
                party.last_call = len(done) == turns
        except (CallOver, TimeoutError) as over:
            print(f"{codec.name}: a call was over early: {over}", file=sys.stderr)
        print(f"{codec.name}: {len(done)} of {turns} turns", file=sys.stderr, flush=True)
    return done


def _heard(engine: RunningHotline) -> list[tuple[float, str]]:
    """(time since 1970, text) of every utterance in the call logs, in order."""
    with closing(database(engine)) as history:
        found = history.execute(
            "select at, data from call_events where kind = 'heard' order by at"
        ).fetchall()
    return [
        (datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp(), json.loads(data)["text"])
        for at, data in found
    ]


def _shown(codec: Codec) -> str:
    return f"{codec.name}, {codec.sample_rate // 1000} kHz"


def _figures(name: str, turns: list[Timed]) -> Figures:
    answers = [t.answer_ms for t in turns if t.answer_ms is not None]
    heard = [t.heard_ms for t in turns if t.heard_ms is not None]
    voice = [t.answer_ms - t.heard_ms for t in turns if t.answer_ms is not None and t.heard_ms is not None]
    return Figures(
        codec=name,
        turns=len(turns),
        unanswered=len(turns) - len(answers),
        understood=sum(t.heard == t.phrase for t in turns),
        p50_ms=report.percentile(answers, 0.5),
        p95_ms=report.percentile(answers, 0.95),
        heard_p50_ms=report.percentile(heard, 0.5),
        heard_p95_ms=report.percentile(heard, 0.95),
        voice_p50_ms=report.percentile(voice, 0.5),
        voice_p95_ms=report.percentile(voice, 0.95),
    )


def _timed(turn: Turn, heard: list[tuple[float, str]], offset: float) -> Timed:
    """With the utterance that was understood between its end and its answer (two calls talk at once)."""
    if turn.answered_at is None:
        return Timed(turn.phrase, None, None, None)
    ended, answered = turn.ended_at + offset, turn.answered_at + offset
    between = [(at, text) for at, text in heard if ended < at < answered]
    answer_ms = (answered - ended) * 1000
    if not between:
        return Timed(turn.phrase, answer_ms, None, None)
    at, text = next((x for x in between if x[1] == turn.phrase), between[-1])
    return Timed(turn.phrase, answer_ms, (at - ended) * 1000, text)


def text_of(facts: dict[str, Any], figures: list[Figures]) -> str:
    head = (
        "",
        "turns",
        "unanswered",
        "understood",
        "p50 ms",
        "p95 ms",
        "understood after",
        "then first sample",
    )
    lines = [
        (
            f.codec,
            str(f.turns),
            str(f.unanswered),
            str(f.understood),
            f"{f.p50_ms:.0f}",
            f"{f.p95_ms:.0f}",
            f"{f.heard_p50_ms:.0f} / {f.heard_p95_ms:.0f}",
            f"{f.voice_p50_ms:.0f} / {f.voice_p95_ms:.0f}",
        )
        for f in figures
    ]
    aims = "\n".join(
        f"- {f.codec}: p95 {f.p95_ms:.0f} ms (aim ≤ {AIM_P95_MS:.0f}): "
        f"{'reached' if f.p95_ms <= AIM_P95_MS else '**not reached**'}."
        for f in figures
    )
    return (
        f"{report.machine_line(facts)} One caller with each codec, at the same time. Of each answer's time "
        f"{Listen().silence_seconds * 1000:.0f} ms are the silence that ends a turn; it is in the time after "
        f"which the caller was understood (p50 / p95).\n\n{report.table(head, lines)}\n\n{aims}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200, help="of all callers together")
    parser.add_argument("--quick", action="store_true", help="20 turns")
    parser.add_argument("--codecs", default="PCMA,G722", help="one caller each")
    parser.add_argument("--first-port", type=int, default=24000, help="a hundred ports from here on")
    parser.add_argument("--rtp", default="24100-24199", help="Asterisk's audio")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/")
    given = parser.parse_args()
    codecs = [codec for codec in (PCMA, G722) if codec.name in given.codecs.split(",")]
    turns = 20 if given.quick else given.turns
    figures = asyncio.run(measure(codecs, turns, Ports(given.first_port), given.rtp))
    facts = report.machine()
    text = text_of(facts, figures)
    print(text)
    if given.write:
        report.write("latency", {"machine": facts, "figures": [asdict(f) for f in figures]}, text)


if __name__ == "__main__":
    main()
