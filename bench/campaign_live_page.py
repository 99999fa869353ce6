"""The part of docs/pacing.md that bench.campaign_live writes: measured beside forecast, and its aims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from bench import campaign_live_world as world
from bench import report
from bench.campaign_live_figures import Measured, as_json
from bench.campaign_live_world import Outlook
from dialer.forecast import Estimate
from dialer.machine import Detect

PAGE = "pacing.md"
_NAMES = {Detect.AMD: "campaign_live", Detect.OFF: "campaign_live_undetected"}
HEARD_AIM_MS = 150.0
_PARTS = ("engine", "asterisk", "public", "bench", "others")


def text(runs: Sequence[Measured], outlook: Outlook, facts: Mapping[str, Any]) -> str:
    return "\n\n".join(
        (
            f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), all parts on them, Asterisk"
            f" {facts['asterisk']}, Python {facts['python']}. {world.AGENTS} agents, {outlook.minutes:g}"
            f" minutes a run. The forecast is of {outlook.seeds} simulated runs; between its limits lie 95 of"
            " 100.",
            _beside(runs, outlook),
            _heard(runs),
            _calls(runs),
            _cores(runs),
            "\n".join(aims(runs, outlook)),
        )
    )


def aims(runs: Sequence[Measured], outlook: Outlook) -> Iterator[str]:
    for number, one in enumerate(runs, 1):
        wrong = []
        if not _inside(one.utilisation, outlook.utilisation):
            wrong.append(f"utilisation {one.utilisation:.1%} is outside {_limits(outlook.utilisation)} %")
        if not _inside(one.abandoned, outlook.abandoned):
            wrong.append(f"abandoned {one.abandoned:.2%} is outside {_limits(outlook.abandoned)} %")
        if not one.heard or one.heard_p95_ms > HEARD_AIM_MS:
            wrong.append(f"verdict to audio p95 is {one.heard_p95_ms:.0f} ms (aim ≤ {HEARD_AIM_MS:g})")
        if one.unheard:
            wrong.append(f"{one.unheard} people were connected and not heard")
        if not one.agrees:
            wrong.append(
                f"{one.twice} called twice, {one.lost} attempts without a call, {one.unknown} calls without"
                f" an attempt, {one.not_in_history} attempts not in the history"
            )
        yield f"- Run {number}: " + (f"**not reached**: {'; '.join(wrong)}." if wrong else "reached.")


def write(
    runs: Sequence[Measured], outlook: Outlook, facts: Mapping[str, Any], shown: str, detect: Detect
) -> None:
    data = {"machine": facts, "forecast": asdict(outlook), "runs": [as_json(one) for one in runs]}
    report.write(_NAMES[detect], data, shown, page=PAGE)


def _beside(runs: Sequence[Measured], outlook: Outlook) -> str:
    head = ["run", "utilisation %", "forecast", "inside", "abandoned %", "forecast", "inside"]
    head += ["people who answered", "without an agent", "conversations", "forecast"]
    lines: list[tuple[str, ...]] = []
    for number, one in enumerate(runs, 1):
        lines.append(
            (
                str(number),
                f"{100 * one.utilisation:.1f}",
                _limits(outlook.utilisation),
                _yes(_inside(one.utilisation, outlook.utilisation)),
                f"{100 * one.abandoned:.2f}",
                _limits(outlook.abandoned),
                _yes(_inside(one.abandoned, outlook.abandoned)),
                str(one.people),
                str(one.dropped),
                str(one.connected),
                f"{outlook.conversations.low95:.0f} to {outlook.conversations.high95:.0f}",
            )
        )
    return report.table(head, lines)


def _heard(runs: Sequence[Measured]) -> str:
    head = ["run", "verdict to audio, agent idle", "p50 ms", "p95 ms", "max ms", "not heard"]
    head += ["answer to verdict p50 ms", "p95 ms", "answer to audio p50 ms", "p95 ms"]
    head += ["talk drawn s", "had s"]
    lines: list[tuple[str, ...]] = []
    for number, one in enumerate(runs, 1):
        lines.append(
            (
                str(number),
                str(len(one.heard)),
                *_ms(one.heard, 0.5, 0.95, 1.0),
                str(one.unheard),
                *_ms(one.judged, 0.5, 0.95),
                *_ms(one.silence, 0.5, 0.95),
                *(f"{seconds:.1f}" for seconds in one.talks),
            )
        )
    return report.table(head, lines)


def _calls(runs: Sequence[Measured]) -> str:
    together: Counter[str] = Counter()
    for one in runs:
        together.update(one.results)
    results = sorted(together, key=lambda result: -together[result])
    head = ["run", "calls rung", "attempts", *(result.replace("_", " ") for result in results)]
    head += ["called twice", "in one log alone", "not in the history"]
    lines = [
        (
            str(number),
            str(one.rung),
            str(one.attempts),
            *(str(one.results.get(result, 0)) for result in results),
            str(one.twice),
            str(one.lost + one.unknown),
            str(one.not_in_history),
        )
        for number, one in enumerate(runs, 1)
    ]
    return report.table(head, lines)


def _cores(runs: Sequence[Measured]) -> str:
    head = ("cores kept busy by", "engine", "our Asterisk", "the public's", "agents and bench", "others")
    lines = [
        (what, *(f"{fmean(one[part] for one in found):.3f}" for part in _PARTS))
        for what, found in (
            (f"{world.AGENTS} agents on open lines, no calls", [one.open_lines for one in runs]),
            ("the campaign", [one.campaigning for one in runs]),
        )
    ]
    return report.table(head, lines)


def _inside(value: float, of: Estimate) -> bool:
    return of.low95 <= value <= of.high95


def _limits(of: Estimate) -> str:
    return f"{100 * of.low95:.1f} to {100 * of.high95:.1f}"


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


def _ms(seconds: Sequence[float], *parts: float) -> Iterator[str]:
    for part in parts:
        yield f"{1000 * report.percentile(seconds, part):.0f}"
