"""The plot of docs/pacing.md: utilisation by agents, a panel for each answer rate, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 260
LEFT, TOP, BOTTOM = 50, 34, 40
LOWEST, HIGHEST = 40.0, 100.0
AGENTS = (3, 10, 30, 100, 300)
STYLES = (("#1d4ed8", 2.5, ""), ("#71717a", 1.5, "2 3"), ("#b45309", 1.5, ""), ("#0f766e", 1.5, "6 3"))


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: tuple[tuple[int, float], ...]  # (agents, percent)


def plot(panels: Mapping[str, Sequence[Line]], goals: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    width = LEFT + len(panels) * WIDTH + 12
    height = TOP + HEIGHT + BOTTOM + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="sans-serif" font-size="12" fill="#18181b">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (title, lines) in enumerate(panels.items()):
        left = LEFT + number * WIDTH
        parts.append(f'<text x="{left}" y="20" font-weight="bold">{title}</text>')
        for percent in range(int(LOWEST), int(HIGHEST) + 1, 10):
            y = _y(percent)
            parts.append(f'<path d="M{left} {y:.1f}H{left + WIDTH - 30}" stroke="#e4e4e7"/>')
            if number == 0:
                parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
        for agents in AGENTS:
            x = _x(left, agents)
            parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{agents}</text>')
        for line, (colour, thick, dashes) in zip(lines, STYLES, strict=True):
            path = " ".join(f"{_x(left, agents):.1f},{_y(percent):.1f}" for agents, percent in line.points)
            dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{thick}"{dashed}/>'
            )
        for agents, percent in goals[title]:
            x, y = _x(left, agents), _y(percent)
            parts.append(f'<path d="M{x - 7:.1f} {y:.1f}h14" stroke="#be123c" stroke-width="2"/>')
    parts.extend(_legend([line.name for line in next(iter(panels.values()))], height - 14))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(names: Sequence[str], y: int) -> list[str]:
    parts, x = [], LEFT
    for name, (colour, thick, dashes) in zip((*names, "goal"), (*STYLES, ("#be123c", 2.0, "")), strict=True):
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<path d="M{x} {y - 4}h24" stroke="{colour}" stroke-width="{thick}"{dashed}/>')
        parts.append(f'<text x="{x + 30}" y="{y}">{name}</text>')
        x += 130
    parts.append(f'<text x="{x}" y="{y}" fill="#52525b">utilisation by number of agents</text>')
    return parts


def _x(left: float, agents: int) -> float:
    span = math.log(AGENTS[-1] / AGENTS[0])
    return left + 14 + (WIDTH - 60) * math.log(agents / AGENTS[0]) / span


def _y(percent: float) -> float:
    return TOP + HEIGHT * (HIGHEST - max(LOWEST, percent)) / (HIGHEST - LOWEST)
