"""How well calls are paced: utilisation and abandoned calls, in many sizes, beside other ways to pace.

    python -m bench.pacing [--quick] [--cells WORDS] [--seeds N] [--jobs N] [--write]

Every policy dials the same simulated people. Utilisation is talk and wrap-up over the time logged in, from
the first second: no policy knows anything of a campaign before it begins. `--write` renews docs/pacing.md.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor

from bench import pacing_page
from bench.pacing_cells import CELLS, SIZES, Cell
from bench.pacing_runs import POLICIES, PREDICTIVE, Outcome, Summary, run_cell, summarise, tuned_level

QUICK = (
    "p 0.15, 10 agents",
    "p 0.3, 3 agents",
    "p 0.3, 10 agents",
    "p 0.3, 30 agents",
    "p 0.5, 10 agents",
    "p steps .5, .2, .5",
    "half the agents leave for lunch",
    "1 % of people taken for machines",
    "one hour, 30 agents",
)
QUICK_SEEDS = 2
FIRST_SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few cells, two runs of each")
    parser.add_argument("--cells", default="", help="cells whose name contains one of these, split by ';'")
    parser.add_argument("--seeds", type=int, help="runs of each cell (default: by its size, 2 to 20)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time")
    parser.add_argument("--write", action="store_true", help="write docs/pacing.md and its plot and data")
    arguments = parser.parse_args()
    wanted = [word.strip() for word in arguments.cells.split(";") if word.strip()]
    cells = [
        cell
        for cell in CELLS.values()
        if (not arguments.quick or cell.name in QUICK)
        and (not wanted or any(word in cell.name for word in wanted))
    ]
    if not cells:
        parser.error(f"No cell is named like {arguments.cells!r}; there are: {'; '.join(CELLS)}.")
    if arguments.write and len(cells) < len(CELLS):
        parser.error("--write renews the whole page, of all cells: leave out --quick and --cells.")
    seeds = arguments.seeds or (QUICK_SEEDS if arguments.quick else None)
    began = time.monotonic()
    with ProcessPoolExecutor(arguments.jobs, initializer=_behind_others) as pool:
        levels = _tune(pool, cells)
        summaries = _run(pool, cells, levels, seeds)
    took = time.monotonic() - began
    text = pacing_page.tables(summaries, levels, took, arguments.jobs)
    print(text)
    if arguments.write:
        pacing_page.write(summaries, levels, text)


def _behind_others() -> None:
    os.nice(10)


def _tune(pool: Executor, cells: Iterable[Cell]) -> dict[str, float]:
    """The fixed ratio of each size; a variation is dialled with that of the size it varies."""
    names = sorted({_size_of(cell) for cell in cells})
    return dict(zip(names, pool.map(tuned_level, names), strict=True))


def _size_of(cell: Cell) -> str:
    return cell.name if cell in SIZES else f"p {cell.p:g}, {cell.agents} agents"


def _run(
    pool: Executor, cells: Sequence[Cell], levels: dict[str, float], seeds: int | None
) -> dict[str, dict[str, Summary]]:
    began = time.monotonic()
    futures = {
        (cell.name, policy): [
            pool.submit(run_cell, cell.name, policy, FIRST_SEED + number, levels[_size_of(cell)])
            for number in range(seeds or cell.seeds)
        ]
        for cell in cells
        for policy in POLICIES
    }
    summaries: dict[str, dict[str, Summary]] = {}
    for (name, policy), runs in futures.items():
        outcomes: list[Outcome] = [run.result() for run in runs]
        summary = summaries.setdefault(name, {})[policy] = summarise(outcomes)
        if policy == PREDICTIVE:
            world = max(outcome.simulation_seconds for outcome in outcomes)
            print(
                f"{time.monotonic() - began:6.0f} s  {name}: {summary.utilisation:.1f} %"
                f" ({summary.low:.1f} to {summary.high:.1f}), abandoned {summary.abandoned:.2f} %,"
                f" worst {summary.worst:.2f} %, {summary.held} of {summary.runs} hold,"
                f" decide p99 {summary.decide_p99:.2f} ms, the world itself {world:.1f} s a run",
                flush=True,
            )
    return summaries


if __name__ == "__main__":
    main()
