"""docs/pacing.md: its tables, its plot, and its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from bench import report
from bench.pacing_cells import CAPS, CELLS, GOALS, LOST_AT_ONE_PERCENT, SIZES, VARIATIONS, Cell
from bench.pacing_plot import Line, plot
from bench.pacing_runs import POLICIES, PREDICTIVE, Summary

PLOT = "images/pacing.svg"
DECIDE_AIM_MS = 5.0

Summaries = Mapping[str, Mapping[str, Summary]]


def tables(summaries: Summaries, levels: Mapping[str, float], took_seconds: float, jobs: int) -> str:
    facts = report.machine()
    parts = [
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']}."
        f" All runs took {took_seconds / 60:.0f} minutes with {jobs} process{'es' if jobs > 1 else ''}."
        " Utilisation is a mean over runs, with the interval in which it lies at 95 %. A cell counts if each"
        " of its runs of 1,000 answers or more ended under the cap, and 95 % of the shorter ones; false"
        " positives of machine detection are abandoned calls. Times of `decide` are of CPU."
    ]
    for title, cells in (
        ("Sizes and answer rates", SIZES),
        ("A cap of 1 %", CAPS),
        ("Variations", VARIATIONS),
    ):
        chosen = [cell for cell in cells if cell.name in summaries]
        if not chosen:
            continue
        parts.append(f"### {title}")
        if cells is SIZES and len(chosen) == len(SIZES):
            parts.append(f"![Utilisation by agents, at three answer rates]({PLOT})")
        parts.append(_predictive(chosen, summaries))
        parts.append(_beside(chosen, summaries, levels))
    parts.append("### Goals")
    parts.append("\n".join(_goals(summaries)))
    return "\n\n".join(parts)


def write(summaries: Summaries, levels: Mapping[str, float], text: str) -> None:
    """Needs every cell."""
    lines = {
        f"p = {p:g}": [
            Line(
                policy,
                tuple(
                    (agents, summaries[f"p {p:g}, {agents} agents"][policy].utilisation)
                    for rate, agents in GOALS
                    if rate == p
                ),
            )
            for policy in POLICIES
        ]
        for p in dict.fromkeys(rate for rate, _ in GOALS)
    }
    goals = {f"p = {p:g}": [(n, goal) for (rate, n), goal in GOALS.items() if rate == p] for p, _ in GOALS}
    (report.DOCS / PLOT).write_text(plot(lines, goals), encoding="utf-8")
    data = {
        "machine": report.machine(),
        "levels": dict(levels),
        "cells": {
            name: {policy: asdict(summary) for policy, summary in policies.items()}
            for name, policies in summaries.items()
        },
    }
    report.write("pacing", data, text, page="pacing.md")


def _predictive(cells: list[Cell], summaries: Summaries) -> str:
    head = (
        "predictive",
        "hours",
        "runs",
        "utilisation %",
        "goal",
        "abandoned %",
        "worst run %",
        "runs that hold",
    )
    head += ("answers a run", "idle mean s", "idle p95 s", "dials per answer", "decide p99 ms")
    lines = []
    for cell in cells:
        of = summaries[cell.name][PREDICTIVE]
        lines.append(
            (
                cell.name,
                f"{cell.hours:g}",
                str(of.runs),
                _interval(of),
                f"{goal:.4g}" if (goal := _goal(cell, summaries)) else "–",
                f"{of.abandoned:.2f}",
                f"{of.worst:.2f}",
                f"{of.held}",
                f"{of.live:.0f}",
                f"{of.idle_mean:.1f}",
                f"{of.idle_p95:.1f}",
                f"{of.dials_per_answer:.2f}",
                f"{of.decide_p99:.2f}",
            )
        )
    return report.table(head, lines)


def _beside(cells: list[Cell], summaries: Summaries, levels: Mapping[str, float]) -> str:
    """Utilisation and abandoned, in percent, of all policies; a star on those that do not keep the cap."""
    head = ("utilisation % / abandoned %", *POLICIES, "lines an agent in the tuned ratio")
    lines = []
    for cell in cells:
        shown = []
        for policy in POLICIES:
            of = summaries[cell.name][policy]
            shown.append(f"{of.utilisation:.1f} / {of.abandoned:.2f}{'' if of.counts else ' *'}")
        level = levels.get(cell.name if cell in SIZES else f"p {cell.p:g}, {cell.agents} agents")
        lines.append((cell.name, *shown, f"{level:.2f}" if level else "–"))
    return report.table(head, lines) + "\n\n\\* does not count: too many runs over the cap."


def _goal(cell: Cell, summaries: Summaries) -> float | None:
    """Percent. Under a tighter cap it is what was measured without, less what that may cost."""
    if cell.loses_from is None:
        return cell.goal
    wide = summaries.get(cell.loses_from)
    return round(wide[PREDICTIVE].utilisation - LOST_AT_ONE_PERCENT, 1) if wide else None


def _interval(of: Summary) -> str:
    return f"{of.utilisation:.1f} ({of.low:.1f} to {of.high:.1f})"


def _goals(summaries: Summaries) -> Iterator[str]:
    for cell in CELLS.values():
        if cell.name not in summaries:
            continue
        of = summaries[cell.name][PREDICTIVE]
        wrong = []
        goal = _goal(cell, summaries)
        if goal and round(of.utilisation, 1) < goal:
            wrong.append(f"utilisation {of.utilisation:.1f} % (aim ≥ {goal:g})")
        if not of.counts:
            wrong.append(f"{of.held} of {of.runs} runs hold the cap, the worst ended at {of.worst:.2f} %")
        if of.decide_p99 > DECIDE_AIM_MS:
            wrong.append(f"decide p99 {of.decide_p99:.2f} ms (aim ≤ {DECIDE_AIM_MS:g})")
        if of.over_limits:
            wrong.append(f"{of.over_limits} calls or cancellations beyond what was allowed")
        yield f"- {cell.name}: " + (f"**not reached**: {'; '.join(wrong)}." if wrong else "reached.")
