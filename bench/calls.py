"""make bench-calls: the same 5-second call through the engine and through the least that could serve it.

Every comparison runs in alternating rounds in one Asterisk: A B C, then C B A, and so on.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import baselines, hotline, report
from bench.comparison import Aim, Comparison
from bench.load import Load, LoadResult, place
from bench.variants import Figures, Round, Variant, figures_of, one_round
from tests.house import Ports
from tests.rtp import encode_alaw
from tests.running import RunningHotline

CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`rates`: calls a second of (a), (b), (c). Each round places calls for `seconds`."""

    rates: tuple[int, int, int]
    seconds: float
    rounds: int
    first_port: int
    rtp: str
    sipp_media: int


async def run(plan: Plan) -> list[Comparison]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        return [*await _signalling_and_playback(plan, folder / "a"), await _media(plan, folder / "c")]


async def _signalling_and_playback(plan: Plan, folder: Path) -> list[Comparison]:
    async with AsyncExitStack() as stack:
        engine, ports = await _hotline(plan, folder, stack, deaf=False)
        stasis = await stack.enter_async_context(baselines.bare_stasis(engine.asterisk, ports.http))
        played = hotline.played_file(engine)
        # Echo waits for a caller who sends nothing; Wait would send silence, as asterisk.conf asks for it.
        extensions = {
            "701": ("Answer()", "Echo()", "Hangup()"),
            "702": (f"Stasis({baselines.STASIS_APP})", "Hangup()"),
            "703": ("Answer()", f"Playback({played})", "Echo()", "Hangup()"),
        }
        await baselines.add_extensions(engine.asterisk, extensions)
        through = _engine(engine)
        signalling = await _compare(
            plan,
            plan.rates[0],
            engine,
            (
                through(hotline.IDLE, "engine, history row written"),
                Variant("bare Stasis application", "702", process=stasis),
                Variant("bare dialplan", "701"),
            ),
        )
        playback = await _compare(
            plan,
            plan.rates[1],
            engine,
            (through(hotline.PLAYED, "engine, prompt played"), Variant("dialplan: Playback", "703")),
        )
    ours, bare, _ = signalling
    signalling_aims = (
        Aim("Engine, ms of CPU a call", ours.python_ms or 0.0, 0.5, at_least=False),
        Aim("Calls reached / bare Stasis' calls", ours.reached / bare.reached, 0.9, at_least=True),
        Aim("History rows / calls", (ours.rows or 0) / max(1, ours.completed), 1.0, at_least=True),
    )
    ours, bare = playback
    playback_aims = (
        Aim("Calls reached / Playback's calls", ours.reached / bare.reached, 0.9, at_least=True),
    )
    return [
        Comparison("### (a) Signalling only", signalling, signalling_aims),
        Comparison(
            f"### (b) A prompt of {hotline.PROMPT_SECONDS} s played by Asterisk", playback, playback_aims
        ),
    ]


async def _media(plan: Plan, folder: Path) -> Comparison:
    async with AsyncExitStack() as stack:
        engine, ports = await _hotline(plan, folder, stack, deaf=True)
        echo = await stack.enter_async_context(
            baselines.socket_echo(engine.asterisk, ports.http, ports.spare(26))
        )
        await baselines.add_extensions(
            engine.asterisk, {"704": (f"Stasis({baselines.ECHO_APP})", "Hangup()")}
        )
        through = _engine(engine)
        figures = await _compare(
            plan,
            plan.rates[2],
            engine,
            (
                through(hotline.SPOKEN, "engine, listening and speaking", scenario="talking"),
                Variant("bare socket echo", "704", scenario="talking", process=echo),
            ),
        )
    ours, bare = figures
    aims = (
        Aim("CPU of both / the bare echo's", ours.cpu_ms / bare.cpu_ms, 1.25, at_least=False),
        Aim(
            "Python's CPU / the bare echo's",
            (ours.python_ms or 0) / (bare.python_ms or 1),
            1.25,
            at_least=False,
        ),
    )
    return Comparison("### (c) The media WebSocket, recognition off", figures, aims)


async def _hotline(
    plan: Plan, folder: Path, stack: AsyncExitStack, *, deaf: bool
) -> tuple[RunningHotline, Ports]:
    ports = Ports(plan.first_port)
    starting = hotline.hotline_under_load(folder, ports, plan.rtp, deaf=deaf)
    return await stack.enter_async_context(starting), ports


class _engine:
    """Makes the engine's variants: each waits for the rows of its own calls."""

    def __init__(self, engine: RunningHotline) -> None:
        assert engine.process is not None
        self._engine = engine
        self._pid = engine.process.pid

    def __call__(self, number: str, name: str, scenario: str = "listening") -> Variant:
        return Variant(name, number, scenario, self._pid, self._written)

    async def _written(self, calls: int) -> int:
        before = self._rows
        self._rows = await hotline.rows_written(self._engine, before + calls)
        return self._rows - before

    _rows = 0


async def _compare(
    plan: Plan, rate: int, engine: RunningHotline, variants: Sequence[Variant]
) -> tuple[Figures, ...]:
    rounds: dict[str, list[Round]] = {variant.name: [] for variant in variants}
    await _warm_up(variants, engine)
    audio = encode_alaw(np.frombuffer(hotline.spoken_seconds(CALL_SECONDS), dtype=np.int16))

    async def call(load: Load) -> LoadResult:
        ports = engine.ports
        return await place(
            load, sip_port=ports.sip, local_port=ports.spare(0), media_port=plan.sipp_media, audio=audio
        )

    for number in range(plan.rounds):
        for variant in variants if number % 2 == 0 else reversed(variants):
            load = Load(variant.scenario, variant.number, round(rate * plan.seconds), rate, CALL_SECONDS)
            done = await one_round(variant, load, call, engine.asterisk_pid)
            rounds[variant.name].append(done)
            print(_progress(variant, number, done), file=sys.stderr, flush=True)
    return tuple(figures_of(variant, rate, rounds[variant.name]) for variant in variants)


async def _warm_up(variants: Sequence[Variant], engine: RunningHotline) -> None:
    """The first calls pay for what is loaded then."""
    for variant in variants:
        load = Load("listening", variant.number, 40, 20, 0.5)
        ports = engine.ports
        await place(load, sip_port=ports.sip, local_port=ports.spare(0), media_port=ports.spare(1))
        if variant.written is not None:
            await variant.written(40)


def _progress(variant: Variant, number: int, done: Round) -> str:
    python = "" if done.python_ms is None else f", Python {done.python_ms:.2f}"
    return (
        f"round {number + 1}, {variant.name}: {done.result.reached:.0f} calls/s, "
        f"{done.result.failed} failed, Asterisk {done.asterisk_ms:.2f} ms{python}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each: under a minute")
    parser.add_argument("--rates", default="150,50,20", help="calls a second of (a), (b) and (c)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long calls are placed in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--first-port", type=int, default=24000, help="a hundred ports from here on")
    parser.add_argument("--rtp", default="24100-27999", help="Asterisk's audio: two ports a call")
    parser.add_argument("--sipp-media", type=int, default=28000, help="SIPp's audio: 4000 ports from here on")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/")
    given = parser.parse_args()
    a, b, c = (int(rate) for rate in given.rates.split(","))
    seconds, rounds = (2.0, 1) if given.quick else (given.seconds, given.rounds)
    plan = Plan((a, b, c), seconds, rounds, given.first_port, given.rtp, given.sipp_media)
    comparisons = asyncio.run(run(plan))
    facts = report.machine()
    text = "\n\n".join(
        [
            f"{report.machine_line(facts)} Calls of {CALL_SECONDS:g} s; {rounds} alternating rounds, "
            f"in each calls are placed for {seconds:g} s. Medians of the rounds.",
            *(comparison.text() for comparison in comparisons),
        ]
    )
    print(text)
    if given.write:
        data = {
            "machine": facts,
            "rounds": rounds,
            "seconds": seconds,
            "comparisons": [c.as_json() for c in comparisons],
        }
        report.write("calls", data, text)


if __name__ == "__main__":
    main()
