"""The variants that are compared, how one round of one is measured, and what the rounds make."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.cpu import cpu_seconds
from bench.load import Load, LoadResult
from bench.report import percentile

SETTLE_SECONDS = 1.0
"""Between rounds: what the calls of before left behind is done by then."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`process`: the Python process that serves it, None for the dialplan alone.

    `written` waits until so many more rows are in the history; returns how many came.
    """

    name: str
    number: str
    scenario: str = "listening"
    process: int | None = None
    written: Callable[[int], Awaitable[int]] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    result: LoadResult
    asterisk_ms: float
    python_ms: float | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of the rounds; answer times and counts over all their calls. `rows`: of the history."""

    name: str
    rate: int
    reached: float
    completed: int
    failed: int
    retransmissions: int
    answer_p50_ms: float
    answer_p95_ms: float
    asterisk_ms: float
    python_ms: float | None
    rows: int | None

    @property
    def cpu_ms(self) -> float:
        return self.asterisk_ms + (self.python_ms or 0.0)

    def as_json(self) -> dict[str, Any]:
        data = asdict(self)
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in data.items()}


Caller = Callable[[Load], Awaitable[LoadResult]]


async def one_round(variant: Variant, load: Load, call: Caller, asterisk: int) -> Round:
    """CPU is counted from the first call until the last is gone and its row is in the history."""
    await asyncio.sleep(SETTLE_SECONDS)
    without = () if variant.process is None else (asterisk,)
    asterisk_before = cpu_seconds(asterisk)
    python_before = 0.0 if variant.process is None else cpu_seconds(variant.process, without)
    result = await call(load)
    rows = None if variant.written is None else await variant.written(result.completed)
    await asyncio.sleep(SETTLE_SECONDS)
    calls = max(1, result.completed + result.failed)
    python_ms = None
    if variant.process is not None:
        python_ms = (cpu_seconds(variant.process, without) - python_before) * 1000 / calls
    return Round(result, (cpu_seconds(asterisk) - asterisk_before) * 1000 / calls, python_ms, rows)


def figures_of(variant: Variant, rate: int, rounds: Sequence[Round]) -> Figures:
    answers = [ms for r in rounds for ms in r.result.answer_ms]
    python = [r.python_ms for r in rounds if r.python_ms is not None]
    rows = [r.rows for r in rounds if r.rows is not None]
    return Figures(
        name=variant.name,
        rate=rate,
        reached=statistics.median(r.result.reached for r in rounds),
        completed=sum(r.result.completed for r in rounds),
        failed=sum(r.result.failed for r in rounds),
        retransmissions=sum(r.result.retransmissions for r in rounds),
        answer_p50_ms=percentile(answers, 0.5),
        answer_p95_ms=percentile(answers, 0.95),
        asterisk_ms=statistics.median(r.asterisk_ms for r in rounds),
        python_ms=statistics.median(python) if python else None,
        rows=sum(rows) if rows else None,
    )
