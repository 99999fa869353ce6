"""One comparison as it is shown: its variants' figures, and what was hoped for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.report import table
from bench.variants import Figures

HEAD = (
    "",
    "calls/s asked",
    "calls/s reached",
    "failed",
    "answer p50 ms",
    "answer p95 ms",
    "Asterisk ms/call",
    "Python ms/call",
)


@dataclass(frozen=True, slots=True)
class Aim:
    """What is hoped for: `value` against `limit`."""

    what: str
    value: float
    limit: float
    at_least: bool

    @property
    def reached(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "reached" if self.reached else "**not reached**"
        return f"- {self.what}: {self.value:.2f} (aim {sign} {self.limit:g}): {verdict}."


@dataclass(frozen=True, slots=True)
class Comparison:
    title: str
    figures: tuple[Figures, ...]
    aims: tuple[Aim, ...]

    def text(self) -> str:
        aims = "\n".join(aim.line() for aim in self.aims)
        return f"{self.title}\n\n{table(HEAD, [_cells(f) for f in self.figures])}\n\n{aims}"

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title.removeprefix("### "),
            "variants": [figures.as_json() for figures in self.figures],
            "aims": [{"what": a.what, "value": round(a.value, 3), "aim": a.limit} for a in self.aims],
        }


def _cells(figures: Figures) -> tuple[str, ...]:
    python = "–" if figures.python_ms is None else f"{figures.python_ms:.2f}"
    return (
        figures.name,
        str(figures.rate),
        f"{figures.reached:.1f}",
        f"{figures.failed} of {figures.completed + figures.failed}",
        f"{figures.answer_p50_ms:.1f}",
        f"{figures.answer_p95_ms:.1f}",
        f"{figures.asterisk_ms:.2f}",
        python,
    )
