"""The figures on messages in docs/figures.md: each bench keeps its own part, and the page is drawn anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from bench.report import DOCS, machine, table, write

AIMED_AT, AIM_SECONDS = 10_000, 10.0
_DATA = DOCS / "figures" / "messages.json"
_Runs = Mapping[str, Mapping[str, Any]]


def keep(part: str, key: str, figures: Mapping[str, Any]) -> None:
    """`part`: sending, killed or cascade. `key`: one line of it, which is written over."""
    data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8")) if _DATA.exists() else {}
    data.setdefault(part, {})[key] = dict(figures)
    data["machine"] = machine()
    write("messages", data, _page(data))


def _page(data: Mapping[str, Any]) -> str:
    facts = data["machine"]
    parts = [f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']}."]
    for name, draw in (("sending", _sending), ("killed", _killed), ("cascade", _cascade)):
        if name in data:
            parts.append(draw(data[name]))
    return "\n\n".join(parts)


def _sending(runs: _Runs) -> str:
    head = ("", "seconds", "messages/s", "CPU s: ours", "the SMSC's", "MB at first", "at half", "at the end")
    lines, aims = [], []
    for title, run in runs.items():
        seconds = median(run["seconds"])
        megabytes = [f"{one:.0f}" for one in run.get("megabytes", ())] or ["–"] * 3
        cpu = _several(run["cpu_seconds"]), _several(run["smsc_cpu_seconds"])
        lines.append(
            (title, _several(run["seconds"]), f"{run['messages'] / seconds:,.0f}", *cpu, *megabytes),
        )
        if run["messages"] == AIMED_AT and "megabytes" in run:
            word = "reached" if seconds <= AIM_SECONDS else "**not reached**"
            aims.append(f"- {title}: {seconds:.1f} s (aim ≤ {AIM_SECONDS:g}): {word}.")
    return "\n\n".join(("### One bind", table(head, lines), "\n".join(aims)))


def _several(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def _killed(runs: _Runs) -> str:
    head = ("", "messages", "kills", "lost", "twice", "untrue", "in doubt", "of them at the SMSC", "seconds")
    names = ("messages", "kills", "lost", "twice", "untrue", "in_doubt", "in_doubt_taken_by_smsc", "seconds")
    lines = [(title, *(f"{run[name]:,}" for name in names)) for title, run in runs.items()]
    return f"### Killed in the middle\n\n{table(head, lines)}"


def _cascade(runs: _Runs) -> str:
    states = sorted({state for run in runs.values() for state in run["states"]})
    head = ("", *runs)
    lines = [
        ("people", *(f"{run['people']:,}" for run in runs.values())),
        ("disagreements", *(f"{run['disagreements']:,}" for run in runs.values())),
        *((state, *(f"{run['states'].get(state, 0):,}" for run in runs.values())) for state in states),
        ("in doubt, and at the SMSC", *(f"{run['in_doubt_taken_by_smsc']:,}" for run in runs.values())),
        ("seconds until all SMS were out", *(str(run["sms_handed_over_seconds"]) for run in runs.values())),
        ("seconds until the mailing was over", *(str(run["seconds"]) for run in runs.values())),
        ("CPU, ours", *(str(run["cpu_seconds"]) for run in runs.values())),
    ]
    return f"### A cascade with faults\n\n{table(head, lines)}"
