"""Medians and percentiles, the tables, and docs/figures.md with its data."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cpu import cores
from infolinia.setup.inventory import find_parts

DOCS = Path(__file__).parents[1] / "docs"


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest value at `part` (0..1) of the sorted ones; nan of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))] if ordered else float("nan")


def machine() -> dict[str, Any]:
    return {
        "cores": cores(),
        "processor": _processor(),
        "python": platform.python_version(),
        "asterisk": find_parts().asterisk_version,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def machine_line(facts: dict[str, Any]) -> str:
    return (
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), SIPp on the same machine, "
        f"Asterisk {facts['asterisk']}, Python {facts['python']}."
    )


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table with its columns aligned."""
    cells = [list(head), *(list(line) for line in lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    shown = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(shown)


def write(name: str, data: dict[str, Any], text: str, page: str = "figures.md") -> None:
    """docs/figures/<name>.json, and the part of the page between the marks of `name`."""
    (DOCS / "figures").mkdir(parents=True, exist_ok=True)
    (DOCS / "figures" / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    begin, end = f"<!-- bench {name}: begin -->", f"<!-- bench {name}: end -->"
    place = DOCS / page
    old = place.read_text(encoding="utf-8") if place.exists() else "# Figures\n"
    if begin not in old:
        old = f"{old.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = old.partition(begin)
    _, _, after = rest.partition(end)
    place.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
